"""From pictures with boxes to boxes of new pictures, only by typing commands."""

import json

import numpy as np
import pytest
from PIL import Image

TRAIN = [
    "--epochs", "2", "--batch", "4", "--threads", "2", "--device", "cpu", "--precision", "float32",
    "--size", "32", "--set", "network.encoder.stem=8", "--set", "network.encoder.widths=8,12",
    "--set", "network.encoder.depths=1,1", "--set", "network.widths=8,8",
]  # fmt: skip


@pytest.fixture
def table(tmp_path):
    """Twelve pictures with a bright square, and a table with the box of each."""
    random, rows = np.random.default_rng(1), ["path,label,x0,y0,x1,y1"]
    for n in range(12):
        pixels = random.integers(0, 40, (40, 36, 3), dtype=np.uint8)
        top, left = random.integers(2, 20, 2)
        pixels[top : top + 12, left : left + 12] += 180
        Image.fromarray(pixels).save(tmp_path / f"{n}.png")
        rows.append(f"{n}.png,square,{left},{top},{left + 12},{top + 12}")
    (tmp_path / "boxes.csv").write_text("\n".join(rows))
    return tmp_path / "boxes.csv"


@pytest.fixture
def run(vitral, table, tmp_path):
    """The folder of a finished training."""
    code, _, err = vitral("train", "detect", table, *TRAIN, "--out", tmp_path / "run")
    assert code == 0, err
    return tmp_path / "run"


def test_train_evaluate_predict(vitral, table, run, tmp_path):
    code, out, err = vitral("evaluate", run, table, "--split", "all", "--json", "--page", "page.html")
    assert code == 0, err
    judged = json.loads(out)
    assert judged["pictures"] == 12
    assert 0 <= judged["map"] <= judged["ap50"] <= 1
    assert set(judged["per_class"]) == {"square"}
    for page in (tmp_path / "page.html", run / "report.html"):
        assert "square" in page.read_text()
    names = {
        "coco": {"annotations.json", "results.json"},
        "yolo": {"labels", "data.yaml"},
        "csv": {"boxes.csv"},
    }
    for format, written in names.items():
        asked = ("predict", run, tmp_path / "3.png", "--out", format, "--format", format)
        code, _, err = vitral(*asked)
        assert code == 0, err
        assert written <= {path.name for path in (tmp_path / format).iterdir()}
    code, out, _ = vitral("predict", run, tmp_path / "3.png", "--json")
    assert code == 0
    assert json.loads(out)


def test_pictures_without_boxes_are_refused_in_one_sentence(vitral, tiny_folder):
    code, _, err = vitral("train", "detect", tiny_folder, *TRAIN)
    assert code == 1
    assert "detection" in err
    assert "Traceback" not in err

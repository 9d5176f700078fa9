"""From pictures with masks to masks of new pictures, only by typing commands."""

import json

import numpy as np
import pytest
from PIL import Image

TRAIN = ["--epochs", "3", "--batch", "4", "--threads", "1", "--device", "cpu", "--precision", "float32"]
SMALL = [
    word
    for setting in (
        "network.encoder.stem=8", "network.encoder.widths=8,12", "network.encoder.depths=1,1",
        "network.widths=8,8",
    )
    for word in ("--set", setting)
]  # fmt: skip


@pytest.fixture
def street(tmp_path):
    """Twelve pictures with a bright square on dark ground, and their masks, with names of the classes."""
    root, random = tmp_path / "street", np.random.default_rng(1)
    for kind in ("images", "masks"):
        (root / kind).mkdir(parents=True)
    for n in range(12):
        pixels, mask = random.integers(0, 40, (30, 26, 3), dtype=np.uint8), np.zeros((30, 26), np.uint8)
        top, left = random.integers(2, 14, 2)
        pixels[top : top + 10, left : left + 10] += 180
        mask[top : top + 10, left : left + 10] = 1
        Image.fromarray(pixels).save(root / "images" / f"{n}.png")
        Image.fromarray(mask).save(root / "masks" / f"{n}.png")
    (root / "classes.txt").write_text("background\nsquare\n")
    return root


@pytest.fixture
def run(vitral, street, tmp_path):
    """The folder of a finished training."""
    code, _, err = vitral("train", "segment", street, *TRAIN, *SMALL, "--out", tmp_path / "run")
    assert code == 0, err
    assert "2: background, square" in err
    return tmp_path / "run"


def test_train_evaluate_predict(vitral, street, run, tmp_path):
    code, out, err = vitral("evaluate", run, street, "--split", "all", "--json", "--page", "page.html")
    assert code == 0, err
    judged = json.loads(out)
    assert judged["pictures"] == 12
    assert 0 <= judged["mean_iou"] <= judged["pixel_accuracy"] <= 1
    assert set(judged["per_class"]) == {"background", "square"}
    assert sum(map(sum, judged["confusion"])) == 12 * 30 * 26
    for page in (tmp_path / "page.html", run / "report.html"):
        assert "rows are true classes" in page.read_text()
    assert "square" in vitral("evaluate", run, street)[2]

    names = {
        "png": {"3.png"}, "probabilities": {"3.0-background.png", "3.1-square.png"},
        "coco": {"coco.json"}, "polygons": {"polygons.json"},
    }  # fmt: skip
    for format, written in names.items():
        asked = ("predict", run, street / "images" / "3.png", "--out", format, "--format", format)
        code, _, err = vitral(*asked)
        assert code == 0, err
        assert {path.name for path in (tmp_path / format).iterdir()} == written | {"index.html"}
    with Image.open(tmp_path / "png" / "3.png") as mask:
        assert mask.mode == "P"
        assert mask.size == (26, 30)
        assert set(np.unique(np.asarray(mask))) <= {0, 1}


def test_what_cannot_be_written_is_said_before_any_work(vitral, street, run, tmp_path):
    picture = street / "images" / "3.png"
    Image.open(picture).convert("RGB").save(tmp_path / "3.jpg")
    asked = ("predict", run, picture, "--format")
    for words, told in (
        (
            (*asked, "pgn", "--out", "o"),
            "--format: must be one of png, probabilities, coco, polygons, got 'pgn'",
        ),
        ((*asked, "png"), "--format: must go with --out FOLDER"),
        (
            ("predict", run, picture, tmp_path / "3.jpg", "--format", "png", "--out", "o"),
            "would get one name",
        ),
    ):
        code, _, err = vitral(*words)
        assert code == 1 or code == 2
        assert told in " ".join(err.split())
    assert not (tmp_path / "o").exists()
    assert vitral(*asked, "png", "--out", "o")[0] == 0
    before = (tmp_path / "o" / "3.png").read_bytes()
    code, _, err = vitral(*asked, "png", "--out", "o")
    assert code == 1
    assert "is there already; --overwrite replaces it" in " ".join(err.split())
    assert (tmp_path / "o" / "3.png").read_bytes() == before
    assert vitral(*asked, "png", "--out", "o", "--overwrite")[0] == 0


def test_a_unet_begins_with_the_encoder_of_a_classifier(vitral, street, tiny_folder, tmp_path):
    code, _, err = vitral("train", "classify", tiny_folder, *TRAIN, "--out", "first")
    assert code == 0, err
    words = ("--encoder", "first", "--frozen", "--out", "second")
    code, _, err = vitral("train", "segment", street, *TRAIN, *words, "--set", "network.widths=8,8")
    assert code == 0, err
    assert "encoded" in (tmp_path / "second" / "run.json").read_text()
    code, out, err = vitral("evaluate", "second", street, "--split", "all", "--json")
    assert code == 0, err
    assert json.loads(out)["pictures"] == 12


def test_pictures_without_masks_are_refused_in_one_sentence(vitral, tiny_folder):
    code, _, err = vitral("train", "segment", tiny_folder, *TRAIN)
    assert code == 1
    assert "segmentation needs a mask for each picture, but there are none" in " ".join(err.split())

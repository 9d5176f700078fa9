"""From color pictures to grey ones in color, only by typing commands."""

import json

import numpy as np
import pytest
from PIL import Image

from vitral.saved import Model
from vitral.tasks.colorize.vividness import Vividness

TRAIN = [
    "--epochs", "2", "--batch", "4", "--threads", "2", "--device", "cpu", "--precision", "float32",
    "--size", "16", "--set", "network.encoder.stem=8", "--set", "network.encoder.widths=8,12",
    "--set", "network.encoder.depths=1,1", "--set", "network.widths=8,8",
]  # fmt: skip

CLASSIFY = ["--epochs", "1", "--batch", "8", "--threads", "1", "--device", "cpu", "--precision", "float32"]


@pytest.fixture
def run(vitral, tiny_folder, tmp_path):
    """The folder of a finished training."""
    code, _, err = vitral("train", "colorize", tiny_folder, *TRAIN, "--out", tmp_path / "run")
    assert code == 0, err
    return tmp_path / "run"


def test_train_evaluate_colorize(vitral, tiny_folder, run, tmp_path):
    model = Model.load(run)
    fitted, untouched = model.module.get_buffer("vividness.ratios"), Vividness().ratios
    assert not np.allclose(fitted, untouched), "vividness was not measured at the end of the training"

    # Pictures of many sizes cannot lie in one array; none of them must get lost on the way.
    mixed = tmp_path / "mixed"
    for number, path in enumerate(sorted(tiny_folder.glob("*/*.png"))[::4]):
        (mixed / path.parent.name).mkdir(parents=True, exist_ok=True)
        with Image.open(path) as picture:
            picture.resize((20 + number, 31)).save(mixed / path.parent.name / path.name)
    code, out, err = vitral("evaluate", run, mixed, "--split", "all", "--json")
    assert code == 0, err
    judged = json.loads(out)
    assert (judged["pictures"], judged["grey_left_out"]) == (6, 0)
    assert judged["psnr_grey_db"] > 5
    assert judged["recognition"] is None

    code, _, err = vitral("train", "classify", tiny_folder, *CLASSIFY, "--out", tmp_path / "judge")
    assert code == 0, err
    code, out, err = vitral("evaluate", run, mixed, "--split", "all", "--json", "--judge", tmp_path / "judge")
    assert code == 0, err
    assert json.loads(out)["recognized"]["pictures"] == 6
    code, _, err = vitral("evaluate", run, mixed, "--judge", run)
    assert code == 2
    assert "--judge: must be a classifier of the pictures' classes (bar, disk, square), got" in err

    code, out, err = vitral("evaluate", run, tiny_folder, "--split", "all", "--json", "--page", "page.html")
    assert code == 0, err
    judged = json.loads(out)
    assert judged["pictures"] == 24
    assert 0 < judged["auc"] < 1
    assert (tmp_path / "page.html").stat().st_size > 10_000

    Image.open(tiny_folder / "disk" / "0.png").convert("L").save(tmp_path / "old.png")
    code, _, err = vitral("colorize", run, "old.png", "-o", "out", "--proposals", "2", "--strip")
    assert code == 0, err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"old.png", "old.2.png", "old.strip.png"}
    code, _, err = vitral("predict", run, "old.png", "--out", "said", "--format", "png")
    assert code == 0, err
    made = [np.asarray(Image.open(tmp_path / place / "old.png")) for place in ("out", "said")]
    assert np.array_equal(made[0], made[1])

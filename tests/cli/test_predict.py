"""`vitral predict`: many and large pictures, each decoded once, and what two answers may be called."""

import json
import os
import tracemalloc
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vitral.cli import predicted as room
from vitral.data import DataFacts
from vitral.nn import ResidualPyramid, UNet
from vitral.saved import Model
from vitral.tasks import Colorize, Detect, Segment

CLASSIFIER = Path(__file__).parents[1] / "golden" / "model-v1.safetensors"
SMALL = UNet(encoder=ResidualPyramid(stem=8, widths=(8, 8), depths=(1, 1)), widths=(8, 8))
FACTS = DataFacts(
    classes=("cell", "dot"), counts=(2, 2), pictures=4, height_px=(40, 48, 60), width_px=(40, 48, 60),
    mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2), grey=False,
)  # fmt: skip
TASKS = {
    "colorize": Colorize(size=32, look=40, network=SMALL),
    "detect": Detect(size=32, typical=10.0, network=SMALL),
    "segment": Segment(size=32, crop=32, network=SMALL, classes=("background", "cell"), weights=(1.0, 1.0)),
}


@pytest.fixture
def model(tmp_path):
    """Writes an untrained model of a task, and gives its file."""

    def written(kind):
        torch.manual_seed(0)
        task = TASKS[kind]
        Model(task=task, module=task.build(FACTS).eval()).save(tmp_path / f"{kind}.safetensors")
        return tmp_path / f"{kind}.safetensors"

    return written


def draw(path, *, height=12, width=16, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def files_below(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_memory_does_not_grow_with_the_number_of_large_pictures(vitral, tmp_path):
    Image.new("RGB", (2000, 2000), (90, 60, 30)).save(tmp_path / "large.png")
    for number in range(24):
        (tmp_path / f"{number}.png").symlink_to(tmp_path / "large.png")
    draw(tmp_path / "first.png")
    assert vitral("predict", CLASSIFIER, "first.png")[0] == 0  # Whatever is imported late is there now.
    tracemalloc.start()
    code, out, err = vitral("predict", CLASSIFIER, *(f"{n}.png" for n in range(24)), "--threads", 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert code == 0, err
    assert len(out.splitlines()) == 24
    assert peak < 10 * 12e6  # All at once they are 288 MB.


def test_answers_that_hold_pictures_are_let_go_when_they_are_told(model, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "_PIXELS_AT_ONCE", 2000)
    names = {draw(tmp_path / f"{n}.png", height=30, width=30, seed=n): f"{n}.png" for n in range(9)}
    told = room.Told(names, json=True, page=True)
    handed: list[weakref.ref[np.ndarray]] = []
    for file, one in room.predicted(Model.load(model("colorize")), names, []):
        told.tell(file, one)
        handed += [weakref.ref(one.pixels), weakref.ref(one.answer.pixels)]
        del one
        assert sum(held() is not None for held in handed) <= 2
    assert told.count == len(told.rows) == 9
    assert told.page("colorize").html().count("<img") == 9


def test_each_picture_is_opened_once_for_table_files_and_page(vitral, model, tmp_path, monkeypatch):
    names = [f"{n}.png" for n in range(3)]
    for n, name in enumerate(names):
        draw(tmp_path / "in" / name, seed=n)
    opened, real = [], os.open

    def counting(path, *rest, **options):
        opened.append(Path(os.fsdecode(path)).name if isinstance(path, str | bytes | os.PathLike) else "")
        return real(path, *rest, **options)

    run = model("segment")
    monkeypatch.setattr(os, "open", counting)
    asked = [f"in/{name}" for name in names]
    code, out, err = vitral("predict", run, *asked, "--out", "o", "--format", "coco", "--threads", 1)
    assert code == 0, err
    assert [opened.count(name) for name in names] == [1, 1, 1]
    assert [row.split()[0] for row in out.splitlines()] == asked
    assert files_below(tmp_path / "o") == {"coco.json", "index.html"}


def test_a_page_shows_the_first_500_no_larger_than_needed(vitral, tmp_path):
    draw(tmp_path / "small.png", height=16, width=16)
    draw(tmp_path / "p" / "000.png", height=600, width=1200)
    for number in range(1, 505):
        (tmp_path / "p" / f"{number:03}.png").symlink_to(tmp_path / "small.png")
    code, out, err = vitral("predict", CLASSIFIER, "p", "--out", "o", "--threads", 1)
    assert code == 0, err
    assert len(out.splitlines()) == 505
    page = (tmp_path / "o" / "index.html").read_text()
    assert page.count("<img") == 500
    assert "505 pictures" in page
    assert "The first 500 of 505." in page
    assert 'width="128" height="64"' in page


def test_broken_pictures_are_left_out_and_nothing_is_written_when_all_are(vitral, model, tmp_path):
    run = model("detect")
    (tmp_path / "x.png").write_bytes(b"nothing")
    words = ("--out", "o", "--format", "yolo", "--threads", 1)
    code, _, err = vitral("predict", run, "x.png", "missing.png", *words)
    assert code == 1
    assert "none of the 2 pictures could be read: x.png" in err
    assert not (tmp_path / "o").exists()
    draw(tmp_path / "y.png")
    code, out, err = vitral("predict", run, "x.png", "y.png", "missing.png", *words, "--json")
    assert code == 0, err
    told = json.loads(out)
    assert [one["picture"] for one in told["predictions"]] == ["y.png"]
    assert (told["pictures"], told["skipped"]) == (1, 2)
    assert [reason.partition(":")[0] for reason in told["left_out"]] == ["x.png", "missing.png"]
    assert files_below(tmp_path / "o") == {"data.yaml", "labels/y.txt", "index.html"}


@pytest.mark.parametrize(
    ("kind", "format"), [("detect", "coco"), ("detect", "csv"), ("segment", "coco"), ("segment", "polygons")]
)
def test_pictures_that_differ_in_their_endings_go_into_one_file(vitral, model, tmp_path, kind, format):
    names = ("one.png", "one.bmp")
    for name in names:
        draw(tmp_path / name)
    asked = ("predict", model(kind), *names, "--out", "o", "--format", format, "--threads", 1)
    code, _, err = vitral(*asked)
    assert code == 0, err
    held = "".join(path.read_text() for path in (tmp_path / "o").iterdir() if path.suffix != ".html")
    if format != "polygons":
        assert all(name in held for name in names)
    draw(tmp_path / "other" / "one.png")
    code, _, err = vitral(*asked, "other/one.png", "--overwrite")
    assert code == 1
    assert "the answers for one.png and one.png would get one name" in err


@pytest.mark.parametrize(
    ("kind", "format"),
    [("detect", "yolo"), ("segment", "png"), ("segment", "probabilities"), ("colorize", "png")],
)
def test_pictures_that_would_share_a_file_are_refused_before_any_work(vitral, model, tmp_path, kind, format):
    for name in ("one.png", "ONE.bmp"):
        draw(tmp_path / name)
    words = ("--out", "o", "--format", format, "--threads", 1)
    code, out, err = vitral("predict", model(kind), "one.png", "ONE.bmp", *words)
    assert (code, out) == (1, "")
    assert "--format: the answers for one.png and ONE.bmp would get one name" in err
    assert not (tmp_path / "o").exists()


def test_an_ending_within_a_name_is_kept(vitral, model, tmp_path):
    for name in ("b.png.bmp", "b.png"):
        draw(tmp_path / name)
    words = ("--out", "o", "--format", "png", "--threads", 1)
    code, _, err = vitral("predict", model("colorize"), "b.png.bmp", "b.png", *words)
    assert code == 0, err
    assert files_below(tmp_path / "o") == {"b.png.png", "b.png", "index.html"}

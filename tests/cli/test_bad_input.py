"""What people really give a program: every mistake ends with one clear sentence."""

import errno
import json
import os
import sys

import numpy as np
import pytest
from PIL import Image

FAST = [
    "--epochs",
    "1",
    "--batch",
    "4",
    "--size",
    "16",
    "--threads",
    "1",
    "--device",
    "cpu",
    "--precision",
    "float32",
]


def draw(path, value=100, size=(24, 20)):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(value).integers(0, 255, (*size[::-1], 3), dtype=np.uint8)
    noise[..., value % 3] = 255
    Image.fromarray(noise).save(path)
    return path


@pytest.fixture
def photos(tmp_path):
    for name, base in (("red", 0), ("green", 100)):
        for number in range(12):
            draw(tmp_path / "photos" / name / f"{number}.png", base + 3 * number + (name == "green"))
    return tmp_path / "photos"


def one_sentence(text):
    lines = [line for line in text.splitlines() if "error" in line]
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


@pytest.mark.parametrize("command", [("train", "classify"), ("look",)])
def test_a_missing_folder(vitral, command):
    code, _, err = vitral(*command, "nowhere")
    assert code == 1
    assert "nowhere" in one_sentence(err)


def test_an_empty_folder(vitral, tmp_path):
    (tmp_path / "empty").mkdir()
    code, _, err = vitral("train", "classify", "empty")
    assert code == 1
    assert "empty" in one_sentence(err)


def test_one_class_only(vitral, tmp_path):
    for number in range(8):
        draw(tmp_path / "one" / "cats" / f"{number}.png", number)
    code, _, err = vitral("train", "classify", "one", *FAST)
    assert code == 1
    assert "at least two classes, got one (cats)" in one_sentence(err)
    assert not (tmp_path / "runs").exists()


def test_pictures_without_classes(vitral, tmp_path):
    for number in range(8):
        draw(tmp_path / "flat" / f"{number}.png", number)
    code, _, err = vitral("train", "classify", "flat", *FAST)
    assert code == 1
    assert "needs a class for each picture" in one_sentence(err)


def test_a_class_with_one_picture_is_trained_with_a_warning(vitral, photos):
    draw(photos / "rare" / "x.png", 7)
    code, out, err = vitral("train", "classify", photos, "--out", "run", *FAST, "--json")
    assert code == 0, err
    assert "rare" in err
    assert "one picture" in err
    assert json.loads(out)["finished"]


def test_broken_files_are_named_and_left_out(vitral, tmp_path):
    for number in range(60):
        draw(tmp_path / "p" / ("a" if number % 2 else "b") / f"{number}.png", number)
    (tmp_path / "p" / "a" / "empty.jpg").write_bytes(b"")
    whole = draw(tmp_path / "whole.jpg", 3, (64, 64)).read_bytes()
    (tmp_path / "p" / "b" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    code, _, err = vitral("train", "classify", "p", "--out", "run", *FAST)
    assert code == 0, err
    assert "a/empty.jpg" in err
    assert "b/cut.jpg" in err
    code, _, err = vitral("train", "classify", "p", "--out", "run2", "--strict", *FAST)
    assert code == 1
    assert ".jpg" in one_sentence(err)


def test_more_than_five_percent_broken_stops(vitral, photos):
    for number in range(4):
        (photos / "red" / f"broken{number}.png").write_bytes(b"not a picture")
    code, _, err = vitral("train", "classify", photos, *FAST)
    assert code == 1
    assert "4 of" in one_sentence(err)


def test_strange_sizes_and_names_are_trained_on(vitral, photos):
    draw(photos / "red" / "один пиксель.png", 1, (1, 1))
    draw(photos / "red" / "new\nline.png", 2)
    draw(photos / "green" / "[red]not markup[/red].png", 2)
    Image.new("L", (10_000, 1), 90).save(photos / "green" / "long.png")
    code, out, err = vitral("train", "classify", photos, "--out", "run", *FAST, "--json")
    assert code == 0, err
    code, out, err = vitral(
        "predict", "run", photos / "red" / "new\nline.png", photos / "green" / "long.png", "--json"
    )
    assert code == 0, err
    assert json.loads(out)["pictures"] == 2
    code, out, _ = vitral("predict", "run", photos / "green" / "[red]not markup[/red].png")
    assert code == 0
    assert "[red]not markup[/red].png" in out


def test_a_picture_without_permission_is_named(vitral, photos, monkeypatch):
    # The tests may run as root, whom no permission stops; so the system call itself refuses.
    real = os.open

    def refusing(path, *rest, **options):
        if str(path).endswith(os.path.join("red", "1.png")):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, *rest, **options)

    monkeypatch.setattr(os, "open", refusing)
    code, _, err = vitral("train", "classify", photos, "--out", "run", "--strict", *FAST)
    assert code == 1
    assert "red/1.png" in one_sentence(err)
    assert "ermission" in one_sentence(err)


def test_a_symbolic_link_loop_ends(vitral, photos):
    (photos / "red" / "again").symlink_to(photos)
    code, _, err = vitral("train", "classify", photos, "--out", "run", *FAST)
    assert code == 0, err


def test_a_full_disk_while_saving(vitral, photos, monkeypatch):
    calls, real = 0, os.fsync

    def full_after_a_while(handle):
        nonlocal calls
        calls += 1
        if calls > 6:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle)

    monkeypatch.setattr(os, "fsync", full_after_a_while)
    code, _, err = vitral("train", "classify", photos, "--out", "run", *FAST)
    assert code == 1
    assert "disk is full" in one_sentence(err)
    assert not list(photos.parent.glob("run/**/*.part"))


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--epoch", "1"], "--epochs"),
        (["--set", "optimzer.lr=1"], "did you mean 'optimizer'"),
        (["--set", "optimizer.kind=adm"], "did you mean 'adam'"),
        (["--set", "loss.smothing=0.1"], "did you mean 'smoothing'"),
        (["--set", "lr"], "must be NAME=VALUE"),
        (["--set", "epochs=0"], "must lie in [1, 100000], got 0"),
        (["--set", "crop=2"], "must lie in [0.05, 1]"),
        (["--network", "resnet"], "residual"),
    ],
)
def test_an_unknown_or_impossible_option_suggests_the_way_out(vitral, photos, words, hint):
    code, _, err = vitral("train", "classify", photos, *words)
    assert code == 2
    assert hint in err


def test_an_unknown_command_is_a_usage_error(vitral):
    code, _, err = vitral("trian", "classify", "x")
    assert code == 2
    assert "train" in err


@pytest.fixture
def run(vitral, photos):
    code, _, err = vitral("train", "classify", photos, "--out", "run", *FAST)
    assert code == 0, err
    return photos.parent / "run"


def test_a_damaged_model_file_is_refused(vitral, run, photos):
    path = run / "model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    code, out, err = vitral("predict", run, photos / "red" / "0.png")
    assert code == 1
    assert "damaged" in one_sentence(err)
    assert out == ""
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    path.write_bytes(flipped)
    code, out, err = vitral("evaluate", run, photos)
    assert code == 1
    assert "damaged" in one_sentence(err)


def test_a_used_run_folder_is_not_overwritten(vitral, run, photos):
    before = (run / "model.safetensors").read_bytes()
    code, _, err = vitral("train", "classify", photos, "--out", run, *FAST)
    assert code == 1
    assert "vitral resume" in one_sentence(err)
    assert (run / "model.safetensors").read_bytes() == before


def test_resuming_what_is_no_run_folder(vitral, tmp_path):
    code, _, err = vitral("resume", tmp_path)
    assert code == 1
    assert "is not a run folder" in one_sentence(err)


def test_resuming_with_changed_pictures(vitral, run, photos):
    (photos / "red" / "0.png").unlink()
    code, _, err = vitral("resume", run)
    assert code == 1
    assert "the pictures have changed" in one_sentence(err)


def test_evaluating_on_foreign_classes(vitral, run, tmp_path):
    for number in range(4):
        draw(tmp_path / "other" / f"c{number % 2}" / f"{number}.png", number)
    code, _, err = vitral("evaluate", run, tmp_path / "other")
    assert code == 1
    assert "has none of the model's classes" in one_sentence(err)


def test_asking_for_a_split_that_is_not_there(vitral, run, tmp_path):
    for number in range(4):
        draw(tmp_path / "other" / ("red" if number % 2 else "green") / f"{number}.png", number)
    code, _, err = vitral("evaluate", run, tmp_path / "other", "--split", "val")
    assert code == 2
    assert "--split" in one_sentence(err)


def test_predicting_nothing_but_broken_pictures_fails(vitral, run, tmp_path):
    (tmp_path / "x.png").write_bytes(b"nothing")
    code, _, err = vitral("predict", run, "x.png", "missing.png")
    assert code == 1
    assert "x.png" in err
    assert "missing.png" in err


def test_json_errors_stay_machine_readable(vitral):
    code, out, _ = vitral("evaluate", "no-model", "no-folder", "--json")
    assert code == 1
    assert "no-model" in json.loads(out)["error"]


def test_help_names_every_command(vitral):
    code, out, _ = vitral("--help")
    assert code == 0
    for command in ("demo", "train", "evaluate", "predict", "resume", "look"):
        assert command in out
    assert sys.modules["vitral"].__version__ in vitral("--version")[1]

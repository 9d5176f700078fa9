"""`vitral look FOLDER --model M`: what a model finds unusual, ranked."""

import json

import numpy as np
import pytest
from PIL import Image

import vitral as vt
from vitral.cli import main
from vitral.cli.look_model import judged
from vitral.data import open_pictures
from vitral.nn import FastNet, Ladder
from vitral.tasks import Compress, Generate, TellsStrangeness

TASKS = {
    "generate": Generate(network=Ladder(width=16, latents=4, channels=2), size=16),
    "compress": Compress(size=32).with_settings(
        {"network.latents": 8, "network.widths": (16, 16, 16), "network.blocks": (1, 1, 1)}
    ),
    "classify": vt.Classify(size=16, network=FastNet(widths=(8, 8))),
}


@pytest.fixture(scope="module", params=list(TASKS))
def model(request, tmp_path_factory):
    pictures = vt.open("digits").subset(range(200))
    epochs = {"generate": 8, "compress": 4, "classify": 4}[request.param]
    run = vt.Run(task=TASKS[request.param]).with_settings(
        {"epochs": epochs, "batch": 16, "threads": 1, "device": "cpu", "precision": "float32"}
    )
    folder = tmp_path_factory.mktemp(request.param) / "run"
    vt.train(run, pictures, out=folder)
    return folder


@pytest.fixture
def folder(tmp_path):
    """Forty digits, a picture of noise, and a broken file."""
    pictures, root = vt.open("digits"), tmp_path / "some"
    root.mkdir()
    for n in range(40):
        Image.fromarray(pictures.pixels(500 + n)).save(root / f"{n:02}.png")
    noise = np.random.default_rng(0).integers(0, 256, pictures.pixels(0).shape, dtype=np.uint8)
    Image.fromarray(noise).save(root / "noise.png")
    (root / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and nothing more")
    return root


def look(capsys, *words):
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        main(["look", *map(str, words), "--json", "--threads", "1"])
    out = capsys.readouterr()
    return end.value.code, json.loads(out.out), out.err


def test_every_picture_gets_a_score_the_strangest_comes_first_and_broken_ones_are_counted(
    model, folder, capsys
):
    page = folder.parent / "page.html"
    code, found, err = look(capsys, folder, "--model", model, "--page", page)
    assert code == 0
    told = found["strangeness"]
    scores = list(told["scores"].values())
    assert len(scores) == 41
    assert scores == sorted(scores, reverse=True)
    assert [line.partition(":")[0] for line in told["skipped"]] == ["broken.png"]
    # A classifier may be sure of noise, and a weak autoencoder finds what is bright worse.
    if told["task"] == "generate":
        assert next(iter(told["scores"])) == "noise.png"
        assert "noise.png" in err
    text = page.read_text()
    for words in ("How unusual they are", "The strangest first", "The most ordinary first", told["unit"]):
        assert words in text


def test_a_score_depends_on_its_picture_alone(model, folder):
    loaded = vt.load(model)
    assert isinstance(loaded.task, TellsStrangeness)
    pictures = [vt.open("digits").pixels(n) for n in range(5)]
    together = loaded.task.strangeness(loaded.module, pictures)
    alone = [loaded.task.strangeness(loaded.module, [one])[0] for one in pictures]
    assert together == pytest.approx(alone, rel=1e-4, abs=1e-5)
    assert all(isinstance(score, float) for score in together)


def test_one_picture_is_not_shown_at_both_ends(model, folder):
    some = open_pictures(str(folder)).subset(range(5))
    found = judged(vt.load(model), model, some, threads=1)
    assert len(found.pictures) == len(found.scores) == 5
    assert [one.group for one in found.pictures] == ["The strangest first"] * 3 + [
        "The most ordinary first"
    ] * 2
    weights = [one.weight for one in found.pictures]
    assert weights[:3] == sorted(weights[:3], reverse=True)
    assert weights[3] == min(weights)


def test_a_model_that_is_none_is_an_error(folder, capsys, tmp_path):
    code, found, _ = look(capsys, folder, "--model", tmp_path / "none", "--page", tmp_path / "page.html")
    assert code == 1
    assert "there is no such file" in found["error"]
    assert not (tmp_path / "page.html").exists()

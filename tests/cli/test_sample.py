"""`vitral sample`, `interpolate` and `encode` with untrained models."""

import json
import signal
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from vitral.cli.sample import write_png
from vitral.data import DataFacts
from vitral.nn import DiscretizedLogistics, FastNet, Ladder, ResidualAutoencoder
from vitral.saved import Model
from vitral.tasks import Classify, Compress, Generate
from vitral.tasks.generate import GenerateModel, grid

FACTS = DataFacts(
    classes=("ash", "oak", "rose"), counts=(1, 1, 1), pictures=3, height_px=(12, 12, 12),
    width_px=(10, 10, 10), mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2), grey=True,
)  # fmt: skip
GREY = Generate(
    size=10, network=Ladder(width=8, latents=4, channels=2, groups=2), likelihood=DiscretizedLogistics(),
    channels=1,
    conditional=True, flip=False, prior_components=2,
)  # fmt: skip


def made(task, facts=FACTS):
    torch.manual_seed(0)
    module = task.build(facts).eval()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    if isinstance(module, GenerateModel):
        assert module.prior is not None
        points = torch.randn(60, module.network.leading) + 3
        module.prior.fit(points, torch.arange(60) % 3)
    return Model(task=task, module=module)


@pytest.fixture
def vitral(vitral):
    """Run a command line in a folder with a generator in `m.safetensors`; gives code, stdout, stderr."""
    made(GREY).save("m.safetensors")
    return vitral


def pixels_of(path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def put_pictures(folder="p", count=5):
    for number in range(count):
        path = Path(folder, ("ash", "rose")[number % 2], f"{number}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        levels = np.random.default_rng(number).integers(0, 256, (12, 10), dtype=np.uint8)
        Image.fromarray(levels).save(path)
    return folder


@pytest.mark.parametrize("prior", ["standard", "mixture"])
def test_new_pictures_are_numbered_drawn_by_class_in_turn_and_shown_together(vitral, prior):
    code, out, err = vitral("sample", "m.safetensors", "-n", 7, "-o", "new", "--prior", prior, "--json")
    assert code == 0, err
    told = json.loads(out)
    assert (told["pictures"], told["prior"], told["temperature"], told["seed"]) == (7, prior, 0.8, 0)
    assert [row["class"] for row in told["drawn"]] == ["ash", "oak", "rose", "ash", "oak", "rose", "ash"]
    assert [row["picture"] for row in told["drawn"]] == [f"new/000{n}.png" for n in range(1, 8)]
    pictures = [pixels_of(f"new/000{n}.png") for n in range(1, 8)]
    assert all(picture.shape == (12, 10) for picture in pictures)
    together = grid([picture[..., None].repeat(3, 2) for picture in pictures], 3)[..., 0]
    assert np.array_equal(pixels_of("new/grid.png"), together)
    assert f"drawn  7 pictures to new, {prior} prior, temperature 0.8, seed 0" in err


def test_a_seed_gives_the_same_pictures_however_many_are_asked_for(vitral):
    asked = {
        "few": ("-n", 3), "many": ("-n", 40), "other": ("-n", 3, "--seed", 1),
        "one": ("-n", 3, "--class", "oak"), "cold": ("-n", 6, "--temperature", 0),
    }  # fmt: skip
    for name, words in asked.items():
        assert vitral("sample", "m.safetensors", "-o", name, *words)[0] == 0
    few, many, other, one = (pixels_of(f"{name}/0002.png") for name in ("few", "many", "other", "one"))
    assert np.array_equal(few, many)
    assert not np.array_equal(few, other)
    assert np.array_equal(few, one)  # The second of all classes in turn is an oak.
    assert np.array_equal(pixels_of("cold/0001.png"), pixels_of("cold/0004.png"))


def test_a_class_that_there_is_not_is_refused_with_the_nearest_name(vitral):
    code, _, err = vitral("sample", "m.safetensors", "-o", "new", "--class", "roze")
    assert code == 2
    assert "--class: the model has no class 'roze'; did you mean 'rose'?" in err
    assert not Path("new").exists()


def test_a_network_without_classes_has_them_in_its_mixture(vitral):
    import dataclasses

    made(dataclasses.replace(GREY, conditional=False)).save("u.safetensors")
    code, _, err = vitral("sample", "u.safetensors", "-o", "new", "--class", "oak")
    assert code == 2
    assert "--class: this model was trained without classes, got 'oak'; --prior mixture knows them" in err
    code, out, _ = vitral(
        "sample", "u.safetensors", "-o", "new", "--class", "oak", "--prior", "mixture", "-n", 2, "--json"
    )
    assert code == 0
    assert [row["class"] for row in json.loads(out)["drawn"]] == ["oak", "oak"]
    code, out, _ = vitral("sample", "u.safetensors", "-o", "any", "-n", 2, "--json")
    assert [row["class"] for row in json.loads(out)["drawn"]] == [None, None]


def test_pictures_that_are_there_are_kept(vitral):
    assert vitral("sample", "m.safetensors", "-n", 2, "-o", "new")[0] == 0
    before = Path("new/0001.png").read_bytes()
    code, _, err = vitral("sample", "m.safetensors", "-n", 2, "-o", "new", "--seed", 5)
    assert code == 1
    assert "new/0001.png and 2 more files are there already; --overwrite replaces them" in err
    assert Path("new/0001.png").read_bytes() == before
    assert vitral("sample", "m.safetensors", "-n", 2, "-o", "new", "--seed", 5, "--overwrite")[0] == 0
    assert Path("new/0001.png").read_bytes() != before
    code, _, err = vitral("sample", "m.safetensors", "-o", "m.safetensors")
    assert (code, "--out m.safetensors: must be a folder, got a file" in err) == (1, True)


def test_a_temperature_must_be_a_number(vitral):
    code, _, err = vitral("sample", "m.safetensors", "-o", "new", "--temperature", "nan")
    assert code == 2
    assert "Invalid value for '--temperature'" in err


def test_without_a_place_pictures_go_to_one_of_their_own(vitral):
    put_pictures()
    assert vitral("sample", "m.safetensors", "-n", 2)[0] == 0
    assert sorted(path.name for path in Path("samples").iterdir()) == ["0001.png", "0002.png", "grid.png"]
    assert vitral("interpolate", "m.safetensors", "p/ash/0.png", "p/rose/1.png")[0] == 0
    assert pixels_of("walk.png").ndim == 2
    code, _, err = vitral("sample", "m.safetensors", "-n", 2)
    assert (code, "samples/0001.png and 2 more files are there already" in err) == (1, True)


def test_pictures_of_two_samples_are_not_mixed(vitral, monkeypatch):
    draw = GenerateModel.draw

    def slow(*given, **named):
        Image.new("L", (3, 3)).save("new/0002.png")  # Another process draws into the same folder.
        return draw(*given, **named)

    monkeypatch.setattr(GenerateModel, "draw", slow)
    Path("new").mkdir()
    code, _, err = vitral("sample", "m.safetensors", "-n", 3, "-o", "new")
    assert (code, "new/0002.png is there already; --overwrite replaces it" in err) == (1, True)
    assert sorted(path.name for path in Path("new").iterdir()) == ["0001.png", "0002.png"]
    assert pixels_of("new/0002.png").shape == (3, 3)


def test_a_stop_says_how_many_are_kept(vitral, monkeypatch):
    monkeypatch.setattr("vitral.cli.sample.write_png", stopping(write_png, after=2))
    code, _, err = vitral("sample", "m.safetensors", "-n", 5, "-o", "new")
    assert (code, "stopped  2 of 5 pictures are done and kept" in err) == (143, True)
    assert len(list(Path("new").iterdir())) == 2


def stopping(write, *, after):
    """Writes so many pictures, and is then interrupted."""
    left = [after]

    def run(*given, **named):
        left[0] -= 1
        if left[0] < 0:
            signal.raise_signal(signal.SIGTERM)
        write(*given, **named)

    return run


def test_a_strip_leads_from_one_picture_to_the_other(vitral):
    put_pictures()
    words = ("interpolate", "m.safetensors", "p/ash/0.png", "p/rose/1.png", "-o", "w.png")
    code, out, err = vitral(*words, "--steps", 4, "--json")
    assert code == 0, err
    assert json.loads(out) == {
        "task": "generate", "out": "w.png", "steps": 4, "from": "p/ash/0.png", "to": "p/rose/1.png",
    }  # fmt: skip
    strip = pixels_of("w.png")
    assert strip.shape == (12 + 4, 6 * (10 + 2) + 2)
    assert np.array_equal(strip[2:14, 2:12], pixels_of("p/ash/0.png"))
    assert np.array_equal(strip[2:14, -12:-2], pixels_of("p/rose/1.png"))
    code, _, err = vitral(*words)
    assert (code, "w.png is there already; --overwrite replaces it" in err) == (1, True)
    assert vitral(*words, "--overwrite")[0] == 0
    code, _, err = vitral(*words[:-1], "p")
    assert (code, "--out p: must be a file, got a folder" in err) == (1, True)
    code, _, err = vitral("interpolate", "m.safetensors", "p/ash/0.png", "gone.png", "-o", "v.png")
    assert (code, "gone.png" in err) == (1, True)


PLAIN = ResidualAutoencoder(latents=8, widths=(8, 8, 8), blocks=(0, 0, 0))
MODELS = {
    "generate": GREY,
    "classify": Classify(size=16, network=FastNet(widths=(4, 4, 6))),
    "compress": Compress(size=16, groups=1, network=PLAIN),
}


@pytest.mark.parametrize("kind", MODELS)
def test_every_picture_of_a_folder_becomes_a_row_of_a_table(vitral, kind):
    model = made(MODELS[kind])
    model.save("e.safetensors")
    put_pictures(count=5)
    Path("p/ash/bad.png").write_bytes(b"no picture")
    code, out, err = vitral("encode", "e.safetensors", "p", "-o", "t.parquet", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert (told["task"], told["pictures"], told["skipped"]) == (kind, 5, 1)
    assert "ash/bad.png: is no picture" in told["left_out"][0]
    table = pq.read_table("t.parquet")
    assert table.column_names == ["key", "label", "split", "latent"]
    assert str(table.schema.field("latent").type) == f"fixed_size_list<element: float>[{told['latents']}]"
    assert table["key"].to_pylist() == ["ash/0.png", "ash/2.png", "ash/4.png", "rose/1.png", "rose/3.png"]
    assert table["label"].to_pylist() == ["ash"] * 3 + ["rose"] * 2
    assert set(table["split"].to_pylist()) == {None}
    latents = np.asarray(table["latent"].to_pylist(), np.float32)
    assert np.isfinite(latents).all()
    assert latents.std(0).max() > 0
    code, _, err = vitral("encode", "e.safetensors", "p", "-o", "t.parquet")
    assert (code, "t.parquet is there already; --overwrite replaces it" in err) == (1, True)
    assert (
        f"encoded  5 pictures as {told['latents']} numbers each: t.parquet"
        in vitral("encode", "e.safetensors", "p", "-o", "t.parquet", "--overwrite")[2]
    )


def test_a_folder_without_a_readable_picture_leaves_no_table(vitral):
    Path("p").mkdir()
    Path("p/bad.png").write_bytes(b"no picture")
    code, _, err = vitral("encode", "m.safetensors", "p", "-o", "t.parquet")
    assert code == 1
    assert "none of the 1 pictures could be read: bad.png: is no picture" in err
    assert not list(Path().glob("*.part")) + list(Path().glob("t.parquet"))


def test_many_pictures_are_written_in_groups_of_rows(vitral, monkeypatch):

    monkeypatch.setattr("vitral.cli.encode._ROWS_IN_GROUP", 4)
    monkeypatch.setattr("vitral.cli.encode._AT_ONCE", 3)
    put_pictures(count=13)
    assert vitral("encode", "m.safetensors", "p", "-o", "t.parquet")[0] == 0
    file = pq.ParquetFile("t.parquet")
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [6, 6, 1]
    assert len(set(file.read()["key"].to_pylist())) == 13

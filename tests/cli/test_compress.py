"""`vitral compress` and `vitral decompress`: pictures to small files and back, with an untrained model."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vitral.codec import read_header
from vitral.data import DataFacts, decode
from vitral.nn import ResidualAutoencoder
from vitral.saved import Model
from vitral.saved.find_model import find_model, remember_model
from vitral.tasks.compress import Compress

FACTS = DataFacts(
    classes=("a", "b"), counts=(1, 1), pictures=2, height_px=(9, 9, 9), width_px=(9, 9, 9),
    mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2), grey=False,
)  # fmt: skip
RANDOM = np.random.default_rng(0)


def made_model(seed=0):
    torch.manual_seed(seed)
    network = ResidualAutoencoder(latents=8, widths=(8, 8, 8), blocks=(0, 0, 0))
    task = Compress(size=16, network=network, groups=2)
    module = task.build(FACTS)
    with torch.no_grad():  # Latents of an untrained network are all but zero.
        module.log_gain.add_(3.0)
        module.log_inverse.sub_(3.0)
    return Model(task=task, module=module.eval())


@pytest.fixture
def vitral(vitral, tmp_path, monkeypatch):
    """Run a command line in a folder with a run in `runs/m`; gives (exit code, stdout, stderr)."""
    monkeypatch.setenv("VITRAL_CACHE", str(tmp_path / "cache"))
    made_model().save("runs/m/model.safetensors")
    return vitral


def drawn(height, width, channels):
    """Soft colors, and an opacity as the last of 2 or 4 channels."""
    rows, columns = np.mgrid[:height, :width]
    waves = [128 + 100 * np.sin(rows / (5 + c) + columns / (9 - c)) for c in range(channels)]
    levels = np.stack(waves, axis=2).astype(np.uint8)
    return Image.fromarray(levels[..., 0] if channels == 1 else levels)


def put(path, picture):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)
    return path


def loaded(path):
    with Image.open(path) as picture:
        return picture.copy()


def test_pictures_of_every_kind_come_back_in_their_kind(vitral):
    for channels, mode in ((1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")):
        put(f"photos/{mode}.png", drawn(21, 34, channels))
    put("photos/one.png", Image.new("RGB", (1, 1), (10, 200, 30)))
    code, out, err = vitral("compress", "runs/m", "photos", "-o", "small", "--quality", 12, "--json")
    assert code == 0, err
    told = json.loads(out)
    sizes = [file.stat().st_size for file in Path("small").iterdir()]
    assert (told["pictures"], told["failed"], told["quality"]) == (5, 0, 12)
    assert told["bytes_out"] == sum(sizes)
    assert told["bytes_in"] == sum(file.stat().st_size for file in Path("photos").iterdir())
    assert told["bits_per_pixel"] == pytest.approx(8 * sum(sizes) / (4 * 21 * 34 + 1))
    assert "compressed  5 pictures to small: " in err
    assert " bits per pixel, " in err
    code, out, err = vitral("decompress", "small", "-o", "back", "--json")
    assert code == 0, err
    assert json.loads(out)["damaged"] == []
    model = Model.load("runs/m")
    assert isinstance(model.task, Compress)
    for mode in ("L", "LA", "RGB", "RGBA"):
        before, after = loaded(f"photos/{mode}.png"), loaded(f"back/{mode}.png")
        assert after.mode == mode
        assert after.size == (34, 21)
        data = Path(f"small/{mode}.vtl").read_bytes()
        assert read_header(data).quality == 12
        made = model.task.decode(model.module, data, digest=bytes.fromhex(model.digest)[:8])
        assert np.array_equal(np.asarray(after.convert("RGB")), made.pixels)
        if "A" in mode:
            assert np.array_equal(np.asarray(after)[..., -1], np.asarray(before)[..., -1])
    assert loaded("back/one.png").size == (1, 1)


def test_folders_below_a_folder_are_kept_and_equal_names_told_apart(vitral):
    for name in ("p/x/a.png", "p/y/a.png", "p/y/b.bmp", "p/y/b.png"):
        put(name, drawn(9, 9, 3))
    assert vitral("compress", "runs/m", "p", "p/y/b.png", "-o", "small")[0] == 0
    names = sorted(str(path.relative_to("small")) for path in Path("small").rglob("*.vtl"))
    assert names == ["x/a.vtl", "y/a.vtl", "y/b.bmp.vtl", "y/b.png.vtl"]
    assert vitral("decompress", "small", "-o", "back")[0] == 0
    names = sorted(str(path.relative_to("back")) for path in Path("back").rglob("*.png"))
    assert names == ["x/a.png", "y/a.png", "y/b.bmp.png", "y/b.png"]


def test_two_pictures_that_would_get_one_name_are_refused_before_anything_is_written(vitral):
    put("x/a.png", drawn(9, 9, 3))
    put("y/a.png", drawn(9, 9, 3))
    code, _, err = vitral("compress", "runs/m", "x/a.png", "y/a.png", "-o", "small")
    assert code == 1
    assert "x/a.png and y/a.png would both be written to small/a.png.vtl; name the folder" in err
    assert not Path("small").exists()


def test_nothing_is_replaced_without_saying_so(vitral):
    put("a.png", drawn(9, 9, 3))
    assert vitral("compress", "runs/m", "a.png", "-o", "small", "--quality", 3)[0] == 0
    first = Path("small/a.vtl").read_bytes()
    code, _, err = vitral("compress", "runs/m", "a.png", "-o", "small", "--quality", 9)
    assert code == 1
    assert "small/a.vtl is there already; --overwrite replaces it" in err
    assert Path("small/a.vtl").read_bytes() == first
    assert vitral("compress", "runs/m", "a.png", "-o", "small", "--quality", 9, "--overwrite")[0] == 0
    assert Path("small/a.vtl").read_bytes() != first
    code, _, err = vitral("decompress", "small/a.vtl", "-o", ".")
    assert code == 1
    assert "a.png is there already" in err
    assert vitral("decompress", "small/a.vtl", "-o", ".", "--overwrite")[0] == 0
    code, _, err = vitral("decompress", "small/a.vtl", "-o", "a.png")
    assert code == 1
    assert "--out a.png: must be a folder, got a file" in err


def test_broken_pictures_are_named_and_counted_and_the_rest_goes_on(vitral):
    put("p/good.png", drawn(9, 9, 3))
    Path("p/bad[red]\n.png").write_bytes(b"no picture")
    for number in range(11):
        Path(f"p/x{number}.png").write_bytes(b"")
    code, out, err = vitral("compress", "runs/m", "p", "q.png", "-o", "small", "--json")
    assert code == 1
    told = json.loads(out)
    assert (told["pictures"], told["failed"]) == (1, 13)
    assert r"failed  p/bad[red]\n.png: is no picture of a known format" in err
    assert "failed  and 3 more" in err
    assert any("q.png: " in reason for reason in told["left_out"])
    Path("small/good.vtl").with_name("bad.vtl").write_bytes(Path("small/good.vtl").read_bytes()[:-3])
    Path("small/none.vtl").write_bytes(b"VTX")
    code, out, err = vitral("decompress", "small", "small/gone.vtl", "-o", "back", "--json")
    assert code == 1
    assert json.loads(out)["pictures"] == 1
    assert "failed  small/bad.vtl: the .vtl file is cut short or damaged" in err
    assert "failed  small/none.vtl: this is no .vtl file" in err
    assert "failed  small/gone.vtl: there is no such file" in err
    assert [path.name for path in Path("back").iterdir()] == ["good.png"]


def test_an_empty_folder_is_one_clear_error(vitral):
    Path("empty").mkdir()
    code, _, err = vitral("compress", "runs/m", "empty", "-o", "small")
    assert (code, "empty: is empty" in err) == (1, True)
    code, _, err = vitral("decompress", "empty", "-o", "back")
    assert (code, "empty: holds no .vtl files" in err) == (1, True)
    Path("empty/folder.vtl").mkdir()
    code, _, err = vitral("decompress", "empty", "-o", "back")
    assert (code, "empty: holds no .vtl files" in err) == (1, True)


def test_a_pipe_is_no_file(vitral):
    os.mkfifo("pipe.vtl")
    code, _, err = vitral("decompress", "pipe.vtl", "-o", "back")
    assert (code, "failed  pipe.vtl: there is no such file" in err) == (1, True)


def test_a_file_that_comes_to_be_there_meanwhile_is_kept(vitral, monkeypatch):
    put("a.png", drawn(9, 9, 3))
    put("b.png", drawn(9, 9, 3))
    # Another process writes while the model is at work.
    encode = Compress.encode

    def slow(*given, **named):
        Path("small/b.vtl").write_bytes(b"mine")
        return encode(*given, **named)

    monkeypatch.setattr(Compress, "encode", slow)
    Path("small").mkdir()
    code, out, err = vitral("compress", "runs/m", "a.png", "b.png", "-o", "small", "--json")
    assert code == 1
    assert json.loads(out)["pictures"] == 1
    assert "failed  b.png: small/b.vtl is there already; --overwrite replaces it" in err
    assert Path("small/b.vtl").read_bytes() == b"mine"


def test_a_link_that_leads_nowhere_is_there(vitral):
    put("a.png", drawn(9, 9, 3))
    Path("small").mkdir()
    Path("small/a.vtl").symlink_to("gone")
    code, _, err = vitral("compress", "runs/m", "a.png", "-o", "small")
    assert (code, "small/a.vtl is there already" in err) == (1, True)


def test_a_name_too_long_to_write_fails_its_picture_alone(vitral):
    long = put("p/" + "x" * 250 + ".png", drawn(9, 9, 3))
    put("p/" + "x" * 250 + ".bmp", drawn(9, 9, 3))
    put("p/a.png", drawn(9, 9, 3))
    code, out, err = vitral("compress", "runs/m", "p", "-o", "small", "--json")
    assert code == 1
    assert (json.loads(out)["pictures"], json.loads(out)["failed"]) == (1, 2)
    assert f"failed  {long}: " in err


def test_the_model_is_found_by_its_digest_wherever_it_lies(vitral):
    put("a.png", drawn(9, 9, 3))
    made_model(seed=1).save("elsewhere/other.safetensors")
    made_model(seed=2).save("small/not-it.safetensors")
    Path("small/damaged.safetensors").write_bytes(b"\xff" * 40)
    os.mkfifo("small/pipe.safetensors")
    assert vitral("compress", "elsewhere/other.safetensors", "a.png", "-o", "small")[0] == 0
    # Remembered by the command that compressed.
    assert vitral("decompress", "small", "-o", "back1")[0] == 0
    shutil.rmtree("cache")
    code, _, err = vitral("decompress", "small", "-o", "back2")
    assert code == 1
    digest = read_header(Path("small/a.vtl").read_bytes()).digest.hex()
    assert f"small/a.vtl: was compressed with the model {digest}, which is neither in runs/ nor" in err
    assert err.count("error") == 1
    assert vitral("decompress", "small", "-o", "back3", "--model", "elsewhere/other.safetensors")[0] == 0
    shutil.copy("elsewhere/other.safetensors", "small/beside.safetensors")
    assert vitral("decompress", "small", "-o", "back4")[0] == 0
    Path("small/beside.safetensors").unlink()
    Path("runs/n").mkdir()
    shutil.copy("elsewhere/other.safetensors", "runs/n/model.safetensors")
    assert vitral("decompress", "small", "-o", "back5")[0] == 0
    first = Path("back1/a.png").read_bytes()
    assert all(Path(f"back{n}/a.png").read_bytes() == first for n in (3, 4, 5))


def test_pictures_of_several_models_come_back_together(vitral):
    put("a.png", drawn(9, 9, 3))
    made_model(seed=1).save("runs/n/model.safetensors")
    assert vitral("compress", "runs/m", "a.png", "-o", "small/m")[0] == 0
    assert vitral("compress", "runs/n", "a.png", "-o", "small/n")[0] == 0
    shutil.rmtree("cache")
    assert vitral("decompress", "small", "-o", "back")[0] == 0
    assert Path("back/m/a.png").read_bytes() != Path("back/n/a.png").read_bytes()
    code, _, err = vitral("decompress", "small", "-o", "other", "--model", "runs/m")
    assert code == 1
    assert "failed  small/n/a.vtl: the .vtl file was compressed with another model" in err
    assert Path("other/m/a.png").exists()


def test_what_is_left_of_a_damaged_file_is_rescued_and_the_rest_named(vitral):
    model = Model.load("runs/m")
    assert isinstance(model.task, Compress)
    tile = model.module.get_submodule("table_buffers").tables(stride=16).tile * 16  # pyright: ignore[reportCallIssue]
    put("a.png", drawn(20, tile + 30, 4))
    assert vitral("compress", "runs/m", "a.png", "-o", "small")[0] == 0
    data = bytearray(Path("small/a.vtl").read_bytes())
    data[30] ^= 1
    Path("small/a.vtl").write_bytes(data)
    code, _, err = vitral("decompress", "small", "-o", "back")
    assert code == 1
    assert "failed  small/a.vtl: the .vtl file is damaged in tile 0, 0" in err
    assert not Path("back").exists()
    code, out, err = vitral("decompress", "small", "-o", "back", "--rescue", "--json")
    assert code == 0, err
    assert "rescued  small/a.vtl: tiles (0, 0) are grey" in err
    assert json.loads(out)["damaged"] == [{"file": "small/a.vtl", "tiles": [[0, 0]], "alpha": False}]
    levels = np.asarray(loaded("back/a.png"))
    assert (levels[:, :tile, :3] == 128).all()
    assert not (levels[:, tile:, :3] == 128).all()
    Path("small/a.vtl").write_bytes(data[:-2])
    code, out, err = vitral("decompress", "small", "-o", "back", "--rescue", "--json", "--overwrite")
    assert code == 0, err
    assert "tiles (0, 0) are grey, its opacities are lost" in err
    assert loaded("back/a.png").mode == "RGB"
    Path("small/a.vtl").write_bytes(data[:30])
    code, _, err = vitral("decompress", "small", "-o", "back", "--rescue", "--overwrite")
    assert code == 1
    assert "failed  small/a.vtl: of the .vtl file nothing is left to rescue" in err


def test_a_jpeg_is_compressed_upright(vitral):
    exif = Image.Exif()
    exif[0x0112] = 6
    drawn(20, 30, 3).save("a.jpg", exif=exif)
    assert vitral("compress", "runs/m", "a.jpg", "-o", "small")[0] == 0
    header = read_header(Path("small/a.vtl").read_bytes())
    assert (header.height, header.width) == decode("a.jpg").shape[:2] == (30, 20)


def test_the_list_of_models_may_be_damaged_or_lead_nowhere(tmp_path, monkeypatch):
    monkeypatch.setenv("VITRAL_CACHE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    digest = made_model().save("m.safetensors")
    short = bytes.fromhex(digest)[:8]
    for text in ("", "[1]", '{"a": 3}', "[" * 10_000, json.dumps({short.hex(): "/gone"}), '{"x": "y"}'):
        (tmp_path / "compress-models.json").write_text(text)
        assert find_model(short, []) is None
        remember_model(digest, "m.safetensors")
        assert find_model(short, []) == (tmp_path / "m.safetensors").resolve()
    for number in range(300):
        remember_model(f"{number:064x}"[::-1], "m.safetensors")
    assert len(json.loads((tmp_path / "compress-models.json").read_text())) == 256


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_fails_each_picture(vitral):
    put("a.png", drawn(9, 9, 3))
    Path("small").mkdir(mode=0o500)
    code, _, err = vitral("compress", "runs/m", "a.png", "-o", "small")
    assert code == 1
    assert "permission was denied" in err

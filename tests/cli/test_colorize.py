"""`vitral colorize`: pictures of every kind become color pictures, with an untrained model."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vitral.core import available
from vitral.data import DataFacts, decode
from vitral.nn import FastNet, ResidualPyramid, UNet
from vitral.nn.color import levels_to_lab
from vitral.saved import Model
from vitral.tasks import Classify
from vitral.tasks.colorize import Colorize

FACTS = DataFacts(
    classes=("a", "b"), counts=(1, 1), pictures=2, height_px=(9, 9, 9), width_px=(9, 9, 9),
    mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2), grey=False,
)  # fmt: skip


@pytest.fixture
def vitral(vitral):
    """Run a command line in a folder with a run in `runs/m`; gives (exit code, stdout, stderr)."""
    torch.manual_seed(0)
    network = UNet(encoder=ResidualPyramid(stem=8, widths=(8, 16), depths=(1, 1)), widths=(16, 16))
    task = Colorize(size=32, look=40, network=network)
    module = task.build(FACTS)
    with torch.no_grad():
        for name, weight in module.network.named_parameters():
            weight.mul_(100 if name.startswith("heads") and weight.shape[2:] == (1, 1) else 1)
    Model(task=task, module=module.eval()).save("runs/m/model.safetensors")
    return vitral


def waves(height, width, channels):
    rows, columns = np.mgrid[:height, :width]
    planes = [128 + 100 * np.sin(rows / (5 + c) + columns / (9 - c)) for c in range(channels)]
    return np.stack(planes, axis=2).astype(np.uint8)


def put(path, picture):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


def loaded(path):
    with Image.open(path) as picture:
        return picture.copy()


def lightness_change(before, after):
    return np.abs(levels_to_lab(decode(before))[..., 0] - levels_to_lab(decode(after))[..., 0]).max()


def test_pictures_of_every_kind_are_colored_on_their_own_lightness(vitral):
    put("p/grey.png", Image.fromarray(waves(41, 53, 1)[..., 0]))
    put("p/clear.png", Image.fromarray(waves(41, 53, 4)))
    put("p/print.jpg", Image.fromarray(waves(41, 53, 3)).convert("CMYK"))
    put("p/below/deep.png", Image.fromarray(waves(41, 53, 1)[..., 0].astype(np.uint16) * 257 + 60))
    put("p/one.png", Image.new("L", (1, 1), 90))
    code, out, err = vitral("colorize", "runs/m", "p", "-o", "made", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert (told["task"], told["pictures"], told["failed"]) == ("colorize", 5, 0)
    assert set(told["colorized"][0]) >= {"picture", "to", "width", "height", "confidence", "colorfulness"}
    colorful = {Path(row["to"]).name: row["colorfulness"] for row in told["colorized"]}
    assert min(value for name, value in colorful.items() if name != "one.png") > 3
    names = sorted(path.relative_to("made").as_posix() for path in Path("made").rglob("*.png"))
    assert names == ["below/deep.png", "clear.png", "grey.png", "one.png", "print.png"]
    for before, after in (("grey.png",) * 2, ("below/deep.png",) * 2, ("print.jpg", "print.png")):
        made = loaded(f"made/{after}")
        assert (made.mode, made.size) == ("RGB", (53, 41))
        assert lightness_change(f"p/{before}", f"made/{after}") < 0.5
    clear = np.asarray(loaded("made/clear.png"))
    assert np.array_equal(clear[..., 3], waves(41, 53, 4)[..., 3])
    assert "rounded  1 picture has levels of 16 bits; 8 bits are written" in err
    assert "colorized  5 files to made in " in err


def test_proposals_and_a_strip_lie_beside_the_answer(vitral):
    put("a.png", Image.fromarray(waves(30, 40, 1)[..., 0]))
    words = ("colorize", "runs/m", "a.png", "-o", "made", "--proposals", 3, "--strip", "--vividness", 1.2)
    assert vitral(*words)[0] == 0
    names = ["a.2.png", "a.3.png", "a.png", "a.strip.png"]
    assert sorted(path.name for path in Path("made").iterdir()) == names
    made = [np.asarray(loaded(f"made/{name}")) for name in names]
    assert made[3].shape == (30, 4 * 40 + 3 * 4, 3)
    assert not np.array_equal(made[0], made[2])
    assert np.array_equal(made[3][:, 44:84], made[2])


def test_nothing_is_replaced_without_saying_so(vitral):
    put("a.png", Image.fromarray(waves(30, 40, 1)[..., 0]))
    assert vitral("colorize", "runs/m", "a.png", "-o", "made", "--proposals", 2)[0] == 0
    first = Path("made/a.2.png").read_bytes()
    code, _, err = vitral("colorize", "runs/m", "a.png", "-o", "made")
    assert code == 1
    assert "made/a.png is there already; --overwrite replaces it" in err
    Path("made/a.png").unlink()
    code, _, err = vitral("colorize", "runs/m", "a.png", "-o", "made", "--proposals", 2, "--vividness", 2)
    assert code == 1
    assert "made/a.2.png is there already" in err
    assert Path("made/a.2.png").read_bytes() == first
    words = ("colorize", "runs/m", "a.png", "-o", "made", "--proposals", 2, "--vividness", 2)
    assert vitral(*words, "--overwrite")[0] == 0
    assert Path("made/a.2.png").read_bytes() != first
    put("p/a.png", Image.new("L", (9, 9)))
    put("p/a.strip.png", Image.new("L", (9, 9)))
    code, _, err = vitral("colorize", "runs/m", "p", "-o", "other", "--strip")
    assert code == 1
    assert "p/a.png and another picture would both be written to other/a.strip.png" in err
    assert not Path("other").exists()


def test_broken_pictures_are_named_and_counted_and_the_rest_goes_on(vitral):
    put("p/good.png", Image.fromarray(waves(9, 9, 3)))
    Path("p/bad.png").write_bytes(b"no picture")
    code, out, err = vitral("colorize", "runs/m", "p", "gone.png", "-o", "made", "--json")
    assert code == 1
    told = json.loads(out)
    assert (told["pictures"], told["failed"]) == (1, 2)
    assert "failed  p/bad.png: is no picture of a known format" in err
    assert "failed  gone.png: " in err
    assert [path.name for path in Path("made").iterdir()] == ["good.png"]


def test_a_hint_colors_its_place_and_is_for_one_picture(vitral):
    put("a.png", Image.new("L", (40, 30), 130))
    code, _, err = vitral("colorize", "runs/m", "a.png", "-o", "made", "--hint", "20,15,#c02020")
    assert code == 0, err
    _, a, b = levels_to_lab(decode("made/a.png"))[15, 20]
    assert a > 25
    assert b > 5
    code, _, err = vitral("colorize", "runs/m", "a.png", "-o", "more", "--hint", "20,15,red")
    assert (code, "--hint: must be x,y,#rrggbb" in err) == (2, True)
    code, _, err = vitral("colorize", "runs/m", "a.png", "-o", "more", "--hint", "40,15,#c02020")
    assert (code, "--hint: must lie in the picture of 40 x 30 px, got 40,15" in err) == (1, True)
    put("b.png", Image.new("L", (40, 30), 130))
    code, _, err = vitral("colorize", "runs/m", "a.png", "b.png", "-o", "more", "--hint", "1,1,#c02020")
    assert (code, "--hint: is for one picture at a time, got 2" in err) == (2, True)


def test_a_model_of_another_task_is_refused(vitral):
    put("a.png", Image.new("L", (9, 9)))
    task = Classify(size=16, network=FastNet(widths=(4, 4, 4)))
    Model(task=task, module=task.build(FACTS)).save("runs/c/model.safetensors")
    code, _, err = vitral("colorize", "runs/c", "a.png", "-o", "made")
    assert code == 1
    assert "runs/c: must be a model that colors pictures, got one for classify; `vitral train colorize" in err


@pytest.mark.skipif(available("av"), reason="PyAV is installed")
def test_a_video_without_its_extra_is_refused_before_any_work(vitral):
    put("a.png", Image.new("L", (9, 9)))
    Path("film.mp4").write_bytes(b"")
    code, _, err = vitral("colorize", "runs/m", "a.png", "film.mp4", "-o", "made")
    assert code == 1
    assert "Coloring a video needs the package 'av', which is not installed" in err
    assert "pip install 'vitral[video]'" in err
    assert not Path("made").exists()


@pytest.mark.skipif(not available("av"), reason="PyAV is not installed")
def test_a_video_becomes_a_file_in_color(vitral):
    import av  # pyright: ignore[reportMissingImports]

    with av.open("film.mp4", "w") as file:
        stream = file.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(5):
            grey = np.repeat(waves(48, 64, 1), 3, axis=2)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        file.mux(stream.encode(None))
    code, out, err = vitral("colorize", "runs/m", "film.mp4", "-o", "made", "--json")
    assert code == 0, err
    assert json.loads(out)["colorized"][0]["frames"] == 5
    with av.open("made/film.mp4") as file:
        assert sum(1 for _ in file.decode(video=0)) == 5
    code, _, err = vitral("colorize", "runs/m", "film.mp4", "-o", "more", "--strip")
    assert (code, "are for pictures, got film.mp4" in err) == (2, True)

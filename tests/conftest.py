"""What all tests share: one thread, a cache of their own, repeatable examples, drawn pictures."""

import os
from collections.abc import Callable
from pathlib import Path

# Before torch is imported anywhere, and inherited by the processes that tests start.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["VITRAL_CACHE"] = str(Path(__file__).parents[1] / ".pytest_cache" / "vitral")

import numpy as np
import pytest
import torch
from hypothesis import settings
from PIL import Image, ImageDraw

torch.set_num_threads(1)
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this machine cannot run, and say why."""
    for item in items:
        if item.get_closest_marker("gpu") and not torch.cuda.is_available():
            item.add_marker(pytest.mark.skip(reason="needs a CUDA GPU"))
        if item.get_closest_marker("data") and not os.environ.get("VITRAL_DATA"):
            item.add_marker(pytest.mark.skip(reason="needs the picture sets in the folder VITRAL_DATA"))


@pytest.fixture
def vitral(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Run a command line in an empty folder; gives (exit code, stdout, stderr)."""
    from vitral.cli import main  # here, because most tests type no command

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")

    def run(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(word) for word in words])
        out = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, out.out, out.err

    return run


@pytest.fixture
def tiny_folder(tmp_path: Path) -> Path:
    """Class folders with 8 pictures each: red disks, green squares and blue bars on grey noise."""
    root = tmp_path / "tiny"
    for number, name in enumerate(("bar", "disk", "square")):
        (root / name).mkdir(parents=True)
        for index in range(8):
            draw_shape(name, seed=100 * number + index).save(root / name / f"{index}.png")
    return root


def draw_shape(name: str, *, seed: int, size: int = 24) -> Image.Image:
    """One colored shape somewhere on grey noise; the class can be told by color and by form."""
    random = np.random.default_rng(seed)
    noise = random.integers(90, 150, (size, size, 1), dtype=np.uint8).repeat(3, axis=2)
    picture = Image.fromarray(noise)
    x, y = (int(v) for v in random.integers(2, size - 14, 2))
    draw = ImageDraw.Draw(picture)
    if name == "disk":
        draw.ellipse((x, y, x + 11, y + 11), fill=(200, 40, 40))
    elif name == "square":
        draw.rectangle((x, y, x + 10, y + 10), fill=(40, 180, 60))
    else:
        draw.rectangle((x, y, x + 11, y + 4), fill=(40, 60, 200))
    return picture

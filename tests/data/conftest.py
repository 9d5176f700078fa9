"""Pictures drawn for a test, in a folder of its own."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def draw(tmp_path: Path) -> Callable[..., Path]:
    """A function that draws small noise pictures at paths below one folder, and returns the folder."""

    def drawn(*names: str, height: int = 8, width: int = 8) -> Path:
        root = tmp_path / "photos"
        for number, name in enumerate(names):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            noise = np.random.default_rng(number).integers(0, 256, (height, width, 3), dtype=np.uint8)
            known = path.suffix.lower() in Image.registered_extensions()
            Image.fromarray(noise).save(path, format=None if known else "PNG")
        return root

    return drawn

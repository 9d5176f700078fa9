"""Made `packed-v1.arrow`, once, with Vitral 0.1.0. Never run again over the kept file.

A new version of the format gets a script and a file of its own; this one stays readable for ever.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vitral.data import Objects, open_pictures
from vitral.data.packed import pack
from vitral.data.pixels import Masks


def ramp(height: int, width: int) -> NDArray[np.uint8]:
    """Red grows to the right, green downwards, blue is 90."""
    picture = np.full((height, width, 3), 90, dtype=np.uint8)
    picture[..., 0] = np.linspace(0, 255, width)
    picture[..., 1] = np.linspace(0, 255, height)[:, None]
    return picture


class Halves(Masks):
    """Class 1 in the right half, 255 in the first two rows, else 0."""

    def read(self, row: int) -> NDArray[np.uint8]:
        """The mask of a picture; see `Masks.read`."""
        height, width = ((48, 64), (12, 10), (20, 32))[row]
        mask = np.zeros((height, width), dtype=np.uint8)
        mask[:, width // 2 :] = 1
        mask[:2] = 255
        return mask


def main(path: str) -> None:
    """Pack three pictures: a JPEG that is shrunk, a PNG and a small JPEG that stay as they are."""
    with tempfile.TemporaryDirectory() as folder:
        for name, size in (("cat/1.jpg", (48, 64)), ("dog/2.png", (12, 10)), ("dog/ä3.jpg", (20, 32))):
            (Path(folder) / name).parent.mkdir(exist_ok=True)
            Image.fromarray(ramp(*size)).save(Path(folder) / name, quality=95)
        triangle = np.array([[0, 0], [16, 0], [16, 24]], dtype=np.float64)
        pictures = replace(
            open_pictures(folder, validation=0, test=0),
            name="golden",
            splits=np.array(["train", "val", "train"]),
            split_by="table",
            weights=np.array([1, 2.5, 1]),
            masks=Halves(),
            mask_classes=("left", "right"),
            objects=Objects(
                starts=np.array([0, 2, 2, 3]),
                boxes=np.array([[0, 0, 16, 24], [1, 2, 3, 4], [0.5, 1, 2, 3]]),
                labels=np.array([0, 1, 1]),
                crowd=np.array([False, True, False]),
                points=np.arange(18, dtype=np.float64).reshape(3, 2, 3) % 3,
                outlines=[(triangle, triangle + 1), (), ()],
            ),
        )
        pack(pictures, path, max_side=32)


if __name__ == "__main__":
    main(sys.argv[1])

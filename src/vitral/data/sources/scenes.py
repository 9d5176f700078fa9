"""Source `scenes`: colored shapes on textured ground, drawn when they are read."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.core import option
from vitral.data.objects import Objects
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import Masks, Pixels
from vitral.data.sources.scene_drawing import draw_mask, draw_pixels
from vitral.data.sources.scene_figures import SHAPES, Figures, lay_out
from vitral.data.sources.scene_patterns import Draws
from vitral.data.sources.source import Source

# Masks are asked for in every epoch, and drawing one takes as long as a step of a small network.
_KEPT_BYTES = 2**25


class ScenePixels(Pixels):
    """Pictures that are drawn whenever they are read."""

    def __init__(self, figures: Figures, *, seed: int, size: int) -> None:
        self._figures, self._seed, self._size = figures, seed, size

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w c=3"]:
        return draw_pixels(self._figures.of(row), Draws(self._seed, row), self._size)

    def size(self, row: int) -> tuple[int, int]:
        """Height and width of one picture, without drawing it; see `Pixels.size`."""
        return self._size, self._size


class SceneMasks(Masks):
    """Masks that are drawn when they are first read; the first 32 MiB of them are kept."""

    def __init__(self, figures: Figures, *, size: int) -> None:
        self._figures, self._size = figures, size
        self._kept: dict[int, UInt8[NDArray[np.uint8], "h w"]] = {}

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w"]:
        """The mask of one scene: 0 is ground, 1 + class number is a shape."""
        mask = self._kept.get(row)
        if mask is None:
            mask = draw_mask(self._figures.of(row), self._size)
            if (len(self._kept) + 1) * mask.nbytes <= _KEPT_BYTES:
                self._kept[row] = mask
        return mask.copy()


@dataclass(frozen=True, kw_only=True)
class Scenes(Source, kind="scenes"):
    """Drawn shapes on textured ground; color follows from shape and texture."""

    embedded: ClassVar[bool] = True

    count: int = option(1500, "how many scenes", unit="pictures", low=1)
    size: int = option(64, "height and width", unit="px", low=16, high=1024)
    seed: int = option(0, "another seed draws other scenes")

    def open(self, place: Any = "scenes") -> PictureSet:
        """The scenes with masks and boxes of all shapes; the class of a picture is its largest shape's."""
        keys = tuple(f"scene-{number:06}" for number in range(self.count))
        figures = lay_out(range(self.count), seed=self.seed, size=self.size)
        labels = figures.shape[:, 0]
        splits, split_by = self.splits(keys, labels, None)
        return PictureSet(
            name="scenes",
            keys=keys,
            source=ScenePixels(figures, seed=self.seed, size=self.size),
            classes=SHAPES,
            labels=labels,
            splits=splits,
            origin="drawn scenes",
            split_by=split_by,
            masks=SceneMasks(figures, size=self.size),
            mask_classes=("background", *SHAPES),
            objects=Objects(
                starts=np.concatenate([[0], np.cumsum(figures.there.sum(axis=1))]),
                boxes=figures.boxes(),
                labels=figures.shape[figures.there],
            ),
        )

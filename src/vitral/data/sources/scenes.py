"""Source `scenes`: colored shapes on textured ground, drawn when they are read."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.core import option
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import Pixels
from vitral.data.sources.scene_drawing import SHAPES, Scene, draw_scene, scene_label
from vitral.data.sources.source import Source


class ScenePixels(Pixels):
    """Pictures that are drawn whenever they are read; `scene` gives masks and boxes too."""

    def __init__(self, *, seed: int, size: int) -> None:
        self._seed, self._size = seed, size

    def scene(self, row: int) -> Scene:
        """One picture with everything that is known of it."""
        return draw_scene(row, seed=self._seed, size=self._size)

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w c=3"]:
        return self.scene(row).pixels


@dataclass(frozen=True, kw_only=True)
class Scenes(Source, kind="scenes"):
    """Drawn shapes on textured ground; color follows from shape and texture."""

    embedded: ClassVar[bool] = True

    count: int = option(1500, "how many scenes", unit="pictures", low=1)
    size: int = option(64, "height and width", unit="px", low=16, high=1024)
    seed: int = option(0, "another seed draws other scenes")

    def open(self, place: Any = "scenes") -> PictureSet:
        """The scenes; the class of a picture is that of its largest shape."""
        keys = tuple(f"scene-{number:06}" for number in range(self.count))
        labels = np.array(
            [scene_label(number, seed=self.seed) for number in range(self.count)], dtype=np.int64
        )
        splits, split_by = self.splits(keys, labels, None)
        return PictureSet(
            name="scenes",
            keys=keys,
            source=ScenePixels(seed=self.seed, size=self.size),
            classes=SHAPES,
            labels=labels,
            splits=splits,
            origin="drawn scenes",
            split_by=split_by,
        )

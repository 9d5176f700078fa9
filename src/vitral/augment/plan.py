"""`Plan`: what will happen to each picture of a batch, as numbers and before any pixel is touched."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """One row per picture; ops return a changed copy.

    Args:
        height: rows of the network's input, in pixels.
        width: columns of the network's input, in pixels.
        sizes: height and width of each picture, in pixels.
        box: region x0 y0 x1 y1 of each picture that becomes the input, in pixels of the picture;
            where it leaves the picture, the picture is reflected at its border.
        flip: whether the region is mirrored left to right.
        brightness: factor on the values, 1 for no change.
        contrast: factor on the distance from the mean of the region, 1 for no change.
        partner: position in the batch of the picture this one is mixed with.
        share: weight of this picture's label against its partner's, in [0, 1].
        blended: whether the partner is blended in with weight 1 - share.
        pasted: region x0 y0 x1 y1 of the input that the partner covers; empty for none.
    """

    height: int
    width: int
    sizes: Int[NDArray[np.int64], "b hw=2"]
    box: Float[NDArray[np.float64], "b xyxy=4"]
    flip: Bool[NDArray[np.bool_], " b"]
    brightness: Float[NDArray[np.float64], " b"]
    contrast: Float[NDArray[np.float64], " b"]
    partner: Int[NDArray[np.int64], " b"]
    share: Float[NDArray[np.float64], " b"]
    blended: Bool[NDArray[np.bool_], " b"]
    pasted: Int[NDArray[np.int64], "b xyxy=4"]

    @classmethod
    def still(cls, sizes: Int[NDArray[np.int64], "b hw=2"], *, height: int, width: int, fit: str) -> Self:
        """The plan that changes nothing: what evaluation and prediction use.

        Args:
            sizes: height and width of each picture, in pixels.
            height: rows of the network's input, in pixels.
            width: columns of the network's input, in pixels.
            fit: `crop` takes the largest region of the input's shape from the center, `squash`
                the whole picture.
        """
        count = len(sizes)
        tall, wide = sizes[:, 0].astype(np.float64), sizes[:, 1].astype(np.float64)
        if fit == "crop":
            scale = np.minimum(tall / height, wide / width)
            tall, wide = scale * height, scale * width
        x0, y0 = (sizes[:, 1] - wide) / 2, (sizes[:, 0] - tall) / 2
        return cls(
            height=height,
            width=width,
            sizes=sizes,
            box=np.stack([x0, y0, x0 + wide, y0 + tall], axis=1),
            flip=np.zeros(count, dtype=np.bool_),
            brightness=np.ones(count),
            contrast=np.ones(count),
            partner=np.arange(count),
            share=np.ones(count),
            blended=np.zeros(count, dtype=np.bool_),
            pasted=np.zeros((count, 4), dtype=np.int64),
        )

    @property
    def mixed(self) -> Bool[NDArray[np.bool_], " b"]:
        """Which pictures have already been given a partner."""
        return self.blended | (self.pasted[:, 2] > self.pasted[:, 0])

    @property
    def untoned(self) -> Bool[NDArray[np.bool_], " b"]:
        """Which pictures keep their brightness and contrast."""
        return (self.brightness == 1) & (self.contrast == 1)

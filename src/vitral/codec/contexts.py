"""Which table each latent is coded with, and around which mean: from what is decoded before it.

Everything is sums of products of whole numbers, so every machine finds the same. They are done in
float64, which is exact while all partial sums stay below 2 ** 53, in any order; `Tables` sees to that.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from vitral.codec.tables import FRACTION_BITS, MOST_LATENT, MOST_MAGNITUDE, TAPS, Tables
from vitral.codec.waves import PAD

# A latent of 32 bits, less a mean within this, has at most 32 bits and a sign.
_MOST_MEAN = 2**30
_ROUND = 0.5


def contexts(
    latents: Int[NDArray[np.int32], "c h w"], tables: Tables, quality: int
) -> tuple[Int[NDArray[np.int64], "c h w"], Int[NDArray[np.int64], "c h w"]]:
    """Table number and mean of every latent of a tile at once, as an encoder can.

    Args:
        latents: all latents of the tile.
        tables: of the model.
        quality: number of the quality, from 0.
    """
    channels, height, width = latents.shape
    weights = Weights.of(tables, quality)
    seen = np.zeros((2, height + PAD, width + 2 * PAD, channels))
    here = known(latents.transpose(1, 2, 0))
    seen[:, PAD:, PAD:-PAD] = here
    total = np.empty_like(here)
    total[:] = weights.bias[:, None, None]
    for tap, (row, column) in enumerate(TAPS):
        top, left = PAD + row, PAD + column
        near = seen[:, top : top + height, left : left + width]
        total += near * weights.taps[:, None, None, tap]
    flat, total = here.reshape(2, -1, channels), total.reshape(2, -1, channels)
    numbers, means = np.empty((2, height * width, channels), np.int64)
    for part in tables.parts:
        numbers[:, part], means[:, part] = weights.looked_up(part, total, flat)
    back = (channels, height, width)
    return numbers.T.reshape(back), means.T.reshape(back)


def known(latents: NDArray[np.signedinteger] | NDArray[np.float64]) -> Float[NDArray[np.float64], "k=2 ..."]:
    """What contexts see of latents: bounded for the mean, and bounded magnitudes for the scale."""
    seen = np.empty((2, *latents.shape))
    np.clip(latents, -MOST_LATENT, MOST_LATENT, out=seen[0], casting="unsafe")
    np.minimum(np.abs(seen[0]), MOST_MAGNITUDE, out=seen[1])
    return seen


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of one quality, first those of the mean, then those of the scale.

    Args:
        bias: where the sums begin.
        taps: of the neighbors.
        cross: of channels in earlier groups (first axis) for each channel.
        edges: scales between the tables.
    """

    bias: Float[NDArray[np.float64], "k=2 c"]
    taps: Float[NDArray[np.float64], "k=2 t c"]
    cross: Float[NDArray[np.float64], "k=2 c c"]
    edges: Float[NDArray[np.float64], " e"]

    @classmethod
    def of(cls, tables: Tables, quality: int) -> "Weights":
        """Those of a quality, from 0; made once for each."""
        return _weights(tables, quality)

    def looked_up(
        self,
        part: slice,
        total: Float[NDArray[np.float64], "k=2 p c"],
        here: Float[NDArray[np.float64], "k=2 p c"],
    ) -> tuple[Int[NDArray[np.int64], "p c2"], Float[NDArray[np.float64], "p c2"]]:
        """Table numbers and means of one group of channels at some places.

        Args:
            part: the channels.
            total: bias and neighbors, summed.
            here: what is known of the channels of earlier groups at the same places; see `known`.
        """
        own = total[:, :, part]
        if part.start:
            own = own + here[:, :, : part.start] @ self.cross[:, : part.start, part]
        mean = np.floor(own[0] * 2.0**-FRACTION_BITS + _ROUND)
        np.clip(mean, -_MOST_MEAN, _MOST_MEAN, out=mean)
        return np.searchsorted(self.edges, own[1], side="right"), mean


@lru_cache(maxsize=32)
def _weights(tables: Tables, quality: int) -> Weights:
    def both(part: str) -> NDArray[np.float64]:
        return np.stack([getattr(tables, f"{kind}_{part}") for kind in ("mean", "scale")]).astype(np.float64)

    def turned(part: str) -> NDArray[np.float64]:
        return np.ascontiguousarray(both(part).swapaxes(1, 2))

    return Weights(both("bias")[:, quality], turned("taps"), turned("cross"), tables.edges.astype(np.float64))

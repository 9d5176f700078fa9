"""`TableBuffers`: the coder's tables, kept as whole numbers in the model file."""

import math
from collections.abc import Iterable
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor, nn

from vitral.codec import FRACTION_BITS, TAPS, Tables, contexts
from vitral.nn import ContextPrior

TILE = 40
# So that windows of coarser latents need no more memory.
_MOST_TILE_PX = 640
_LEAST_SCALE, _MOST_SCALE, _TABLES = 0.004, 128.0, 56
_TOTAL = 2**20 - 2**12
# Symbols that never came still get the share that a Laplace distribution gives them.
_TRUST = 64.0
# Tails beyond this many scales are escaped.
_REACH = 12.0


class Quantizer(Protocol):
    """What gives whole numbers for pictures, at each quality; see `CompressModel`."""

    def latent_of(self, pictures: Tensor) -> Tensor:
        """The latent before rounding."""
        ...

    def quantized(self, latent: Tensor, quality: int) -> Int[NDArray[np.int32], "b c h w"]:
        """The whole numbers of one quality, from 0."""
        ...


class TableBuffers(nn.Module):
    """The context weights in fixed point, and one table of counts for each range of scales.

    The shapes follow from the prior alone, so that a model file can be checked before it is used.
    Until `fit` was called the counts are those of Laplace distributions, and nothing is looked at.

    Args:
        prior: whose weights `fit` takes over.
        qualities: number of rates.
    """

    def __init__(self, prior: ContextPrior, *, qualities: int) -> None:
        super().__init__()
        channels = prior.scale_bias.shape[1]
        self.groups = tuple(prior.sizes)
        for kind in ("mean", "scale"):
            start = round(0.3 * 2**FRACTION_BITS) if kind == "scale" else 0
            bias = torch.full((qualities, channels), start, dtype=torch.int32)
            self.register_buffer(f"{kind}_bias", bias)
            self.register_buffer(f"{kind}_taps", torch.zeros(channels, len(TAPS), dtype=torch.int32))
            self.register_buffer(f"{kind}_cross", torch.zeros(channels, channels, dtype=torch.int32))
        edges = np.geomspace(_LEAST_SCALE, _MOST_SCALE, _TABLES - 1)
        middles = np.append(np.sqrt(edges[:-1] * edges[1:]), edges[-1])
        self._shapes = [_laplace(scale) for scale in (_LEAST_SCALE / 2, *middles.tolist())]
        counts = np.concatenate([_whole(shape) for shape in self._shapes])
        self.register_buffer("edges", torch.from_numpy(np.rint(edges * 2**FRACTION_BITS).astype(np.int64)))
        self.register_buffer("counts", torch.from_numpy(counts))
        self._ready: Tables | None = None
        self.register_load_state_dict_post_hook(_forget)

    def tables(self, *, stride: int) -> Tables:
        """The tables for the coder.

        Raises:
            FileFormatError: the buffers hold no tables.
        """
        if self._ready is None or self._ready.stride != stride:
            arrays = {name: buffer.cpu().numpy().copy() for name, buffer in self.named_buffers()}
            ends = np.cumsum([len(shape) for shape in self._shapes])[:-1]
            counts = tuple(np.split(arrays.pop("counts"), ends))
            lows = np.array([-((len(shape) - 2) // 2) for shape in self._shapes], dtype=np.int32)
            self._ready = Tables(
                stride=stride,
                tile=min(TILE, _MOST_TILE_PX // stride),
                groups=self.groups,
                lows=lows,
                counts=counts,
                **arrays,
            )
        return self._ready

    def fit(
        self,
        model: Quantizer,
        pictures: Iterable[Float[Tensor, "b c=3 h w"]],
        prior: ContextPrior,
        *,
        stride: int,
    ) -> None:
        """Take over the prior's weights, and count how often each symbol comes in training pictures.

        Args:
            model: gives the whole numbers.
            pictures: training pictures on [0, 1], in batches.
            prior: with its final weights.
            stride: pixels for one place of the latent.
        """
        self._take_over(prior)
        tables = self.tables(stride=stride)
        found = [np.zeros(len(shape)) for shape in self._shapes]
        for batch in pictures:
            latent = model.latent_of(batch)
            for quality in range(tables.qualities):
                for one in model.quantized(latent, quality):
                    numbers, means = contexts(one, tables, quality)
                    _count(found, numbers.reshape(-1), (one - means).reshape(-1))
        trusted = [own + _TRUST * shape for own, shape in zip(found, self._shapes, strict=True)]
        counts = np.concatenate([_whole(own / own.sum()) for own in trusted])
        self.get_buffer("counts").copy_(torch.from_numpy(counts))
        self._ready = None

    @torch.no_grad()
    def _take_over(self, prior: ContextPrior) -> None:
        fixed = {"mean_bias": prior.mean_bias, "scale_bias": prior.scale_bias.exp()}
        if prior.context:
            fixed |= {"mean_taps": prior.mean_taps, "scale_taps": prior.scale_taps}
            fixed |= {name: getattr(prior, name) * prior.earlier for name in ("mean_cross", "scale_cross")}
        for name, value in fixed.items():
            whole = (value.double() * 2**FRACTION_BITS).round().clamp(-(2**24), 2**24)
            self.get_buffer(name).copy_(whole.to(torch.int32))
        self._ready = None


def _forget(module: nn.Module, _: object) -> None:
    assert isinstance(module, TableBuffers)
    module._ready = None


def _laplace(scale: float) -> NDArray[np.float64]:
    """Probabilities of -r ... r and of everything beyond, for a rounded Laplace variable."""
    reach = 2 + math.ceil(_REACH * scale)
    upper = 0.5 * np.exp(-(np.arange(reach + 1) + 0.5) / scale)  # beyond 0.5, 1.5, ...
    positive = upper[:-1] - upper[1:]
    middle = 1 - 2 * upper[0]
    return np.concatenate([positive[::-1], [middle], positive, [2 * upper[-1]]])


def _whole(shares: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.maximum(np.rint(shares * _TOTAL), 1).astype(np.int32)


def _count(found: list[NDArray[np.float64]], numbers: NDArray[np.int64], symbols: NDArray[np.int64]) -> None:
    for number in np.unique(numbers).tolist():
        table = found[number]
        last = len(table) - 1
        place = symbols[numbers == number] + last // 2
        place[(place < 0) | (place >= last)] = last
        table += np.bincount(place, minlength=len(table))

"""`Order`: the batches of one epoch as numbers, for one process of one or many."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Int
from numpy.typing import NDArray

from vitral.core import DataError, derived_seed, permutation

# Batches of similar pictures are formed among this many batches, so that an epoch stays well mixed.
_WINDOW = 50


@dataclass(frozen=True, kw_only=True, eq=False)
class Order:
    """Which pictures each batch of an epoch holds.

    Args:
        indices: numbers of the pictures, batch after batch.
        draws: the keys of their randomness (see `core.Batch`).
        starts: where each batch begins, and at last where the epoch ends.
    """

    indices: Int[NDArray[np.int64], " n"]
    draws: Int[NDArray[np.int64], " n"]
    starts: Int[NDArray[np.int64], " batches+1"]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def batch(self, position: int, *, rank: int, ranks: int) -> slice:
        """The share of one process in a batch: slices of `indices` and `draws`.

        The shares of all processes make up the batch, in their order; they differ by one picture at
        most, so in a last batch of fewer pictures than processes some shares are empty.
        """
        start, stop = int(self.starts[position]), int(self.starts[position + 1])
        count = stop - start
        return slice(start + count * rank // ranks, start + count * (rank + 1) // ranks)


def in_batches(indices: Int[NDArray[np.int64], " n"], *, size: int, drop_last: bool, of: int) -> Order:
    """Cut an epoch into batches of `size` pictures, out of a set of `of`."""
    count = len(indices) // size * size if drop_last else len(indices)
    starts = np.append(np.arange(0, count, size), count)
    return Order(indices=indices[:count], draws=draws_of(indices[:count], of), starts=starts)


def draws_of(indices: Int[NDArray[np.int64], " n"], count: int) -> Int[NDArray[np.int64], " n"]:
    """The key of each picture's randomness: its number, and another one each time it comes again."""
    sorting = np.argsort(indices, kind="stable")
    ordered = indices[sorting]
    first = np.searchsorted(ordered, ordered, side="left")
    again = np.arange(len(ordered)) - first
    if not again.any():
        return indices
    draws = np.empty_like(indices)
    draws[sorting] = ordered + count * again
    return draws


def alike_together(
    indices: Int[NDArray[np.int64], " n"],
    sizes: Int[NDArray[np.int64], "b hw=2"],
    *,
    batch: int,
    seed: int,
    epoch: int,
) -> Int[NDArray[np.int64], " n"]:
    """Reorder an epoch so that each batch holds pictures of similar shape and size.

    Within windows of some batches the pictures are sorted by their shape and then by their area;
    the batches made of them come in a random order again. A last batch that is not full stays last.
    """
    whole = len(indices) // batch * batch
    ratio = np.round(np.log2(sizes[:, 1] / sizes[:, 0]) * 4)
    area = sizes[:, 0] * sizes[:, 1]
    parts = []
    for start in range(0, whole, batch * _WINDOW):
        window = indices[start : min(start + batch * _WINDOW, whole)]
        parts.append(window[np.lexsort((area[window], ratio[window]))])
    if not parts:
        return indices
    batches = np.concatenate(parts).reshape(-1, batch)
    mixed = batches[permutation(len(batches), seed, epoch, "alike")]
    return np.concatenate([mixed.reshape(-1), indices[whole:]])


def sampler_order(
    sampler: Iterable[Any], *, size: int, drop_last: bool, of: int, keys: tuple[int, int]
) -> Order:
    """What a torch `Sampler` or `BatchSampler` gives in one epoch, the same for the same keys.

    A sampler that draws from torch's generator, or from one of its own, finds it seeded by
    (seed, epoch), and leaves it as it was; one with `set_epoch` is told the epoch.

    Args:
        sampler: gives numbers, or lists of numbers.
        size: pictures in a batch, when it gives numbers.
        drop_last: leave out a last batch that is not full.
        of: pictures in the set.
        keys: seed and epoch.
    Raises:
        DataError: it gives something else, or a number outside the set.
    """
    seed, epoch = keys
    if callable(set_epoch := getattr(sampler, "set_epoch", None)):
        set_epoch(epoch)
    given = _listed(sampler, derived_seed(seed, f"sampler {epoch}"))
    given = [one.tolist() if isinstance(one, torch.Tensor | np.ndarray) else one for one in given]
    in_lists = bool(given) and isinstance(given[0], list | tuple)
    try:
        flat = np.array([i for part in given for i in part] if in_lists else given, dtype=np.int64).reshape(
            -1
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"Loader.sampler: must give numbers of pictures, got {given[0]!r}") from error
    if len(flat) and (flat.min() < 0 or flat.max() >= of):
        raise DataError(f"Loader.sampler: must stay in [0, {of - 1}], got {flat.min()} to {flat.max()}")
    if not in_lists:
        return in_batches(flat, size=size, drop_last=drop_last, of=of)
    starts = np.cumsum([0, *(len(part) for part in given)])
    return Order(indices=flat, draws=draws_of(flat, of), starts=starts)


def _listed(sampler: Iterable[Any], seed: int) -> list[Any]:
    own = [found for part in (sampler, getattr(sampler, "sampler", None)) if (found := _generator(part))]
    before = [generator.get_state() for generator in own]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for generator in own:
            generator.manual_seed(seed)
        try:
            return list(sampler)
        finally:
            for generator, state in zip(own, before, strict=True):
                generator.set_state(state)


def _generator(sampler: Any) -> torch.Generator | None:
    found = getattr(sampler, "generator", None)
    return found if isinstance(found, torch.Generator) else None

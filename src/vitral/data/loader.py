"""`Loader`: batches in an order made of integers, prepared ahead by threads.

A batch is a pure function of (pictures, seed, epoch, position), so the number of threads, the
order in which they finish, and where an epoch was taken up again cannot change it. The whole
state of a loader is therefore three numbers: epoch, position, seed.
"""

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch.utils.data import Dataset

from vitral.core import Batch, DataError, OptionError, did_you_mean
from vitral.data.epoch import Epoch
from vitral.data.open_pictures import open_pictures
from vitral.data.order import Order, alike_together, in_batches, sampler_order
from vitral.data.picture_set import PictureSet
from vitral.data.resident import Resident
from vitral.data.ring import Ring
from vitral.data.sampling import InOrder, Sampling, Shuffled

_STATE = ("epoch", "position", "seed")


class Loader:
    """An iterable of batches with the habits of `torch.utils.data.DataLoader`.

    One `iter()` gives the rest of the epoch, from `position` on; at its end `epoch` is one
    higher and `position` 0. Leaving a loop early keeps the position, so the next `iter()` goes
    on with the batch after the last one handed out.

    Threads, not processes: decoding and augmenting release the interpreter lock. They share each
    batch, so that the first one is there soon and few are in memory. A transform that is
    `core.Divisible`, as augmentations are, is carried out by them picture by picture, and only the
    parts of a picture that it asks for are decoded. Threads live as long as one `iter()`; its end,
    an error, `close()` or dropping the iterator ends them.

    Memory of inputs is used again once nobody holds the batch any more.

    Args:
        pictures: what to read: a set, or whatever `open_pictures` opens, a torch `Dataset` too.
        batch_size: pictures in a batch; with several processes, in the share of each.
        shuffle: a new order every epoch; otherwise the order of the set.
        sampling: another rule for the order, instead of `shuffle`; or a torch `Sampler`.
        workers: threads that prepare batches; 0 prepares each when it is asked for.
        drop_last: leave out a last batch that is not full.
        alike: batches hold pictures of similar shape and size, so that padding costs little.
        pin_memory: page-locked inputs, for a faster way to the GPU; no effect without CUDA.
        device: where batches go; None leaves them where they are made. Pictures that are one array
            in memory and fit move to a GPU once, and are augmented there.
        seed: key of the order and, through the batch, of all randomness of `transform`.
        epoch: the pass to begin with.
        rank: number of this process among those that share every batch.
        ranks: how many processes share every batch.
        transform: changes a batch, on the threads that make it; a pure function of the batch.
            May be replaced between epochs.
        prefetch: batches at most being prepared or ready, beside the one handed out and one that is
            only begun; left out, 2, and for pictures in memory twice the workers.
    Raises:
        OptionError: a number is out of its range, or two options exclude each other.
        DataError: there is nothing that can be opened.
    """

    def __init__(
        self,
        pictures: PictureSet | Dataset[Any] | Any,
        *,
        batch_size: int = 32,
        shuffle: bool = False,
        sampling: Sampling | Iterable[Any] | None = None,
        workers: int = 2,
        drop_last: bool = False,
        alike: bool = False,
        pin_memory: bool = False,
        device: torch.device | str | None = None,
        seed: int = 0,
        epoch: int = 0,
        rank: int = 0,
        ranks: int = 1,
        transform: Callable[[Batch], Batch] | None = None,
        prefetch: int | None = None,
    ) -> None:
        if not isinstance(pictures, PictureSet):
            pictures = open_pictures(pictures, validation=0.0, test=0.0)
        if sampling is not None and shuffle:
            raise OptionError("Loader.sampling: must not be given together with shuffle=True")
        self.pictures: PictureSet = pictures
        self.batch_size = _at_least(1, "batch_size", batch_size)
        self.sampling = sampling if sampling is not None else Shuffled() if shuffle else InOrder()
        self.workers = _at_least(0, "workers", workers)
        self.drop_last = drop_last
        self.alike = alike
        self.pin_memory = pin_memory and torch.cuda.is_available()
        self.device = None if device is None else torch.device(device)
        # Threads share a batch that must be decoded; of those in memory each makes its own.
        usual = 2 if pictures.array is None else max(2, 2 * workers)
        self.prefetch = usual if prefetch is None else _at_least(1, "prefetch", prefetch)
        self.transform = transform
        self.seed = seed
        self.epoch = _at_least(0, "epoch", epoch)
        self.ranks = _at_least(1, "ranks", ranks)
        self.rank = _at_least(0, "rank", rank)
        if rank >= ranks:
            raise OptionError(f"Loader.rank: must lie in [0, {ranks - 1}], got {rank}")
        self.position = 0
        self.waited_s = 0.0
        self.ring = Ring(limit=2 * (self.prefetch + 2), pinned=self.pin_memory)
        self.resident = Resident.of(pictures, self.device)
        self._running: weakref.ref[Epoch] | None = None
        self._planned: tuple[tuple[int, int], Order] | None = None

    def __len__(self) -> int:
        """Batches in a whole epoch; the same for every process."""
        if isinstance(self.sampling, Sampling):
            count, size = len(self.pictures), self.batch_size * self.ranks
            return count // size if self.drop_last else -(-count // size)
        return len(self.order)

    def __iter__(self) -> Iterator[Batch]:
        self.close()
        self.waited_s = 0.0
        epoch = Epoch(self)
        self._running = weakref.ref(epoch)
        return epoch

    @property
    def order(self) -> Order:
        """The batches of this epoch as numbers."""
        key = (self.seed, self.epoch)
        if self._planned is None or self._planned[0] != key:
            self._planned = (key, self._order())
        return self._planned[1]

    def close(self) -> None:
        """End the threads of an `iter()` that is still open; the position stays."""
        running = self._running() if self._running is not None else None
        if running is not None:
            running.close()
        self._running = None

    def set_epoch(self, epoch: int) -> None:
        """Go to the start of an epoch; for the present one the position stays.

        Raises:
            OptionError: the number is negative.
        """
        _at_least(0, "epoch", epoch)
        if epoch != self.epoch:
            self.close()
            self.epoch, self.position = epoch, 0

    def state_dict(self) -> dict[str, int]:
        """The whole state; `position` counts the batches handed out in this epoch."""
        return {"epoch": self.epoch, "position": self.position, "seed": self.seed}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken, with the very same batches.

        Raises:
            DataError: the state lacks a number, has one too many, or its position lies beyond
                the end, as after a change of the pictures or of the batch size.
        """
        for name in state:
            if name not in _STATE:
                raise DataError(f"Loader.load_state_dict: has no {name!r}{did_you_mean(name, _STATE)}")
        for name in _STATE:
            number = state.get(name)
            if not isinstance(number, int) or isinstance(number, bool) or (number < 0 and name != "seed"):
                raise DataError(f"Loader.load_state_dict: {name!r} must be a whole number, got {number!r}")
        if state["position"] > len(self):
            raise DataError(
                f"Loader.load_state_dict: 'position' must lie in [0, {len(self)}], got {state['position']}; "
                "did the pictures or the batch size change since it was saved?"
            )
        self.close()
        self.epoch, self.position, self.seed = state["epoch"], state["position"], state["seed"]

    def _order(self) -> Order:
        size, count, keys = self.batch_size * self.ranks, len(self.pictures), (self.seed, self.epoch)
        if not isinstance(self.sampling, Sampling):
            return sampler_order(self.sampling, size=size, drop_last=self.drop_last, of=count, keys=keys)
        indices = self.sampling.order(self.pictures, *keys)
        if self.alike:
            sizes = self.pictures.sizes(threads=max(self.workers, 1))
            indices = alike_together(indices, sizes, batch=size, seed=self.seed, epoch=self.epoch)
        return in_batches(indices, size=size, drop_last=self.drop_last, of=count)


def _at_least(low: int, name: str, value: int) -> int:
    if value < low:
        raise OptionError(f"Loader.{name}: must be at least {low}, got {value}")
    return value

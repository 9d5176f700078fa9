"""`Loader`: batches in an order made of integers, prepared ahead by threads.

A batch is a pure function of (pictures, seed, epoch, position), so the number of threads, the
order in which they finish, and where an epoch was taken up again cannot change it. The whole
state of a loader is therefore three numbers: epoch, position, seed.
"""

import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vitral.core import Batch, DataError, OptionError, did_you_mean, permutation
from vitral.data.crew import Crew
from vitral.data.picture_set import PictureSet

_STATE = ("epoch", "position", "seed")


class Loader:
    """An iterable of batches with the habits of `torch.utils.data.DataLoader`.

    One `iter()` gives the rest of the epoch, from `position` on; at its end `epoch` is one
    higher and `position` 0. Leaving a loop early keeps the position, so the next `iter()` goes
    on with the batch after the last one handed out.

    Threads, not processes: decoding and augmenting release the interpreter lock. They live as
    long as one `iter()`; its end, an error, `close()` or dropping the iterator ends them.

    Args:
        pictures: what to read.
        batch_size: pictures in a batch.
        shuffle: a new order every epoch; otherwise the order of the set.
        workers: threads that prepare batches; 0 prepares each when it is asked for.
        drop_last: leave out a last batch that is not full.
        pin_memory: page-locked tensors, for a faster way to the GPU; no effect without CUDA.
        seed: key of the order and, through the batch, of all randomness of `transform`.
        epoch: the pass to begin with.
        transform: changes a batch, on the thread that made it; a pure function of the batch.
            May be replaced between epochs.
        prefetch: batches at most being prepared or ready; by default twice the workers.
    Raises:
        OptionError: a number is out of its range.
    """

    def __init__(
        self,
        pictures: PictureSet,
        *,
        batch_size: int = 32,
        shuffle: bool = False,
        workers: int = 2,
        drop_last: bool = False,
        pin_memory: bool = False,
        seed: int = 0,
        epoch: int = 0,
        transform: Callable[[Batch], Batch] | None = None,
        prefetch: int | None = None,
    ) -> None:
        self.pictures = pictures
        self.batch_size = _at_least(1, "batch_size", batch_size)
        self.shuffle = shuffle
        self.workers = _at_least(0, "workers", workers)
        self.drop_last = drop_last
        self.pin_memory = pin_memory
        self.prefetch = 2 * workers if prefetch is None else _at_least(1, "prefetch", prefetch)
        self.transform = transform
        self.seed = seed
        self.epoch = _at_least(0, "epoch", epoch)
        self.position = 0
        self.waited_s = 0.0
        self._running: weakref.ref[_Epoch] | None = None

    def __len__(self) -> int:
        """Batches in a whole epoch."""
        whole, rest = divmod(len(self.pictures), self.batch_size)
        return whole if self.drop_last or rest == 0 else whole + 1

    def __iter__(self) -> Iterator[Batch]:
        self.close()
        self.waited_s = 0.0
        epoch = _Epoch(self)
        self._running = weakref.ref(epoch)
        return epoch

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


class _Epoch:
    """One `iter()` of a loader: the batches from its position to the end of its epoch."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._last = len(loader)
        self._made = _Recipe(loader)
        first = range(loader.position, self._last)
        self._crew: Crew[Batch] | None = None
        if loader.workers > 0 and len(first) > 0:
            workers = min(loader.workers, len(first), loader.prefetch)
            self._crew = Crew(self._made, first, workers=workers, ahead=loader.prefetch, name="loader")
        self._open = True

    def __iter__(self) -> "_Epoch":
        return self

    def __next__(self) -> Batch:
        loader = self._loader
        if not self._open:
            raise StopIteration
        if loader.position >= self._last:
            self.close()
            loader.epoch, loader.position = loader.epoch + 1, 0
            raise StopIteration
        started = time.perf_counter()
        try:
            batch = self._made(loader.position) if self._crew is None else next(self._crew)
        except BaseException:
            # Ctrl-C lands here too: the batch was not handed out, so the position stays.
            self.close()
            raise
        loader.waited_s += time.perf_counter() - started
        loader.position += 1
        return batch

    def close(self) -> None:
        self._open = False
        if self._crew is not None:
            self._crew.close()


class _Recipe:
    """How to make the batch at a position; holds values only, so any thread may call it."""

    def __init__(self, loader: Loader) -> None:
        self.pictures = loader.pictures
        self.transform = loader.transform
        self.batch_size = loader.batch_size
        self.seed, self.epoch = loader.seed, loader.epoch
        count = len(loader.pictures)
        self.order = permutation(count, self.seed, self.epoch) if loader.shuffle else np.arange(count)
        self.pin = loader.pin_memory and torch.cuda.is_available()

    def __call__(self, position: int) -> Batch:
        chosen = self.order[position * self.batch_size : (position + 1) * self.batch_size]
        keys = self.pictures.keys
        batch = Batch(
            pixels=_pixels(self.pictures, chosen),
            labels=torch.from_numpy(self.pictures.labels[chosen]),
            indices=chosen.copy(),
            keys=tuple([keys[index] for index in chosen.tolist()]),
            seed=self.seed,
            epoch=self.epoch,
            position=position,
        )
        if self.transform is not None:
            batch = self.transform(batch)
        return _pinned(batch) if self.pin else batch


def _pixels(pictures: PictureSet, chosen: NDArray[np.int64]) -> NDArray[np.uint8] | list[NDArray[np.uint8]]:
    """The pictures with these numbers: a new array when they have one size, else a list."""
    array = pictures.array
    if array is not None:
        return array[pictures.rows[chosen]]
    found = [pictures.pixels(index) for index in chosen.tolist()]
    return np.stack(found) if len({picture.shape for picture in found}) == 1 else found


def _pinned(batch: Batch) -> Batch:
    for name in ("inputs", "labels", "other_labels", "share"):
        tensor = getattr(batch, name)
        if tensor is not None:
            setattr(batch, name, tensor.pin_memory())
    return batch


def _at_least(low: int, name: str, value: int) -> int:
    if value < low:
        raise OptionError(f"Loader.{name}: must be at least {low}, got {value}")
    return value

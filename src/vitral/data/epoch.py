"""`Epoch`: one `iter()` of a loader: the batches from its position to the end of its epoch."""

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from vitral.core import Batch, Divisible, Work
from vitral.data.crew import Crew
from vitral.data.picked import Picked

if TYPE_CHECKING:
    from vitral.data.loader import Loader

# A part smaller than this is not worth handing to a thread.
_SMALLEST_PART = 4


class Epoch:
    """An iterator of batches. Jobs go to a crew: begin a batch, then its parts, one batch ahead."""

    def __init__(self, loader: "Loader") -> None:
        self._loader = loader
        self._last = len(loader.order)
        first = range(loader.position, self._last)
        self._recipe = _Recipe(loader, first)
        self._crew: Crew[int] | None = None
        if loader.workers > 0 and len(first) > 0 and loader.resident is None:
            jobs = self._recipe.jobs()
            ahead = loader.prefetch * self._recipe.steps
            workers = min(loader.workers, len(jobs))
            self._crew = Crew(self._recipe, jobs, workers=workers, ahead=ahead, name="loader")
        self._open = True

    def __iter__(self) -> "Epoch":
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
            batch = self._next()
            if loader.device is not None:
                batch = batch.to(loader.device)
        except BaseException:
            # Ctrl-C lands here too: the batch was not handed out, so the position stays.
            self.close()
            raise
        loader.waited_s += time.perf_counter() - started
        loader.position += 1
        return batch

    def close(self) -> None:
        """End the threads; batches that were not handed out are dropped."""
        self._open = False
        if self._crew is not None:
            self._crew.close()

    def _next(self) -> Batch:
        position = self._loader.position
        if self._crew is None:
            return self._recipe.whole(position)
        # In the order of the jobs, so that an error comes at its place and not before.
        while next(self._crew) != self._recipe.last_job(position):
            continue
        return self._recipe.taken(position)


class _Recipe:
    """How to make batches, job by job; holds values only, so any thread may call it."""

    def __init__(self, loader: "Loader", positions: range) -> None:
        self.pictures, self.resident = loader.pictures, loader.resident
        self.transform, self.ring, self.pin = loader.transform, loader.ring, loader.pin_memory
        self.seed, self.epoch = loader.seed, loader.epoch
        self.rank, self.ranks = loader.rank, loader.ranks
        self.positions = positions
        self.order = loader.order if len(positions) else None
        # Pictures in memory are so little work that handing parts of it around would cost more.
        in_memory = loader.pictures.array is not None
        self.parts = 1 if in_memory else max(1, min(4 * loader.workers, loader.batch_size // _SMALLEST_PART))
        self.steps = 1 if self.parts == 1 else self.parts + 1
        self._under_way: dict[int, _UnderWay] = {}
        self._lock = threading.Lock()

    def jobs(self) -> Sequence[int]:
        """Job `position * steps` begins a batch, those that follow are its parts.

        A batch begins before the parts of the one before it, so that no thread waits for that.
        A batch of one part is one job.
        """
        if self.steps == 1:
            return self.positions
        steps, first = self.steps, self.positions.start
        jobs = [first * steps]
        for position in self.positions:
            if position + 1 < self.positions.stop:
                jobs.append((position + 1) * steps)
            jobs += range(position * steps + 1, (position + 1) * steps)
        return jobs

    def last_job(self, position: int) -> int:
        """The job after which all parts of a batch have been made."""
        return (position + 1) * self.steps - 1

    def __call__(self, job: int) -> int:
        position, step = divmod(job, self.steps)
        batch = self._batch(position)
        if step == 0:
            batch.begin()
        if self.steps == 1 or step > 0:
            batch.part(max(step - 1, 0))
        return job

    def whole(self, position: int) -> Batch:
        """A batch made at once by whoever asks for it."""
        batch = _UnderWay(self, position)
        batch.begin()
        for part in range(self.parts):
            batch.part(part)
        assert batch.done is not None
        return batch.done

    def taken(self, position: int) -> Batch:
        """A batch whose parts are all made; it is forgotten then."""
        with self._lock:
            batch = self._under_way.pop(position)
        assert batch.done is not None
        return batch.done

    def _batch(self, position: int) -> "_UnderWay":
        with self._lock:
            if position not in self._under_way:
                self._under_way[position] = _UnderWay(self, position)
            return self._under_way[position]

    def new_batch(self, position: int) -> Batch:
        """The batch with everything but its pixels, masks and inputs."""
        pictures, order = self.pictures, self.order
        assert order is not None
        share = order.batch(position, rank=self.rank, ranks=self.ranks)
        chosen = order.indices[share].copy()
        batch = Batch(
            pixels=(),
            labels=torch.from_numpy(pictures.labels[chosen]),
            indices=chosen,
            keys=Picked(pictures.keys, chosen),
            seed=self.seed,
            epoch=self.epoch,
            position=position,
            draws=order.draws[share].copy(),
        )
        if pictures.objects is not None:
            found = [pictures.objects.of(row) for row in pictures.rows[chosen].tolist()]
            batch.boxes = [one.boxes for one in found]
            batch.box_labels = [one.labels for one in found]
            batch.box_crowd = [one.crowd for one in found]
            if pictures.objects.points is not None:
                batch.points = [one.points for one in found if one.points is not None]
        return batch


class _UnderWay:
    """One batch while its parts are made."""

    def __init__(self, recipe: _Recipe, position: int) -> None:
        self._recipe, self._position = recipe, position
        self._begun = threading.Event()
        self._error: BaseException | None = None
        self._lock = threading.Lock()
        self._left = recipe.parts
        self.done: Batch | None = None

    def begin(self) -> None:
        """Decide everything but pixels. An error shows with the first part, at its place in the order."""
        try:
            self._making = _Making(self._recipe, self._position)
        except BaseException as error:
            self._error = error
        finally:
            self._begun.set()

    def part(self, number: int) -> None:
        """Make one part of the pictures; the thread that ends the last one finishes the batch."""
        self._begun.wait()
        if self._error is not None:
            raise self._error
        parts = self._recipe.parts
        count = len(self._making.batch)
        self._making.part(count * number // parts, count * (number + 1) // parts)
        with self._lock:
            self._left -= 1
            last = self._left == 0
        if last:
            self.done = self._making.finish()
            del self._making


class _Making:
    """The work on one batch: what is begun as a whole, done picture by picture, finished as a whole."""

    def __init__(self, recipe: _Recipe, position: int) -> None:
        self._recipe = recipe
        self.batch = batch = recipe.new_batch(position)
        pictures, chosen = recipe.pictures, batch.indices
        self._rows: list[int] = pictures.rows[chosen].tolist()
        self._work: Work | None = None
        self._decoded: list[NDArray[np.uint8]] = []
        if pictures.masks is not None:
            self._masks: list[NDArray[np.uint8]] = [np.empty((0, 0), np.uint8)] * len(batch)
        if recipe.resident is not None:
            batch.pixels = recipe.resident.taken(self._rows)
            return
        if pictures.array is not None:
            array = pictures.array
            batch.pixels = recipe.ring.take((len(batch), *array.shape[1:]), np.uint8)
            # `mode` only spares numpy a copy: rows are known to lie inside.
            np.take(array, pictures.rows[chosen], axis=0, out=batch.pixels, mode="clip")
        elif isinstance(recipe.transform, Divisible):
            batch.pixels = [pictures.undecoded(index) for index in chosen.tolist()]
        else:
            self._decoded = [np.empty((0, 0, 3), np.uint8)] * len(batch)
        if isinstance(recipe.transform, Divisible):
            self._work = recipe.transform.begin(batch, recipe.ring)

    def part(self, start: int, stop: int) -> None:
        """Decode and transform the pictures from `start` to before `stop`."""
        pictures = self._recipe.pictures
        if pictures.masks is not None:
            for i in range(start, stop):
                self._masks[i] = pictures.masks.read(self._rows[i])
        if self._work is not None:
            self._work.part(start, stop)
        elif self._decoded:
            for i in range(start, stop):
                self._decoded[i] = pictures.pixels(int(self.batch.indices[i]))

    def finish(self) -> Batch:
        """What needs all pictures of the batch."""
        batch, recipe = self.batch, self._recipe
        if recipe.pictures.masks is not None:
            batch.masks = self._masks
        if self._decoded:
            batch.pixels = _stacked(self._decoded)
        if self._work is not None:
            batch = self._work.finish()
            if not isinstance(batch.pixels, np.ndarray):
                batch.pixels = ()  # The files' bytes; whoever wants pixels asks for no such transform.
        elif recipe.transform is not None:
            batch = recipe.transform(batch)
        return _pinned(batch) if recipe.pin else batch


def _stacked(pictures: list[NDArray[np.uint8]]) -> NDArray[np.uint8] | list[NDArray[np.uint8]]:
    return np.stack(pictures) if len({picture.shape for picture in pictures}) == 1 else pictures


def _pinned(batch: Batch) -> Batch:
    for name in ("inputs", "labels", "other_labels", "share"):
        tensor = getattr(batch, name)
        if tensor is not None and tensor.device.type == "cpu" and not tensor.is_pinned():
            setattr(batch, name, tensor.pin_memory())
    return batch

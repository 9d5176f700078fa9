"""The loader: the same batches however they are made, and no thread left behind."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader, SubsetRandomSampler, TensorDataset

from vitral.augment import Augmentation, Flip, MixUp, RandomResizedCrop
from vitral.core import Batch, DataError, ImageError, OptionError, uniform
from vitral.data.loader import Loader
from vitral.data.padded import Padded
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import ArrayPixels, Pixels
from vitral.data.resident import Resident
from vitral.data.sampling import Balanced
from vitral.data.undecoded import Decoded


class ManySizes(Pixels):
    """Pictures of different sizes that can be told from their number."""

    def __init__(self, broken: int | None = None) -> None:
        self.broken = broken

    def read(self, row: int) -> np.ndarray:
        if row == self.broken:
            raise ImageError(f"{row}.png: is cut short")
        return np.full((3 + row % 3, 4, 3), row, np.uint8)


def one_size(count: int = 23) -> PictureSet:
    array = np.random.default_rng(0).integers(0, 256, (count, 5, 6, 3), dtype=np.uint8)
    keys = tuple(f"{i}.png" for i in range(count))
    return PictureSet(
        name="set", keys=keys, source=ArrayPixels(array), classes=("a", "b"), labels=np.arange(count) % 2
    )


def many_sizes(count: int = 23, broken: int | None = None) -> PictureSet:
    return PictureSet(name="set", keys=tuple(f"{i}.png" for i in range(count)), source=ManySizes(broken))


def draw_inputs(batch: Batch) -> Batch:
    noise = [uniform(batch.seed, batch.epoch, batch.indices * 3 + c, "noise") for c in range(3)]
    batch.inputs = torch.from_numpy(np.stack(noise, axis=1)).float()[:, :, None, None]
    return batch


def as_values(batch: Batch) -> tuple:
    pixels = tuple((picture.shape, np.asarray(picture).tobytes()) for picture in batch.pixels)
    inputs = None if batch.inputs is None else batch.inputs.numpy().tobytes()
    return (
        pixels,
        batch.labels.tolist(),
        batch.indices.tolist(),
        batch.keys,
        batch.seed,
        batch.epoch,
        batch.position,
        inputs,
    )


def note_positions(loader: Loader, seen: list[int]) -> None:
    for batch in loader:
        seen.append(batch.position)


def loader_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("loader")]


@pytest.fixture(autouse=True)
def no_thread_is_left_behind():
    yield
    assert loader_threads() == []


@pytest.mark.parametrize("make_set", [one_size, many_sizes])
@pytest.mark.parametrize("shuffle", [False, True])
def test_batches_are_the_same_for_any_number_of_workers(make_set: Callable[[], PictureSet], shuffle: bool):
    runs = []
    for workers, prefetch in ((0, None), (1, 1), (2, None), (4, 3), (4, 40)):
        loader = Loader(
            make_set(),
            batch_size=4,
            shuffle=shuffle,
            workers=workers,
            prefetch=prefetch,
            seed=7,
            transform=draw_inputs,
        )
        runs.append([as_values(batch) for _ in range(3) for batch in loader])
        assert loader.state_dict() == {"epoch": 3, "position": 0, "seed": 7}
    assert len(runs[0]) == 18
    assert all(run == runs[0] for run in runs)


@settings(max_examples=25, deadline=None)
@given(stop=st.integers(0, 18), workers=st.sampled_from([0, 1, 3]), drop_last=st.booleans())
def test_an_epoch_goes_on_exactly_where_its_state_was_taken(stop: int, workers: int, drop_last: bool):
    def new_loader(seed: int) -> Loader:
        return Loader(
            many_sizes(), batch_size=4, shuffle=True, workers=workers, seed=seed, drop_last=drop_last
        )

    def two_epochs(loader: Loader, count: int) -> list[tuple]:
        seen: list[tuple] = []
        while loader.epoch < 2 and len(seen) < count:
            for batch in loader:
                seen.append(as_values(batch))
                if len(seen) == count:
                    break
        return seen

    whole = two_epochs(new_loader(5), 99)
    first = new_loader(5)
    begun = two_epochs(first, stop)
    second = new_loader(0)
    second.load_state_dict(first.state_dict())
    assert begun + two_epochs(second, 99) == whole


def test_every_picture_comes_once_an_epoch_in_a_new_order():
    loader = Loader(one_size(), batch_size=4, shuffle=True)
    orders = [[i for batch in loader for i in batch.indices.tolist()] for _ in range(2)]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(23))
    assert orders[0] != orders[1]
    assert [i for batch in Loader(one_size()) for i in batch.indices] == list(range(23))


def test_batches_of_a_subset_hold_the_pictures_of_the_subset():
    whole = one_size()
    part = whole.subset([20, 3, 11])
    (batch,) = Loader(part, batch_size=8, workers=1)
    assert batch.keys == ("20.png", "3.png", "11.png")
    assert batch.indices.tolist() == [0, 1, 2]
    assert batch.labels.tolist() == [0, 1, 1]
    assert isinstance(batch.pixels, np.ndarray)
    assert np.array_equal(batch.pixels, np.stack([whole.pixels(i) for i in (20, 3, 11)]))


def test_a_batch_may_be_written_into_without_changing_the_pictures():
    pictures = one_size()
    before = pictures.pixels(0).copy()
    for _ in range(2):
        batch = next(iter(Loader(pictures, workers=0)))
        assert isinstance(batch.pixels, np.ndarray)
        batch.pixels[:] = 0
        batch.labels[:] = 9
    assert np.array_equal(pictures.pixels(0), before)
    assert pictures.labels[0] == 0


@pytest.mark.parametrize(
    ("count", "drop_last", "length"),
    [(23, False, 6), (23, True, 5), (24, False, 6), (24, True, 6), (3, True, 0)],
)
def test_length_counts_the_batches_of_a_whole_epoch(count: int, drop_last: bool, length: int):
    loader = Loader(one_size(count), batch_size=4, drop_last=drop_last)
    assert len(loader) == length == len(list(loader))


@pytest.mark.parametrize("workers", [0, 1, 2, 4])
def test_a_broken_picture_raises_at_its_place_and_leaves_no_thread(workers: int):
    loader = Loader(many_sizes(broken=9), batch_size=4, workers=workers)
    seen: list[int] = []
    with pytest.raises(ImageError, match=r"9\.png: is cut short"):
        note_positions(loader, seen)
    assert seen == [0, 1]
    assert loader.position == 2
    assert loader_threads() == []
    loader.pictures = many_sizes()
    assert [batch.position for batch in loader] == [2, 3, 4, 5]


@pytest.mark.parametrize("error", [RuntimeError("bad transform"), SystemExit(3), MemoryError("full")])
def test_any_error_of_a_transform_reaches_the_consumer(error: BaseException):
    def failing(batch: Batch) -> Batch:
        raise error

    with pytest.raises(type(error)) as caught:
        next(iter(Loader(one_size(), transform=failing)))
    assert caught.value is error
    assert "failing" in [entry.name for entry in caught.traceback]


def test_breaking_out_leaves_no_thread_and_the_next_loop_goes_on():
    loader = Loader(one_size(), batch_size=4, workers=3)
    for batch in loader:
        if batch.position == 1:
            break
    assert loader_threads() == []
    assert [batch.position for batch in loader] == [2, 3, 4, 5]
    assert (loader.epoch, loader.position) == (1, 0)


def test_an_iterator_in_a_cycle_of_references_is_collected_with_its_threads():
    cycle: dict[str, object] = {}
    batches = iter(Loader(one_size(), batch_size=4))
    next(batches)
    cycle["self"], cycle["batches"] = cycle, batches
    del cycle, batches
    gc.collect()
    assert loader_threads() == []


def test_an_iterator_may_be_collected_by_one_of_its_own_threads():
    collected = threading.Event()

    def collecting(batch: Batch) -> Batch:
        if batch.position == 3:
            dropped.wait(5)
            gc.collect()
            collected.set()
        return batch

    dropped = threading.Event()
    gc.disable()
    try:
        batches = iter(Loader(one_size(), batch_size=4, workers=1, prefetch=3, transform=collecting))
        next(batches)
        cycle: list[object] = [batches]
        cycle.append(cycle)
        del cycle, batches
        dropped.set()
        assert collected.wait(5)
    finally:
        gc.enable()
    deadline = time.monotonic() + 5
    while loader_threads() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_closing_or_dropping_the_loader_ends_the_threads():
    loader = Loader(one_size(), batch_size=4)
    batches = iter(loader)
    next(batches)
    loader.close()
    assert loader_threads() == []
    assert list(batches) == []
    assert loader.position == 1
    loader.close()


def test_a_second_loop_takes_over_from_the_first():
    loader = Loader(one_size(), batch_size=4)
    first = iter(loader)
    next(first)
    assert next(iter(loader)).position == 1
    with pytest.raises(StopIteration):
        next(first)
    assert loader.position == 2


def test_ctrl_c_while_waiting_leaves_no_thread_and_loses_no_batch():
    slow = threading.Event()

    def waiting(batch: Batch) -> Batch:
        if batch.position == 2 and not slow.is_set():
            slow.set()
            time.sleep(0.1)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)
        return batch

    loader = Loader(one_size(), batch_size=4, workers=2, transform=waiting)
    seen: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        note_positions(loader, seen)
    assert loader_threads() == []
    assert seen + [batch.position for batch in loader] == list(range(6))


def test_ctrl_c_in_the_body_of_the_loop_leaves_no_thread():
    loader = Loader(one_size(), batch_size=4)
    try:
        for _ in loader:
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        loader.close()
        assert loader_threads() == []
    assert loader.position == 1


def test_a_program_that_ends_in_the_middle_of_an_epoch_ends_at_once():
    program = (
        "import numpy as np\n"
        "from vitral.data.loader import Loader\n"
        "from vitral.data.picture_set import PictureSet\n"
        "from vitral.data.pixels import ArrayPixels\n"
        "pixels = ArrayPixels(np.zeros((64, 2, 2, 3), np.uint8))\n"
        "pictures = PictureSet(name='s', keys=tuple(map(str, range(64))), source=pixels)\n"
        "batches = iter(Loader(pictures, batch_size=1))\n"
        "next(batches)\n"
        "print('end', flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


def test_no_more_batches_than_prefetch_are_made_ahead():
    made: list[int] = []

    def counting(batch: Batch) -> Batch:
        made.append(batch.position)
        return batch

    loader = Loader(one_size(), batch_size=1, workers=4, prefetch=5, transform=counting)
    with closing(iter(loader)) as batches:  # type: ignore[type-var]
        for handed_out in range(1, 6):
            next(batches)
            time.sleep(0.02)
            assert len(made) <= handed_out + 5
        assert len(loader_threads()) == 4


def test_time_spent_waiting_is_that_of_a_slow_transform():
    def slow(batch: Batch) -> Batch:
        time.sleep(0.03)
        return batch

    loader = Loader(one_size(8), batch_size=4, workers=0, transform=slow)
    list(loader)
    assert 0.06 <= loader.waited_s < 1
    loader.transform = None
    list(loader)
    assert loader.waited_s < 0.03


def test_set_epoch_keeps_the_position_of_the_present_epoch_only():
    loader = Loader(one_size(), batch_size=4)
    next(iter(loader))
    loader.set_epoch(0)
    assert loader.position == 1
    loader.set_epoch(4)
    assert loader.state_dict() == {"epoch": 4, "position": 0, "seed": 0}
    with pytest.raises(OptionError, match=r"Loader\.epoch: must be at least 0, got -1"):
        loader.set_epoch(-1)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"epoch": 0, "position": 7, "seed": 0}, r"'position' must lie in \[0, 6\], got 7; did the pictures"),
        ({"epoch": 0, "position": 1}, "'seed' must be a whole number, got None"),
        ({"epoch": 0, "position": -1, "seed": 0}, "'position' must be a whole number, got -1"),
        ({"epoch": 0.5, "position": 1, "seed": 0}, "'epoch' must be a whole number, got 0.5"),
        ({"epoch": 0, "position": 1, "seed": 0, "epochs": 1}, "has no 'epochs'; did you mean 'epoch'"),
    ],
)
def test_a_state_that_does_not_fit_is_refused(state: dict, message: str):
    with pytest.raises(DataError, match=message):
        Loader(one_size(), batch_size=4).load_state_dict(state)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, r"Loader\.batch_size: must be at least 1, got 0"),
        ({"workers": -1}, r"Loader\.workers: must be at least 0, got -1"),
        ({"prefetch": 0}, r"Loader\.prefetch: must be at least 1, got 0"),
        ({"epoch": -2}, r"Loader\.epoch: must be at least 0, got -2"),
    ],
)
def test_numbers_out_of_range_are_refused(arguments: dict, message: str):
    with pytest.raises(OptionError, match=message):
        Loader(one_size(), **arguments)


def test_asking_for_pinned_memory_without_a_gpu_changes_nothing():
    plain, pinned = (next(iter(Loader(one_size(), pin_memory=pin))) for pin in (False, True))
    assert as_values(plain) == as_values(pinned)


def augmentation(size: int = 8) -> Augmentation:
    ops = (RandomResizedCrop(), Flip(), MixUp(p=0.5))
    return Augmentation(ops, height=size, width=size, mean=(0.5,) * 3, std=(0.25,) * 3)


@pytest.mark.parametrize("make_set", [one_size, many_sizes])
def test_augmented_batches_are_the_same_for_any_number_of_threads(make_set: Callable[[], PictureSet]):
    runs = []
    for workers in (0, 1, 2, 4, 8):
        loader = Loader(make_set(), batch_size=9, shuffle=True, workers=workers, transform=augmentation())
        runs.append([(batch.inputs.numpy().tobytes(), batch.keys) for _ in range(2) for batch in loader])  # type: ignore[union-attr]
    assert len(runs[0]) == 6
    assert all(run == runs[0] for run in runs)


def test_a_kept_batch_is_not_written_over_by_later_ones():
    loader = Loader(one_size(60), batch_size=5, shuffle=True, workers=2, transform=augmentation())
    kept = list(loader)
    fresh = [Loader(one_size(60), batch_size=5, shuffle=True, workers=0, transform=augmentation())]
    for batch, again in zip(kept, fresh[0], strict=True):
        assert torch.equal(batch.inputs, again.inputs)  # type: ignore[arg-type]


def test_the_memory_of_a_dropped_batch_is_used_again():
    loader = Loader(one_size(60), batch_size=5, workers=1, prefetch=1, transform=augmentation())
    places = {batch.inputs.data_ptr() for batch in loader if batch.inputs is not None}
    assert len(places) <= 4


class Files(Pixels):
    """Pictures that count how often they were decoded as a whole."""

    def __init__(self) -> None:
        self.whole = 0

    def read(self, row: int) -> np.ndarray:
        self.whole += 1
        return np.full((6, 6, 3), row, np.uint8)

    def undecoded(self, row: int) -> Decoded:
        if row == 13:
            raise ImageError("13.png: is cut short")
        return Decoded(np.full((6, 6, 3), row, np.uint8))


def test_a_divisible_transform_gets_pictures_undecoded_and_they_do_not_stay():
    source = Files()
    pictures = PictureSet(name="set", keys=tuple(f"{i}.png" for i in range(8)), source=source)
    (batch,) = Loader(pictures, batch_size=8, workers=2, transform=augmentation())
    assert source.whole == 0
    assert batch.pixels == ()
    assert batch.inputs is not None
    (plain,) = Loader(pictures, batch_size=8, workers=2)
    assert source.whole == 8
    assert np.array_equal(np.asarray(plain.pixels[3]), pictures.pixels(3))


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_a_broken_head_of_a_file_is_raised_at_its_batch_and_not_before(workers: int):
    pictures = PictureSet(name="set", keys=tuple(f"{i}.png" for i in range(32)), source=Files())
    loader, seen = Loader(pictures, batch_size=4, workers=workers, transform=augmentation()), []
    with pytest.raises(ImageError, match=r"13\.png: is cut short"):
        note_positions(loader, seen)
    assert seen == [0, 1, 2]
    assert loader.position == 3


def test_processes_share_every_batch_and_together_see_the_epoch():
    def indices(rank: int, ranks: int) -> list[list[int]]:
        loader = Loader(one_size(), batch_size=8 // ranks, shuffle=True, rank=rank, ranks=ranks, seed=2)
        assert len(loader) == 3
        return [batch.indices.tolist() for batch in loader]

    alone, both = indices(0, 1), [indices(rank, 2) for rank in range(2)]
    assert [left + right for left, right in zip(*both, strict=True)] == alone


def test_a_share_without_pictures_is_an_empty_batch():
    loader = Loader(one_size(9), batch_size=2, rank=0, ranks=4, transform=augmentation())
    sizes = [len(batch) for batch in loader]
    assert sizes == [2, 0]


def test_balanced_sampling_shows_a_picture_again_with_other_changes():
    pictures = PictureSet(
        name="set",
        keys=tuple("abcdefgh"),
        source=ArrayPixels(np.random.default_rng(0).integers(0, 256, (8, 9, 9, 3), dtype=np.uint8)),
        classes=("much", "little"),
        labels=np.array([0] * 7 + [1]),
    )
    loader = Loader(pictures, batch_size=8, sampling=Balanced(), transform=augmentation())
    (batch,) = loader
    assert batch.labels.sum() == 4
    again = [batch.inputs[i].numpy().tobytes() for i in range(8) if batch.labels[i] == 1]  # type: ignore[index]
    assert len(set(again)) == 4


def test_batches_of_like_sizes_come_from_the_heads_of_the_files():
    loader = Loader(many_sizes(64), batch_size=8, shuffle=True, alike=True)
    heights = [{picture.shape[0] for picture in batch.pixels} for batch in loader]
    assert sum(len(found) for found in heights) <= len(heights) + 2
    assert sorted(i for batch in loader for i in batch.indices.tolist()) == list(range(64))


def test_padding_gives_one_size_and_masks_count_nothing_there():
    batch = next(iter(Loader(many_sizes(6), batch_size=6, workers=0)))
    batch.masks = [np.full(picture.shape[:2], 1, np.uint8) for picture in batch.pixels]
    padded = Padded(multiple_px=4)(batch)
    assert isinstance(padded.pixels, np.ndarray)
    assert padded.pixels.shape == (6, 8, 4, 3)
    assert (padded.pixels[2, 5:] == 0).all()
    assert padded.masks is not None
    assert (padded.masks[2][:5] == 1).all()
    assert (padded.masks[2][5:] == 255).all()
    with pytest.raises(OptionError, match=r"Padded\.multiple_px: must be at least 1, got 0"):
        Padded(multiple_px=0)


def test_pictures_on_a_device_are_augmented_there():
    pictures = one_size()
    loader = Loader(pictures, batch_size=8, shuffle=True, transform=augmentation(5), seed=1)
    usual = [batch.inputs for batch in loader]
    loader.resident, loader.epoch = Resident.on(pictures, torch.device("cpu")), 0
    there = [batch.inputs for batch in loader]
    for one, other in zip(usual, there, strict=True):
        assert torch.allclose(one, other, atol=1e-5)  # type: ignore[arg-type]
    assert Resident.of(pictures, torch.device("cpu")) is None


def test_a_torch_dataset_and_a_torch_sampler_go_in():
    data = TensorDataset(torch.rand(10, 3, 4, 4), torch.arange(10) % 3)
    loader = Loader(data, batch_size=4, sampling=SubsetRandomSampler([1, 5, 9, 2]))
    (batch,) = loader
    assert sorted(batch.indices.tolist()) == [1, 2, 5, 9]
    assert batch.labels.tolist() == [i % 3 for i in batch.indices]
    assert len(loader) == 1


@pytest.mark.parametrize("workers", [0, 2])
def test_a_set_goes_into_the_loader_of_torch(workers: int):
    loader = DataLoader(one_size(6), batch_size=3, num_workers=workers, multiprocessing_context=None)  # type: ignore[arg-type]
    batches = list(loader)
    assert [labels.tolist() for _, labels in batches] == [[0, 1, 0], [1, 0, 1]]
    assert batches[0][0].shape == (3, 3, 5, 6)
    assert np.array_equal(batches[0][0][1].permute(1, 2, 0), one_size(6).pixels(1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rank": 2, "ranks": 2}, r"Loader\.rank: must lie in \[0, 1\], got 2"),
        ({"ranks": 0}, r"Loader\.ranks: must be at least 1, got 0"),
        (
            {"shuffle": True, "sampling": Balanced()},
            r"Loader\.sampling: must not be given together with shuffle",
        ),
    ],
)
def test_options_that_exclude_each_other_are_refused(options: dict, message: str):
    with pytest.raises(OptionError, match=message):
        Loader(one_size(), **options)

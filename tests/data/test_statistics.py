"""Statistics: exact whatever the threads, right against NumPy in float64, at any number of pixels."""

import json
import math
import os
import threading
import weakref
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitral.core import IGNORE, DataError, ImageError, OptionError
from vitral.data import open_pictures
from vitral.data.histogram import Histogram, level_counts
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import ArrayPixels, Pixels
from vitral.data.scan import Broken
from vitral.data.statistics import Statistics, measure

SIZES = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=8)


class Listed(Pixels):
    """Pictures from a list; None is a broken one."""

    def __init__(self, pictures: list[np.ndarray | None]) -> None:
        self.pictures = pictures

    def read(self, row: int) -> np.ndarray:
        picture = self.pictures[row]
        if picture is None:
            raise ImageError(f"{row}.jpg: is cut short")
        return picture


def as_set(pictures: list[np.ndarray | None], **known) -> PictureSet:
    return PictureSet(
        name="set", keys=tuple(f"{i}.jpg" for i in range(len(pictures))), source=Listed(pictures), **known
    )


def noise(sizes: list[tuple[int, int]], seed: int = 0) -> list[np.ndarray | None]:
    random = np.random.default_rng(seed)
    return [
        random.integers(random.integers(0, 99), random.integers(100, 257), (h, w, 3), dtype=np.uint8)
        for h, w in sizes
    ]


def in_float64(pictures: list[np.ndarray | None]) -> np.ndarray:
    flat = [picture.reshape(-1, 3) for picture in pictures if picture is not None]
    return np.concatenate(flat).astype(np.float64) / 255


def agrees(numbers: Statistics, pixels: np.ndarray, within: float = 1e-12) -> None:
    assert numbers.pixels == len(pixels)
    assert numbers.mean == pytest.approx(pixels.mean(axis=0), abs=within)
    assert numbers.std == pytest.approx(pixels.std(axis=0), abs=within)
    assert numbers.min == tuple(pixels.min(axis=0))
    assert numbers.max == tuple(pixels.max(axis=0))


@settings(max_examples=20)
@given(
    sizes=st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=150),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_number_of_threads_gives_the_figures_of_numpy_in_float64(sizes, seed):
    pictures = noise(sizes, seed)
    measured = [measure(as_set(pictures), threads=threads) for threads in (1, 2, 4, 8)]
    assert measured[0] == measured[1] == measured[2] == measured[3]
    agrees(measured[0], in_float64(pictures))


@settings(max_examples=40)
@given(sizes=SIZES, cut=st.integers(0, 8), seed=st.integers(0, 2**32 - 1))
def test_histograms_merged_in_any_way_are_equal_to_the_last_bit(sizes, cut, seed):
    pictures = [picture for picture in noise(sizes, seed) if picture is not None]
    parts = [Histogram.of(picture) for picture in pictures]
    whole = Histogram.of(np.concatenate([picture.reshape(1, -1, 3) for picture in pictures], axis=1))
    merged = Histogram.merged([Histogram.merged(parts[cut:]), Histogram.merged(reversed(parts[:cut]))])
    assert merged == whole
    assert hash(merged) == hash(whole)
    assert (merged.unit_mean, merged.unit_std) == (whole.unit_mean, whole.unit_std)
    assert whole.counts.tolist() == [
        np.bincount(np.concatenate([p[..., c].ravel() for p in pictures]), minlength=256).tolist()
        for c in range(3)
    ]


def test_views_and_pictures_that_cannot_be_written_are_counted_as_they_are():
    (picture,) = noise([(30, 20)])
    assert picture is not None
    picture.flags.writeable = False
    turned = picture[::-1, ::2]
    assert np.array_equal(level_counts(turned), level_counts(np.ascontiguousarray(turned)))
    assert level_counts(picture).sum() == 3 * 600
    assert measure(as_set([picture])).pixels == 600


def test_black_and_white_pictures_have_exact_figures():
    black: list[np.ndarray | None] = [np.zeros((5, 7, 3), np.uint8)] * 40
    numbers = measure(as_set(black))
    assert numbers.mean == numbers.std == numbers.min == numbers.max == (0, 0, 0)
    numbers = measure(as_set([np.full((3, 3, 3), 255, np.uint8)]))
    assert numbers.mean == numbers.min == numbers.max == (1, 1, 1)
    assert numbers.std == (0, 0, 0)


def test_nearly_flat_pictures_keep_their_small_deviation():
    picture = np.full((500, 500, 3), 254, np.uint8)
    picture[0, 0] = 255
    expected = (picture / 255.0).std(axis=(0, 1))
    assert Histogram.of(picture).unit_std == pytest.approx(expected, rel=1e-9, abs=0)


@settings(max_examples=40)
@given(
    levels=st.dictionaries(st.integers(0, 255), st.integers(1, 10**13), min_size=1, max_size=20),
    odd=st.integers(0, 255),
)
def test_trillions_of_pixels_lose_no_digit(levels, odd):
    levels[odd] = levels.get(odd, 0) + 1
    row = [levels.get(level, 0) for level in range(256)]
    histogram = Histogram(np.array([row, row, row]))
    count = sum(row)
    mean = Fraction(sum(n * v for v, n in enumerate(row)), count)
    variance = sum(n * (v - mean) ** 2 for v, n in enumerate(row)) / count
    assert histogram.pixels == count
    assert histogram.unit_mean == (float(mean / 255),) * 3
    assert histogram.unit_std == pytest.approx((math.sqrt(variance / 255**2),) * 3, rel=1e-15, abs=0)
    assert histogram.unit_min == (min(levels) / 255,) * 3
    assert histogram.unit_max == (max(levels) / 255,) * 3


def test_one_pixel_among_ten_trillion_still_shows():
    row = [0] * 256
    row[128], row[129] = 10**13, 1
    histogram = Histogram(np.array([row] * 3))
    assert histogram.unit_std[0] == pytest.approx(1 / math.sqrt(10**13) / 255, rel=1e-9)
    assert histogram.unit_max == (129 / 255,) * 3


def test_a_histogram_of_nothing_is_zero():
    nothing = Histogram.merged([])
    assert nothing.pixels == 0
    assert nothing.unit_mean == nothing.unit_std == nothing.unit_min == nothing.unit_max == (0, 0, 0)


def test_a_histogram_cannot_be_written_and_does_not_share_its_counts():
    counts = np.zeros((3, 256), np.int64)
    histogram = Histogram(counts)
    counts += 1
    assert histogram.pixels == 0
    with pytest.raises(ValueError, match="read-only"):
        histogram.counts[0, 0] = 1


def test_what_cannot_be_counts_of_pixels_is_refused():
    with pytest.raises(DataError, match=r"Histogram\.counts: must be 3 x 256 numbers, got \(3, 255\)"):
        Histogram(np.zeros((3, 255), np.int64))
    uneven = np.zeros((3, 256), np.int64)
    uneven[1, 7] = 2
    with pytest.raises(DataError, match=r"one sum in all channels, got the sums \[0, 2, 0\]"):
        Histogram(uneven)
    with pytest.raises(DataError, match=r"Histogram\.counts: must not be negative"):
        Histogram(np.full((3, 256), -1))


def test_broken_pictures_are_named_and_counted_nowhere_else():
    pictures = noise([(4, 5), (6, 7), (4, 5), (8, 9)] * 20)
    pictures[1] = pictures[70] = None
    known = as_set(
        pictures,
        classes=("cat", "dog"),
        labels=np.array([0, 1, IGNORE, 0] * 20),
        splits=np.array(["train", "test"] * 40),
    )
    numbers = measure(known, threads=3)
    assert numbers.broken == (Broken("1.jpg", "is cut short"), Broken("70.jpg", "is cut short"))
    assert numbers.pictures == 78
    assert numbers.counts == {
        "cat": {"train": 20, "test": 20},
        "dog": {"train": 0, "test": 19},
        "": {"train": 19, "test": 0},
    }
    assert numbers.sizes == (((4, 5), 39), ((8, 9), 20), ((6, 7), 19))
    assert (numbers.height_px, numbers.width_px) == ((4, 4, 8), (5, 5, 9))
    agrees(numbers, in_float64(pictures))


def test_at_most_ten_sizes_are_named_and_the_most_frequent_first():
    numbers = measure(as_set(noise([(2 + i % 15, 3) for i in range(100)])))
    assert len(numbers.sizes) == 10
    assert numbers.sizes[0] == ((2, 3), 7)
    assert numbers.sizes[-1] == ((11, 3), 7)


def test_statistics_become_json():
    pictures = noise([(4, 5), (6, 7)])
    numbers = measure(as_set([*pictures, None]))
    data = json.loads(json.dumps(numbers.to_json(), allow_nan=False))
    assert data["pictures"] == 2
    assert data["mean"] == list(numbers.mean)
    assert data["sizes"][0] == {"height": 4, "width": 5, "pictures": 1}
    assert data["broken"] == [{"key": "2.jpg", "reason": "is cut short"}]
    assert [sum(data["histogram"][name]) for name in ("red", "green", "blue")] == [62] * 3


def test_an_empty_set_is_an_error():
    with pytest.raises(DataError, match="set: must hold at least one picture, found none"):
        measure(as_set([]))


def test_a_set_with_nothing_but_broken_pictures_is_an_error():
    with pytest.raises(DataError, match=r"that can be decoded, but all 2 are broken: 0\.jpg: is cut short"):
        measure(as_set([None, None]))


def test_no_threads_is_an_error():
    with pytest.raises(OptionError, match=r"measure\.threads: must be at least 1, got 0"):
        measure(as_set(noise([(2, 2)])), threads=0)


def test_progress_counts_to_the_end_in_the_callers_thread():
    calls: list[tuple[int, int]] = []
    threads: set[threading.Thread] = set()

    def progress(done: int, total: int) -> None:
        calls.append((done, total))
        threads.add(threading.current_thread())

    measure(as_set(noise([(2, 2)] * 70)), progress=progress)
    assert calls == [(32, 70), (64, 70), (70, 70)]
    assert threads == {threading.current_thread()}


@pytest.mark.parametrize("trouble", [KeyboardInterrupt, RuntimeError])
def test_a_pass_that_is_stopped_leaves_no_thread(trouble: type[BaseException]):
    def stop(done: int, total: int) -> None:
        raise trouble("stop")

    with pytest.raises(trouble, match="stop"):
        measure(as_set(noise([(2, 2)] * 500)), threads=4, progress=stop)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("measure")]


def test_no_more_than_one_picture_per_thread_is_held():
    class Fresh(Pixels):
        """New pictures on every read; knows how many of them are alive."""

        def __init__(self) -> None:
            self.alive: weakref.WeakValueDictionary[int, np.ndarray] = weakref.WeakValueDictionary()
            self.most = self.reads = self.ahead = 0

        def read(self, row: int) -> np.ndarray:
            picture = np.full((4, 4, 3), row % 256, np.uint8)
            self.alive[row] = picture
            self.most = max(self.most, len(self.alive))
            self.reads += 1
            return picture

        def watch(self, done: int, total: int) -> None:
            self.ahead = max(self.ahead, self.reads - done)

    source = Fresh()
    known = PictureSet(name="set", keys=tuple(str(i) for i in range(3000)), source=source)
    measure(known, threads=2, progress=source.watch)
    assert source.reads == 3000
    assert source.most <= 2
    assert source.ahead <= 4 * 32


def test_pictures_in_one_array_are_measured_like_files():
    stack = np.random.default_rng(1).integers(0, 256, (50, 8, 9, 3), dtype=np.uint8)
    known = PictureSet(name="set", keys=tuple(str(i) for i in range(50)), source=ArrayPixels(stack))
    numbers = measure(known)
    assert numbers.sizes == (((8, 9), 50),)
    agrees(numbers, stack.reshape(-1, 3) / 255.0)


@pytest.mark.data
def test_real_photographs_have_the_figures_of_numpy_in_float64():
    folder = Path(os.environ["VITRAL_DATA"]) / "photos" / "original"
    pictures = open_pictures(folder).subset(range(60))
    numbers = measure(pictures)
    assert numbers == measure(pictures, threads=5)
    agrees(numbers, in_float64([pictures.pixels(i) for i in range(60)]), within=1e-9)

"""The scan: facts right in float64, broken pictures named, the same for any number of threads."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitral.core import IGNORE, DataError, ImageError, OptionError
from vitral.data.free_memory import free_memory_bytes
from vitral.data.loader import Loader
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import Pixels
from vitral.data.scan import Broken, scan
from vitral.data.statistics import measure
from vitral.data.stored import shrunk


class Listed(Pixels):
    """Pictures from a list; None is a broken one. Counts how often each is read."""

    def __init__(self, pictures: list[np.ndarray | None]) -> None:
        self.pictures = pictures
        self.reads = [0] * len(pictures)

    def read(self, row: int) -> np.ndarray:
        self.reads[row] += 1
        picture = self.pictures[row]
        if picture is None:
            raise ImageError(f"{row}.jpg: is cut short")
        return picture


def noise(sizes: list[tuple[int, int]], seed: int = 0) -> list[np.ndarray | None]:
    random = np.random.default_rng(seed)
    return [random.integers(0, 256, (h, w, 3), dtype=np.uint8) for h, w in sizes]


def as_set(pictures: list[np.ndarray | None], **known) -> PictureSet:
    return PictureSet(
        name="set", keys=tuple(f"{i}.jpg" for i in range(len(pictures))), source=Listed(pictures), **known
    )


def sizes_of(count: int) -> list[tuple[int, int]]:
    return [(20 + i % 7, 30 + i % 11) for i in range(count)]


def test_facts_are_those_of_all_pixels_in_float64():
    pictures = noise(sizes_of(50))
    facts = scan(as_set(pictures), short_side=8).facts
    pixels = np.concatenate([p.reshape(-1, 3) for p in pictures if p is not None]) / 255.0
    assert facts.mean == pytest.approx(pixels.mean(axis=0), abs=1e-12)
    assert facts.std == pytest.approx(pixels.std(axis=0), abs=1e-12)
    assert (facts.height_px, facts.width_px) == ((20, 23, 26), (30, 34, 40))
    assert (facts.pictures, facts.classes, facts.counts, facts.grey) == (50, (), (), False)


def test_the_facts_of_a_scan_are_those_that_are_measured():
    known = as_set(noise(sizes_of(70)), splits=np.array(["train", "test"] * 35))
    facts, numbers = scan(known, short_side=8).facts, measure(known.of_split("train"))
    assert (facts.mean, facts.std, facts.pictures) == (numbers.mean, numbers.std, numbers.pictures)
    assert (facts.height_px, facts.width_px) == (numbers.height_px, numbers.width_px)


def test_facts_are_taken_from_the_train_split_alone():
    pictures = noise([(4, 4), (9, 9), (5, 5), (4, 4)])
    splits = np.array(["train", "val", "train", "test"])
    known = as_set(pictures, splits=splits, classes=("a", "b", "c"), labels=np.array([1, 0, IGNORE, 2]))
    found = scan(known, short_side=None)
    alone = scan(as_set([pictures[0], pictures[2]]), short_side=None).facts
    assert (found.facts.mean, found.facts.std) == (alone.mean, alone.std)
    assert (found.facts.counts, found.facts.pictures) == ((0, 1, 0), 2)
    assert found.facts.height_px == (4, 4, 5)
    assert len(found.pictures) == 4


@settings(max_examples=15, deadline=None)
@given(
    count=st.integers(1, 150),
    seed=st.integers(0, 1000),
    one_size=st.booleans(),
    memory=st.sampled_from([None, 0]),
)
def test_any_number_of_threads_gives_the_same_bits(count: int, seed: int, one_size: bool, memory: int | None):
    pictures = noise([(9, 12)] * count if one_size else sizes_of(count), seed)
    for row in np.random.default_rng(seed).permutation(count)[: count // 20]:
        pictures[row] = None
    scans = [scan(as_set(pictures), short_side=6, threads=t, memory_bytes=memory) for t in (1, 2, 5)]
    assert scans[0].facts == scans[1].facts == scans[2].facts
    assert scans[0].broken == scans[1].broken == scans[2].broken
    for found in scans:
        assert found.in_memory == (memory is None)
        sound = [picture for picture in pictures if picture is not None]
        assert len(found.pictures) == len(sound)
        for index, picture in enumerate(sound):
            assert np.array_equal(found.pictures.pixels(index), shrunk(picture, 6))


def test_pictures_in_memory_are_decoded_once_and_others_again():
    for memory, reads in ((None, 1), (0, 2)):
        known = as_set(noise(sizes_of(40)))
        found = scan(known, short_side=10, memory_bytes=memory)
        for index in range(40):
            assert min(found.pictures.pixels(index).shape[:2]) == 10
        assert isinstance(known.source, Listed)
        assert known.source.reads == [reads] * 40


def test_pictures_of_one_size_become_one_array_that_cannot_be_written():
    found = scan(as_set(noise([(8, 9)] * 70)), short_side=None)
    assert found.pictures.array is not None
    assert found.pictures.array.shape == (70, 8, 9, 3)
    with pytest.raises(ValueError, match="read-only"):
        found.pictures.pixels(0)[:] = 0
    mixed = scan(as_set(noise(sizes_of(70))), short_side=None)
    assert mixed.pictures.array is None
    with pytest.raises(ValueError, match="read-only"):
        mixed.pictures.pixels(0)[:] = 0


def test_memory_holds_all_pictures_or_none():
    pictures = noise([(10, 10)] * 100)
    assert scan(as_set(pictures), short_side=None, memory_bytes=100 * 300).in_memory
    barely_not = scan(as_set(pictures), short_side=None, memory_bytes=100 * 300 - 1)
    assert not barely_not.in_memory
    assert barely_not.pictures.array is None
    assert scan(as_set(pictures), short_side=5, memory_bytes=100 * 75).in_memory


def test_subsets_and_batches_of_a_scan_hold_the_right_pictures():
    pictures = noise([(6, 6)] * 60)
    pictures[4] = None
    found = scan(as_set(pictures, splits=np.array(["val", "train"] * 30)), short_side=None)
    part = found.pictures.of_split("val").subset([2, 0, 5])
    assert part.keys == ("6.jpg", "0.jpg", "12.jpg")
    (batch,) = Loader(part)
    assert np.array_equal(np.asarray(batch.pixels), np.array([pictures[i] for i in (6, 0, 12)]))


def test_broken_pictures_are_named_with_their_reason_and_left_out():
    pictures = noise([(6, 6)] * 40)
    pictures[3] = pictures[35] = None
    found = scan(as_set(pictures), short_side=None)
    assert found.broken == (Broken("3.jpg", "is cut short"), Broken("35.jpg", "is cut short"))
    assert len(found.pictures) == 38
    assert "3.jpg" not in found.pictures.keys


def test_more_than_five_percent_broken_stops_and_names_the_first():
    pictures = noise([(6, 6)] * 79)
    for row in (0, 2, 5, 33):
        pictures[row] = None
    message = (
        r"set: 4 of the first 64 pictures are broken, and at most 5% of all 79 may be: "
        r"0\.jpg: is cut short; 2\.jpg: is cut short; 5\.jpg: is cut short; \.\.\."
    )
    with pytest.raises(DataError, match=message):
        scan(as_set(pictures), short_side=None)
    assert len(scan(as_set([*pictures, *noise([(6, 6)])]), short_side=None).broken) == 4


@pytest.mark.parametrize("threads", [1, 4])
def test_strict_stops_at_the_first_broken_picture(threads: int):
    pictures = noise([(6, 6)] * 200)
    pictures[77] = pictures[150] = None
    with pytest.raises(ImageError, match=r"77\.jpg: is cut short"):
        scan(as_set(pictures), short_side=None, strict=True, threads=threads)


def test_a_train_split_that_is_all_broken_is_an_error():
    pictures = noise([(6, 6)] * 40)
    pictures[0] = None
    with pytest.raises(DataError, match="must hold a sound picture to train on"):
        scan(as_set(pictures, splits=np.array(["train"] + ["test"] * 39)), short_side=None)


def test_an_empty_set_is_an_error():
    with pytest.raises(DataError, match="set: must hold at least one picture, found none"):
        scan(as_set([]), short_side=None)


@pytest.mark.parametrize("name", ["short_side", "threads", "memory_bytes"])
def test_numbers_out_of_range_are_refused(name: str):
    with pytest.raises(OptionError, match=rf"scan\.{name}: must be at least [01], got -1"):
        scan(as_set(noise([(6, 6)])), **{"short_side": None, name: -1})  # pyright: ignore[reportArgumentType]


def test_grey_means_that_every_pixel_of_every_picture_is_grey():
    grey = [np.repeat(p[..., :1], 3, axis=2) for p in noise(sizes_of(40)) if p is not None]
    assert scan(as_set(list(grey)), short_side=None).facts.grey
    swapped = grey[20].copy()
    swapped[0, 0, 0], swapped[0, 1, 0] = swapped[0, 1, 0], swapped[0, 0, 0]
    assert not scan(as_set([*grey[:20], swapped, *grey[21:]]), short_side=None).facts.grey


def test_progress_counts_to_the_end_in_the_callers_thread():
    calls: list[tuple[int, int]] = []
    threads: set[threading.Thread] = set()

    def progress(done: int, total: int) -> None:
        calls.append((done, total))
        threads.add(threading.current_thread())

    scan(as_set(noise([(2, 2)] * 70)), short_side=None, progress=progress)
    assert calls[-1] == (70, 70)
    assert calls == sorted(calls)
    assert threads == {threading.current_thread()}


def test_a_scan_that_is_interrupted_leaves_no_thread():
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan(as_set(noise([(2, 2)] * 500)), short_side=None, progress=interrupt)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("scan")]


@given(h=st.integers(1, 300), w=st.integers(1, 300), short_side=st.integers(1, 80))
@settings(max_examples=60, deadline=None)
def test_shrinking_reaches_the_short_side_and_keeps_proportions(h: int, w: int, short_side: int):
    small = shrunk(np.full((h, w, 3), 77, np.uint8), short_side)
    assert min(small.shape[:2]) == min(h, w, short_side)
    assert max(small.shape[:2]) == pytest.approx(max(h, w) * min(1, short_side / min(h, w)), abs=0.51)
    assert (small == 77).all()


def test_shrinking_averages_and_never_enlarges():
    checks = (np.indices((16, 16)).sum(axis=0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    assert np.abs(shrunk(checks, 4).astype(int) - 127).max() <= 1
    long = np.zeros((1, 10000, 3), np.uint8)
    assert shrunk(long, 64) is long


def test_free_memory_is_more_than_nothing():
    assert free_memory_bytes() > 2**20

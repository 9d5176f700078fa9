"""Outlines and run lengths: which pixels they mean, told again by other means."""

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vitral.core import DataError
from vitral.data.objects import Objects, Outline
from vitral.data.pixels import ArrayPixels
from vitral.data.sources.raster import ObjectMasks, filled, outline_of, run_lengths, run_pixels, united

H, W = 7, 9

masks = st.integers(1, 6).flatmap(
    lambda h: st.integers(1, 8).flatmap(
        lambda w: st.lists(st.booleans(), min_size=h * w, max_size=h * w).map(
            lambda bits: np.array(bits, dtype=np.uint8).reshape(h, w)
        )
    )
)
corner = st.tuples(st.integers(-12, 48), st.integers(-12, 40)).map(lambda xy: (xy[0] / 4, xy[1] / 4))
ring = st.lists(corner, min_size=3, max_size=7).map(lambda corners: np.array(corners, dtype=np.float64))


def enclosed(outline: Outline, height: int, width: int) -> NDArray[np.bool_]:
    """Each pixel asked by itself, in exact numbers: does a ray to the left cross an odd number of edges?"""
    found = np.zeros((height, width), dtype=np.bool_)
    for row, column in np.ndindex(height, width):
        x, y = column + Fraction(1, 2), row + Fraction(1, 2)
        for one in outline:
            corners = [(Fraction(a), Fraction(b)) for a, b in one.tolist()]
            for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
                if (y0 <= y) != (y1 <= y) and x0 + (y - y0) * (x1 - x0) / (y1 - y0) <= x:
                    found[row, column] ^= True
    return found


def box(x0: float, y0: float, x1: float, y1: float) -> NDArray[np.float64]:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float64)


def to_text(counts: list[int]) -> str:
    """COCO's compressed run lengths, after rleToString in maskApi.c."""
    text = ""
    for number, count in enumerate(counts):
        value = count - counts[number - 2] if number > 2 else count
        more = True
        while more:
            code = value & 0x1F
            value >>= 5
            more = value != -1 if code & 0x10 else value != 0
            text += chr((code | 0x20 if more else code) + 48)
    return text


def from_text(text: str) -> list[int]:
    """The run lengths in such a text, after rleFrString in maskApi.c, which is written with pointers."""
    counts: list[int] = []
    letters = iter(text)
    for letter in letters:
        codes = [ord(letter) - 48]
        while codes[-1] & 0x20:
            codes.append(ord(next(letters)) - 48)
        value = sum((code & 0x1F) << 5 * k for k, code in enumerate(codes))
        value -= (1 << 5 * len(codes)) if codes[-1] & 0x10 else 0
        counts.append(value + (counts[len(counts) - 2] if len(counts) > 2 else 0))
    return counts


@given(st.lists(st.integers(0, 2**40), max_size=12))
@example([0])
@example([16, 15, 1, 0, 31, 32, 2**31])
def test_compressed_run_lengths_are_read_as_the_published_code_writes_them(counts: list[int]) -> None:
    text = to_text(counts)
    assert from_text(text) == counts
    assert run_lengths(text) == counts


@given(st.text(st.characters(min_codepoint=48, max_codepoint=111), max_size=12))
def test_any_compressed_text_is_read_alike_or_is_cut_short(text: str) -> None:
    try:
        known = from_text(text)
    except StopIteration:
        known = None
    if known is None:
        with pytest.raises(ValueError, match="compressed run lengths are cut short"):
            run_lengths(text)
    else:
        assert run_lengths(text) == known


def test_a_known_compressed_text_means_these_runs() -> None:
    # 5 is 53 = '5'. 40 is 8 and one more to come, 88 = 'X', then 49 = '1'. 6 is '6'. 3 comes after 40,
    # and -37 is 27 and one more to come, 107 = 'k', then 30, which is negative, 78 = 'N'.
    assert run_lengths("5X16kN") == [5, 40, 6, 3]
    assert to_text([5, 40, 6, 3]) == "5X16kN"
    assert run_lengths("") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("P", "are cut short"),
        ("5/", "cannot hold the character '/'"),
        ("5 ", "cannot hold the character ' '"),
        ("ж", "cannot hold the character 'ж'"),
        ("o" * 1000, "hold a number that is too large"),
    ],
)
def test_what_is_no_compressed_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run_lengths(text)


@given(masks)
def test_run_lengths_go_down_the_columns(mask: NDArray[np.uint8]) -> None:
    height, width = mask.shape
    counts, at = [], 0
    flat = [int(mask[row, column]) for column in range(width) for row in range(height)]
    for on in [0, 1] * len(flat):
        length = 0
        while at < len(flat) and flat[at] == on:
            at, length = at + 1, length + 1
        counts.append(length)
    assert np.array_equal(run_pixels(counts, height, width), mask)


@pytest.mark.parametrize(
    "counts", [[], [5], [7], [3, -1, 4], [2**63], [10**400], [2**62] * 4 + [6], [2**64, -(2**64), 6]]
)
def test_run_lengths_that_do_not_add_up_are_refused(counts: list[int]) -> None:
    with pytest.raises(ValueError, match="run lengths must add up to 2 x 3 pixels, none of them negative"):
        run_pixels(counts, 2, 3)


def test_run_lengths_of_a_picture_that_nobody_can_read_are_refused_without_being_drawn() -> None:
    tracemalloc.start()
    with pytest.raises(ValueError, match="run lengths of 100000 x 100000 pixels are too large"):
        run_pixels([0, 10**10], 10**5, 10**5)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


@given(masks)
def test_the_outline_of_a_mask_encloses_its_pixels_and_no_others(mask: NDArray[np.uint8]) -> None:
    outline = outline_of(mask)
    assert np.array_equal(enclosed(outline, *mask.shape), mask)
    assert np.array_equal(filled(outline, *mask.shape), mask)
    for one in outline:
        assert (one >= 0).all()
        assert (one <= mask.shape[::-1]).all()


def test_the_outline_of_nothing_is_empty() -> None:
    assert outline_of(np.zeros((3, 4), dtype=np.uint8)) == ()
    assert not filled((), 3, 4).any()


@given(st.lists(ring, min_size=1, max_size=3).map(tuple))
@settings(max_examples=50)
def test_the_pixels_of_an_outline_are_those_whose_center_it_encloses(outline: Outline) -> None:
    assert np.array_equal(filled(outline, H, W), enclosed(outline, H, W))


def test_a_box_as_an_outline_holds_exactly_its_pixels() -> None:
    expected = np.zeros((H, W), dtype=np.bool_)
    expected[1:4, 2:5] = True
    assert np.array_equal(filled((box(2, 1, 5, 4),), H, W), expected)
    assert np.array_equal(filled((box(2.4, 1.4, 5.4, 4.4),), H, W), expected)


def test_outlines_far_beyond_the_picture_are_cut_to_it() -> None:
    assert filled((box(-9e8, -9e8, 9e8, 9e8),), H, W).all()
    assert not filled((box(20, 20, 9e8, 9e8),), H, W).any()
    assert filled((box(-9e8, -9e8, 4, 9e8),), H, W).sum() == 4 * H


def test_an_outline_of_very_many_edges_needs_little_memory() -> None:
    zigzag = np.stack([np.linspace(0, 9, 4001), np.tile([0.0, 1000.0], 2001)[:4001]], axis=1)
    tracemalloc.start()
    filled((zigzag,), 1000, 9)
    assert tracemalloc.get_traced_memory()[1] < 2**27
    tracemalloc.stop()


@given(st.lists(ring, min_size=1, max_size=4).map(tuple))
@settings(max_examples=50)
def test_polygons_of_one_object_are_united_where_they_lie_over_one_another(outline: Outline) -> None:
    expected = np.zeros((H, W), dtype=np.bool_)
    for one in outline:
        expected |= enclosed((one,), H, W)
    assert np.array_equal(filled(united(outline, H, W), H, W), expected)


def test_polygons_apart_stay_as_they_were_drawn() -> None:
    apart = (box(0.3, 0.3, 2.7, 2.7), box(3.1, 0.1, 5.2, 5.2))
    assert united(apart, H, W) is apart
    assert united(apart[:1], 0, 0) == apart[:1]


def test_polygons_are_united_though_the_picture_is_not_known() -> None:
    both = (box(0, 0, 4, 4), box(2, 2, 6, 6))
    assert filled(united(both, 0, 0), H, W).sum() == 16 + 16 - 4
    with pytest.raises(ValueError, match="polygons of 90000 x 90000 pixels are too large"):
        united((box(0, 0, 9e4, 9e4), box(1, 1, 9e4, 9e4)), 0, 0)


def one_picture(outlines: list[Outline] | None, labels: list[int], crowd: list[bool]) -> ObjectMasks:
    objects = Objects(
        starts=np.array([0, len(labels)]),
        boxes=np.tile([0.0, 0, 1, 1], (len(labels), 1)),
        labels=np.array(labels, dtype=np.int64),
        crowd=np.array(crowd, dtype=np.bool_),
        outlines=outlines,
    )
    return ObjectMasks(objects, ArrayPixels(np.zeros((1, 4, 6, 3), dtype=np.uint8)))


def test_small_objects_are_drawn_over_large_ones_and_crowds_do_not_count() -> None:
    large, small, crowd = (box(0, 0, 6, 3),), (box(1, 1, 3, 2),), (box(4, 2, 6, 4),)
    expected = np.zeros((4, 6), dtype=np.uint8)
    expected[:3], expected[1, 1:3], expected[2:, 4:] = 1, 3, 255
    for order in ([0, 1, 2], [1, 2, 0], [2, 1, 0]):
        outlines = [[large, small, crowd][k] for k in order]
        drawn = one_picture(outlines, [[0, 2, 1][k] for k in order], [k == 2 for k in order])
        assert np.array_equal(drawn.read(0), expected)


def test_an_object_without_an_outline_is_not_drawn() -> None:
    assert not one_picture([(), ()], [0, 1], [False, True]).read(0).any()
    assert not one_picture(None, [], []).read(0).any()


def objects(**changes: object) -> Objects:
    parts: dict[str, object] = {
        "starts": np.array([0, 2, 2, 3]),
        "boxes": np.array([[0.0, 0, 1, 1], [1, 1, 1, 2], [0, 0, 5, 5]]),
        "labels": np.array([4, 5, 6]),
        "points": np.arange(18.0).reshape(3, 2, 3),
        "outlines": [(), (box(0, 0, 1, 1),), ()],
    }
    return Objects(**parts | changes)  # pyright: ignore[reportArgumentType]


def test_the_objects_of_a_picture_keep_what_belongs_to_each() -> None:
    last, none = objects(crowd=np.array([False, False, True])).of(2), objects().of(1)
    assert last.labels.tolist() == [6]
    assert last.boxes.tolist() == [[0, 0, 5, 5]]
    assert last.crowd.tolist() == [True]
    assert last.points is not None
    assert last.points[0, 0].tolist() == [12, 13, 14]
    assert last.outlines == [()]
    assert (len(none), none.starts.tolist()) == (0, [0, 0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"boxes": np.zeros((2, 4))}, r"one box and one crowd flag for each of the 3 labels, got \(2, 4\)"),
        ({"crowd": np.zeros(2, dtype=np.bool_)}, r"for each of the 3 labels, .* and \(2,\)"),
        ({"starts": np.array([1, 3])}, r"Objects\.starts: must begin with 0 and end with 3"),
        ({"starts": np.array([0, 2])}, r"Objects\.starts: must begin with 0 and end with 3"),
        ({"starts": np.array([0, 2, 1, 3])}, r"Objects\.starts: must never fall"),
        ({"boxes": np.full((3, 4), np.nan)}, r"Objects\.boxes: must be finite"),
        ({"boxes": np.array([[2.0, 0, 1, 1]] * 3)}, r"Objects\.boxes: .* with x0 <= x1 and y0 <= y1"),
        ({"points": np.zeros((3, 2, 2))}, r"Objects\.points: must be 3 x p x 3, got \(3, 2, 2\)"),
        ({"points": np.full((3, 2, 3), np.inf)}, r"Objects\.points: must be finite"),
        ({"outlines": [()]}, r"Objects\.outlines: must be 3, got 1"),
    ],
)
def test_objects_that_contradict_themselves_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        objects(**changes)

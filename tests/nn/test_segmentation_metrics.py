"""Masks are judged as the plain definitions say, however the pictures come."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from vitral.core import DataError, ShapeError
from vitral.nn.metrics.segmentation import SegmentationMetrics, boundary_f, edge_pixels

NAMES = ("sky", "road", "car", "tree")


@st.composite
def pairs(draw):
    """An answer and a right mask of one small size, patchy enough to have edges."""
    shape = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    some = st.sampled_from([0, 1, 2, 255])
    truth = draw(arrays.arrays(np.uint8, shape, elements=some))
    predicted = np.where(draw(st.booleans()), truth, draw(arrays.arrays(np.uint8, shape, elements=some)))
    return np.where(predicted == 255, 3, predicted).astype(np.uint8), truth


def judged(some, **options):
    metrics = SegmentationMetrics(NAMES, **options)
    for predicted, truth in some:
        metrics.update(predicted, truth)
    return metrics


def plain_figures(some):
    """The same figures, one pixel at a time."""
    counts = dict.fromkeys(itertools.product(range(4), repeat=2), 0)
    for predicted, truth in some:
        for row, column in np.ndindex(truth.shape):
            if truth[row, column] != 255:
                counts[int(truth[row, column]), int(predicted[row, column])] += 1
    of = [sum(counts[k, j] for j in range(4)) for k in range(4)]
    by = [sum(counts[j, k] for j in range(4)) for k in range(4)]
    both = [counts[k, k] for k in range(4)]
    there = [k for k in range(4) if of[k] + by[k]]
    union = [of[k] + by[k] - both[k] for k in range(4)]
    mean = lambda values: sum(values) / len(values) if values else 0.0  # noqa: E731
    return {
        "mean_iou": mean([both[k] / union[k] for k in there]),
        "micro_iou": sum(both) / max(sum(union), 1),
        "dice": mean([2 * both[k] / (of[k] + by[k]) for k in there]),
        "pixel_accuracy": sum(both) / max(sum(of), 1),
        "mean_class_accuracy": mean([both[k] / of[k] for k in range(4) if of[k]]),
        "absent": [NAMES[k] for k in range(4) if k not in there],
        "confusion": [[counts[k, j] for j in range(4)] for k in range(4)],
    }


def plain_edge(mask, number):
    """The pixels of a class beside one of another class."""
    found = []
    for y, x in np.argwhere(mask == number).tolist():
        around = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
        inside = [mask[a, b] for a, b in around if 0 <= a < mask.shape[0] and 0 <= b < mask.shape[1]]
        if any(other not in (number, 255) for other in inside):
            found.append((y, x))
    return found


def plain_boundary_f(predicted, truth):
    """The definition, one pair of pixels at a time."""
    predicted = np.where(truth == 255, 255, predicted)
    reach = 0.0075 * np.hypot(*truth.shape) + 1e-9
    scores = {}
    for number in range(4):
        here, there = plain_edge(predicted, number), plain_edge(truth, number)
        if not here and not there:
            continue
        near = lambda ones, others: (  # noqa: E731
            sum(any(np.hypot(y - b, x - a) <= reach for b, a in others) for y, x in ones) / max(len(ones), 1)
        )
        precision, recall = near(here, there), near(there, here)
        scores[number] = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return scores


@settings(max_examples=80, deadline=None)
@given(st.lists(pairs(), max_size=4))
def test_figures_are_those_of_the_plain_definitions(some):
    figures = judged(some).result()
    for name, expected in plain_figures(some).items():
        assert figures[name] == (pytest.approx(expected) if isinstance(expected, float) else expected), name


@settings(max_examples=60, deadline=None)
@given(st.lists(pairs(), max_size=4))
def test_edges_are_judged_as_the_plain_definition_says(some):
    lists = {k: [] for k in range(4)}
    for predicted, truth in some:
        for number, score in plain_boundary_f(predicted, truth).items():
            lists[number].append(score)
    expected = [np.mean(one) if one else None for one in lists.values()]
    figures = judged(some).result()
    assert [figures["per_class"][name]["boundary_f"] for name in NAMES] == pytest.approx(expected)
    known = [one for one in expected if one is not None]
    assert figures["boundary_f"] == pytest.approx(np.mean(known) if known else 0.0)


@pytest.mark.parametrize("moved", [0, 2, 3, 4])
def test_edges_of_a_larger_picture_may_lie_three_quarters_of_a_percent_apart(moved):
    truth = np.zeros((240, 320), dtype=np.uint8)  # A diagonal of 400, so a reach of 3 px exactly.
    truth[100:140, 50:80] = 1
    predicted = np.roll(truth, (moved, moved and -1), axis=(0, 1))
    assert boundary_f(predicted, truth) == pytest.approx(plain_boundary_f(predicted, truth))
    assert (boundary_f(np.roll(truth, moved, axis=0), truth)[1] == 1.0) == (moved <= 3)


@settings(max_examples=30, deadline=None)
@given(st.lists(pairs(), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_figures_do_not_depend_on_order_and_grouping(some, random):
    whole = judged(some).result()
    shuffled = random.sample(some, len(some))
    cut = random.randint(0, len(some))
    first, second = judged(shuffled[:cut]), judged(shuffled[cut:])
    first.merge(second)
    assert first.result() == whole


def test_a_perfect_answer_has_ones_and_absent_classes_have_none():
    truth = np.zeros((20, 30), dtype=np.uint8)
    truth[:, 10:] = 2
    truth[5:8, 3:6] = 255
    figures = judged([(np.where(truth == 255, 77, truth).astype(np.uint8), truth)]).result()
    for name in ("mean_iou", "micro_iou", "dice", "pixel_accuracy", "mean_class_accuracy", "boundary_f"):
        assert figures[name] == 1.0
    assert figures["absent"] == ["road", "tree"]
    assert figures["per_class"]["road"] == {
        "iou": None, "dice": None, "accuracy": None, "precision": None, "boundary_f": None, "pixels": 0,
    }  # fmt: skip


def test_a_class_that_is_only_answered_counts_as_wrong():
    truth = np.zeros((4, 4), dtype=np.uint8)
    predicted = truth.copy()
    predicted[0] = 1
    figures = judged([(predicted, truth)]).result()
    assert figures["mean_iou"] == pytest.approx((0.75 + 0) / 2)
    assert figures["mean_class_accuracy"] == 0.75
    assert figures["per_class"]["road"]["accuracy"] is None


def test_nothing_counted_gives_zeros():
    figures = judged([(np.zeros((3, 3), np.uint8), np.full((3, 3), 255, np.uint8))]).result()
    assert figures["mean_iou"] == figures["micro_iou"] == figures["boundary_f"] == 0.0
    assert figures["absent"] == list(NAMES)


def test_edges_can_be_left_out():
    figures = judged([(np.zeros((3, 3), np.uint8),) * 2], edges=False).result()
    assert "boundary_f" not in figures
    assert "boundary_f" not in figures["per_class"]["sky"]


def test_the_border_of_a_picture_and_of_what_does_not_count_is_no_edge():
    mask = np.full((5, 5), 1, dtype=np.uint8)
    mask[2, 2] = 255
    assert not edge_pixels(mask).any()
    mask[4] = 0
    assert edge_pixels(mask).sum() == 10


def test_a_large_picture_is_counted_in_parts():
    truth = np.zeros((1100, 1000), dtype=np.uint8)
    truth[-1, -1] = 3
    figures = judged([(np.zeros_like(truth), truth)], edges=False).result()
    assert figures["confusion"][0][0] == 1_099_999
    assert figures["confusion"][3][0] == 1


def test_masks_that_cannot_be_compared_are_refused():
    metrics = SegmentationMetrics(NAMES)
    with pytest.raises(ShapeError, match=r"both must be h x w of one size, got \(2, 2\) and \(2, 3\)"):
        metrics.update(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8))
    with pytest.raises(DataError, match=r"predicted must lie in \[0, 4\) where the truth is not 255, got 9"):
        metrics.update(np.full((2, 2), 9, np.uint8), np.zeros((2, 2), np.uint8))
    with pytest.raises(DataError, match=r"truth must lie in \[0, 4\) .* got 4"):
        metrics.update(np.zeros((2, 2), np.uint8), np.full((2, 2), 4, np.uint8))
    with pytest.raises(DataError, match="merge: both must have the same classes"):
        metrics.merge(SegmentationMetrics(("sky",)))
    with pytest.raises(DataError, match="merge: both must have the same classes and measure the same"):
        metrics.merge(SegmentationMetrics(NAMES, edges=False))


@pytest.mark.parametrize("names", [(), ("a", "a"), tuple(map(str, range(256)))])
def test_classes_must_be_distinct_and_fit_into_a_byte(names):
    with pytest.raises(DataError, match="classes must be distinct, from 1 to 255, got"):
        SegmentationMetrics(names)

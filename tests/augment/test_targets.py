"""Masks, boxes and points go where the pixels go."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitral.augment import (
    Augmentation,
    Flip,
    Perspective,
    QuarterTurn,
    RandomResizedCrop,
    Rotate,
    Scale,
    Shear,
    Translate,
    Transpose,
    back_to_picture,
)
from vitral.augment.frame import identities
from vitral.augment.plan import Bend, Pass
from vitral.augment.route import Displacement, Route, through
from vitral.augment.stages import Field
from vitral.augment.targets.maps import moved_map
from vitral.augment.targets.moved import (
    moved_back,
    moved_boxes,
    moved_mask,
    moved_masks,
    moved_points,
    moved_targets,
    seen_boxes,
)
from vitral.augment.targets.outlines import areas_of_polygons, moved_polygons
from vitral.core import OptionError, ShapeError

CHAIN = (RandomResizedCrop(), Flip(), Rotate(), Shear(), Scale(), Translate(), Transpose(), QuarterTurn())
UNIT: dict[str, Any] = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}


def disks(count: int, size: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """One white disk on black in each picture, and its center."""
    random = np.random.default_rng(0)
    centers = random.uniform(0.4 * size, 0.6 * size, (count, 2))
    y, x = np.mgrid[:size, :size] + 0.5
    inside = np.hypot(x - centers[:, 0, None, None], y - centers[:, 1, None, None]) < 9
    return np.repeat(np.where(inside, 255, 0).astype(np.uint8)[..., None], 3, axis=3), centers


@pytest.mark.parametrize(
    "ops", [CHAIN, (Perspective(strength=0.2), Flip(p=1.0))], ids=["affine", "perspective"]
)
def test_masks_boxes_and_points_follow_a_disk(batch_of, ops) -> None:
    pixels, centers = disks(24)
    batch = batch_of(
        pixels,
        masks=[(picture[..., 0] > 0).astype(np.uint8) for picture in pixels],
        boxes=[np.array([[x - 9, y - 9, x + 9, y + 9]]) for x, y in centers],
        box_labels=[np.array([3])] * 24,
        box_crowd=[np.array([False])] * 24,
        points=[np.array([[[x, y, 2.0]]]) for x, y in centers],
    )
    made = Augmentation(ops, height=72, width=80, **UNIT)(batch)
    assert made.inputs is not None
    assert made.masks is not None
    assert made.boxes is not None
    assert made.points is not None
    seen = 0
    for picture, mask, boxes, points in zip(made.inputs, made.masks, made.boxes, made.points, strict=True):
        bright = picture[0].numpy() > 0.5
        assert mask.shape == (72, 80)
        assert (bright != (mask == 1))[mask != 255].mean() < 0.01
        if len(boxes) == 0 or points[0, 0, 2] == 0 or not (mask == 1).sum() > 100:
            continue
        seen += 1
        y, x = np.nonzero(bright & (mask != 255))
        x0, y0, x1, y1 = boxes[0]
        assert x.min() + 1.5 >= x0
        assert x.max() - 0.5 <= x1
        assert y.min() + 1.5 >= y0
        assert y.max() - 0.5 <= y1
        if x.min() > 1 and y.min() > 1 and x.max() < 78 and y.max() < 70:
            assert np.hypot(points[0, 0, 0] - x.mean() - 0.5, points[0, 0, 1] - y.mean() - 0.5) < 2.5
    assert seen > 8
    assert batch.boxes[0][0, 2] - batch.boxes[0][0, 0] == pytest.approx(18)


@given(
    x=st.floats(-50, 150),
    y=st.floats(-50, 150),
    a=st.floats(-1, 1),
    b=st.floats(-1, 1),
    p=st.floats(0, 0.002),
)
def test_there_and_back_is_the_same_place(x: float, y: float, a: float, b: float, p: float) -> None:
    matrix = np.array([[1.0 + a * 0.5, b * 0.5, 5.0], [-b * 0.5, 1.2, -3.0], [p, p / 2, 1.0]])
    there = moved_back(np.array([[x, y]]), matrix)
    if np.isfinite(there).all():
        assert np.allclose(moved_points(there, matrix), [[x, y]], atol=1e-6)


def test_a_point_behind_the_horizon_has_no_place() -> None:
    matrix = np.array([[1.0, 0, 0], [0, 1, 0], [-0.1, 0, 1]])
    assert np.isnan(moved_back(np.array([[20.0, 0.0]]), matrix)).all()


def test_a_flip_maps_x_to_width_minus_x() -> None:
    matrix = np.array([[-1.0, 0, 30], [0, 1, 0], [0, 0, 1]])
    assert moved_points(np.array([[4.0, 7.0]]), matrix).tolist() == [[26.0, 7.0]]
    assert moved_boxes(np.array([[4.0, 7.0, 10.0, 9.0]]), matrix).tolist() == [[20.0, 7.0, 26.0, 9.0]]


def test_boxes_are_cut_off_and_dropped_when_too_little_is_left() -> None:
    boxes = np.array([[-10.0, 0, 10, 10], [-18, 0, 2, 10], [-30, 0, -10, 10], [2, 2, 4, 4]])
    some = seen_boxes(boxes, height=20, width=20, least=0.3)
    assert some.kept.tolist() == [True, False, False, True]
    assert some.boxes.tolist() == [[0, 0, 10, 10], [2, 2, 4, 4]]
    assert seen_boxes(boxes, height=20, width=20, least=0.0).kept.tolist() == [True, True, False, True]


def test_labels_stay_with_their_boxes_and_invisible_points_are_told(batch_of) -> None:
    pixels = np.zeros((1, 20, 20, 3), np.uint8)
    batch = batch_of(
        pixels,
        boxes=[np.array([[0.0, 0, 4, 4], [12, 12, 18, 18]])],
        box_labels=[np.array([5, 7])],
        points=[np.array([[[1.0, 1, 2]], [[15, 15, 2]]])],
    )
    made = Augmentation((Translate(x=-0.5, y=-0.5),), height=20, width=20, **UNIT)(batch)
    assert made.boxes is not None
    assert made.box_labels is not None
    assert made.points is not None
    assert made.boxes[0].tolist() == [[2, 2, 8, 8]]
    assert made.box_labels[0].tolist() == [7]
    assert made.points[0].tolist() == [[[5, 5, 2]]]


def test_a_mask_may_have_another_resolution_than_its_picture() -> None:
    mask = np.arange(16, dtype=np.uint8).reshape(4, 4)
    made = moved_mask(mask, np.eye(3), size=(8, 8), height=8, width=8)
    assert np.array_equal(made, np.kron(mask, np.ones((2, 2), np.uint8)))


@pytest.mark.parametrize(
    "matrix",
    [
        np.diag([1.3, 0.7, 1.0]),
        np.array([[-1.0, 0, 40], [0, 0.5, 3], [0, 0, 1]]),
        np.array([[0.8, 0.3, -5], [-0.3, 0.9, 8], [0, 0, 1]]),
        2 * np.array([[0.8, 0.3, -5], [-0.3, 0.9, 8], [0, 0, 1]]),
        np.array([[1.0, 0.3, -5], [-0.3, 0.9, 8], [4e-3, 2e-3, 1]]),
    ],
    ids=["upright", "mirrored", "turned", "twice", "perspective"],
)
@pytest.mark.parametrize("scale", [1, 2])
def test_each_pixel_of_a_mask_is_the_nearest(matrix: np.ndarray, scale: int) -> None:
    mask = np.random.default_rng(0).integers(0, 200, (30 * scale, 40 * scale), dtype=np.uint8)
    made = moved_mask(mask, matrix, size=(30, 40), height=33, width=37)
    y, x = np.mgrid[:33, :37] + 0.5
    left, top = scale * through(np.stack([x.ravel(), y.ravel()], axis=1), matrix).T
    inside = (left >= 0) & (left < 40 * scale) & (top >= 0) & (top < 30 * scale)
    rows, columns = np.where(inside, top, 0).astype(int), np.where(inside, left, 0).astype(int)
    np.testing.assert_array_equal(made.ravel(), np.where(inside, mask[rows, columns], 255))
    bent = Route((matrix, Displacement(nodes=np.zeros((2, 2, 2)), canvas=(33.0, 37.0), smooth=False)))
    np.testing.assert_array_equal(moved_mask(mask, bent, size=(30, 40), height=33, width=37), made)


def test_behind_the_horizon_of_a_perspective_nothing_is_seen() -> None:
    matrix = np.array([[1.0, 0, -4], [0, 1, -4], [-1 / 8.5, 0, 1]])
    mask, levels = np.full((16, 16), 3, np.uint8), np.ones((16, 16), np.float32)
    for factor in (1.0, -2.0):  # Matrices are used up to a factor.
        seen = moved_mask(mask, factor * matrix, size=(16, 16), height=16, width=16) == 3
        x, y = Route((factor * matrix,)).places(16, 16)
        np.testing.assert_array_equal(seen, (x >= 0) & (x < 16) & (y >= 0) & (y < 16))
        assert seen[:, :8].any()
        assert not seen[:, 8:].any()
        map_ = moved_map(levels, factor * matrix, size=(16, 16), height=16, width=16)
        np.testing.assert_array_equal(np.isfinite(map_), seen)


def test_a_box_that_crosses_the_horizon_is_cut_off_there(batch_of) -> None:
    count, size = 200, 64
    pixels, ones = np.zeros((count, size, size, 3), np.uint8), np.ones((size, size), np.uint8)
    whole = np.array([[0.0, 0, size, size], [16, 16, 48, 48], [0, 0, 8, size]])
    batch = batch_of(pixels, boxes=[whole] * count, box_labels=[np.arange(3)] * count, masks=[ones] * count)
    augmentation = Augmentation((Perspective(strength=0.45),), height=size, width=size, **UNIT)
    made, plan = augmentation(batch), augmentation.plan(batch)
    assert made.boxes is not None
    assert made.masks is not None
    assert made.box_labels is not None
    crossed = 0
    for i in range(count):
        assert made.box_labels[i][0] == 0
        # The corners that were moved inward show nothing but the picture.
        assert (made.masks[i] == 1).all()
        assert made.boxes[i][0].tolist() == [0, 0, size, size]
        alone = moved_boxes(whole, plan.route(i))
        seen = seen_boxes(alone, height=size, width=size, least=0.0)
        np.testing.assert_allclose(made.boxes[i], seen.boxes, atol=1e-9)
        corners = moved_points(np.array([[0.0, 0], [size, 0], [0, size], [size, size]]), plan.route(i))
        crossed += int(np.isnan(corners).any())
        # A mask of the third box alone fills its box, as far as that is seen.
        strip = np.zeros((size, size), np.uint8)
        strip[:, :8] = 1
        y, x = np.nonzero(moved_mask(strip, plan.route(i), size=(size, size), height=size, width=size) == 1)
        if len(y) > 30:
            box = made.boxes[i][made.box_labels[i].tolist().index(2)]
            tight = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1])
            assert (box[:2] < tight[:2] + 1).all()
            assert (box[2:] > tight[2:] - 1).all()
    assert crossed > 40


def test_outlines_and_the_way_back_know_the_horizon_too(batch_of) -> None:
    size = 64
    pixels = np.zeros((60, size, size, 3), np.uint8)
    plan = Augmentation((Perspective(strength=0.45),), height=size, width=size, **UNIT).plan(batch_of(pixels))
    around = np.array([[0.0, 0], [size, 0], [size, size], [0, size]])
    made = np.random.default_rng(0).uniform(0, size, (50, 2))
    for i in range(60):
        route, way = plan.route(i), back_to_picture(plan, i)
        (polygon,) = moved_polygons([around], route, height=size, width=size)
        assert areas_of_polygons([polygon])[0] == pytest.approx(size * size)
        there = route.there(made)
        np.testing.assert_allclose(route.back(there), made, atol=1e-6)
        np.testing.assert_allclose(way.points(made), there, atol=1e-9)
        inside = route.back(np.mgrid[:size, :size][::-1].reshape(2, -1).T + 0.5).reshape(size, size, 2)
        shown = ((inside >= 0) & (inside < size)).all(axis=2)
        assert 0.005 < shown.mean() < 1
        np.testing.assert_array_equal(way.mask(np.ones((size, size), np.uint8)) == 1, shown)


def test_a_mask_that_is_too_large_is_named() -> None:
    huge = np.broadcast_to(np.uint8(0), (2**16, 2**15))
    with pytest.raises(ShapeError, match=r"a mask of 65536 x 32768 is too large.*fewer than 2\^31 bytes"):
        moved_mask(huge, np.eye(3), size=(8, 8), height=8, width=8)


def test_a_mask_without_pixels_is_nowhere_counted() -> None:
    assert (
        moved_mask(np.zeros((0, 3), np.uint8), np.eye(3), size=(3, 3), height=2, width=1).tolist()
        == [[255]] * 2
    )


@pytest.mark.parametrize(
    "ops", [CHAIN, (Perspective(strength=0.3),), ()], ids=["affine", "perspective", "none"]
)
@pytest.mark.parametrize("bends", [False, True], ids=["straight", "bent"])
@pytest.mark.parametrize("as_many", [False, True], ids=["some points", "as many points"])
def test_a_batch_is_moved_as_its_pictures_are(batch_of, ops, bends: bool, as_many: bool) -> None:
    random, pixels = np.random.default_rng(0), np.zeros((6, 40, 50, 3), np.uint8)
    counts = [3, 0, 1, 12, 0, 5]
    corners = [random.uniform(-5, 45, (count, 2)) for count in counts]
    boxes = [np.concatenate([some, some + random.uniform(0, 30, some.shape)], axis=1) for some in corners]
    points = [random.uniform(0, 50, (count, 2 if as_many else 1 + i, 3)) for i, count in enumerate(counts)]
    augmentation = Augmentation(ops, height=30, width=36, **UNIT)
    plan = augmentation.plan(batch_of(pixels))
    if bends:
        nodes = random.normal(0, 1, (6, 4, 4, 2)) * np.array([1, 0, 1, 1, 0, 0])[:, None, None, None]
        field = Field(op="wave", nodes=nodes, canvas=np.tile([30.0, 36.0], (6, 1)), smooth=True)
        bend = Bend(field=field, matrix=identities(6))
        plan = dataclasses.replace(plan, passes=(dataclasses.replace(plan.passes[0], bends=(bend,)),))
    close = 1e-3 if bends else 1e-9  # What is bent is searched for.
    seen, moved = moved_targets(plan, boxes=boxes, points=points, least=0.3)
    assert seen is not None
    assert moved is not None
    for i in range(6):
        wanted = seen_boxes(moved_boxes(boxes[i], plan.route(i)), height=30, width=36, least=0.3)
        np.testing.assert_array_equal(seen[i].kept, wanted.kept)
        np.testing.assert_allclose(seen[i].boxes, wanted.boxes, atol=close)
        places = moved_points(points[i][wanted.kept][..., :2].reshape(-1, 2), plan.route(i))
        np.testing.assert_allclose(moved[i][..., :2].reshape(-1, 2), places, atol=close)
        inside = ((places >= 0) & (places < (36, 30))).all(axis=1)
        visible = np.where(inside, points[i][wanted.kept][..., 2].ravel(), 0)
        np.testing.assert_array_equal(moved[i][..., 2].ravel(), visible)
        assert moved[i].shape == (int(wanted.kept.sum()), *points[i].shape[1:])
    alone, none = moved_targets(plan, points=points)
    assert alone is None
    assert none is not None
    assert [some.shape for some in none] == [some.shape for some in points]
    masks = [np.random.default_rng(i).integers(0, 9, (40, 50), dtype=np.uint8) for i in range(6)]
    for i, mask in enumerate(moved_masks(masks, plan)):
        wanted = moved_mask(masks[i], plan.route(i), size=(40, 50), height=30, width=36)
        np.testing.assert_array_equal(mask, wanted)


def test_a_batch_of_nothing_has_no_targets(batch_of) -> None:
    plan = Augmentation(CHAIN, height=30, width=36, **UNIT).plan(batch_of(np.zeros((1, 4, 4, 3), np.uint8)))
    none = dataclasses.replace(
        plan, sizes=plan.sizes[:0], passes=tuple(_first(one, 0) for one in plan.passes)
    )
    assert moved_targets(none, boxes=[], points=[]) == ([], [])
    assert moved_masks([], none) == []
    assert moved_targets(plan) == (None, None)


def _first(one: Pass, count: int) -> Pass:
    return dataclasses.replace(one, matrix=one.matrix[:count], canvas=one.canvas[:count])


def test_outside_a_mask_is_not_counted() -> None:
    matrix = np.array([[1.0, 0, 2], [0, 1, 0], [0, 0, 1]])
    made = moved_mask(np.ones((3, 3), np.uint8), matrix, size=(3, 3), height=3, width=3)
    assert made.tolist() == [[1, 255, 255]] * 3


def test_a_share_that_is_none_is_named() -> None:
    with pytest.raises(OptionError, match=r"Augmentation\.min_visible: must lie in \[0, 1\], got 2"):
        Augmentation((), height=4, width=4, min_visible=2, **UNIT)

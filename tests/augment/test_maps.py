"""Maps of floats go where the pixels go, and predictions come back onto the picture."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitral.augment import (
    Augmentation,
    Flip,
    FlipVertical,
    Op,
    Perspective,
    QuarterTurn,
    RandomResizedCrop,
    Rotate,
    Transpose,
    back_to_picture,
)
from vitral.augment.route import Displacement, Route, joined
from vitral.augment.targets.backward import BackToPicture
from vitral.augment.targets.maps import moved_map
from vitral.augment.targets.moved import moved_mask

UNIT: dict[str, Any] = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
SAME = np.eye(3)


def hill(height: int, width: int) -> np.ndarray:
    """Something smooth, of a picture's places on [0, 1]."""
    y, x = (np.mgrid[:height, :width] + 0.5) / np.array([height, width])[:, None, None]
    return (np.sin(5 * x) + np.cos(4 * y) * x).astype(np.float32)


def ramp(height: int, width: int, x: float, y: float) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width] + 0.5
    return (x * columns + y * rows).astype(np.float32)


def bent(strength: float = 2.0) -> Route:
    nodes = np.random.default_rng(3).normal(0, strength, (5, 6, 2))
    shown = Displacement(nodes=nodes, canvas=(60.0, 80.0), smooth=True)
    return joined((np.array([[0.9, 0.1, -3], [-0.1, 1, 4], [0, 0, 1]]), shown, SAME))


@pytest.mark.parametrize(
    ("op", "there"),
    [
        (Flip(p=1.0), lambda map_: map_[:, ::-1]),
        (FlipVertical(p=1.0), lambda map_: map_[::-1]),
        (Transpose(p=1.0), lambda map_: map_.swapaxes(0, 1)),
        (QuarterTurn(turns=1.0), lambda map_: np.rot90(map_, -1)),
    ],
    ids=["flip", "flip-vertical", "transpose", "quarter"],
)
@pytest.mark.parametrize("channels", [(), (3,)])
def test_flips_and_turns_only_move_numbers_though_some_are_not_finite(
    op: Op, there: Any, channels: tuple[int, ...], batch_of: Any
) -> None:
    levels = np.random.default_rng(0).normal(size=(20, 20, *channels)).astype(np.float32)
    levels[3, 4], levels[9, 1], levels[11, 7] = np.nan, np.inf, -np.inf
    plan = Augmentation((op,), height=20, width=20, **UNIT).plan(batch_of(np.zeros((1, 20, 20, 3), np.uint8)))
    moved = moved_map(levels, plan.route(0), size=(20, 20), height=20, width=20)
    np.testing.assert_array_equal(moved, there(levels))


@given(
    a=st.floats(0.5, 1.5), b=st.floats(-0.4, 0.4), x=st.floats(-8, 8), y=st.floats(-8, 8), up=st.booleans()
)
def test_a_ramp_stays_a_ramp(a: float, b: float, x: float, y: float, up: bool) -> None:
    way = np.array([[a, b, x], [-b, a, y], [0, 0, 1]])
    levels = ramp(24, 32, 0.5, 2.0 if up else -1.0)
    moved = moved_map(levels, way, size=(24, 32), height=20, width=28)
    left, top = Route((way,)).places(20, 28)
    inner = (left >= 0.5) & (left <= 31.5) & (top >= 0.5) & (top <= 23.5)
    wanted = 0.5 * left + (2.0 if up else -1.0) * top
    assert np.allclose(moved[inner], wanted[inner], atol=1e-4)
    outside = (left < 0) | (left >= 32) | (top < 0) | (top >= 24)
    np.testing.assert_array_equal(np.isnan(moved), outside)


def test_another_resolution_than_the_picture_is_the_same_map() -> None:
    way = np.array([[0.7, 0.2, 3], [-0.2, 0.8, 9], [1e-3, 0, 1]])
    fine = moved_map(hill(96, 128), way, size=(96, 128), height=60, width=70)
    coarse = moved_map(hill(48, 64), way, size=(96, 128), height=60, width=70)
    np.testing.assert_array_equal(np.isnan(fine), np.isnan(coarse))
    assert np.nanmax(np.abs(fine - coarse)) < 0.06
    assert np.nanmean(np.abs(fine - coarse)) < 2e-3


def test_what_is_not_known_takes_along_only_what_is_drawn_from_it() -> None:
    levels = np.ones((6, 6), dtype=np.float32)
    levels[2, 2] = np.nan
    shifted = moved_map(
        levels, np.array([[1, 0, 0.25], [0, 1, 0], [0, 0, 1]]), size=(6, 6), height=6, width=6
    )
    assert np.argwhere(np.isnan(shifted)).tolist() == [[2, 1], [2, 2]]


def test_outside_may_be_a_number_and_the_kind_of_float_stays() -> None:
    away = np.array([[1.0, 0, 2], [0, 1, 0], [0, 0, 1]])
    for dtype in (np.float16, np.float32, np.float64):
        moved = moved_map(np.ones((3, 3, 2), dtype), away, size=(3, 3), height=3, width=3, outside=-1.0)
        assert moved.dtype == dtype
        assert moved[..., 0].tolist() == [[1, -1, -1]] * 3
    assert (
        moved_map(np.ones((0, 3)), away, size=(3, 3), height=2, width=2, outside=7.0).tolist() == [[7, 7]] * 2
    )


def test_a_map_is_bent_as_a_mask_is() -> None:
    route, mask = bent(), (np.arange(60 * 80).reshape(60, 80) // 40 % 250).astype(np.uint8)
    levels = moved_map(hill(60, 80), route, size=(60, 80), height=50, width=70)
    numbers = moved_mask(mask, route, size=(60, 80), height=50, width=70)
    np.testing.assert_array_equal(np.isnan(levels), numbers == 255)
    left, top = route.places(50, 70)
    inner = (left >= 0.5) & (left <= 79.5) & (top >= 0.5) & (top <= 59.5)
    wanted = np.sin(5 * left / 80) + np.cos(4 * top / 60) * left / 80
    assert np.abs(levels - wanted)[inner].max() < 2e-3


@pytest.mark.parametrize(
    "ops",
    [(Flip(p=1.0),), (RandomResizedCrop(), Rotate(deg=(-30, 30))), (Perspective(strength=0.3), Flip())],
    ids=["flip", "affine", "perspective"],
)
def test_a_map_comes_back_where_it_was_seen(batch_of: Any, ops: tuple[Op, ...]) -> None:
    batch = batch_of(np.zeros((4, 60, 80, 3), np.uint8))
    plan, levels = Augmentation(ops, height=72, width=96, **UNIT).plan(batch), hill(60, 80)
    centers = np.mgrid[:60, :80][::-1].reshape(2, -1).T + 0.5
    for i in range(4):
        made = moved_map(levels, plan.route(i), size=(60, 80), height=72, width=96)
        way = back_to_picture(plan, i)
        again = way.map(made)
        known = np.isfinite(again)
        assert known.mean() > 0.05
        assert np.abs(again - levels)[known].max() < 0.05
        # Not beside the borders, beyond which a map is as at its outermost pixels.
        left, top = plan.route(i).back(centers).T.reshape(2, 60, 80)
        inner = known & (np.minimum(left, top) > 2) & (left < 94) & (top < 70)
        inner[:4], inner[-4:], inner[:, :4], inner[:, -4:] = False, False, False, False
        assert np.abs(again - levels)[inner].max() < 4e-3
        # A network often answers at a part of the resolution.
        coarse = way.map(made[1::3, 1::3])
        inner = np.isfinite(coarse) & known
        assert np.abs(coarse - levels)[inner].mean() < 0.02
        seen = way.mask(np.ones((72, 96), np.uint8))
        np.testing.assert_array_equal(way.map(np.ones((72, 96), np.float32), outside=255) == 1, seen == 1)


def test_what_was_bent_comes_back_straight() -> None:
    route, levels = bent(), hill(60, 80)
    way = BackToPicture(route=route, made=(60, 80), size=(60, 80))
    made = moved_map(levels, route, size=(60, 80), height=60, width=80)
    again = way.map(made)
    known = np.isfinite(again)
    assert known.mean() > 0.5
    assert np.abs(again - levels)[known].max() < 0.03
    blocks = np.kron(np.arange(12, dtype=np.uint8).reshape(3, 4), np.ones((20, 20), np.uint8))
    numbers = way.mask(moved_mask(blocks, route, size=(60, 80), height=60, width=80))
    assert (numbers == blocks)[numbers != 255].mean() > 0.96
    polygon = np.array([[30.0, 20], [50, 22], [44, 40]])
    (there,) = way.polygons([polygon])
    # The polygon's corners, in what was made, lead to where the outline now is.
    for corner in route.there(polygon):
        assert np.hypot(*(there - corner).T).min() < 1e-6


@given(x=st.floats(0, 60), y=st.floats(0, 50), wide=st.floats(1, 20), tall=st.floats(1, 20))
def test_boxes_and_points_come_back_from_a_flip(x: float, y: float, wide: float, tall: float) -> None:
    mirror = Route((np.array([[-1.0, 0, 80], [0, 1, 0], [0, 0, 1]]),))
    way = BackToPicture(route=mirror, made=(60, 80), size=(60, 80))
    (box,) = way.boxes(np.array([[x, y, x + wide, y + tall]]))
    assert box == pytest.approx([80 - x - wide, y, 80 - x, min(y + tall, 60)])
    assert way.points(np.array([[x, y]]))[0] == pytest.approx([80 - x, y])


def test_boxes_beyond_the_picture_stay_in_step_with_their_scores() -> None:
    shift = Route((np.array([[1.0, 0, -20], [0, 1, 0], [0, 0, 1]]),))
    way = BackToPicture(route=shift, made=(60, 80), size=(60, 80))
    boxes = way.boxes(np.array([[0.0, 0, 10, 10], [15, 0, 30, 10]]))
    assert boxes.tolist() == [[0, 0, 0, 10], [0, 0, 10, 10]]
    assert way.lines([np.array([[10.0, 5], [40, 5]])])[0][0].tolist() == [[0, 5], [20, 5]]

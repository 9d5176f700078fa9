"""Polygons and lines go where the pixels go, and are cut off at the borders."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitral.augment import Flip, FlipVertical, Op, QuarterTurn, Transform, Transpose
from vitral.augment.route import Displacement, Route, joined
from vitral.augment.targets.outlines import (
    areas_of_polygons,
    boxes_of_polygons,
    cut_polygons,
    moved_lines,
    moved_polygons,
    subdivided,
)

SAME = np.eye(3)
SQUARE = np.array([[2.0, 1], [6, 1], [6, 5], [2, 5]])
# Like a U: two arms that end at y = 0, joined below y = 6.
FORK = np.array([[0.0, 0], [2, 0], [2, 6], [4, 6], [4, 0], [6, 0], [6, 8], [0, 8]])


def at(x: float, y: float) -> np.ndarray:
    """The square, so much to the right and below."""
    return SQUARE + np.array([x, y])


def turned(deg: float, x: float = 0.0, y: float = 0.0) -> np.ndarray:
    cos, sin = np.cos(np.radians(deg)), np.sin(np.radians(deg))
    return np.array([[cos, sin, x], [-sin, cos, y], [0, 0, 1]])


def area(polygon: np.ndarray) -> float:
    return float(areas_of_polygons([polygon])[0])


def within(polygon: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Whether points lie in a polygon, by counting the edges to the right of them."""
    inside = np.zeros(x.shape, dtype=np.bool_)
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        between = (y0 > y) != (y1 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside ^= between & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside


def bent(strength: float) -> Route:
    nodes = np.random.default_rng(3).normal(0, strength, (5, 6, 2))
    shown = Displacement(nodes=nodes, canvas=(60.0, 80.0), smooth=True)
    return joined((turned(8.0, -3.0, 4.0), shown, np.diag([1.0, 0.9, 1.0])))


@pytest.mark.parametrize(
    ("op", "there"),
    [
        (Flip(p=1.0), lambda x, y: (30 - x, y)),
        (FlipVertical(p=1.0), lambda x, y: (x, 20 - y)),
        (Transpose(p=1.0), lambda x, y: (y, x)),
        (QuarterTurn(turns=1.0), lambda x, y: (20 - y, x)),
        (QuarterTurn(turns=2.0), lambda x, y: (30 - x, 20 - y)),
        (QuarterTurn(turns=3.0), lambda x, y: (y, 30 - x)),
    ],
    ids=["flip", "flip-vertical", "transpose", "quarter", "half", "three-quarters"],
)
def test_flips_and_turns_move_outlines_exactly_as_pixels(op: Op, there: Any) -> None:
    picture = np.zeros((20, 30, 3), np.uint8)
    picture[1:5, 2:6] = 255
    made = Transform(op, size="canvas")(image=picture, polygons=[SQUARE], lines=[SQUARE[:3]])
    wanted = np.stack(there(*SQUARE.T), axis=1)
    np.testing.assert_array_equal(made["polygons"][0], wanted)
    (line,) = made["lines"]
    np.testing.assert_array_equal(line[0], wanted[:3])
    # The polygon is the outline of the white pixels: pixel i covers [i, i + 1).
    y, x = np.nonzero(made["image"][..., 0])
    assert boxes_of_polygons(made["polygons"])[0].tolist() == [x.min(), y.min(), x.max() + 1, y.max() + 1]


@given(deg=st.floats(-180, 180), scale=st.floats(0.3, 3))
def test_the_area_of_a_polygon_that_stays_inside_is_that_of_the_geometry(deg: float, scale: float) -> None:
    way = turned(deg) @ np.diag([scale, scale, 1.0])
    way[:2, 2] = SQUARE.mean(axis=0) - way[:2, :2] @ (50, 50)
    (moved,) = moved_polygons([SQUARE], way, height=100, width=100)
    assert len(moved) == 4
    assert area(moved) == pytest.approx(16 / scale**2)


@pytest.mark.parametrize("way", [turned(20.0, 5, -3), np.array([[1, 0.2, 0], [0, 1, 3], [2e-3, 1e-3, 1]])])
def test_a_polygon_with_a_hole_in_its_sight_covers_the_pixels_it_covered(way: np.ndarray) -> None:
    polygon = 6 * FORK + 1
    (moved,) = moved_polygons([polygon], way, height=30, width=36)
    y, x = np.mgrid[:30, :36] + 0.5
    places = Route((way,)).places(30, 36)
    np.testing.assert_array_equal(within(moved, x, y), within(polygon, *places))


def test_what_lies_behind_the_horizon_is_cut_off_before_it_moves() -> None:
    way = np.array([[1.0, 0, 0], [0, 1, 0], [0.08, 0, 1]])  # x = 12.5 in the picture is infinitely far
    polygon = np.array([[2.0, 2], [40, 4], [30, 20], [4, 12]])
    (moved,) = moved_polygons([polygon], way, height=40, width=50)
    assert np.isfinite(moved).all()
    y, x = np.mgrid[:40, :50] + 0.5
    np.testing.assert_array_equal(within(moved, x, y), within(polygon, *Route((way,)).places(40, 50)))
    (line,) = moved_lines([np.array([[2.0, 2], [40, 2]])], way, height=40, width=50)
    assert line[0][0] == pytest.approx([2 / 0.84, 2 / 0.84])
    assert line[0][1][0] == pytest.approx(50)


@pytest.mark.parametrize("strength", [0.0, 1.5])
def test_outlines_are_bent_with_the_pixels(strength: float) -> None:
    route, polygon = bent(strength), 5 * FORK + 9
    (moved,) = moved_polygons([polygon], route, height=60, width=80)
    y, x = np.mgrid[:60, :80] + 0.5
    wrong = within(moved, x, y) != within(polygon, *route.places(60, 80))
    assert wrong.mean() < 2e-3
    assert np.allclose(route.there(moved[::20]), route.there(moved)[::20])
    (line,) = moved_lines([polygon[:3]], route, height=60, width=80)
    assert len(line) == 1
    assert np.allclose(route.there(line[0])[[0, -1]], polygon[[0, 2]], atol=1e-2)


def test_polygons_are_cut_exactly() -> None:
    inside, half, corner, around, away = cut_polygons(
        [SQUARE, at(-4, 0), at(6, 6), 100 * SQUARE - 300, SQUARE + 20], height=10, width=10
    )
    assert inside.tolist() == SQUARE.tolist()
    assert half.tolist() == [[0, 1], [2, 1], [2, 5], [0, 5]]
    assert (boxes_of_polygons([corner])[0].tolist(), area(corner)) == ([8, 7, 10, 10], 6)
    assert (boxes_of_polygons([around])[0].tolist(), area(around)) == ([0, 0, 10, 10], 100)
    assert away.shape == (0, 2)
    assert np.isnan(boxes_of_polygons([away])).all()


def test_a_diamond_loses_its_corners() -> None:
    diamond = np.array([[5.0, -2], [12, 5], [5, 12], [-2, 5]])
    (cut,) = cut_polygons([diamond], height=10, width=10)
    assert len(cut) == 8
    assert area(cut) == pytest.approx(98 - 4 * 4)


def test_a_polygon_seen_in_two_parts_keeps_the_area_of_both() -> None:
    (cut,) = cut_polygons([FORK], height=4, width=10)
    assert area(cut) == 16
    y, x = np.mgrid[:4, :10] + 0.5
    np.testing.assert_array_equal(within(cut, x, y), within(FORK, x, y))


def test_a_polygon_that_only_touches_the_frame_is_not_seen() -> None:
    beside, above = cut_polygons([at(8, 0), at(0, -5)], height=10, width=10)
    assert (len(beside), len(above)) == (0, 0)


@given(
    radii=st.lists(st.floats(1, 30), min_size=3, max_size=12),
    x=st.floats(-20, 60),
    y=st.floats(-20, 50),
    split=st.integers(1, 39),
)
def test_two_frames_side_by_side_see_what_one_sees(
    radii: list[float], x: float, y: float, split: int
) -> None:
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    star = np.array(radii)[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1) + (x, y)
    (whole,) = cut_polygons([star], height=30, width=40)
    (left,) = cut_polygons([star], height=30, width=split)
    (right,) = cut_polygons([star - (split, 0)], height=30, width=40 - split)
    assert area(whole) == pytest.approx(area(left) + area(right), abs=1e-6)
    assert area(whole) <= min(area(star), 30 * 40) + 1e-6
    assert ((whole >= 0) & (whole <= (40, 30))).all()


def test_lines_leave_and_come_back_in_pieces() -> None:
    line = np.array([[-10.0, 5], [30, 5], [30, 100], [50, 100], [50, 20], [55, 20]])
    (pieces,) = moved_lines([line], SAME, height=40, width=60)
    assert [piece.tolist() for piece in pieces] == [
        [[0, 5], [30, 5], [30, 40]],
        [[50, 40], [50, 20], [55, 20]],
    ]
    through, out, short = moved_lines(
        [np.array([[-5.0, -5], [45, 45]]), np.array([[-5.0, 3], [-1, 9]]), np.array([[3.0, 3]])],
        SAME,
        height=40,
        width=60,
    )
    assert [piece.tolist() for piece in through] == [[[0, 0], [40, 40]]]
    assert (out, short) == ([], [])


@given(
    points=st.lists(st.tuples(st.floats(-40, 80), st.floats(-40, 80)), min_size=2, max_size=8),
    split=st.integers(1, 39),
)
def test_lines_lose_nothing_between_two_frames(points: list[tuple[float, float]], split: int) -> None:
    line = np.array(points)

    def length(offset: float, width: int) -> float:
        (pieces,) = moved_lines([line - (offset, 0)], SAME, height=30, width=width)
        assert all(len(piece) > 1 for piece in pieces)
        return float(sum(np.hypot(*np.diff(piece, axis=0).T).sum() for piece in pieces))

    beside = np.isclose(line[:, 0], split).any()  # A line along the seam is seen on both sides.
    if not beside:
        assert length(0, 40) == pytest.approx(length(0, split) + length(split, 40 - split), abs=1e-6)


def test_long_edges_get_points_and_keep_their_corners() -> None:
    line = np.array([[0.0, 0], [10, 0], [10, 0.5], [10, 300]])
    for closed in (True, False):
        pieces = subdivided(line, closed=closed)
        assert 200 < len(pieces) < 300
        assert all((pieces == corner).all(axis=1).any() for corner in line)
        assert area(pieces) == pytest.approx(area(line))
    assert subdivided(line[:1], closed=True).tolist() == [[0, 0]]


def test_nothing_stays_nothing() -> None:
    assert moved_polygons([], SAME, height=4, width=4) == []
    assert moved_lines([], bent(1.0), height=4, width=4) == []
    assert moved_polygons([np.zeros((0, 2))], SAME, height=4, width=4)[0].shape == (0, 2)
    assert boxes_of_polygons([]).shape == (0, 4)

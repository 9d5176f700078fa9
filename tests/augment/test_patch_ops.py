"""Ops that cut a picture into patches: around points, or cells that are swapped."""

import numpy as np
import pytest
from scipy import spatial

from vitral.augment import Jigsaw, Voronoi
from vitral.augment.draw import Draw


def test_a_regular_grid_gives_averages_of_squares(changed, noise) -> None:
    pixels = noise(1, 45, 45)
    made = changed(pixels, Voronoi(count=81.0, spread=0.0, share=1.0, p=1.0))[0]
    squares = pixels[0].reshape(9, 5, 9, 5, 3).mean(axis=(1, 3))
    assert np.abs(made - np.kron(squares, np.ones((5, 5, 1)))).max() < 0.51


@pytest.mark.parametrize("anywhere", [False, True])
def test_pixels_go_to_the_nearest_point(batch_of, changed, noise, anywhere) -> None:
    """Where two points are about as near, a chamfer may take the other."""
    pixels = noise(1, 120, 120)
    op = Voronoi(count=40.0, anywhere=anywhere, share=1.0, p=1.0)
    numbers = Draw(batch_of(pixels), "voronoi").generators("points")(0)
    points = np.stack(op._points(numbers, 120, 120, count=40.0), axis=1)
    places = np.indices((120, 120)).reshape(2, -1).T
    made = np.rint(changed(pixels, op)[0])
    colors, patch = np.unique(made.reshape(-1, 3), axis=0, return_inverse=True)
    at = np.empty(len(colors), np.int64)
    at[patch.reshape(120, 120)[tuple(points.T)]] = np.arange(len(points))
    taken = np.hypot(*(places - points[at[patch.ravel()]]).T)
    assert (taken <= 1.05 * spatial.KDTree(points).query(places)[0] + 0.1).all()
    assert np.abs(made.mean(axis=(0, 1)) - pixels[0].mean(axis=(0, 1))).max() < 0.5
    assert 36 <= len(colors) <= 44


def test_points_stay_in_their_cells_or_lie_anywhere() -> None:
    numbers = np.random.default_rng(0)
    rows, columns = Voronoi()._points(numbers, 100, 100, count=100.0)
    assert sorted((rows // 10 * 10 + columns // 10).tolist()) == list(range(100))
    rows, columns = Voronoi(anywhere=True)._points(numbers, 100, 100, count=100.0)
    assert len(set((rows // 10 * 10 + columns // 10).tolist())) < 80


def test_patches_are_replaced_as_often_as_told(changed, noise) -> None:
    pixels = noise(4, 60, 60)
    assert np.abs(changed(pixels, Voronoi(share=0.0, p=1.0)) - pixels).max() < 1e-3
    whole, half = (changed(pixels, Voronoi(count=200.0, share=share, p=1.0)) for share in (1.0, 0.5))
    same = (np.abs(half - pixels) < 1e-3).all(axis=3)
    assert 0.35 < same.mean() < 0.65
    assert np.abs(half - whole)[~same].max() < 1e-3


def test_a_puzzle_has_all_its_cells_and_the_rest_stays(changed, noise) -> None:
    pixels = noise(6, 26, 26)
    made = np.rint(changed(pixels, Jigsaw(cells=4.0, swaps=30.0, p=1.0))).astype(np.uint8)

    def cells(picture: np.ndarray) -> list[bytes]:
        return [picture[y : y + 6, x : x + 6].tobytes() for y in range(0, 24, 6) for x in range(0, 24, 6)]

    for before, after in zip(pixels, made, strict=True):
        assert sorted(cells(before)) == sorted(cells(after))
        assert cells(before) != cells(after)
        assert np.array_equal(before[24:], after[24:])
        assert np.array_equal(before[:, 24:], after[:, 24:])


def test_one_swap_is_of_two_neighbors(changed, noise) -> None:
    pixels = noise(30, 30, 30)
    made = changed(pixels, Jigsaw(cells=3.0, swaps=1.0, p=1.0))
    moved = (np.abs(made - pixels) > 0.5).any(axis=3).reshape(30, 3, 10, 3, 10).any(axis=(2, 4))
    assert (moved.sum(axis=(1, 2)) == 2).all()
    for one in moved:
        (y0, x0), (y1, x1) = np.argwhere(one)
        assert abs(y0 - y1) + abs(x0 - x1) == 1
    assert np.abs(changed(pixels, Jigsaw(cells=1.0, p=1.0)) - pixels).max() < 1e-3

"""Kernels and edges, against SciPy, Pillow and OpenCV, and what is drawn from them."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFilter
from scipy import ndimage

from vitral.augment import Canny, Cartoon, Convolve, DirectedEdges, MeanShiftBlur, Relief, TrailBlur
from vitral.core import OptionError

SLANTED = ((0.0, 0.1, 0.2), (0.1, 0.3, 0.0), (0.0, 0.0, 0.3))


def parts(marked: np.ndarray) -> int:
    """How many parts hang together, corners counted."""
    return cv2.connectedComponents(marked.astype(np.uint8))[0] - 1


def disk(inside: tuple[int, ...] = (200, 60, 40), outside: tuple[int, ...] = (30, 90, 150)) -> np.ndarray:
    y, x = np.indices((64, 64)) - 31.5
    return np.where((x**2 + y**2 < 400)[..., None], inside, outside).astype(np.uint8)[None]


def test_a_kernel_weighs_neighbors_as_it_stands(changed, noise) -> None:
    pixels = noise(1, 18, 21)
    made = changed(pixels, Convolve(kernel=SLANTED, p=1.0))[0]
    want = np.stack(
        [
            ndimage.correlate(pixels[0, ..., c].astype(float), np.array(SLANTED), mode="mirror")
            for c in range(3)
        ],
        axis=2,
    )
    assert np.abs(made - want).max() < 0.51
    point = np.zeros((1, 9, 9, 3), np.uint8)
    point[0, 4, 4] = 100
    spread = changed(point, Convolve(kernel=((0.0, 0.0, 1.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)), p=1.0))
    assert spread[0, 5, 3, 0] == pytest.approx(100)


@pytest.mark.parametrize(
    ("kernel", "words"),
    [
        ((), "got 0 rows of no weights"),
        (((1.0, 2.0),), "got 1 rows of 2 weights"),
        (((1.0,), (2.0,), (1.0, 2.0, 3.0)), "got 3 rows of 1, 3 weights"),
        (((1.0,) * 65,), "odd sides of at most 63"),
        (((float("nan"),),), "must hold finite numbers"),
    ],
)
def test_what_is_no_kernel_is_refused(kernel, words) -> None:
    with pytest.raises(OptionError, match=rf"Convolve\.kernel: .*{words}"):
        Convolve(kernel=kernel)


def test_a_relief_is_that_of_pillow(changed, noise) -> None:
    pixels = noise(1, 20, 24)
    relief = np.asarray(Image.fromarray(pixels[0]).filter(ImageFilter.EMBOSS)).astype(float)
    for share in (1.0, 0.4):
        made = changed(pixels, Relief(share=share, p=1.0))[0]
        assert np.abs(made - (pixels[0] + share * (relief - pixels[0]))).max() < 0.51
    flat = np.full((1, 10, 10, 3), 70, np.uint8)
    assert np.abs(changed(flat, Relief(share=1.0, p=1.0))[0, 1:-1, 1:-1] - 128).max() < 1e-3


def test_canny_draws_a_closed_line_of_one_pixel(changed) -> None:
    made = changed(disk(), Canny(low=50.0, high=100.0, share=1.0, p=1.0))[0, ..., 0]
    assert set(np.unique(made.round())) == {0.0, 255.0}
    edge = made > 128
    y, x = np.nonzero(edge)
    assert np.abs(np.hypot(y - 31.5, x - 31.5) - 20).max() < 1.6
    assert parts(edge) == 1
    assert not edge[32, 32]
    grey = cv2.cvtColor(disk()[0], cv2.COLOR_RGB2GRAY)
    assert np.array_equal(made.round(), cv2.Canny(grey, 50.0, 100.0))


def test_edges_face_the_side_they_are_told(changed) -> None:
    pixels = disk(inside=(220, 220, 220), outside=(20, 20, 20))
    for deg, (y, x) in ((0.0, (32, 12)), (90.0, (12, 32)), (180.0, (32, 51)), (270.0, (51, 32))):
        made = changed(pixels, DirectedEdges(deg=deg, share=1.0, p=1.0))[0, ..., 0]
        assert made[y, x] > 150, deg
        assert made[63 - y, 63 - x] == 0, deg
    noise = np.random.default_rng(0).integers(0, 256, (1, 20, 20, 3), dtype=np.uint8)
    slope = np.stack(
        [ndimage.sobel(noise[0, ..., c].astype(float), axis=1, mode="mirror") / 4 for c in range(3)], axis=2
    )
    want = 0.5 * noise[0] + 0.5 * np.clip(slope, 0, 255)
    assert np.abs(changed(noise, DirectedEdges(deg=0.0, share=0.5, p=1.0))[0] - want).max() < 0.51


def test_a_mean_shift_flattens_surfaces_and_keeps_edges(changed) -> None:
    grain = np.random.default_rng(0).normal(0, 6, (1, 64, 64, 3))
    pixels = np.clip(disk() + grain, 0, 255).astype(np.uint8)
    made = changed(pixels, MeanShiftBlur(reach_px=6.0, reach_levels=30.0, p=1.0))
    assert np.abs(made - disk()).mean() < 0.5 * np.abs(pixels - disk().astype(float)).mean()
    assert np.abs(made - disk()).max() < 40


def test_a_trail_begins_at_the_pixel_and_fades_one_way(changed) -> None:
    point = np.zeros((1, 81, 81, 3), np.uint8)
    point[0, 40, 40] = 255
    made = changed(point, TrailBlur(sigma_px=4.0, reach_px=12.0, deg=0.0, p=1.0))[0, ..., 0]
    # Each pixel looks to the right: light goes to the left.
    row = made[40, 40:27:-1]
    weights = np.exp(-(np.arange(13) ** 2) / 32)
    # Weights are whole 256ths.
    assert np.abs(row - 255 * weights / weights.sum()).max() < 1
    assert made.sum() == pytest.approx(row.sum())
    down = changed(point, TrailBlur(sigma_px=4.0, reach_px=12.0, deg=-90.0, p=1.0))[0, ..., 0]
    assert np.abs(down[40:53, 40] - row).max() < 0.51


def test_a_cartoon_is_flat_with_dark_lines_along_edges(changed) -> None:
    grain = np.random.default_rng(0).normal(0, 5, (1, 64, 64, 3))
    pixels = np.clip(disk() + grain, 0, 255).astype(np.uint8)
    made = changed(pixels, Cartoon(ink=1.0, saturation=1.0, p=1.0))[0]
    y, x = np.indices((64, 64)) - 31.5
    far = np.hypot(y, x)
    assert made[(far > 18.5) & (far < 21)].max(axis=1).mean() < 0.65 * pixels.max(axis=3).mean()
    assert made[far < 14].std(axis=0).max() < 0.5 * pixels[0][far < 14].std(axis=0).max()
    strong = changed(pixels, Cartoon(ink=0.0, saturation=1.3, p=1.0))[0][far < 14].mean(axis=0)
    assert np.abs(strong - (200, 200 - 1.3 * 140, 200 - 1.25 * 160)).max() < 8

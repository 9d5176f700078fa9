"""Masks in the formats of others mean the same masks."""

import io
import json
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from vitral.core import DataError, ShapeError
from vitral.data import open_pictures
from vitral.data.mask_files import (
    coco_document,
    coco_runs,
    mask_of_runs,
    palette_png,
    polygons,
    probability_png,
)
from vitral.data.sources.mask_numbers import mask_numbers
from vitral.data.sources.raster import filled

THEIRS = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Of pycocotools.
SMALL = arrays.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def blobs(seed, height=120, width=160):
    """Round areas with holes, as a network would answer."""
    noise = np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)
    return cv2.GaussianBlur(noise, (0, 0), 7) > 0.01


def overlap(one, other):
    return (one & other).sum() / (one | other).sum()


def drawn(found, height, width):
    """Polygons filled by the house's own even-odd rule."""
    rings = tuple(np.reshape(ring, (-1, 2)) for ring in found)
    return filled(rings, height, width)


@settings(max_examples=150, deadline=None)
@given(SMALL)
def test_run_lengths_read_again_are_the_mask(mask):
    runs = coco_runs(mask)
    assert (mask_of_runs(runs) == mask).all()
    assert runs["size"] == list(mask.shape)


def test_run_lengths_of_known_masks():
    mask = np.zeros((3, 4), dtype=np.bool_)
    assert coco_runs(mask) == {"size": [3, 4], "counts": "<"}
    assert coco_runs(~mask) == {"size": [3, 4], "counts": "0<"}
    mask[1:, 1] = True
    assert coco_runs(mask) == {"size": [3, 4], "counts": "426"}
    y, x = np.ogrid[:40, :50]
    disc = (x - 20) ** 2 + (y - 22) ** 2 < 150
    assert coco_runs(disc)["counts"] == "d:5P16K4M2N2N2O0O2O000O2O00000001N10001N101N2N2N3L5Jgd0"


@THEIRS
@settings(max_examples=100, deadline=None)
@given(SMALL)
def test_run_lengths_are_the_bytes_of_pycocotools(mask):
    theirs = pytest.importorskip("pycocotools.mask", reason="the `dev` extra brings pycocotools")
    expected = theirs.encode(np.asfortranarray(mask.astype(np.uint8)))
    assert coco_runs(mask)["counts"].encode() == expected["counts"]
    assert (mask_of_runs(expected) == mask).all()
    assert (theirs.decode(coco_runs(mask)) == mask).all()


@pytest.mark.parametrize("seed", range(3))
def test_run_lengths_of_large_masks_are_the_bytes_of_pycocotools(seed):
    theirs = pytest.importorskip("pycocotools.mask", reason="the `dev` extra brings pycocotools")
    mask = blobs(seed, 700, 900)
    mask[:, 300:500] = seed == 1  # Runs of more than 100,000 pixels.
    expected = theirs.encode(np.asfortranarray(mask.astype(np.uint8)))
    assert coco_runs(mask)["counts"].encode() == expected["counts"]


def test_run_lengths_without_compression_are_read():
    assert mask_of_runs({"size": [2, 2], "counts": [1, 2, 1]}).tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ({"size": [2], "counts": "04"}, "size must be height and width in pixels, got"),
        ({"size": [0, 4], "counts": "04"}, "size must be height and width in pixels, got"),
        ({"size": [True, 4], "counts": "04"}, "size must be height and width in pixels, got"),
        ({"counts": "04"}, "size must be height and width in pixels, got"),
        ({"size": [2, 2], "counts": 7}, "must be a text or a list of whole numbers, got"),
        ({"size": [2, 2], "counts": [1.5]}, "must be a text or a list of whole numbers, got"),
        ({"size": [2, 2], "counts": "P"}, "compressed run lengths are cut short"),
        ({"size": [2, 2], "counts": "\x20"}, "cannot hold the character"),
        ({"size": [2, 2], "counts": b"\xff"}, "can't decode"),
        ({"size": [2, 2], "counts": "03"}, "run lengths must add up to 2 x 2 pixels"),
        ({"size": [2, 2], "counts": [5, -1]}, "none of them negative"),
        ({"size": [10**6, 10**6], "counts": [10**12]}, "are too large"),
        ({"size": [2, 2], "counts": [10**30, 4 - 10**30]}, "none of them negative"),
    ],
)
def test_damaged_run_lengths_are_refused(runs, message):
    with pytest.raises(DataError, match=message):
        mask_of_runs(runs)


@settings(max_examples=150, deadline=None)
@given(SMALL)
def test_polygons_without_tolerance_lose_nothing(mask):
    found = polygons(mask)
    assert (drawn(found, *mask.shape) == mask).all()
    assert all(len(ring) >= 8 and len(ring) % 2 == 0 for ring in found)


def test_polygons_run_along_the_edges_of_pixels():
    mask = np.zeros((5, 6), dtype=np.bool_)
    mask[1:4, 2:5] = True
    (ring,) = polygons(mask)
    assert {tuple(p) for p in np.reshape(ring, (-1, 2)).tolist()} == {(2, 1), (5, 1), (5, 4), (2, 4)}
    assert len(ring) == 8
    mask[2, 3] = False
    (ring,) = polygons(mask)  # A hole: its four corners, its first again, and the outline's twice.
    assert len(ring) == 2 * (4 + 1 + 4 + 1)
    assert polygons(np.zeros((5, 6), dtype=np.bool_)) == []


@THEIRS
@pytest.mark.parametrize("tolerance_px", [0.0, 0.25, 0.5])
@pytest.mark.parametrize("seed", range(3))
def test_polygons_drawn_again_cover_the_mask(seed, tolerance_px):
    mask = blobs(seed)
    found = polygons(mask, tolerance_px=tolerance_px)
    assert overlap(drawn(found, *mask.shape), mask) >= (0.98 if tolerance_px else 1)
    theirs = pytest.importorskip("pycocotools.mask", reason="the `dev` extra brings pycocotools")
    again = theirs.decode(theirs.merge(theirs.frPyObjects(found, *mask.shape))).astype(np.bool_)
    assert overlap(again, mask) >= 0.98


def test_tolerance_leaves_corners_out_but_no_small_part():
    mask = blobs(5)
    mask[:4, :4] = False
    mask[1, 1] = True
    exact, fewer = polygons(mask), polygons(mask, tolerance_px=0.5)
    assert len(exact) == len(fewer)
    assert sum(map(len, fewer)) < 0.5 * sum(map(len, exact))
    assert [1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 1.0] in fewer


def test_a_mask_of_many_holes_is_followed_in_time():
    mask = np.random.default_rng(0).random((400, 400)) < 0.7
    assert (drawn(polygons(mask), *mask.shape) == mask).all()


@settings(max_examples=40, deadline=None)
@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_a_palette_png_keeps_numbers_and_shows_colors(mask):
    colors = np.arange(768, dtype=np.uint32).reshape(256, 3).astype(np.uint8)
    data = palette_png(mask, colors)
    assert (mask_numbers(data) == mask).all()
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.mode == "P"
        assert (np.asarray(picture.convert("RGB")) == colors[mask]).all()


def test_a_palette_png_of_something_else_is_refused():
    colors = np.zeros((256, 3), np.uint8)
    wrong: list[tuple[Any, Any]] = [
        (np.zeros((2, 2), np.int64), colors),
        (np.zeros((0, 2), np.uint8), colors),
        (np.zeros((2, 2), np.uint8), colors[:9]),
    ]
    for mask, palette in wrong:
        with pytest.raises(ShapeError, match="palette_png: must be uint8 of h x w with colors of 256 x 3"):
            palette_png(mask, palette)


@pytest.mark.parametrize("bits", [8, 16])
def test_probabilities_come_back_within_half_a_level(bits):
    p = np.random.default_rng(1).random((7, 9), dtype=np.float32)
    p[0, :2] = 0, 1
    levels = cv2.imdecode(np.frombuffer(probability_png(p, bits=bits), np.uint8), cv2.IMREAD_UNCHANGED)
    assert levels is not None
    assert levels.dtype == (np.uint8 if bits == 8 else np.uint16)
    assert levels[0, :2].tolist() == [0, 2**bits - 1]
    assert np.abs(levels / (2**bits - 1) - p).max() <= 0.5 / (2**bits - 1) + 1e-7


def test_what_is_no_probability_is_refused():
    with pytest.raises(DataError, match=r"probability_png: must lie in \[0, 1\], got 0 to 1.5"):
        probability_png(np.array([[0, 1.5]]))
    with pytest.raises(DataError, match=r"probability_png: must lie in \[0, 1\], got nan"):
        probability_png(np.array([[0, np.nan]]))
    with pytest.raises(DataError, match=r"probability_png\.bits: must be 8 or 16, got 12"):
        probability_png(np.array([[0.5]]), bits=12)
    with pytest.raises(ShapeError, match=r"must be h x w with at least one pixel, got \(3,\)"):
        probability_png(np.zeros(3))


@pytest.mark.parametrize("form", ["runs", "polygons"])
@pytest.mark.parametrize("names", [("background", "cell", "dust"), ("sky", "road", "car")])
def test_a_coco_document_is_opened_as_the_masks_it_was_made_of(tmp_path, form, names):
    masks = {f"{n}.png": (blobs(n) + 2 * (blobs(n + 9) & ~blobs(n))).astype(np.uint8) for n in range(3)}
    for name in masks:
        Image.new("RGB", (160, 120)).save(tmp_path / name)
    (tmp_path / "answers.json").write_bytes(coco_document(masks.items(), names, form=form))
    found = open_pictures(str(tmp_path))
    assert found.origin == "COCO"
    background = names[0] == "background"
    assert found.mask_classes == (names if background else ("background", *names))
    assert found.masks is not None
    for row, key in enumerate(found.keys):
        assert (found.masks.read(row) == masks[key] + (not background)).all()


def test_a_coco_document_says_what_stands_in_it():
    mask = np.zeros((6, 8), dtype=np.uint8)
    mask[2:4, 3:7] = 1
    mask[0, 0] = 255
    document = json.loads(coco_document([("ä/b.jpg", mask)], ("background", "cell")))
    assert document["images"] == [{"id": 1, "file_name": "ä/b.jpg", "height": 6, "width": 8}]
    assert document["categories"] == [{"id": 1, "name": "cell"}]
    (mark,) = document["annotations"]
    assert (mark["area"], mark["bbox"], mark["category_id"], mark["iscrowd"]) == (8, [3, 2, 4, 2], 1, 0)
    assert json.loads(coco_document([], ("background", "cell")))["annotations"] == []


def test_a_coco_document_refuses_a_number_that_is_no_class():
    with pytest.raises(DataError, match=r"a\.png: must hold numbers of 2 classes, got 2"):
        coco_document([("a.png", np.full((2, 2), 2, np.uint8))], ("a", "b"))

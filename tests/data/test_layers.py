"""Colors, opacities and greyness of picture files, as compression keeps them."""

import io

import numpy as np
import pytest
from PIL import Image

from vitral.core import ImageError
from vitral.data import decode
from vitral.data.layers import is_grey, read_layers

RANDOM = np.random.default_rng(0)
COLORS = RANDOM.integers(0, 256, (24, 40, 3), dtype=np.uint8)
ALPHA = RANDOM.integers(0, 256, (24, 40), dtype=np.uint8)
RGBA = np.concatenate([COLORS, ALPHA[..., None]], axis=2)


def encoded(picture, format="PNG", **options):
    buffer = io.BytesIO()
    picture = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize(
    "data",
    [
        encoded(COLORS),
        encoded(COLORS, "JPEG", exif=turned(6)),
        encoded(COLORS, "WEBP"),
        encoded(COLORS[..., 0], "JPEG"),
        encoded(np.full((24, 40, 4), 255, np.uint8)),
        encoded(Image.fromarray(COLORS).quantize(16)),
        encoded(Image.fromarray(COLORS).convert("CMYK"), "JPEG"),
        encoded(RANDOM.integers(0, 65536, (4, 6)).astype(np.uint16)),
        encoded(Image.fromarray(COLORS[..., 0] > 128)),
    ],
)
def test_an_opaque_picture_has_the_pixels_that_decode_gives(data):
    found = read_layers(data)
    assert found.alpha is None
    assert np.array_equal(found.pixels, decode(data))
    assert found.grey == is_grey(found.pixels)


@pytest.mark.parametrize(
    ("format", "options"), [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True, "exact": True})]
)
def test_stored_colors_are_kept_under_what_is_transparent(format, options):
    found = read_layers(encoded(RGBA, format, **options))
    assert found.alpha is not None
    assert np.array_equal(found.alpha, ALPHA)
    assert np.array_equal(found.pixels, COLORS)
    assert not found.grey


@pytest.mark.parametrize("orientation", range(1, 9))
def test_opacities_are_turned_with_the_colors(orientation):
    found = read_layers(encoded(RGBA, exif=turned(orientation)))
    upright = read_layers(encoded(RGBA[..., :3], exif=turned(orientation))).pixels
    marked = np.repeat(ALPHA[..., None], 3, axis=2)
    assert found.alpha is not None
    assert np.array_equal(found.pixels, upright)
    assert np.array_equal(found.alpha, decode(encoded(marked, exif=turned(orientation)))[..., 0])


def test_grey_with_opacities_is_grey():
    grey = Image.merge("LA", [Image.fromarray(COLORS[..., 0]), Image.fromarray(ALPHA)])
    found = read_layers(encoded(grey))
    assert found.grey
    assert found.alpha is not None
    assert np.array_equal(found.alpha, ALPHA)
    assert np.array_equal(found.pixels[..., 2], COLORS[..., 0])


def test_a_palette_with_a_clear_entry_has_opacities():
    picture = Image.fromarray(COLORS).quantize(8)
    found = read_layers(encoded(picture, transparency=3))
    clear = np.asarray(picture) == 3
    assert found.alpha is not None
    assert np.array_equal(found.alpha, np.where(clear, 0, 255))
    assert np.array_equal(found.pixels, np.asarray(picture.convert("RGB")))


def test_a_named_color_is_clear():
    found = read_layers(encoded(COLORS, transparency=tuple(COLORS[3, 4].tolist())))
    assert found.alpha is not None
    assert found.alpha[3, 4] == 0
    assert np.array_equal(found.pixels, COLORS)


@pytest.mark.parametrize("level", [30_000, 7])
def test_a_clear_level_of_16_bit_grey_keeps_its_color(level):
    levels = RANDOM.integers(8, 65536, (5, 7)).astype(np.uint16)
    levels[2, 3] = 30_000
    found = read_layers(encoded(levels, transparency=level))
    assert found.grey
    assert found.pixels[2, 3].tolist() == [(30_000 + 128) // 257] * 3
    if level == 7:
        assert found.alpha is None
    else:
        assert found.alpha is not None
        assert np.argwhere(found.alpha == 0).tolist() == [[2, 3]]


def test_a_large_picture_is_read_in_strips():
    colors = np.arange(1100 * 1000 * 4, dtype=np.uint32).astype(np.uint8).reshape(1100, 1000, 4)
    found = read_layers(encoded(colors, compress_level=1))
    assert found.alpha is not None
    assert np.array_equal(np.dstack([found.pixels, found.alpha]), colors)


def test_one_colored_pixel_makes_a_picture_colored():
    grey = np.full((1500, 900, 3), 80, np.uint8)
    assert is_grey(grey)
    grey[1499, 899, 2] = 81
    assert not is_grey(grey)


def test_a_file_is_read_by_its_path_and_named_in_errors(tmp_path):
    place = tmp_path / "a.png"
    place.write_bytes(encoded(RGBA))
    assert read_layers(place).alpha is not None
    place.write_bytes(encoded(RGBA)[:-30])
    with pytest.raises(ImageError, match=r"a\.png: is cut short"):
        read_layers(place)
    with pytest.raises(ImageError, match="picture: is no picture"):
        read_layers(b"nothing")

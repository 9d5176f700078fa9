"""Pictures decoded at 1/2, 1/4 and 1/8: their size, their turn, the place of the box, the tolerance."""

import io
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from vitral.core import ImageError
from vitral.data.decode import decode
from vitral.data.undecoded import JpegPicture, OtherPicture, undecoded

FACTORS = (2, 4, 8)


def scene(height: int, width: int) -> Image.Image:
    """Something like a photograph: soft colors, a few edges, a little grain."""
    draw = np.random.default_rng(height * 1000 + width)
    coarse = Image.fromarray(draw.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    soft = coarse.resize((width, height), Image.Resampling.BICUBIC)
    edges = coarse.resize((width, height), Image.Resampling.NEAREST)
    edges = edges.filter(ImageFilter.GaussianBlur(1))
    grain = draw.normal(0, 2, (height, width, 1))
    mixed = 0.7 * np.asarray(soft, float) + 0.3 * np.asarray(edges, float) + grain
    return Image.fromarray(np.clip(mixed, 0, 255).astype(np.uint8))


def encoded(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    with io.BytesIO() as file:
        picture.save(file, kind, **options)
        return file.getvalue()


def exif(orientation: int) -> bytes:
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


def at_fraction(data: bytes, factor: int) -> NDArray[np.uint8]:
    """The whole picture at 1/factor."""
    picture = undecoded(data, name="x")
    height, width, _ = picture.shape
    rows, columns = max(1, height // factor), max(1, width // factor)
    pixels, box = picture.region((0.0, 0.0, width, height), height=rows, width=columns)
    assert (box[2] - box[0], box[3] - box[1]) == (width / factor, height / factor)
    return pixels


def averaged(pixels: NDArray[np.uint8], factor: int) -> NDArray[np.floating]:
    """Means over blocks, the last ones filled up with the edge of the picture."""
    height, width, _ = pixels.shape
    padded = np.pad(pixels, ((0, -height % factor), (0, -width % factor), (0, 0)), mode="edge").astype(float)
    blocks = padded.reshape(padded.shape[0] // factor, factor, padded.shape[1] // factor, factor, 3)
    return blocks.mean(axis=(1, 3))


def check_close(pixels: NDArray[np.uint8], expected: NDArray[np.floating]) -> None:
    """The tolerance that `JpegPicture` states."""
    assert pixels.shape == expected.shape
    apart = np.abs(pixels - expected)
    assert apart.mean() <= 1.5
    assert (apart.max(axis=2) > 16).mean() < 0.01


@pytest.mark.parametrize("factor", FACTORS)
@settings(max_examples=25)
@given(height=st.integers(8, 70), width=st.integers(8, 70))
def test_the_size_is_divided_and_rounded_up(factor: int, height: int, width: int) -> None:
    pixels = at_fraction(encoded(scene(height, width)), factor)
    assert pixels.shape == (-(-height // factor), -(-width // factor), 3)
    assert pixels.flags.c_contiguous
    assert pixels.dtype == np.uint8


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("size", [(240, 320), (241, 323), (97, 201)])
@pytest.mark.parametrize("kind", ["color", "4:4:4", "progressive", "grey", "cmyk"])
def test_a_fraction_is_near_the_average_of_the_whole(kind: str, size: tuple[int, int], factor: int) -> None:
    picture = scene(*size).convert({"grey": "L", "cmyk": "CMYK"}.get(kind, "RGB"))
    sampling = 0 if kind == "4:4:4" else 2
    data = encoded(picture, quality=90, progressive=kind == "progressive", subsampling=sampling)
    check_close(at_fraction(data, factor), averaged(decode(data, name="x"), factor))


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_a_fraction_is_turned_upright(mode: str, orientation: int, factor: int) -> None:
    data = encoded(scene(120, 200).convert(mode), quality=90, exif=exif(orientation))
    pixels = decode(data, name="x")
    assert undecoded(data, name="x").shape == pixels.shape
    check_close(at_fraction(data, factor), averaged(pixels, factor))


@pytest.mark.parametrize("factor", FACTORS)
def test_the_box_marks_the_same_place_in_the_fraction(factor: int) -> None:
    ground = np.zeros((240, 320, 3), np.uint8)
    ground[64:128, 96:224] = 255
    picture = undecoded(encoded(Image.fromarray(ground), quality=95, subsampling=0), name="x")
    rows, columns = 64 // factor, 128 // factor
    pixels, (x0, y0, x1, y1) = picture.region((96.0, 64.0, 224.0, 128.0), height=rows, width=columns)
    assert (x0, y0, x1, y1) == (96 / factor, 64 / factor, 224 / factor, 128 / factor)
    assert pixels[int(y0) : int(y1), int(x0) : int(x1)].min() > 245
    pixels = pixels.copy()
    pixels[int(y0) : int(y1), int(x0) : int(x1)] = 0
    assert pixels.max() < 10


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", ["L", "CMYK", "CMYK with coarse chroma"])
def test_the_box_stays_in_place_when_a_turned_picture_has_an_odd_size(
    mode: str, orientation: int, factor: int
) -> None:
    slope = np.add.outer(np.arange(123) * 0.7, np.arange(181) * 0.6)  # Its level tells the place.
    ramp = Image.fromarray(np.repeat(slope[:, :, None], 3, axis=2).astype(np.uint8))
    ramp, sampling = ramp.convert(mode.split()[0]), 2 if "coarse" in mode else 0
    data = encoded(ramp, quality=95, subsampling=sampling, exif=exif(orientation))
    whole, picture = decode(data, name="x")[:, :, 0], undecoded(data, name="x")
    y, x = np.indices(whole.shape) + 0.5
    plane, *_ = np.linalg.lstsq(np.stack([x, y, x * 0 + 1], -1).reshape(-1, 3), whole.reshape(-1), rcond=None)
    pixels, (x0, y0, _, _) = picture.region(
        (24.0, 40.0, 88.0, 104.0), height=64 // factor, width=64 // factor
    )
    y, x = np.indices(pixels.shape[:2]) + 0.5
    expected = plane @ np.stack(
        [((x - x0) * factor + 24).ravel(), ((y - y0) * factor + 40).ravel(), x.ravel() ** 0]
    )
    apart = (pixels[:, :, 0] - expected.reshape(x.shape))[2:-2, 2:-2]
    assert abs(apart.mean()) < 0.2


@settings(max_examples=60)
@given(
    scale=st.tuples(st.floats(0.3, 20), st.floats(0.3, 20)),
    size=st.tuples(st.integers(1, 8), st.integers(1, 8)),
)
def test_the_box_always_keeps_the_pixels_that_are_asked_for(
    scale: tuple[float, float], size: tuple[int, int]
) -> None:
    (rows, columns), picture = size, undecoded(WIDE, name="x")
    box = (3.5, 7.25, 3.5 + columns * scale[0], 7.25 + rows * scale[1])
    pixels, (x0, y0, x1, y1) = picture.region(box, height=rows, width=columns)
    factor = round(160 / pixels.shape[1])
    assert factor in (1, *FACTORS)
    if factor > 1:
        assert x1 - x0 >= columns * (1 - 1e-9)
        assert y1 - y0 >= rows * (1 - 1e-9)
    if factor < 8:  # The next smaller one would have too few of them.
        assert min(scale) < 2 * factor * (1 + 1e-9)


WIDE = encoded(scene(120, 160))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_other_formats_are_decoded_whole_and_the_box_stays(kind: str) -> None:
    data = encoded(scene(40, 64), kind, exif=exif(6))
    picture = undecoded(data, name="x")
    assert isinstance(picture, OtherPicture)
    assert picture.shape == (64, 40, 3)
    pixels, box = picture.region((0.0, 0.0, 40.0, 64.0), height=4, width=4)
    assert np.array_equal(pixels, decode(data, name="x"))
    assert box == (0.0, 0.0, 40.0, 64.0)


def test_a_shape_that_was_stored_wrongly_leaves_the_box_on_its_part() -> None:
    picture = undecoded(encoded(scene(40, 64), "PNG"), name="x", shape=(80, 32))
    pixels, box = picture.region((8.0, 20.0, 16.0, 40.0), height=4, width=4)
    assert pixels.shape == (40, 64, 3)
    assert box == (16.0, 10.0, 32.0, 20.0)


@pytest.mark.parametrize("factor", [1, *FACTORS])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_header_that_claims_more_rows_than_there_are_is_an_error(mode: str, factor: int) -> None:
    data = bytearray(encoded(scene(64, 64).convert(mode)))
    struct.pack_into(">H", data, data.index(b"\xff\xc0") + 5, 128)
    picture = undecoded(bytes(data), name="x")
    assert isinstance(picture, JpegPicture)
    assert picture.shape == (128, 64, 3)
    with pytest.raises(ImageError, match=r"^x: (Premature|Corrupt)"):
        picture.region((0.0, 0.0, 64.0, 128.0), height=128 // factor, width=64 // factor)


@pytest.mark.parametrize("factor", [1, *FACTORS])
def test_a_header_that_claims_fewer_rows_than_there_are_is_an_error(factor: int) -> None:
    data = bytearray(encoded(scene(64, 64)))
    struct.pack_into(">H", data, data.index(b"\xff\xc0") + 5, 32)
    with pytest.raises(ImageError, match=r"^x: Corrupt JPEG data: \d+ extraneous bytes"):
        undecoded(bytes(data), name="x").region(
            (0.0, 0.0, 64.0, 32.0), height=32 // factor, width=64 // factor
        )


def test_a_header_that_claims_a_size_no_file_can_hold_is_an_error() -> None:
    data = bytearray(encoded(scene(64, 64)))
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, 10000, 10000)
    with pytest.raises(ImageError, match=r"^x: is damaged: [\d,]+ bytes cannot hold 10000 x 10000 pixels"):
        undecoded(bytes(data), name="x")
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, 0, 64)
    with pytest.raises(ImageError, match=r"^x: has no pixels \(64 x 0\)"):
        undecoded(bytes(data), name="x")


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
@pytest.mark.parametrize("factor", FACTORS)
def test_a_truncated_picture_is_an_error_at_a_fraction_too(share: float, factor: int) -> None:
    for progressive in (False, True):
        data = encoded(scene(64, 64), progressive=progressive)
        picture = undecoded(data[: int(len(data) * share)], name="cut.jpg")
        with pytest.raises(ImageError, match=r"^cut\.jpg: "):
            picture.region((0.0, 0.0, 64.0, 64.0), height=64 // factor, width=64 // factor)

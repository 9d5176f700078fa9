"""exif_orientation: what Pillow makes of a block, whole or damaged, without Pillow's time for it."""

import io
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from vitral.data.decode import decode
from vitral.data.orientation import exif_orientation
from vitral.data.undecoded import undecoded

pytestmark = pytest.mark.filterwarnings(r"ignore:::PIL\.")

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="6"/>'
NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 40, 3), dtype=np.uint8))


def block(orientation: int | None, maker: str | None = "A camera") -> bytes:
    exif = Image.Exif()
    if maker is not None:
        exif[0x010F] = maker
    if orientation is not None:
        exif[0x0112] = orientation
    return exif.tobytes()


def of_pillow(exif: bytes) -> int:
    read = Image.Exif()
    try:
        read.load(exif)
    except Exception:  # What Pillow cannot read turns nothing.
        return 1
    found = read.get(0x0112, 1)
    return found if found in range(1, 9) else 1


def encoded(kind: str, **options: Any) -> bytes:
    with io.BytesIO() as file:
        NOISE.save(file, kind, **options)
        return file.getvalue()


def check_turned_as_by_pillow(data: bytes) -> None:
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    assert np.array_equal(decode(data, name="x"), expected)
    assert undecoded(data, name="x").shape == expected.shape


@settings(max_examples=400)
@given(
    orientation=st.integers(0, 9),
    maker=st.sampled_from([None, "A camera"]),
    flips=st.lists(st.tuples(st.integers(6, 70), st.integers(0, 7)), max_size=3),
    length=st.integers(0, 80),
)
def test_damaged_blocks_are_read_as_pillow_reads_them(
    orientation: int, maker: str | None, flips: list[tuple[int, int]], length: int
) -> None:
    exif = bytearray(block(orientation, maker))
    for at, bit in flips:
        exif[at % len(exif)] ^= 1 << bit
    for damaged in (bytes(exif), bytes(exif[:length])):
        assert exif_orientation(damaged) == of_pillow(damaged)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_is_known_upright_before_the_pixels_are(kind: str, orientation: int) -> None:
    check_turned_as_by_pillow(encoded(kind, exif=block(orientation)))


def test_xmp_counts_where_exif_is_silent() -> None:
    assert exif_orientation(b"", XMP) == exif_orientation(block(None), XMP) == 6
    assert exif_orientation(block(3), XMP) == 3
    for kind in ("JPEG", "WEBP"):
        check_turned_as_by_pillow(encoded(kind, xmp=XMP))
        check_turned_as_by_pillow(encoded(kind, xmp=XMP, exif=block(8)))


def test_a_png_may_hold_the_block_as_text_or_behind_its_pixels() -> None:
    from PIL.PngImagePlugin import PngInfo

    exif, info, raw = block(6), PngInfo(), PngInfo()
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    raw.add_text("Raw profile type exif", f"\nexif\n{len(exif):8}\n{exif.hex()}\n")
    for text in (info, raw):
        check_turned_as_by_pillow(encoded("PNG", pnginfo=text))
    data = encoded("PNG", exif=exif[6:])
    (length,) = struct.unpack_from(">I", data, data.index(b"eXIf") - 4)
    start = data.index(b"eXIf") - 4
    chunk, rest = data[start : start + length + 12], data[:start] + data[start + length + 12 :]
    behind = rest[:-12] + chunk + rest[-12:]
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(behind))))
    assert np.array_equal(decode(behind, name="x"), expected)
    assert expected.shape == (40, 24, 3)


def test_a_jpeg_may_hold_the_block_in_two_parts_or_behind_the_frame_header() -> None:
    exif = block(6)
    data = encoded("JPEG", exif=exif)
    start = data.index(b"\xff\xe1")
    head, segment, rest = data[:start], data[start : start + 4 + len(exif)], data[start + 4 + len(exif) :]
    check_turned_as_by_pillow(head + segment + rest)
    parts = (exif[:20], exif[:6] + exif[20:])
    two = b"".join(b"\xff\xe1" + struct.pack(">H", len(part) + 2) + part for part in parts)
    check_turned_as_by_pillow(head + two + rest)
    scan = rest.index(b"\xff\xda")
    check_turned_as_by_pillow(head + rest[:scan] + segment + rest[scan:])
    check_turned_as_by_pillow(
        head + segment + b"\xff\xe1" + struct.pack(">H", 2 + len(block(3))) + block(3) + rest
    )

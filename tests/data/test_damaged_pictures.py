"""Damaged and hostile files: exactly Pillow's pixels or one ImageError, soon, and nothing on stderr.

`benchmarks/decode_damaged.py` does the same with 2,000 mutations of real files, each in a process of its own.
"""

import io
import random
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from vitral.core import ImageError
from vitral.data.decode import decode
from vitral.data.jpeg_header import jpeg_header

# As in a program; see pillow_pixels.py. Otherwise a warning of Pillow is an error in the middle of it.
pytestmark = pytest.mark.filterwarnings(r"ignore:::PIL\.")

MUTANTS = 150
SOON_S = 1.0


def drawn() -> Image.Image:
    slope = np.add.outer(np.arange(40), 2 * np.arange(56))[:, :, None] + np.array([0, 60, 90])
    grain = np.random.default_rng(0).integers(0, 30, (40, 56, 1))
    return Image.fromarray((slope + grain).astype(np.uint8))


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    with io.BytesIO() as file:
        picture.save(file, kind, **options)
        return file.getvalue()


def exif(orientation: int) -> bytes:
    block = Image.Exif()
    block[0x010F], block[0x0112] = "A camera", orientation
    return block.tobytes()


def whole_files() -> list[bytes]:
    color, clear = drawn(), drawn()
    clear.putalpha(color.convert("L"))
    files = [
        encoded(color, "JPEG", exif=exif(6)),
        encoded(color, "JPEG", progressive=True, restart_marker_rows=1),
        encoded(color.convert("CMYK"), "JPEG"),
        encoded(color.convert("L"), "JPEG"),
        encoded(clear, "PNG"),
        encoded(color.quantize(16), "PNG", exif=exif(3)),
        encoded(color, "GIF", save_all=True, append_images=[color.rotate(90)]),
        encoded(color, "BMP"),
        encoded(color, "PPM"),
        b"P3 56 40 255 " + " ".join(map(str, color.tobytes())).encode(),
        encoded(clear, "WEBP", lossless=True),
        encoded(color, "JPEG2000", no_jp2=True),
        *(
            encoded(color, "TIFF", compression=name)
            for name in ("raw", "tiff_lzw", "tiff_adobe_deflate", "jpeg")
        ),
        encoded(color.convert("1"), "TIFF", compression="group4"),
    ]
    return [*files, encoded(color, "AVIF", speed=10)] if "AVIF" in Image.SAVE else files


def mutated(draw: random.Random, data: bytes, other: bytes) -> bytes:
    at, length = draw.randrange(draw.choice((len(data), 200))), draw.choice((1, 2, 4, 100))
    at = min(at, len(data) - 1)
    match draw.randrange(7):
        case 0:
            return data[:at] + bytes((data[at] ^ 1 << draw.randrange(8),)) + data[at + 1 :]
        case 1:
            return data[:at] + draw.choice((b"\0", b"\xff", b"\x7f")) * length + data[at + length :]
        case 2:
            return data[: max(1, len(data) - draw.choice((1, 5, 100, at)))]
        case 3:
            return data[:at] + draw.randbytes(length) + data[at:]
        case 4:
            return data[:at] + data[at + length :] or b"\0"
        case 5:
            return data[: at + length] + data[at:]
        case _:
            return data[:at] + other[draw.randrange(len(other)) :] or b"\0"


def pixels_of_pillow(data: bytes) -> NDArray[np.uint8]:
    """What the docstring of `decode` states, worked out with Pillow alone."""
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        try:
            picture = ImageOps.exif_transpose(picture)
        except Exception:  # Only the block is broken.
            assert picture.size[0] > 0
        if picture.mode.startswith("I"):
            return np.repeat(np.rint(np.asarray(picture) / 257.0).astype(np.uint8)[:, :, None], 3, axis=2)
        if "A" in picture.mode or "transparency" in picture.info:
            layer = picture.convert("RGBA")
            paper = Image.new("RGB", layer.size, "white")
            paper.paste(layer, mask=layer.getchannel("A"))
            return np.asarray(paper)
        return np.asarray(picture.convert("RGB"))


def decoded_or_refused(source: bytes | Path) -> NDArray[np.uint8] | str:
    """The pixels, or the words of the `ImageError`; anything else that is raised fails the test."""
    begun = time.perf_counter()
    try:
        return decode(source, name="x")
    except ImageError as error:
        return str(error)
    finally:
        assert time.perf_counter() - begun < SOON_S


def test_mutations_have_the_pixels_of_pillow_or_are_one_image_error(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    draw, files, refused = random.Random(5), whole_files(), 0
    for number in range(MUTANTS):
        data = mutated(draw, files[number % len(files)], draw.choice(files))
        (tmp_path / "x").write_bytes(data)
        found, again = decoded_or_refused(data), decoded_or_refused(tmp_path / "x")
        assert np.array_equal(found, again), number
        if isinstance(found, str):
            assert found.startswith("x: ")
            refused += 1
        else:
            assert np.array_equal(found, pixels_of_pillow(data)), number
    assert MUTANTS // 10 < refused < MUTANTS * 9 // 10
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "jpeg", "group4"])
def test_libtiff_writes_nothing_to_stderr(compression: str, capfd: pytest.CaptureFixture[str]) -> None:
    data = encoded(
        drawn().convert("1" if compression == "group4" else "RGB"), "TIFF", compression=compression
    )
    found = [decoded_or_refused(data[:at] + b"\xff\0\x80" + data[at + 3 :]) for at in range(8, len(data), 97)]
    assert any(isinstance(one, str) for one in found)
    assert capfd.readouterr() == ("", "")


def test_what_pillow_logs_does_not_come_out_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    data = bytearray(encoded(drawn(), "TIFF"))
    samples = data.index(struct.pack("<HHI", 277, 3, 1))
    struct.pack_into("<H", data, samples + 8, 999)
    with pytest.raises(
        ImageError, match="is damaged: its first bytes are those of a picture, but not the rest"
    ):
        decode(bytes(data), name="x")
    assert capfd.readouterr() == ("", "")


def soon(data: bytes) -> NDArray[np.uint8]:
    begun = time.perf_counter()
    try:
        return decode(data, name="x")
    finally:
        assert time.perf_counter() - begun < SOON_S


def png(width: int, height: int, pixels: bytes) -> bytes:
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", pixels),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def claims(data: bytes, mark: bytes, offset: int, form: str, *values: int) -> bytes:
    """A file with other numbers in its head."""
    changed = bytearray(data)
    struct.pack_into(form, changed, data.index(mark) + offset, *values)
    return bytes(changed)


def tiff(width: int, height: int, entries: dict[int, tuple[int, int]], rest: bytes = b"") -> bytes:
    """A grey TIFF: for each tag how many values it has, and where they lie or what they are."""
    found = {256: (1, width), 257: (1, height), 258: (1, 8), 259: (1, 1), 262: (1, 1), 277: (1, 1), **entries}
    body = b"".join(struct.pack("<HHII", tag, 4, *found[tag]) for tag in sorted(found))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(found)) + body + b"\0\0\0\0" + rest


def test_a_png_of_411_bytes_that_claims_to_be_huge_is_refused() -> None:
    for side in (9000, 13000, 40000, 2**31 - 1):
        bomb = png(side, side, zlib.compress(bytes(330_000), 9))
        bomb += b"\0" * (411 - len(bomb))
        assert len(bomb) == 411
        with pytest.raises(ImageError, match=r"^x: (is damaged: 411 bytes cannot hold|has|would take)"):
            soon(bomb)


def test_a_jpeg_of_411_bytes_that_claims_to_be_huge_is_refused() -> None:
    small = encoded(Image.new("L", (8, 8)), "JPEG")
    small = small[:-2] + b"\0" * (411 - len(small)) + b"\xff\xd9"
    for width, height in ((500, 500), (7000, 7000), (65500, 65500)):
        bomb = claims(small, b"\xff\xc0", 5, ">HH", height, width)
        with pytest.raises(ImageError, match=r"^x: (is damaged: 411 bytes cannot hold|has) \d+ x \d+ pixels"):
            soon(bomb)


BMP, GIF = encoded(Image.new("RGB", (4, 4)), "BMP"), encoded(Image.new("P", (4, 4)), "GIF")
HUGE = {
    "gif": claims(GIF, b"GIF8", 6, "<HH", 65535, 65535),
    "gif frame": claims(GIF, b",", 5, "<HH", 65535, 65535),
    "tiff": tiff(2**31 - 1, 2**31 - 1, {273: (1, 8), 278: (1, 1), 279: (1, 100)}),
    "tiff strip": tiff(11000, 10000, {273: (1, 8), 278: (1, 10000), 279: (1, 110_000_000)}),
    "tiff entries": tiff(10, 10, {273: (2**31, 8), 278: (1, 1), 279: (2**31, 8)}),
    "ppm": b"P6 60000 60000 255\n",
    "ppm text": b"P3 9000 9000 255 1 2 3",
    "ppm 16 bit": b"P6 6000 6000 65535\n" + bytes(1000),
    "ppm without end": b"P6 999999999999999999 1 255\n",
    "bmp": claims(BMP, b"BM", 18, "<ii", 30000, 30000),
    "jpeg2000": claims(
        encoded(Image.new("L", (8, 8)), "JPEG2000", no_jp2=True), b"\xff\x51", 6, ">II", 2**31, 2**31
    ),
}


@pytest.mark.parametrize("kind", HUGE)
def test_a_small_file_that_claims_to_be_huge_is_refused_soon(kind: str) -> None:
    with pytest.raises(ImageError, match=r"^x: ."):
        soon(HUGE[kind])


def test_a_jpeg_of_too_many_scans_is_refused() -> None:
    data = encoded(Image.new("L", (512, 512), 99), "JPEG", progressive=True)
    assert decode(data, name="x").shape == (512, 512, 3)
    scan = data[data.rindex(b"\xff\xda") : -2]
    with pytest.raises(ImageError, match=r"^x: has 306 scans; the limit is 50"):
        soon(data[:-2] + scan * 300 + b"\xff\xd9")


def test_of_a_jpeg_with_a_scan_for_each_channel_all_coefficients_count() -> None:
    data = encoded(Image.new("RGB", (64, 64)), "JPEG", subsampling=0)
    start = data.index(b"\xff\xda")
    one = data[:start] + b"\xff\xda\0\x08\x01\x01\0\0\x3f\0" + bytes(300_000)
    header = jpeg_header(one)
    assert header is not None
    assert header.progressive
    with pytest.raises(ImageError, match=r"^x: would take 858 MiB of memory to decode; the limit is 448 MiB"):
        soon(claims(one, b"\xff\xc0", 5, ">HH", 10000, 10000))


def test_a_run_length_bmp_that_says_nothing_of_most_pixels_is_refused() -> None:
    def run_length(width: int, height: int, body: bytes) -> bytes:
        head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(body), 0, 0, 256, 0)
        return b"BM" + struct.pack("<IHHI", 1078 + len(body), 0, 0, 1078) + head + bytes(1024) + body

    assert decode(run_length(2, 1, b"\x02\x07\0\x01"), name="x").shape == (1, 2, 3)
    with pytest.raises(ImageError, match=r"^x: has 10000 x 11000 pixels; the limit is 8,388,608"):
        soon(run_length(10000, 11000, b"\x01\0\0\0" * 11000))


def test_a_jpeg2000_of_too_many_tiles_is_refused() -> None:
    data = encoded(Image.new("RGB", (64, 64)), "JPEG2000", no_jp2=True)
    size = (4000, 4000, 0, 0, 16, 16, 0, 0)
    tiled = claims(data, b"\xff\x51", 6, ">8I", *size)
    with pytest.raises(ImageError, match=r"^x: is damaged: \d+ bytes cannot hold 62,500 tiles"):
        soon(tiled)
    with pytest.raises(ImageError, match=r"^x: would take 1,604 MiB of memory to decode"):
        soon(tiled + bytes(900_000))
    assert decode(encoded(drawn(), "JPEG2000", tile_size=(16, 16)), name="x").shape == (40, 56, 3)


def test_a_tiff_of_too_many_strips_is_refused() -> None:
    begin = 8 + 2 + 12 * 9 + 4
    offsets, sizes = struct.pack("<I", 8) * 40000, struct.pack("<I", 10) * 40000
    strips = {273: (40000, begin), 278: (1, 1), 279: (40000, begin + len(offsets))}
    with pytest.raises(ImageError, match=r"^x: has 40,000 tiles or strips; the limit is 32,768"):
        soon(tiff(10, 40000, strips, offsets + sizes))


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_chroma_of_any_size_is_decoded(mode: str, subsampling: int) -> None:
    # Of CMYK, TurboJPEG knows no size of chroma but the full one.
    data = encoded(drawn().convert(mode), "JPEG", subsampling=subsampling, exif=exif(5))
    assert np.array_equal(decode(data, name="x"), pixels_of_pillow(data))

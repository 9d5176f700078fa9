"""decode: every pixel format has one stated result, every broken file one clear sentence."""

import io
import os
import struct
import threading
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps

from vitral.core import ImageError
from vitral.data import decode

NOISE = np.random.default_rng(0).integers(0, 256, (24, 40, 3), dtype=np.uint8)


def encoded(picture: Image.Image | NDArray[Any], kind: str = "PNG", **options: Any) -> bytes:
    picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    with io.BytesIO() as file:
        picture.save(file, kind, **options)
        return file.getvalue()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_pictures_keep_their_pixels(kind: str) -> None:
    assert np.array_equal(decode(encoded(NOISE, kind), name="x"), NOISE)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_has_the_pixels_that_pillow_gives(progressive: bool) -> None:
    data = encoded(NOISE, "JPEG", progressive=progressive)
    assert np.array_equal(decode(data, name="x"), np.asarray(Image.open(io.BytesIO(data))))


def test_decoded_pixels_are_contiguous_uint8_and_may_be_written() -> None:
    for data in (encoded(NOISE), encoded(NOISE, "JPEG"), encoded(NOISE, "JPEG", exif=exif(6))):
        pixels = decode(data, name="x")
        assert pixels.dtype == np.uint8
        assert pixels.flags.c_contiguous
        assert pixels.flags.writeable


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_grey_is_replicated(kind: str) -> None:
    data = encoded(NOISE[:, :, 0], kind)
    grey = np.asarray(Image.open(io.BytesIO(data)))
    assert np.array_equal(decode(data, name="x"), np.repeat(grey[:, :, None], 3, axis=2))


def test_a_palette_is_looked_up() -> None:
    picture = Image.fromarray(NOISE).quantize(16)
    assert np.array_equal(decode(encoded(picture), name="x"), np.asarray(picture.convert("RGB")))


def test_alpha_is_laid_over_white() -> None:
    alpha = np.random.default_rng(1).integers(0, 256, (24, 40, 1), dtype=np.uint8)
    mixed = NOISE * (alpha / 255.0) + 255.0 - alpha
    pixels = decode(encoded(np.concatenate([NOISE, alpha], axis=2)), name="x")
    assert np.array_equal(pixels, np.rint(mixed).astype(np.uint8))


def test_a_transparent_palette_entry_is_white() -> None:
    picture = Image.new("P", (4, 4), 0)
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.putpixel((1, 2), 1)
    pixels = decode(encoded(picture, transparency=1), name="x")
    assert tuple(pixels[2, 1]) == (255, 255, 255)
    assert tuple(pixels[0, 0]) == (10, 20, 30)


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=20))
def test_16_bit_grey_is_divided_by_257_and_rounded(values: list[int]) -> None:
    pixels = decode(encoded(np.array([values], dtype=np.uint16)), name="x")
    assert pixels[0, :, 0].tolist() == [int(np.rint(v / 257)) for v in values]


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_is_converted_as_pillow_does(kind: str) -> None:
    data = encoded(Image.fromarray(NOISE).convert("CMYK"), kind)
    assert np.array_equal(decode(data, name="x"), np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_the_first_frame_is_taken(kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "lime", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
    assert tuple(decode(data, name="x")[4, 4]) == (255, 0, 0)


def exif(orientation: int) -> bytes:
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_as_pillow_does(kind: str, orientation: int) -> None:
    data = encoded(NOISE, kind, exif=exif(orientation))
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    assert np.array_equal(decode(data, name="x"), np.asarray(upright))


def test_an_exif_block_cut_short_leaves_the_picture_as_it_is() -> None:
    data = encoded(NOISE, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x05")
    assert decode(data, name="x").shape == NOISE.shape


@pytest.mark.parametrize("size", [(1, 1), (1, 10000), (10000, 1)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_one_pixel_and_one_row_are_pictures(kind: str, size: tuple[int, int]) -> None:
    data = encoded(np.zeros((*size, 3), dtype=np.uint8), kind)
    assert decode(data, name="x").shape == (*size, 3)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_jpeg_is_an_error(progressive: bool, share: float) -> None:
    data = encoded(NOISE, "JPEG", progressive=progressive)
    with pytest.raises(ImageError, match=r"^cut\.jpg: .+"):
        decode(data[: int(len(data) * share)], name="cut.jpg")


def test_a_jpeg_with_damaged_data_is_an_error_and_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    data = bytearray(encoded(NOISE, "JPEG"))
    data[-200:-150] = b"\xff\x00\x12" * 16 + b"\xff\xd9"
    with pytest.raises(ImageError, match=r"^x: .*(Corrupt|Premature)"):
        decode(bytes(data), name="x")
    assert capfd.readouterr() == ("", "")


def test_a_damaged_cmyk_jpeg_is_an_error() -> None:
    data = encoded(Image.fromarray(NOISE).convert("CMYK"), "JPEG")
    with pytest.raises(ImageError, match="Premature"):
        decode(data[:-300], name="x")


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM"])
def test_other_truncated_pictures_are_errors(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    data = encoded(NOISE, kind)
    for share in (0.1, 0.6, 0.95):
        with pytest.raises(ImageError, match=r"^x: "):
            decode(data[: int(len(data) * share)], name="x")
    assert capfd.readouterr() == ("", "")


def test_a_png_without_its_end_is_an_error() -> None:
    with pytest.raises(ImageError, match="cut short: the PNG has no end"):
        decode(encoded(NOISE)[:-12], name="x")


def test_a_flipped_byte_in_the_pixels_of_a_png_is_an_error() -> None:
    data = bytearray(encoded(NOISE))
    data[data.index(b"IDAT") + 500] ^= 1
    with pytest.raises(ImageError, match="checksum of its IDAT chunk is wrong"):
        decode(bytes(data), name="x")


STARTS = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"P6 "]


@given(st.binary(max_size=400), st.sampled_from(STARTS))
def test_bytes_that_are_no_picture_give_an_image_error(rest: bytes, start: bytes) -> None:
    with pytest.raises(ImageError, match=r"^x: "):
        decode(start + rest + b"\0", name="x")


def test_text_in_a_picture_file_is_no_picture() -> None:
    with pytest.raises(ImageError, match=r"^page\.jpg: is no picture of a known format"):
        decode(b"<html>not found</html>", name="page.jpg")


def test_a_file_of_zero_bytes_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(ImageError, match=r"^empty\.jpg: is empty \(0 bytes\)"):
        decode(tmp_path / "empty.jpg", name="empty.jpg")


def test_a_decompression_bomb_is_refused_before_it_is_decoded() -> None:
    head = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", b"x"), (b"IEND", b""))
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, body) for kind, body in chunks)
    with pytest.raises(ImageError, match=r"^x: is damaged: 58 bytes cannot hold 60000 x 60000 pixels"):
        decode(bomb, name="x")
    jpeg = bytearray(encoded(NOISE, "JPEG"))
    struct.pack_into(">HH", jpeg, jpeg.index(b"\xff\xc0") + 5, 60000, 60000)
    with pytest.raises(ImageError, match=r"^x: has 60000 x 60000 pixels; the limit is 178,956,970"):
        decode(bytes(jpeg), name="x")


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_the_limits_can_be_lowered(kind: str, tmp_path: Path) -> None:
    data = encoded(NOISE, kind)
    with pytest.raises(ImageError, match="has 40 x 24 pixels; the limit is 959"):
        decode(data, name="x", max_pixels=959)
    (tmp_path / "x").write_bytes(data)
    for source in (data, tmp_path / "x"):
        with pytest.raises(ImageError, match=r"has [\d,]+ bytes; the limit is 100"):
            decode(source, name="x", max_bytes=100)


def test_floating_point_pixels_are_refused() -> None:
    with pytest.raises(ImageError, match="floating-point pixels"):
        decode(encoded(np.ones((2, 2), dtype=np.float32), "TIFF"), name="x")


def test_32_bit_pixels_above_16_bits_are_refused() -> None:
    with pytest.raises(ImageError, match="32-bit pixels from 70000 to 70000"):
        decode(encoded(np.full((2, 2), 70000, dtype=np.int32), "TIFF"), name="x")


def test_missing_files_folders_and_pipes_are_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"gone\.jpg: does not exist"):
        decode(tmp_path / "gone.jpg")
    with pytest.raises(ImageError, match="is a folder, not a picture"):
        decode(tmp_path, name="x.jpg")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    with pytest.raises(ImageError, match="a symbolic link that leads back to itself"):
        decode(tmp_path / "loop.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ImageError, match="is not an ordinary file"):
        decode(tmp_path / "pipe.jpg")


def test_a_file_without_permission_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refused)  # Root may read everything, so permissions are played.
        with pytest.raises(ImageError, match="x: cannot be read because permission was denied"):
            decode(tmp_path / "x.jpg", name="x")


def test_an_error_is_one_line_whatever_the_name() -> None:
    with pytest.raises(ImageError, match=r"^größe/猫\\n\\u202e\.jpg: is empty") as caught:
        decode(b"", name="größe/猫\n\u202e.jpg")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.data
def test_the_png_suite_is_decoded_as_pillow_does_and_its_broken_files_are_errors() -> None:
    files = sorted((Path(os.environ["VITRAL_DATA"]) / "pngsuite").glob("*.png"))
    assert len(files) > 150
    for file in files:
        if file.name.startswith("x"):
            with pytest.raises(ImageError, match=file.name):
                decode(file)
            continue
        picture = Image.open(file)
        if picture.mode == "I;16":  # Pillow has no conversion that keeps the range.
            wide = np.asarray(picture).astype(int)
            grey = np.where(wide == picture.info.get("transparency", -1), 255, np.rint(wide / 257))
            expected = np.repeat(grey[:, :, None], 3, axis=2)
        else:
            paper = Image.new("RGB", picture.size, "white")
            paper.paste(picture.convert("RGBA"), mask=picture.convert("RGBA").getchannel("A"))
            expected = np.asarray(paper)
        assert np.array_equal(decode(file), expected), file.name


def test_threads_get_the_same_pixels() -> None:
    pictures = [encoded(NOISE, kind) for kind in ("PNG", "JPEG", "GIF", "WEBP")] * 8
    alone = [decode(data, name="x") for data in pictures]
    together: list[Any] = [None] * len(pictures)

    def work(start: int) -> None:
        for i in range(start, len(pictures), 4):
            together[i] = decode(pictures[i], name="x")

    threads = [threading.Thread(target=work, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))

"""Decoding only the upper rows of a JPEG: the same bits, and only of files known to be sound."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from vitral.augment import Augmentation, Flip, RandomResizedCrop
from vitral.augment.kernels.regions import render_region
from vitral.core import ImageError
from vitral.data import Loader, open_pictures
from vitral.data.decode import baseline_header, jpeg_pixels
from vitral.data.jpeg_header import JpegHeader
from vitral.data.packed import pack
from vitral.data.pixels import FilePixels
from vitral.data.upper_rows import upper_rows


def drawn(height: int, width: int, seed: int = 0) -> Image.Image:
    """Smooth colors with some noise, as photographs have them."""
    random = np.random.default_rng(seed)
    small = Image.fromarray(random.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    smooth = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), dtype=np.int64)
    noise = random.integers(-20, 21, (height, width, 3))
    return Image.fromarray(np.clip(smooth + noise, 0, 255).astype(np.uint8))


def jpeg(picture: Image.Image, **options: Any) -> bytes:
    with io.BytesIO() as file:
        picture.save(file, "JPEG", **options)
        return file.getvalue()


def header_of(data: bytes) -> JpegHeader:
    header = baseline_header(data)
    assert header is not None
    return header


def upper(data: bytes, needed: int, factor: int = 1) -> NDArray[np.uint8] | None:
    return upper_rows(data, header_of(data), needed=needed, factor=factor)


@given(
    height=st.integers(40, 150),
    width=st.integers(1, 90),
    share=st.floats(0.0, 0.7),
    subsampling=st.sampled_from([0, 1, 2]),
    grey=st.booleans(),
    quality=st.integers(5, 100),
    factor=st.sampled_from([1, 2, 4, 8]),
)
def test_the_rows_that_are_needed_are_those_of_the_whole(
    height: int, width: int, share: float, subsampling: int, grey: bool, quality: int, factor: int
) -> None:
    picture = drawn(height, width, seed=height * width)
    data = jpeg(picture.convert("L") if grey else picture, quality=quality, subsampling=subsampling)
    needed = int(share * height / factor)
    part, whole = upper(data, needed, factor), jpeg_pixels(data, header_of(data), factor)
    if part is None:  # Nothing would be saved.
        assert needed + 2 + 2 * 16 / factor > height / factor - 1
        return
    assert needed <= len(part) < len(whole)
    assert np.array_equal(part[:needed], whole[:needed])


def test_a_photograph_saves_most_of_what_lies_below() -> None:
    part = upper(jpeg(drawn(480, 640), quality=90), 100)
    assert part is not None
    assert part.shape == (112, 640, 3)


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"restart_marker_rows": 1}, {"restart_marker_blocks": 3}], ids=str
)
def test_files_of_other_kinds_are_left_to_the_whole(options: dict[str, Any]) -> None:
    assert upper(jpeg(drawn(200, 100), **options), 20) is None


def test_a_turned_picture_is_left_to_the_whole() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert upper(jpeg(drawn(200, 100), exif=exif), 20) is None


def test_a_picture_of_which_nearly_all_is_needed_is_left_to_the_whole() -> None:
    data = jpeg(drawn(200, 100))
    assert upper(data, 180) is None
    assert upper(data, 200) is None
    assert upper(data, 1000) is None


def test_damage_in_the_upper_rows_is_left_to_the_whole() -> None:
    data = bytearray(jpeg(drawn(200, 100), quality=90))
    scan = data.index(b"\xff\xda") + 200
    data[scan : scan + 2] = b"\xff\xd9"
    assert upper(bytes(data), 100) is None


def test_any_damage_gives_pixels_or_none_and_never_an_error() -> None:
    whole, random = jpeg(drawn(120, 90), quality=80), np.random.default_rng(3)
    given_up = 0
    for _ in range(300):
        data = bytearray(whole)
        for at in random.integers(2, len(data), 3):
            data[at] = random.integers(256)
        try:
            header = baseline_header(bytes(data))
        except ValueError:
            continue
        if header is not None:
            given_up += upper_rows(bytes(data), header, needed=40, factor=1) is None
    assert 0 < given_up < 300


Folder = Callable[[str, bytes], FilePixels]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    def written(name: str, data: bytes) -> FilePixels:
        (tmp_path / name).write_bytes(data)
        return FilePixels(tmp_path, [name])

    return written


BOX = (10.0, 5.0, 60.0, 40.0)


def test_a_file_is_decoded_as_a_whole_first_and_later_in_part(folder: Folder) -> None:
    pixels = folder("a.jpg", jpeg(drawn(200, 100)))
    first, _ = pixels.undecoded(0).region(BOX, height=30, width=40)
    again, box = pixels.undecoded(0).region(BOX, height=30, width=40)
    assert first.shape == (200, 100, 3)
    assert again.shape == (48, 100, 3)
    assert box == BOX
    assert np.array_equal(again, first[:48]) or np.array_equal(again[:46], first[:46])


def test_reading_the_whole_picture_once_is_proof_enough(folder: Folder) -> None:
    pixels = folder("a.jpg", jpeg(drawn(200, 100)))
    pixels.read(0)
    assert len(pixels.undecoded(0).region(BOX, height=30, width=40)[0]) == 48


def test_a_file_that_was_written_anew_must_prove_itself_again(folder: Folder, tmp_path: Path) -> None:
    data = jpeg(drawn(200, 100), quality=90)
    pixels = folder("a.jpg", data)
    pixels.read(0)
    (tmp_path / "a.jpg").write_bytes(data[: len(data) // 2])
    with pytest.raises(ImageError, match=r"^a\.jpg: "):
        pixels.undecoded(0).region(BOX, height=30, width=40)
    (tmp_path / "a.jpg").write_bytes(data)
    os.utime(tmp_path / "a.jpg", ns=(1, 1))
    assert len(pixels.undecoded(0).region(BOX, height=30, width=40)[0]) == 200


def test_a_damaged_file_is_never_taken_for_sound(folder: Folder) -> None:
    data = jpeg(drawn(200, 100), quality=90)
    pixels = folder("a.jpg", data[: len(data) * 3 // 4] + b"\xff\xd9")
    for _ in range(3):
        with pytest.raises(ImageError, match=r"^a\.jpg: Corrupt JPEG data"):
            pixels.undecoded(0).region(BOX, height=30, width=40)


def test_a_file_that_got_another_size_shows_the_same_part_of_it(folder: Folder, tmp_path: Path) -> None:
    pixels = folder("a.png", b"")
    drawn(20, 10).save(tmp_path / "a.png")
    before = pixels.undecoded(0)
    drawn(40, 30).save(tmp_path / "a.png")
    made, box = before.region((1, 2, 9, 18), height=4, width=4)
    assert before.shape == (20, 10, 3)
    assert made.shape == (40, 30, 3)
    assert box == (3, 4, 27, 36)


@pytest.mark.parametrize("form", ["jpg", "png"])
def test_the_size_of_a_file_is_told_upright(folder: Folder, tmp_path: Path, form: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = folder(f"a.{form}", b"")
    drawn(20, 10).save(tmp_path / f"a.{form}", exif=exif)
    assert pixels.size(0) == pixels.undecoded(0).shape[:2] == pixels.read(0).shape[:2] == (10, 20)


def test_a_size_far_behind_the_head_of_a_file_is_found(folder: Folder) -> None:
    data = jpeg(drawn(20, 10), comment=b"x" * 60_000)
    assert folder("a.jpg", data).size(0) == (20, 10)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"a\.jpg: is empty \(0 bytes\)"),
        (b"no picture", r"a\.jpg: is no picture of a known format"),
        (b"\xff\xd8\xff\xc0\0\x11\x08\0\0\0\x10\x03" + bytes(20), r"a\.jpg: (has no pixels|is damaged)"),
    ],
)
def test_a_file_without_a_size_is_an_error(folder: Folder, data: bytes, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        folder("a.jpg", data).undecoded(0)


def test_batches_from_sound_files_are_those_of_the_first_epoch(tmp_path: Path) -> None:
    for number, subsampling in enumerate([0, 1, 2] * 4):
        data = jpeg(drawn(90 + 7 * number, 60 + 5 * number, number), subsampling=subsampling, quality=85)
        (tmp_path / f"{number:02}.jpg").write_bytes(data)
    transform = Augmentation(
        (RandomResizedCrop(scale=(0.05, 1.0)), Flip()), height=24, width=24, mean=(0.5,) * 3, std=(0.25,) * 3
    )
    loader = Loader(open_pictures(tmp_path), batch_size=4, shuffle=True, workers=2, transform=transform)

    def epoch() -> list[bytes]:
        return [batch.inputs.numpy().tobytes() for batch in loader if batch.inputs is not None]

    first = epoch()
    loader.set_epoch(0)
    assert epoch() == first


@pytest.mark.parametrize("y", [-0.7, -0.3, 0.3, 0.7, 1.6])
@pytest.mark.parametrize("packed", [False, True])
def test_rows_seen_in_the_mirror_beyond_a_border_are_there(tmp_path: Path, y: float, packed: bool) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files/a.jpg").write_bytes(jpeg(drawn(300, 200), quality=90))
    pictures = open_pictures(tmp_path / "files", validation=0.0, test=0.0)
    if packed:
        pack(pictures, tmp_path / "a.arrow", max_side=290)
        pictures = open_pictures(tmp_path / "a.arrow", validation=0.0, test=0.0)
    whole = pictures.pixels(0)
    height, width = whole.shape[:2]
    box = (0.0, y * height, float(width), (y + 1) * height)
    part, inner = pictures.undecoded(0).region(box, height=height, width=width)
    made, want = np.empty((2, height, 3 * width), np.float32)
    for pixels, here, out in ((part, inner, made), (whole, box, want)):
        source = np.ascontiguousarray(pixels).reshape(len(pixels), -1)
        one, none = np.ones(3, np.float32), np.zeros(3, np.float32)
        same = np.array([[1, 0], [1, 0], [1, 0]], np.float32)
        tones = np.zeros(0, np.int64), np.zeros((0, 12), np.float32), np.zeros((0, 3, 257), np.float32)
        render_region(source, np.array(here), False, False, same, *tones, one, none, out)
    assert np.array_equal(made, want)

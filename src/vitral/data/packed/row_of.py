"""From one picture of a set to one row of a packed set."""

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vitral.core import IGNORE, ImageError, OptionError
from vitral.data.decode import decode, told
from vitral.data.objects import Objects
from vitral.data.one_line import one_line
from vitral.data.packed.row_crop import restart_offsets
from vitral.data.packed.schema import RAW, Row
from vitral.data.picture_set import PictureSet

_MAGIC: Mapping[bytes, str] = {
    b"\xff\xd8\xff": "jpeg",
    b"\x89PNG": "png",
    b"RIFF": "webp",
    b"GIF8": "gif",
    b"BM": "bmp",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
}


@dataclass(frozen=True, kw_only=True)
class Packer:
    """How pictures become rows.

    Args:
        max_side: longer side to which pictures are shrunk, in pixels; None keeps them.
        quality: of JPEGs that are written anew, 1 to 100.
        raw: pixels instead of files.
    Raises:
        OptionError: a number is out of its range.
    """

    max_side: int | None = None
    quality: int = 90
    raw: bool = False

    def __post_init__(self) -> None:
        if self.max_side is not None and self.max_side < 1:
            raise OptionError(f"pack.max_side: must be at least 1 px, got {self.max_side}")
        if not 1 <= self.quality <= 100:
            raise OptionError(f"pack.quality: must lie in [1, 100], got {self.quality}")

    def row(self, pictures: PictureSet, index: int) -> Row:
        """Read, perhaps shrink, and encode one picture with its targets.

        Raises:
            ImageError: the picture or its mask is broken.
        """
        source, key = int(pictures.rows[index]), pictures.keys[index]
        label = int(pictures.labels[index])
        name = "" if label == IGNORE else pictures.classes[label]
        _check_text(key, name)
        height, width = pictures.source.size(source)
        size = self._size(height, width)
        restarts: tuple[int, ...] = ()
        if self.raw:
            pixels = self._shrunk(pictures, source, size)
            data, kind = pixels.tobytes(), RAW
        elif size == (height, width):
            data, kind, size = _as_it_is(pictures, index)
        else:
            pixels = self._shrunk(pictures, source, size)
            data = told(key, lambda: _jpeg(pixels, self.quality))
            kind, restarts = "jpeg", restart_offsets(data)
        return Row(
            key=key,
            picture=data,
            format=kind,
            size=size,
            label=label,
            name=name,
            split=str(pictures.splits[index]) if pictures.split_by in ("folders", "table") else "",
            weight=None if pictures.weights is None else float(pictures.weights[index]),
            mask=None if pictures.masks is None else _mask(pictures, index, (height, width), size),
            objects=_scaled(pictures, source, (size[0] / height, size[1] / width)),
            restarts=restarts,
        )

    def _size(self, height: int, width: int) -> tuple[int, int]:
        longer = max(height, width)
        if self.max_side is None or longer <= self.max_side:
            return height, width
        scale = self.max_side / longer
        return max(1, round(height * scale)), max(1, round(width * scale))

    @staticmethod
    def _shrunk(pictures: PictureSet, source: int, size: tuple[int, int]) -> NDArray[np.uint8]:
        picture = pictures.source.undecoded(source)
        height, width, _ = picture.shape
        pixels, _ = picture.region((0, 0, width, height), height=size[0], width=size[1])
        if pixels.shape[:2] == size:
            return np.ascontiguousarray(pixels)
        import cv2

        small = cv2.resize(pixels, (size[1], size[0]), interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(small, dtype=np.uint8)


def _as_it_is(pictures: PictureSet, index: int) -> tuple[bytes | memoryview, str, tuple[int, int]]:
    """The bytes of a file that decodes, or a PNG of pixels that have no file."""
    source = int(pictures.rows[index])
    data = pictures.source.encoded(source)
    if data is None:
        pixels = pictures.source.read(source)
        data = _png(Image.fromarray(np.ascontiguousarray(pixels)))
    else:
        pixels = decode(data, name=pictures.keys[index])
    kind = next((name for magic, name in _MAGIC.items() if data[: len(magic)] == magic), "picture")
    return data, kind, (pixels.shape[0], pixels.shape[1])


def _jpeg(pixels: NDArray[np.uint8], quality: int) -> bytes:
    """Chroma stays as fine as luma: what shrinking left of it should not be halved once more."""
    with io.BytesIO() as file:
        picture = Image.fromarray(pixels)
        picture.save(file, "JPEG", quality=quality, subsampling=0, restart_marker_rows=1)
        return file.getvalue()


def _mask(pictures: PictureSet, index: int, whole: tuple[int, int], size: tuple[int, int]) -> bytes:
    assert pictures.masks is not None
    mask = pictures.masks.read(int(pictures.rows[index]))
    if mask.shape != whole:
        raise ImageError(
            f"{one_line(pictures.keys[index])}: its mask must have its size, {whole[1]} x {whole[0]}, "
            f"got {mask.shape[1]} x {mask.shape[0]}"
        )
    if mask.shape != size:
        import cv2

        small = cv2.resize(mask, (size[1], size[0]), interpolation=cv2.INTER_NEAREST_EXACT)
        mask = np.asarray(small, dtype=np.uint8)
    return _png(Image.fromarray(np.ascontiguousarray(mask)))


def _check_text(key: str, name: str) -> None:
    """Arrow knows only names that are UTF-8."""
    for text in (key, name):
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ImageError(
                f"{one_line(key)}: a packed set cannot hold the name {one_line(text)}, which is no UTF-8 "
                "text; rename it"
            ) from None


def _png(picture: Image.Image) -> bytes:
    with io.BytesIO() as file:
        picture.save(file, "PNG", compress_level=3)
        return file.getvalue()


def _scaled(pictures: PictureSet, source: int, scale: tuple[float, float]) -> Objects | None:
    if pictures.objects is None:
        return None
    found = pictures.objects.of(source)
    if scale == (1.0, 1.0):
        return found
    y, x = scale
    points = None if found.points is None else found.points * (x, y, 1.0)
    outlines = None
    if found.outlines is not None:
        outlines = [tuple(ring * (x, y) for ring in outline) for outline in found.outlines]
    return Objects(
        starts=found.starts,
        boxes=found.boxes * (x, y, x, y),
        labels=found.labels,
        crowd=found.crowd,
        points=points,
        outlines=outlines,
    )

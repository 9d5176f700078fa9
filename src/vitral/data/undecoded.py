"""Pictures of which a part can be decoded, at a fraction of their size."""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from vitral.core import Undecoded
from vitral.core.undecoded import Box
from vitral.data.decode import (
    JPEG_START,
    MAX_PIXELS,
    Encoded,
    baseline_header,
    check_length,
    decode,
    jpeg_pixels,
    read_file,
    read_head,
    told,
)
from vitral.data.jpeg_header import JpegHeader, jpeg_header
from vitral.data.orientation import MIRRORED_X, MIRRORED_Y, exif_orientation, picture_orientation
from vitral.data.pillow_pixels import check_size, opened
from vitral.data.upper_rows import upper_rows

# Those for which libjpeg-turbo has fast transforms; others cost more than the whole picture.
FACTORS = (8, 4, 2)
_TIFF_WIDTH, _TIFF_HEIGHT = 0x0100, 0x0101


def upright_size_of_file(path: str, *, name: str) -> tuple[int, int]:
    """Upright height and width of a picture; of a usual JPEG only the head of the file is read.

    Raises:
        ImageError: they cannot be told, or cannot be true.
    """
    head = read_head(path, name=name)
    header = jpeg_header(head) if head.startswith(JPEG_START) else None
    if header is not None and header.height > 0 and header.width > 0:
        return header.upright_size
    height, width, _ = undecoded(read_file(path, name=name), name=name).shape
    return height, width


def reach(scale: float) -> float:
    """How far beyond a box resampling looks, in pixels, at this many of them per pixel it makes."""
    return max(scale, 1.0) / 2 + 1


def undecoded(
    data: Encoded,
    *,
    name: str,
    shape: tuple[int, int] | None = None,
    sound: bool = False,
    found_sound: Callable[[], None] | None = None,
) -> Undecoded:
    """A picture from the bytes of its file, of which only the head is read.

    Args:
        data: the whole file; it is held until the picture is dropped.
        name: how to call the picture in an error.
        shape: its upright height and width, when they are known.
        sound: all of it was decoded before, without an error; then what lies below a box may be
            left out, and damage there is not looked for again.
        found_sound: called when all of it has been decoded without an error.
    Raises:
        ImageError: its size cannot be told, or cannot be true.
    """

    def known() -> Undecoded:
        check_length(data)
        header = baseline_header(data)
        if header is not None:
            return JpegPicture(data, header, name, sound=sound, found_sound=found_sound)
        return OtherPicture(data, _upright_size(data) if shape is None else shape, name)

    return told(name, known)


class Decoded:
    """A picture that is decoded already; its region is the whole picture."""

    def __init__(self, pixels: UInt8[NDArray[np.uint8], "h w c=3"]) -> None:
        self.pixels = pixels

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, 3."""
        height, width, _ = self.pixels.shape
        return height, width, 3

    def region(self, box: Box, *, height: int, width: int) -> tuple[UInt8[NDArray[np.uint8], "h w c=3"], Box]:
        """The picture and the box as it is."""
        return self.pixels, box


class JpegPicture:
    """A JPEG, decoded at 1/2, 1/4 or 1/8 when that leaves the box all the pixels that are asked for.

    Decoding at a fraction averages blocks of 2 x 2, 4 x 4 or 8 x 8 pixels in the frequency domain.
    On photographs, that and averaging the decoded pixels differ by at most 1.5 levels in the mean,
    and by more than 16 in fewer than one pixel of a hundred (chroma, which such files hold at half
    the size, is averaged where the whole picture would have it interpolated).

    Of a file that is known to be sound, rows below the box are not decoded. That changes no bit of
    the rest.

    Source:
        libjpeg-turbo, jddctmgr.c: scaled inverse transforms.
    """

    def __init__(
        self,
        data: Encoded,
        header: JpegHeader,
        name: str,
        *,
        sound: bool = False,
        found_sound: Callable[[], None] | None = None,
    ) -> None:
        self._data, self._header, self._name = data, header, name
        self._sound, self._found_sound = sound, found_sound
        height, width = header.upright_size
        self.shape = (height, width, 3)

    def region(self, box: Box, *, height: int, width: int) -> tuple[UInt8[NDArray[np.uint8], "h w c=3"], Box]:
        """The picture at a fraction of its size, perhaps without what lies below; see `core.Undecoded`.

        Raises:
            ImageError: the data is damaged.
        """
        scale = min((box[2] - box[0]) / width, (box[3] - box[1]) / height)
        factor = next((factor for factor in FACTORS if scale >= factor), 1)
        # The decoder fills its last block up; in a mirrored picture that block comes first.
        left = -self.shape[1] % factor if self._header.orientation in MIRRORED_X else 0
        top = -self.shape[0] % factor if self._header.orientation in MIRRORED_Y else 0
        x0, y0 = (box[0] + left) / factor, (box[1] + top) / factor
        x1, y1 = (box[2] + left) / factor, (box[3] + top) / factor
        # Above the picture its rows are seen in a mirror, so those are needed as well.
        needed = math.ceil(max(y1, -y0) + reach((y1 - y0) / height))

        def pixels() -> NDArray[np.uint8]:
            upper = None
            if self._sound:
                upper = upper_rows(self._data, self._header, needed=needed, factor=factor)
            return jpeg_pixels(self._data, self._header, factor) if upper is None else upper

        made = told(self._name, pixels)
        if self._found_sound is not None:
            self._found_sound()
        return made, (x0, y0, x1, y1)


class OtherPicture:
    """A picture of another format: its head is known, its pixels are decoded when they are asked for."""

    def __init__(self, data: Encoded, size: tuple[int, int], name: str) -> None:
        self._data, self._name = data, name
        self.shape = (*size, 3)

    def region(self, box: Box, *, height: int, width: int) -> tuple[UInt8[NDArray[np.uint8], "h w c=3"], Box]:
        """The whole picture; see `core.Undecoded`.

        Raises:
            ImageError: the data is damaged.
        """
        pixels = decode(self._data, name=self._name)
        # A head may lie about what comes; the box then means the same part of what came.
        x, y = pixels.shape[1] / self.shape[1], pixels.shape[0] / self.shape[0]
        return pixels, (box[0] * x, box[1] * y, box[2] * x, box[3] * y)


def _upright_size(data: Encoded) -> tuple[int, int]:
    with opened(data, MAX_PIXELS) as picture:
        check_size(picture.height, picture.width, MAX_PIXELS)
        if isinstance(picture, TiffImageFile):
            # Newer versions of Pillow give the size upright, before the pixels are.
            width, height = picture.tag_v2[_TIFF_WIDTH], picture.tag_v2[_TIFF_HEIGHT]
        else:
            width, height = picture.size
        return (width, height) if _orientation(picture) >= 5 else (height, width)


def _orientation(picture: ImageFile) -> int:
    if picture.format == "PNG" and not picture.info.keys() & {"exif", "Raw profile type exif"}:
        # Pillow would decode all pixels, in search of a block behind them.
        return exif_orientation(b"", picture.info.get("XML:com.adobe.xmp", "").encode())
    return picture_orientation(picture)

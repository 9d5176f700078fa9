"""How many bits files without loss need for the same pictures that a generator is judged by."""

import io
import lzma

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

_MOST = 2000
_JPEG_XL = "JXL"
_PRESET = 9 | lzma.PRESET_EXTREME


class LosslessFiles:
    """Adds up the sizes of PNG, WebP, JPEG XL (where Pillow writes it) and of xz over the raw set.

    At most the first 2000 pictures are written, and none after `result` was asked for; a picture with
    only black and white is written with one bit a pixel. Sizes are those of whole files with their
    headers.
    """

    def __init__(self) -> None:
        self._bytes = {"PNG": 0, "WebP lossless": 0}
        Image.init()
        if _JPEG_XL in Image.SAVE:
            self._bytes["JPEG XL"] = 0
        self._xz: lzma.LZMACompressor | None = lzma.LZMACompressor(preset=_PRESET)
        self._xz_bytes, self._pictures, self._dimensions = 0, 0, 0

    def update(self, pictures: Tensor) -> None:
        """Write some pictures, b x c x h x w on [0, 1], c 1 or 3, as files in memory."""
        if pictures.shape[1] not in (1, 3) or self._xz is None:
            return
        levels = (pictures.float() * 255).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()
        for picture in levels[: _MOST - self._pictures]:
            self._write(picture, self._xz)

    def result(self) -> dict[str, float]:
        """Bits per dimension by the name of the coder."""
        if not self._pictures:
            return {}
        if self._xz is not None:
            self._xz_bytes += len(self._xz.flush())
            self._xz = None
        sizes = self._bytes | {"xz of the raw set": self._xz_bytes}
        return {name: 8 * size / self._dimensions for name, size in sizes.items()}

    def _write(self, levels: NDArray[np.uint8], xz: lzma.LZMACompressor) -> None:
        self._pictures += 1
        self._dimensions += levels.size
        grey = levels.shape[2] == 1
        picture = Image.fromarray(levels[:, :, 0] if grey else levels)
        binary = grey and bool(np.isin(levels, (0, 255)).all())
        self._bytes["PNG"] += _size(picture.convert("1") if binary else picture, "png", optimize=True)
        self._bytes["WebP lossless"] += _size(picture, "webp", lossless=True, quality=100, method=6)
        if "JPEG XL" in self._bytes:
            self._bytes["JPEG XL"] += _size(picture, _JPEG_XL, lossless=True)
        raw = np.packbits(levels > 0).tobytes() if binary else levels.tobytes()
        self._xz_bytes += len(xz.compress(raw))


def _size(picture: Image.Image, format: str, **options: object) -> int:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.tell()

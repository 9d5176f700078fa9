"""`Compressed`: what compression made of one picture."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitral.core import Picture


@dataclass(frozen=True, kw_only=True)
class Compressed:
    """The answer for one picture.

    Args:
        pixels: what comes back from the file, uint8 h x w x 3.
        quality: at which it was compressed, 1 to 16.
        file_bytes: size of the file.
        bits_per_pixel: the same by the number of pixels.
        psnr_db: peak signal-to-noise ratio, in decibels; at most 100, for equal pictures.
    """

    pixels: NDArray[np.uint8] = field(repr=False, compare=False)
    quality: int
    file_bytes: int
    bits_per_pixel: float
    psnr_db: float

    @classmethod
    def of(
        cls, original: NDArray[np.uint8], made: NDArray[np.uint8], data: bytes, quality: int
    ) -> "Compressed":
        """Measure a picture against its original."""
        return cls(
            pixels=made,
            quality=quality,
            file_bytes=len(data),
            bits_per_pixel=8 * len(data) / (original.shape[0] * original.shape[1]),
            psnr_db=psnr_db(original, made),
        )

    def headline(self) -> str:
        """The size of the file."""
        return f"{self.file_bytes:,} bytes"

    def detail(self) -> str:
        """Rate and fidelity."""
        return f"{self.bits_per_pixel:.3f} bits/px, {self.psnr_db:.1f} dB"

    def short(self) -> str:
        """Rate and fidelity, for a narrow column."""
        return f"{self.bits_per_pixel:.2f} bpp, {self.psnr_db:.1f} dB"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "quality": self.quality,
            "file_bytes": self.file_bytes,
            "bits_per_pixel": self.bits_per_pixel,
            "psnr_db": self.psnr_db,
        }

    def drawn(self, pixels: NDArray[np.uint8], name: str) -> Picture:
        """The picture as it comes back."""
        return Picture(pixels=self.pixels, title=self.detail(), note=name)


def psnr_db(original: NDArray[np.uint8], made: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio of two uint8 pictures, in decibels; at most 100."""
    error = float(np.mean((original.astype(np.float32) - made.astype(np.float32)) ** 2, dtype=np.float64))
    return 100.0 if error == 0 else min(100.0, 10 * math.log10(255**2 / error))

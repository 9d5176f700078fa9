"""`FileJudge`: rate and quality of real files, beside those of JPEG, WebP and AVIF."""

import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vitral.core import Batch, Chart, DataError
from vitral.nn import bd_rate, ms_ssim, ms_ssim_db
from vitral.tasks.compress.answer import psnr_db
from vitral.tasks.compress.files import Decoded
from vitral.tasks.task import TaskModel

# From the coarsest to near what no one can tell apart; every curve must overlap ours.
RIVALS: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {
    "jpeg": ((1, 3, 5, 8, 12, 18, 25, 35, 45, 55, 65, 75, 85, 92, 96), {"optimize": True}),
    "webp": ((0, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 96), {"method": 6}),
    "avif": ((5, 15, 25, 35, 45, 55, 65, 75, 85, 93), {}),
}
_BDRate = tuple[float, tuple[float, float]]
METHOD = "PCHIP over log rate, mean PSNR per picture, bits of whole files"


@dataclass(kw_only=True)
class _Row:
    """Sums over pictures at one quality."""

    bits: int = 0
    psnr_db: float = 0.0
    similarity: float = 0.0
    encode_s: float = 0.0
    decode_s: float = 0.0

    def add(
        self, original: NDArray[np.uint8], made: NDArray[np.uint8], size_bytes: int, *seconds: float
    ) -> None:
        """Count one picture: what came back, bytes, and seconds to encode and to decode."""
        encode_s, decode_s = seconds
        self.bits += 8 * size_bytes
        self.psnr_db += psnr_db(original, made)
        self.similarity += _similarity(original, made)
        self.encode_s += encode_s
        self.decode_s += decode_s

    def shown(self, quality: int, *, pictures: int, pixels: int) -> dict[str, Any]:
        """The means, ready for JSON."""
        return {
            "quality": quality,
            "bpp": self.bits / pixels,
            "psnr_db": self.psnr_db / pictures,
            "ms_ssim_db": ms_ssim_db(self.similarity / pictures),
            "encode_s": self.encode_s / pictures,
            "decode_s": self.decode_s / pictures,
        }


@dataclass(kw_only=True)
class FileJudge:
    """Writes every picture as files of every quality and format, and reads them back.

    Rates are of whole files, header and all. Decibels are means over pictures of the PSNR over red,
    green and blue; MS-SSIM is averaged as a similarity and then put into decibels.

    Args:
        encode: model, pixels and quality to the bytes of a file.
        decode: model and bytes to the picture.
        qualities: how many there are.
    """

    encode: Callable[..., bytes]
    decode: Callable[..., Decoded]
    qualities: int
    _rows: dict[str, dict[int, _Row]] = field(default_factory=dict)
    _pictures: int = 0
    _pixels: int = 0

    def update(self, model: TaskModel, batch: Batch) -> None:
        """Compress the pictures of a batch, as they are in the set: neither cut nor resampled."""
        for pixels in batch.pixels:
            pixels = np.asarray(pixels)
            self._pictures += 1
            self._pixels += pixels.shape[0] * pixels.shape[1]
            for quality in range(1, self.qualities + 1):
                begun = time.perf_counter()
                data = self.encode(model, pixels, quality=quality)
                between = time.perf_counter()
                made = self.decode(model, data).pixels
                ended = time.perf_counter()
                self._row("vitral", quality).add(pixels, made, len(data), between - begun, ended - between)
            for name, (qualities, options) in _rivals_here().items():
                for quality in qualities:
                    self._row(name, quality).add(pixels, *_through_pillow(pixels, name, quality, options))

    def result(self) -> dict[str, Any]:
        """The table of every format, and the BD-rates of ours against the others, in percent."""
        tables = {
            name: [row.shown(q, pictures=self._pictures, pixels=self._pixels) for q, row in rows.items()]
            for name, rows in self._rows.items()
        }
        curves = {name: [(row["bpp"], row["psnr_db"]) for row in rows] for name, rows in tables.items()}
        found: dict[str, Any] = {"qualities": tables.pop("vitral", [])}
        for name in RIVALS:
            against = _compared(curves, name)
            found[f"bd_rate_vs_{name}"] = None if against is None else against[0]
            found[f"bd_rate_vs_{name}_between_db"] = None if against is None else list(against[1])
        return found | {"bd_rate_method": METHOD} | tables

    def _row(self, name: str, quality: int) -> _Row:
        return self._rows.setdefault(name, {}).setdefault(quality, _Row())


def _compared(curves: Mapping[str, list[tuple[float, float]]], name: str) -> _BDRate | None:
    """The BD-rate against a format; None where it is missing, or where one of the curves is a point."""
    try:
        return bd_rate(curves[name], curves["vitral"]) if name in curves else None
    except DataError:
        return None


def rate_charts(figures: Mapping[str, Any]) -> list[Chart]:
    """PSNR and MS-SSIM against bits per pixel, one line for each format."""
    tables = {"Vitral": figures["qualities"]} | {
        name.upper() if name != "webp" else "WebP": figures[name] for name in RIVALS if name in figures
    }
    return [
        Chart(
            title=title,
            series={name: sorted((row["bpp"], row[key]) for row in rows) for name, rows in tables.items()},
            x_label="bits per pixel, whole files",
            y_label=label,
        )
        for title, key, label in (
            ("rate and error", "psnr_db", "PSNR, dB"),
            ("rate and likeness", "ms_ssim_db", "MS-SSIM, dB"),
        )
    ]


def _rivals_here() -> dict[str, tuple[tuple[int, ...], dict[str, Any]]]:
    """The formats that this build of Pillow can write."""
    from PIL import features

    return {name: how for name, how in RIVALS.items() if name == "jpeg" or features.check(name)}


def _through_pillow(
    pixels: NDArray[np.uint8], format: str, quality: int, options: dict[str, Any]
) -> tuple[NDArray[np.uint8], int, float, float]:
    """What comes back, bytes, and seconds to encode and to decode."""
    from PIL import Image

    begun = time.perf_counter()
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format, quality=quality, **options)
    between = time.perf_counter()
    made = np.asarray(Image.open(io.BytesIO(buffer.getvalue())).convert("RGB"))
    return made, len(buffer.getvalue()), between - begun, time.perf_counter() - between


def _similarity(original: NDArray[np.uint8], made: NDArray[np.uint8]) -> float:
    both = torch.from_numpy(np.stack([original, made])).permute(0, 3, 1, 2).float() / 255
    return float(ms_ssim(both[:1], both[1:]))

"""Rows of a JPEG decoded alone, where restart markers say where each row of blocks begins."""

import math

import numpy as np
import simplejpeg
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.core.undecoded import Box
from vitral.data.byte_budget import DECODING
from vitral.data.decode import Encoded, baseline_header, check_claim, jpeg_pixels, told
from vitral.data.undecoded import FACTORS, reach

_BLOCK_PX = 8
_BASELINE = b"\xff\xc0"
_NOT_IT = "is not the JPEG that its row says it is"
_END = b"\xff\xd9"


def restart_offsets(jpeg: bytes) -> tuple[int, ...]:
    """Where the height is written, each row of blocks begins, and the last one ends.

    Args:
        jpeg: a baseline JPEG of one scan with a restart marker after each row of blocks.
    Raises:
        ValueError: it is none.
    """
    at, height_at = 2, 0
    while jpeg[at + 1] != 0xDA:
        if jpeg[at + 1] == 0xC0:
            height_at = at + 5
        at += 2 + (jpeg[at + 2] << 8 | jpeg[at + 3])
    start = at + 2 + (jpeg[at + 2] << 8 | jpeg[at + 3])
    data = np.frombuffer(jpeg, dtype=np.uint8)
    marks = np.flatnonzero((data[start:-1] == 0xFF) & (data[start + 1 :] & 0xF8 == 0xD0)) + start
    if height_at == 0 or jpeg[-2:] != _END:
        raise ValueError("is no baseline JPEG with its end where it should be")
    return (height_at, start, *(int(mark) + 2 for mark in marks), len(jpeg) - 2)


def cut_rows(jpeg: Encoded, restarts: tuple[int, ...], first: int, last: int, height: int) -> bytearray:
    """A JPEG of only some rows of blocks; its pixels are those of the whole, exactly.

    That holds where chroma is as fine as luma, so that no row needs its neighbors.

    Args:
        jpeg: the whole file.
        restarts: what `restart_offsets` told of it.
        first: first row of blocks to keep.
        last: the one after the last to keep.
        height: rows of pixels in the whole.
    """
    height_at, begins = restarts[0], restarts[1:]
    stop = begins[last] if last == len(begins) - 1 else begins[last] - 2
    cut = bytearray(jpeg[: begins[0]])
    rows = min(last * _BLOCK_PX, height) - first * _BLOCK_PX
    cut[height_at : height_at + 2] = rows.to_bytes(2, "big")
    moved = len(cut) - begins[first]
    cut += jpeg[begins[first] : stop]
    cut += _END
    if first % 8:  # Markers are counted modulo eight from the start of the scan.
        for row in range(first + 1, last):
            cut[begins[row] + moved - 1] = 0xD0 | (row - first - 1) & 7
    return cut


class RowCropJpeg:
    """A packed JPEG of which only the rows that a box needs are decoded."""

    def __init__(self, data: Encoded, size: tuple[int, int], restarts: tuple[int, ...], name: str) -> None:
        self._data, self._restarts, self._name = data, restarts, name
        self.shape = (*size, 3)

    def region(self, box: Box, *, height: int, width: int) -> tuple[UInt8[NDArray[np.uint8], "h w c=3"], Box]:
        """The rows that cover the box, or the whole at a fraction; see `core.Undecoded`.

        Raises:
            ImageError: the data is damaged.
        """
        x0, y0, x1, y1 = box
        scale_y, scale_x = (y1 - y0) / height, (x1 - x0) / width
        rows = -(-self.shape[0] // _BLOCK_PX)
        factor = next((factor for factor in FACTORS if min(scale_x, scale_y) >= factor), 1)
        if factor > 1:
            pixels = told(self._name, lambda: self._decoded(0, rows, factor))
            return pixels, (x0 / factor, y0 / factor, x1 / factor, y1 / factor)
        # Resampling looks beyond the box, and beyond the picture its rows are seen in a mirror.
        beyond, tall = reach(scale_y), self.shape[0]
        low, high = min(y0, 2 * tall - y1) - beyond, max(y1, -y0) + beyond
        first = min(max(math.floor(low / _BLOCK_PX), 0), rows - 1)
        last = min(max(math.ceil(high / _BLOCK_PX), first + 1), rows)
        pixels = told(self._name, lambda: self._decoded(first, last, 1))
        top = first * _BLOCK_PX
        return pixels, (x0, y0 - top, x1, y1 - top)

    def _decoded(self, first: int, last: int, factor: int) -> UInt8[NDArray[np.uint8], "h w c=3"]:
        """Some rows of blocks; what the file says of itself must be what the set says of it."""
        height, width, _ = self.shape
        rows = -(-height // _BLOCK_PX)
        if len(self._restarts) != rows + 2:
            raise ValueError(f"has {len(self._restarts)} restarts for {rows} rows of blocks")
        check_claim(height, width, len(self._data), height * width * 3)
        if factor > 1:
            return self._smaller(factor)
        data = self._data
        if last - first < rows:
            data = cut_rows(data, self._restarts, first, last, height)
        at, expected = self._restarts[0], (min(last * _BLOCK_PX, height) - first * _BLOCK_PX, width, 3)
        # Its frame header is where the set says it is, so the whole head need not be looked at again.
        sides = b"".join(side.to_bytes(2, "big") for side in expected[:2])
        if data[at - 5 : at - 3] != _BASELINE or data[at : at + 4] != sides:
            raise ValueError(_NOT_IT)
        room = np.empty(expected, dtype=np.uint8)
        with DECODING.taken(room.nbytes):
            pixels = simplejpeg.decode_jpeg(data, buffer=room)
        if pixels.shape != expected:
            raise ValueError(_NOT_IT)
        return pixels

    def _smaller(self, factor: int) -> UInt8[NDArray[np.uint8], "h w c=3"]:
        header = baseline_header(self._data)
        if header is None or header.upright_size != self.shape[:2] or header.orientation != 1:
            raise ValueError(_NOT_IT)
        return jpeg_pixels(self._data, header, factor)

"""The upper rows of a JPEG, decoded without what lies below them."""

import re

import numpy as np
import simplejpeg
from jaxtyping import UInt8
from numpy.typing import NDArray

from vitral.data.decode import Encoded, budgeted
from vitral.data.jpeg_header import JpegHeader

# What the decoder says when rows are left over and nothing else was wrong: it keeps to the first
# thing it has to say, so damage in the rows that were decoded would stand here instead.
_LEFT_OVER = re.compile(r"Corrupt JPEG data: \d+ extraneous bytes before marker 0xd9")
_BLOCK_PX = 8
# Chroma at half the size is interpolated from the row of chroma below.
_BELOW_PX = 2


def upper_rows(
    data: Encoded, header: JpegHeader, *, needed: int, factor: int
) -> UInt8[NDArray[np.uint8], "h w c=3"] | None:
    """At least the first `needed` rows of an upright JPEG, the same to the last bit as in the whole.

    The height in its head is made smaller, so the decoder stops there. What lies below is not looked
    at: damage there goes unnoticed. So this is for files that were decoded as a whole before.

    Args:
        data: the whole file.
        header: what `baseline_header` made of it.
        needed: rows after decoding at the fraction.
        factor: 1, 2, 4 or 8; the size is divided by it and rounded up.
    Returns:
        None: nothing would be saved, or it is no JPEG of one scan for which this holds.
    """
    frame = header.frame_at
    if header.orientation != 1 or header.progressive or header.channels not in (1, 3):
        return None
    if header.scan_channels != header.channels or header.restarts:
        return None
    sampling = [data[frame + 11 + 3 * part] & 15 for part in range(header.channels)]
    unit = _BLOCK_PX * max(sampling)
    rows = -(-(needed + _BELOW_PX) * factor // unit) * unit
    if rows >= header.height - unit:
        return None
    cut = bytearray(data)
    cut[frame + 5 : frame + 7] = rows.to_bytes(2, "big")
    height, width = rows // factor, -(-header.width // factor)
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    try:
        with budgeted(header):
            simplejpeg.decode_jpeg(cut, min_height=height, min_width=width, min_factor=factor, buffer=pixels)
    except ValueError as error:
        # Anything else is for the decoder of the whole to say.
        return pixels if _LEFT_OVER.fullmatch(str(error)) else None
    return pixels

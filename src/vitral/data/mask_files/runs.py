"""COCO's run lengths of a mask: written as its own tools write them, and read again."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Int
from numpy.typing import NDArray

from vitral.core import DataError, ShapeError
from vitral.data.one_line import one_line
from vitral.data.sources.object_lists import shown
from vitral.data.sources.raster import run_lengths, run_pixels


def coco_runs(mask: Bool[NDArray[np.bool_], "h w"]) -> dict[str, Any]:
    """A mask as COCO's compressed run lengths, the very text that pycocotools makes.

    Args:
        mask: whether each pixel belongs to it.
    Returns:
        `size` (height and width) and `counts`, a text.
    Raises:
        ShapeError: the mask is not h x w, or has no pixels.
    """
    if mask.ndim != 2 or not mask.size:
        raise ShapeError(f"coco_runs: must be h x w with at least one pixel, got {mask.shape}")
    column_by_column = mask.ravel(order="F")
    turns = np.flatnonzero(column_by_column[1:] != column_by_column[:-1]) + 1
    counts = np.diff(turns, prepend=0, append=mask.size)
    if column_by_column[0]:  # The first run is of pixels outside.
        counts = np.concatenate([[0], counts])
    return {"size": list(mask.shape), "counts": run_text(counts)}


def run_text(counts: Int[NDArray[np.int64], " n"]) -> str:
    """Run lengths as COCO's text: five bits a character, differences from the fourth on.

    Source:
        COCO API, maskApi.c: rleToString.
    """
    rest = counts.astype(np.int64)
    rest[3:] -= counts[1:-2]
    going = np.ones(len(rest), dtype=np.bool_)
    columns = []
    while going.any():
        low = rest & 0x1F
        rest >>= 5
        more = np.where(low & 0x10, rest != -1, rest != 0)
        columns.append(np.where(going, (low | (more << 5)) + 48, 0).astype(np.uint8))
        going &= more
    written = np.stack(columns, axis=1).ravel() if columns else np.zeros(0, dtype=np.uint8)
    return written[written != 0].tobytes().decode("ascii")


def mask_of_runs(runs: Mapping[str, Any]) -> Bool[NDArray[np.bool_], "h w"]:
    """The mask that COCO's run lengths mean, compressed or not.

    Args:
        runs: `size` (height and width) and `counts`, a text, bytes, or a list of whole numbers.
    Raises:
        DataError: they are damaged, do not add up to the size, or are larger than any picture that is read.
    """
    size, counts = runs.get("size"), runs.get("counts")
    if (
        not isinstance(size, list | tuple)
        or len(size) != 2
        or not all(type(n) is int and n > 0 for n in size)
    ):
        raise DataError(f"run lengths: size must be height and width in pixels, got {shown(size)}")
    try:
        if isinstance(counts, bytes):
            counts = counts.decode("ascii")
        if isinstance(counts, str):
            counts = run_lengths(counts)
        if not isinstance(counts, list) or not all(type(n) is int for n in counts):
            raise DataError(f"run lengths: must be a text or a list of whole numbers, got {shown(counts)}")
        return run_pixels(counts, size[0], size[1]).astype(np.bool_)
    except DataError:
        raise
    except (ValueError, OverflowError) as error:
        raise DataError(one_line(error)) from error

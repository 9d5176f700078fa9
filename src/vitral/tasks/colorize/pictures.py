"""What a colorizer makes, drawn: grey, in color, the original, and how sure each place is."""

import numpy as np
from numpy.typing import NDArray

from vitral.core import Picture
from vitral.data import shrunk
from vitral.tasks.colorize.answer import Colorized, Pixels
from vitral.tasks.colorize.tints import grey_of

SHOWN_SIDE_PX = 320
# From unsure to sure, as red, green and blue.
_UNSURE, _SURE = (40, 20, 70), (250, 230, 120)


def drawn_beside(original: Pixels, answer: Colorized, key: str) -> list[Picture]:
    """Four pictures under one heading, or three where the model does not know how sure it is.

    Args:
        original: as it was in color, shrunk to what is shown.
        answer: for it.
        key: its name.
    """
    note = f"colorfulness {answer.colorfulness:.0f}"
    found = [
        Picture(pixels=grey_of(original), title="grey", note=key, group=key),
        Picture(pixels=answer.pixels, title="colorized", note=note, group=key),
        Picture(pixels=original, title="original", group=key),
    ]
    if answer.sure is not None and answer.confidence is not None:
        height, width = original.shape[:2]
        heat = confidence_map(answer.sure, height=height, width=width)
        found.append(
            Picture(pixels=heat, title=f"{answer.confidence:.0%} sure", note="bright: sure", group=key)
        )
    return found


def confidence_map(sure: NDArray[np.uint8], *, height: int, width: int) -> Pixels:
    """How sure each place is, as a picture: bright where the model is sure."""
    import cv2  # here, because it takes a third of the time to import vitral

    large = np.asarray(cv2.resize(sure, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    share = large.reshape(height, width, 1) / 255
    return np.rint(np.array(_UNSURE) * (1 - share) + np.array(_SURE) * share).astype(np.uint8)


def for_a_page(pixels: Pixels) -> Pixels:
    """A picture no larger than a page shows."""
    return shrunk(pixels, SHOWN_SIDE_PX)

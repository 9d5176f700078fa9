"""`pasted_objects`: which objects of its partner a picture gets, and how much of each pixel is theirs."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from vitral.augment.stages import Copies, Mix
from vitral.augment.targets.moved import NOT_COUNTED
from vitral.core import Batch


@dataclass(frozen=True, kw_only=True, eq=False)
class Pasted:
    """What of its partner a picture shows.

    Args:
        weight: of the partner, in [0, 1] for each pixel.
        sharp: whether every weight is 0 or 1.
        boxes: which of the partner's boxes were chosen; None where there are none.
    """

    weight: Float[NDArray[np.float32], "h w"]
    sharp: bool
    boxes: Bool[NDArray[np.bool_], " n"] | None = None

    @property
    def covered(self) -> Bool[NDArray[np.bool_], "h w"]:
        """The pixels that are the partner's for the most part."""
        return self.weight > 0.5


def pasted_objects(batch: Batch, mix: Mix, *, height: int, width: int) -> dict[int, Pasted]:
    """What is pasted into the pictures of a batch, by their positions.

    Args:
        batch: with targets where the plan moves them, before any mixing.
        mix: who gets objects of whom.
        height: of the input.
        width: of the input.
    """
    copies = mix.copies
    if copies is None or (batch.masks is None and batch.boxes is None):
        return {}
    found: dict[int, Pasted] = {}
    for i in np.flatnonzero(mix.chosen & (copies.share > 0)).tolist():
        shown, boxes = _chosen(batch, copies, i, int(mix.partner[i]), (height, width))
        if not shown.any():
            continue
        weight, soft = shown.astype(np.float32), float(copies.soft_px[i])
        if soft > 0:
            import cv2

            weight = np.asarray(cv2.GaussianBlur(weight, (0, 0), soft), np.float32).clip(0, 1)
        found[i] = Pasted(weight=weight, sharp=soft == 0, boxes=boxes)
    return found


def objects_in(mask: NDArray[np.uint8], background: int) -> Bool[NDArray[np.bool_], "h w"]:
    """The pixels that belong to an object."""
    return (mask != background) & (mask != NOT_COUNTED)


def _chosen(
    batch: Batch, copies: Copies, i: int, other: int, size: tuple[int, int]
) -> tuple[Bool[NDArray[np.bool_], "h w"], Bool[NDArray[np.bool_], " n"] | None]:
    """The pixels that are pasted into picture `i`, and of which boxes."""
    numbers, only = np.random.Generator(np.random.Philox(key=int(copies.key[i]))), copies.only[i]
    share, background = float(copies.share[i]), int(copies.background[i])
    mask = None if batch.masks is None else batch.masks[other]
    if batch.boxes is None:
        assert mask is not None
        here = np.bincount(mask.ravel(), minlength=256) > 0
        here[NOT_COUNTED] = False
        if background >= 0:
            here[background] = False
        return _some(here & only, numbers.random(256), share)[mask], None
    boxes = batch.boxes[other]
    open_ = np.ones(len(boxes), dtype=np.bool_)
    if batch.box_crowd is not None:
        open_ &= ~batch.box_crowd[other]
    if batch.box_labels is not None:
        labels = batch.box_labels[other]
        open_ &= only[np.clip(labels, 0, 255)] & (labels >= 0)
    counted = np.ones(size, np.bool_) if mask is None else objects_in(mask, background)
    parts = [slices(box, size) for box in boxes]
    open_ &= np.array([counted[part].any() for part in parts], dtype=np.bool_)
    picked = _some(open_, numbers.random(len(boxes)), share)
    shown = np.zeros(size, dtype=np.bool_)
    for k in np.flatnonzero(picked).tolist():
        shown[parts[k]] |= counted[parts[k]]
    return shown, picked


def slices(box: NDArray[np.float64], size: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns that a box touches, at least one of each."""
    height, width = size
    x0, y0 = min(int(box[0]), width - 1), min(int(box[1]), height - 1)
    x1, y1 = min(int(np.ceil(box[2])), width), min(int(np.ceil(box[3])), height)
    return slice(y0, max(y1, y0 + 1)), slice(x0, max(x1, x0 + 1))


def _some(
    open_: Bool[NDArray[np.bool_], " n"], numbers: Float[NDArray[np.float64], " n"], share: float
) -> Bool[NDArray[np.bool_], " n"]:
    """A share of those that may be chosen, rounded, and at least one."""
    able = np.flatnonzero(open_)
    picked = np.zeros(len(open_), dtype=np.bool_)
    if len(able):
        order = able[np.argsort(numbers[able], kind="stable")]
        picked[order[: max(1, round(share * len(able)))]] = True
    return picked

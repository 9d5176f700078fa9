"""`mixed_targets`: masks, boxes and points of pictures that show parts of others.

A blend of two pictures (mixup) keeps its own targets: no pixel is one or the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from jaxtyping import Bool
from numpy.typing import NDArray

from vitral.augment.stages import Mix, Tiles
from vitral.augment.targets.moved import NOT_COUNTED, seen_boxes
from vitral.augment.targets.pasting import Pasted, objects_in, slices
from vitral.core import Batch

Pixels = Bool[NDArray[np.bool_], "h w"]
_OF_OBJECTS = ("boxes", "box_labels", "box_crowd", "points")


def mixed_targets(
    batch: Batch, mix: Mix, pasted: Mapping[int, Pasted], *, height: int, width: int, least: float
) -> dict[str, Any]:
    """Targets of all pictures of a batch after mixing, by the names they have in it.

    Args:
        batch: with targets where the plan moves them.
        mix: who shows what of whom.
        pasted: the objects that are pasted into each picture.
        height: of the input.
        width: of the input.
        least: share of what was seen of a box that must still be seen for it to stay.
    """
    names = [name for name in ("masks", *_OF_OBJECTS) if getattr(batch, name) is not None]
    before = {name: getattr(batch, name) for name in names}
    made = {name: list(values) for name, values in before.items()}
    tiled = np.zeros(len(batch), dtype=np.bool_) if mix.tiles is None else mix.tiles.tiled
    for i in np.flatnonzero(mix.chosen).tolist() if names else []:
        own, other = _Marks.of(before, i), _Marks.of(before, int(mix.partner[i]))
        x0, y0, x1, y1 = mix.pasted[i].tolist()
        if tiled[i]:
            assert mix.tiles is not None
            marks = _side_by_side(
                before, mix.tiles, i, (height, width), max(least, float(mix.tiles.least[i]))
            )
        elif i in pasted:
            assert mix.copies is not None
            some, background = pasted[i], int(mix.copies.background[i])
            own_least = max(least, float(mix.copies.least[i]))
            marks = _one_on_other(
                own.objects(background), other.objects(background), some.covered, some.boxes, own_least
            )
        elif x1 > x0 and y1 > y0 and mix.partner[i] != i:
            covered = np.zeros((height, width), dtype=np.bool_)
            covered[y0:y1, x0:x1] = True
            marks = _one_on_other(own, other, covered, None, least)
        else:
            continue
        for name in names:
            made[name][i] = marks.values[name]
    return made


@dataclass(frozen=True, kw_only=True, eq=False)
class _Marks:
    """The targets of one picture.

    Args:
        values: by their names in a batch.
        counted: which pixels count when it is asked how much of a box is seen; None: all.
    """

    values: Mapping[str, NDArray[Any]]
    counted: Pixels | None = None

    @classmethod
    def of(cls, targets: Mapping[str, Sequence[NDArray[Any]]], i: int) -> Self:
        """The targets of picture `i` of a batch."""
        return cls(values={name: values[i] for name, values in targets.items()})

    def objects(self, background: int) -> Self:
        """The same, where only pixels of objects count, if there is a mask to tell them."""
        mask = self.values.get("masks")
        return self if mask is None else type(self)(values=self.values, counted=objects_in(mask, background))

    def where(self, seen: Pixels, least: float, chosen: Bool[NDArray[np.bool_], " n"] | None) -> Self:
        """Objects as far as they lie in the pixels that are seen; the mask is left as it is.

        Args:
            seen: the pixels.
            least: share of a box that must be seen.
            chosen: boxes that stay in any case, if anything of them is seen.
        """
        values = dict(self.values)
        if "boxes" in values:
            values["boxes"], kept = _seen_parts(values["boxes"], seen, self.counted, least, chosen)
            for name in ("box_labels", "box_crowd", "points"):
                if name in values:
                    values[name] = values[name][kept]
        if "points" in values:
            values["points"] = _hidden(values["points"], seen)
        return type(self)(values=values)

    def tile(self, source: Sequence[int], target: Sequence[int], least: float) -> Self:
        """What a window of the picture shows, where it goes; the mask is that of the window alone."""
        x0, y0, x1, y1 = source
        left, top, right, bottom = target
        wide, tall = right - left, bottom - top
        scale = np.array([wide / max(x1 - x0, 1), tall / max(y1 - y0, 1)])
        values, start, to = dict(self.values), np.array([x0, y0]), np.array([left, top])
        if "masks" in values:
            rows, columns = _centers(y0, y1, tall), _centers(x0, x1, wide)
            values["masks"] = values["masks"][rows[:, None], columns]
        if "boxes" in values:
            moved = (values["boxes"] - np.tile(start, 2)) * np.tile(scale, 2)
            seen = seen_boxes(moved, height=tall, width=wide, least=least)
            values["boxes"] = seen.boxes + np.tile(to, 2)
            for name in ("box_labels", "box_crowd", "points"):
                if name in values:
                    values[name] = values[name][seen.kept]
        if "points" in values:
            points = values["points"].copy()
            places = (points[..., :2] - start) * scale
            inside = ((places >= 0) & (places < (wide, tall))).all(axis=-1)
            points[..., :2], points[..., 2] = places + to, np.where(inside, points[..., 2], 0.0)
            values["points"] = points
        return type(self)(values=values)


def _side_by_side(
    before: Mapping[str, Sequence[NDArray[Any]]], tiles: Tiles, i: int, size: tuple[int, int], least: float
) -> _Marks:
    """The targets of a picture that is made of tiles."""
    parts, targets = [], tiles.target[i].tolist()
    for partner, source, target in zip(
        tiles.partner[i].tolist(), tiles.source[i].tolist(), targets, strict=True
    ):
        parts.append(_Marks.of(before, partner).tile(source, target, least).values)
    values = {name: np.concatenate([part[name] for part in parts]) for name in before if name != "masks"}
    if "masks" in before:
        mask = np.full(size, NOT_COUNTED, dtype=np.uint8)
        for (x0, y0, x1, y1), part in zip(targets, parts, strict=True):
            mask[y0:y1, x0:x1] = part["masks"]
        values["masks"] = mask
    return _Marks(values=values)


def _one_on_other(
    own: _Marks, other: _Marks, covered: Pixels, chosen: Bool[NDArray[np.bool_], " n"] | None, least: float
) -> _Marks:
    """The targets of a picture of which some pixels are those of another."""
    below, above = own.where(~covered, least, None).values, other.where(covered, least, chosen).values
    values = {name: np.concatenate([below[name], above[name]]) for name in below if name != "masks"}
    if "masks" in below:
        values["masks"] = np.where(covered, above["masks"], below["masks"])
    return _Marks(values=values)


def _seen_parts(
    boxes: NDArray[np.float64],
    seen: Pixels,
    counted: Pixels | None,
    least: float,
    chosen: Bool[NDArray[np.bool_], " n"] | None,
) -> tuple[NDArray[np.float64], Bool[NDArray[np.bool_], " n"]]:
    """Boxes around what is still seen of each, and which of them stay."""
    made, kept = boxes.copy(), np.zeros(len(boxes), dtype=np.bool_)
    for k, box in enumerate(boxes):
        rows, columns = slices(box, seen.shape)
        part, count = seen[rows, columns], None if counted is None else counted[rows, columns]
        share = part.mean() if count is None or not count.any() else part[count].mean()
        kept[k] = share > 0 and (share >= least or (chosen is not None and bool(chosen[k])))
        if not kept[k] or part.all():
            continue
        down, across = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
        low = columns.start + across[0], rows.start + down[0]
        high = columns.start + across[-1] + 1, rows.start + down[-1] + 1
        made[k] = np.concatenate([np.maximum(box[:2], low), np.minimum(box[2:], high)])
        kept[k] = bool((made[k, 2:] > made[k, :2]).all())
    return made[kept], kept


def _hidden(points: NDArray[np.float64], seen: Pixels) -> NDArray[np.float64]:
    """Points of which those that lie in no seen pixel are invisible."""
    made, (height, width) = points.copy(), seen.shape
    with np.errstate(invalid="ignore"):
        inside = ((points[..., :2] >= 0) & (points[..., :2] < (width, height))).all(axis=-1)
    x, y = (np.where(inside, points[..., axis], 0).astype(np.int64) for axis in (0, 1))
    made[..., 2] = np.where(inside & seen[y, x], points[..., 2], 0.0)
    return made


def _centers(start: int, stop: int, count: int) -> NDArray[np.int64]:
    """The pixel of a span in which the center of each of some equal parts lies."""
    return start + ((np.arange(count) + 0.5) * (stop - start) / max(count, 1)).astype(np.int64)

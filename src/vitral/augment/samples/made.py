"""`Made`: what was made of one picture, and how all that belongs to it follows."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from vitral.augment.engines.render import Rendering, levels_to_inputs
from vitral.augment.plan import Plan
from vitral.augment.route import Points
from vitral.augment.targets.maps import Map, moved_map
from vitral.augment.targets.moved import NOT_COUNTED, Boxes, moved_mask, moved_points, moved_targets
from vitral.augment.targets.outlines import (
    areas_of_polygons,
    boxes_of_polygons,
    cut_polygons,
    moved_lines,
    moved_polygons,
    whole_polygons,
)

_PIXELS = 4096
_ROUNDED = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Objects:
    """The objects of a picture where they were moved.

    Args:
        kept: which of them can be seen.
        boxes: of those, cut off at the borders.
        polygons: of all; 0 x 2 of those that are not seen. None without polygons.
        masks: of all. None without masks.
    """

    kept: Bool[NDArray[np.bool_], " n"]
    boxes: Boxes
    polygons: Sequence[Points] | None
    masks: NDArray[Any] | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Made:
    """What was made of one picture, and how all that belongs to it follows.

    Args:
        plan: of the one picture.
        least: share of an object that must still be seen for it to stay, in [0, 1].
        tones: mean and std of the result; None for uint8.
    """

    plan: Plan
    least: float
    tones: tuple[Sequence[float], Sequence[float]] | None

    def picture(self, pixels: NDArray[np.uint8], *, clean: bool = False) -> NDArray[Any]:
        """What is made of a picture of the planned size.

        Args:
            pixels: uint8 of h x w x 3.
            clean: whether it only moves: colors, noise and blur stay off.
        """
        plan = self.plan
        if clean:
            passes = tuple(dataclasses.replace(one, tones=(), filter=None) for one in plan.passes)
            plan = dataclasses.replace(plan, passes=passes)
        rendering = Rendering(pixels[None], plan)
        if self.tones is None:
            made = rendering.levels(0)
            return made.copy() if np.shares_memory(made, pixels) else made
        out = np.empty((1, plan.height, plan.width, 3), dtype=np.float32)
        rendering.part(0, 1, *levels_to_inputs(*self.tones), out)
        return out[0]

    def objects(self, boxes: Boxes, polygons: Sequence[Points] | None, masks: NDArray[Any] | None) -> Objects:
        """Boxes with the shapes that belong to them.

        A box is the tight one of the object's polygon where that is known, else of its mask, else the
        upright one around its own corners; and what must be seen is a share of the same.
        """
        kept, found = np.zeros(len(boxes), dtype=np.bool_), np.full((len(boxes), 4), np.nan)
        seen, _ = moved_targets(self.plan, boxes=[boxes], least=self.least)
        assert seen is not None
        kept[:], found[seen[0].kept] = seen[0].kept, seen[0].boxes
        cut, stack = None, None if masks is None else self.stack(masks)
        if masks is not None and stack is not None:
            known, tight = masks.any(axis=(1, 2)), boxes_of_masks(stack)
            found[known] = tight[known]
            share = self._shares_of_masks(masks) if self.least > 0 else np.ones(len(masks))
            kept[known] = (np.isfinite(tight[:, 0]) & (share >= self.least))[known]
        if polygons is not None:
            route = self.plan.route(0)
            whole = whole_polygons(polygons, route.whole)
            seen_ = whole if route.whole is route else whole_polygons(polygons, route)
            cut = cut_polygons(seen_, height=self.plan.height, width=self.plan.width)
            before, after = areas_of_polygons(whole), areas_of_polygons(cut)
            known, tight = (
                np.array([len(one) > 0 for one in polygons], dtype=np.bool_),
                boxes_of_polygons(cut),
            )
            found[known] = tight[known]
            kept[known] = ((after > 0) & (after >= (self.least - _ROUNDED) * before))[known]
        return Objects(kept=kept, boxes=found[kept], polygons=cut, masks=stack)

    def polygons(self, polygons: Sequence[Points]) -> list[Points]:
        """Polygons that belong to no boxes."""
        return moved_polygons(polygons, self.plan.route(0), height=self.plan.height, width=self.plan.width)

    def lines(self, lines: Sequence[Points]) -> list[list[Points]]:
        """Lines, each in the pieces that are seen."""
        return moved_lines(lines, self.plan.route(0), height=self.plan.height, width=self.plan.width)

    def mask(self, mask: NDArray[Any]) -> NDArray[np.uint8]:
        """Class numbers; of a bool mask what comes from outside is False."""
        moved = self._moved_numbers(mask.astype(np.uint8, copy=False))
        if mask.dtype == np.bool_:
            moved[moved == NOT_COUNTED] = 0
        return moved

    def stack(self, masks: NDArray[Any]) -> NDArray[Any]:
        """Of each object the pixels that are not 0; they come back as the largest number of the stack."""
        made = np.zeros((len(masks), self.plan.height, self.plan.width), dtype=masks.dtype)
        most = masks.max(initial=0)
        for number, mask in enumerate(masks):
            np.copyto(made[number], most, where=self._moved_numbers((mask != 0).view(np.uint8)) == 1)
        return made

    def map(self, levels: Map) -> Map:
        """Floats, of any resolution; NaN outside."""
        plan = self.plan
        tall, wide = plan.sizes[0].tolist()
        return moved_map(levels, plan.route(0), size=(tall, wide), height=plan.height, width=plan.width)

    def points(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places, perhaps outside; the visibility there, if it is given, is 0.

        A place inside that is not seen, because it lay beyond a canvas between two passes, has the
        visibility 0 too; where none is given, it is NaN.
        """
        full = np.concatenate([points[..., :2], np.ones((*points.shape[:-1], 1))], axis=-1)
        full[..., 2:] = points[..., 2:] if points.shape[-1] == 3 else 1.0
        _, moved = moved_targets(self.plan, points=[full.reshape(-1, 1, 3)])
        assert moved is not None
        made = moved[0].reshape(full.shape)
        if points.shape[-1] == 3:
            return made
        places = made[..., :2]
        inside = ((places >= 0) & (places < (self.plan.width, self.plan.height))).all(axis=-1)
        return np.where((inside & (made[..., 2] == 0))[..., None], np.nan, places)

    def _moved_numbers(self, numbers: NDArray[np.uint8]) -> NDArray[np.uint8]:
        plan = self.plan
        tall, wide = plan.sizes[0].tolist()
        return moved_mask(numbers, plan.route(0), size=(tall, wide), height=plan.height, width=plan.width)

    def _shares_of_masks(self, masks: NDArray[Any]) -> Float[NDArray[np.float64], " n"]:
        """The share of each object's pixels whose centers are seen, from some thousands of them."""
        shares, size = np.zeros(len(masks)), (self.plan.width, self.plan.height)
        pixel = self.plan.sizes[0, ::-1] / masks.shape[:0:-1]
        for number, mask in enumerate(masks):
            places = np.flatnonzero(mask)
            places = places[:: max(1, len(places) // _PIXELS)]
            y, x = np.divmod(places, masks.shape[2])
            moved = moved_points((np.stack([x, y], axis=1) + 0.5) * pixel, self.plan.route(0))
            shares[number] = ((moved >= 0) & (moved < size)).all(axis=1).mean() if len(places) else 0.0
        return shares


def boxes_of_masks(masks: NDArray[Any]) -> Boxes:
    """The tight upright box of the pixels of each mask that are not 0; NaN where there are none.

    Args:
        masks: n x h x w.
    """
    found = np.full((len(masks), 4), np.nan)
    for axis, first in ((1, 0), (2, 1)):
        lines: Any = masks.any(axis=axis)  # pyright: ignore[reportArgumentType]
        known = lines.any(axis=1)
        found[known, first] = lines.argmax(axis=1)[known]
        found[known, first + 2] = (lines.shape[1] - lines[:, ::-1].argmax(axis=1))[known]
    return found

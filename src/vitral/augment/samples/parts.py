"""`Parts`, `further_parts`: what belongs to one picture, in whatever kind the caller holds it."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitral.augment.samples.kinds import (
    Held,
    held_boxes,
    held_map,
    held_mask,
    held_outlines,
    held_picture,
    held_points,
    kept_of,
)
from vitral.augment.samples.made import Made, Objects
from vitral.core import ShapeError

KINDS = ("image", "clean", "mask", "map")
"""What a further part may be; see `Transform`."""

WITH_BOXES = ("labels", "iscrowd")


class Parts:
    """The parts of a sample that geometry moves, checked before anything is drawn.

    Args:
        given: boxes, labels, iscrowd, mask, masks, keypoints, polygons, lines: any of them; others are
            left alone.
        picture: what they belong to.
        before: what stands before their names in messages.
        called: other names of some of them, for messages.
    Raises:
        ShapeError: a part is not what its name stands for.
    """

    def __init__(
        self,
        given: Mapping[str, Any],
        picture: Held,
        *,
        before: str = "",
        called: Mapping[str, str] | None = None,
    ) -> None:
        self._given = given
        self._where = {name: before + (called or {}).get(name, name) for name in given}
        self.held: dict[str, Held] = {}
        self._outlines: dict[str, list[Held]] = {}
        for name, value in given.items():
            where = self._where[name]
            if name == "boxes":
                self.held[name] = held_boxes(value, where=where)
            elif name in ("mask", "masks"):
                self.held[name] = held_mask(value, where=where, stacked=name == "masks")
                _check_filled(self.held[name].array.shape[-2:], where)
            elif name == "keypoints":
                self.held[name] = held_points(value, where=where)
            elif name in ("polygons", "lines"):
                least = 3 if name == "polygons" else 2
                self._outlines[name] = held_outlines(value, where=where, least=least)
        self._with_boxes = self._counted()

    def _counted(self) -> list[str]:
        """The parts that are one for each box."""
        if "boxes" not in self.held:
            return []
        deep = [n for n in ("masks", "keypoints") if n in self.held and self.held[n].array.ndim == 3]
        names = [name for name in (*WITH_BOXES, "polygons") if name in self._given] + deep
        everyone = np.ones(len(self.held["boxes"].array), dtype=np.bool_)
        for name in names:
            counted = self.held[name].array if name in self.held else self._given[name]
            kept_of(counted, everyone, where=self._where[name])
        return names

    def moved(self, done: Made) -> dict[str, Any]:
        """Each part where it went."""
        made: dict[str, Any] = {}
        objects = None
        if "boxes" in self.held:
            objects = self._objects(done)
            made["boxes"] = self.held["boxes"].back(objects.boxes)
            for name in WITH_BOXES:
                if name in self._given:
                    made[name] = kept_of(self._given[name], objects.kept, where=self._where[name])
        for name in ("mask", "masks"):
            if name in self.held:
                made[name] = self.held[name].back(self._masks(name, done, objects))
        if "keypoints" in self.held:
            held = self.held["keypoints"]
            some = held.array[objects.kept] if objects and "keypoints" in self._with_boxes else held.array
            made["keypoints"] = held.back(done.points(some))
        if "polygons" in self._outlines:
            made["polygons"] = self._polygons(done, objects)
        if "lines" in self._outlines:
            lines = self._outlines["lines"]
            pieces = done.lines([line.array for line in lines])
            made["lines"] = [
                [line.back(piece) for piece in some] for line, some in zip(lines, pieces, strict=True)
            ]
        return made

    def _objects(self, done: Made) -> Objects:
        polygons = self._outlines.get("polygons")
        return done.objects(
            self.held["boxes"].array,
            None if polygons is None else [polygon.array for polygon in polygons],
            self.held["masks"].array if "masks" in self._with_boxes else None,
        )

    def _masks(self, name: str, done: Made, objects: Objects | None) -> NDArray[Any]:
        array = self.held[name].array
        if array.ndim == 2:
            return done.mask(array)
        if objects is None or objects.masks is None:
            return done.stack(array)
        return objects.masks[objects.kept]

    def _polygons(self, done: Made, objects: Objects | None) -> list[Any]:
        polygons = self._outlines["polygons"]
        if objects is None or objects.polygons is None:
            moved = done.polygons([polygon.array for polygon in polygons])
            return [polygon.back(one) for polygon, one in zip(polygons, moved, strict=True)]
        several = zip(polygons, objects.polygons, objects.kept.tolist(), strict=True)
        return [polygon.back(one) for polygon, one, kept in several if kept]


def further_parts(
    values: Mapping[str, Any], kinds: Mapping[str, str], picture: Held, *, before: str, replicate: bool
) -> dict[str, Callable[[Made], Any]]:
    """What becomes of each further part, once it is known where things went.

    Args:
        values: by name; None for one that is not there, and a list for several of a kind.
        kinds: one of `KINDS` for each name.
        picture: what they belong to.
        before: what stands before their names in messages.
        replicate: whether grey pictures become three equal channels.
    Raises:
        ShapeError: a part is not of its kind, or not of the picture's size.
    """
    found: dict[str, Callable[[Made], Any]] = {}
    for name, value in values.items():
        kind, where = kinds[name], before + name
        if isinstance(value, list | tuple):
            whole = type(value)
            several = [
                _further(kind, each, f"{where}[{number}]", picture, replicate)
                for number, each in enumerate(value)
            ]
            found[name] = lambda done, several=several, whole=whole: whole(each(done) for each in several)
        elif value is not None:
            found[name] = _further(kind, value, where, picture, replicate)
    return found


def _further(kind: str, value: Any, where: str, picture: Held, replicate: bool) -> Callable[[Made], Any]:
    if kind == "map":
        levels = held_map(value, where=where)
        return lambda done: levels.back(done.map(levels.array))
    if kind == "mask":
        mask = held_mask(value, where=where)
        _check_filled(mask.array.shape, where)
        return lambda done: mask.back(done.mask(mask.array))
    other = held_picture(value, where=where, replicate=replicate)
    _check_size(other.array.shape[:2], picture, where)
    return lambda done: other.back(done.picture(other.array, clean=kind == "clean"))


def _check_filled(shape: tuple[int, ...], where: str) -> None:
    if 0 in shape:
        raise ShapeError(f"{where}: must have pixels, got {' x '.join(str(n) for n in shape)}")


def _check_size(shape: tuple[int, ...], picture: Held, where: str) -> None:
    (tall, wide), (height, width) = shape, picture.array.shape[:2]
    if (tall, wide) != (height, width):
        raise ShapeError(f"{where}: must be of the picture's size, {height} x {width}, got {tall} x {wide}")

"""`vitral look --strip`: what one op makes of pictures from nothing to strong."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitral.augment import Augmentation, Op
from vitral.augment.strengths import STEPS, strengths
from vitral.cli.look_augment import batch_of, chosen_samples, input_size
from vitral.core import Batch, OptionError, Picture, did_you_mean, members
from vitral.data import PictureSet
from vitral.data.findings import Findings
from vitral.report.overlay import overlay

_DRAWS = 12
_LEVELS: dict[str, Any] = {"mean": (0, 0, 0), "std": (1, 1, 1)}
_GAP_PX = 2
Tile = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Strips:
    """What one op made of some pictures, to be shown.

    Args:
        ops: from nothing to strong.
        pictures: one wide picture each: the tiles side by side.
        steps: what differs among the ops: a row for each, by option.
        left_out: of each picture that was chosen and is not drawn, why, in a sentence.
    """

    ops: Sequence[Op]
    pictures: Sequence[Picture]
    steps: Sequence[dict[str, object]]
    left_out: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        """The ops, and what is not drawn, for `--json`."""
        told: dict[str, Any] = {"ops": [op.to_json() for op in self.ops]}
        return told | ({"left_out": list(self.left_out)} if self.left_out else {})


def checked_kind(kind: str) -> str:
    """The kind of an op, as it was given.

    Raises:
        OptionError: there is no such op; the nearest name is suggested.
    """
    known = members("op")
    if kind not in known:
        raise OptionError(f"--strip: must be the name of an op, got {kind!r}{did_you_mean(kind, known)}")
    return kind


def strips(kind: str, pictures: PictureSet, findings: Findings) -> Strips:
    """Draw one op over its strength, on pictures spread over a set.

    Args:
        kind: of the op.
        pictures: the set; those with objects come first.
        findings: of the set; what is broken is left out.
    """
    chosen, left_out = chosen_samples(pictures, findings)
    samples = [sample for _, sample in chosen]
    ops = strengths(kind, STEPS)
    made: list[list[Tile]] = []
    if samples:
        height, width = input_size(samples)
        made = strip(ops, batch_of([i for i, _ in chosen], samples, 0), height=height, width=width)
    drawn = [
        Picture(pixels=side_by_side(tiles), note=sample.key)
        for tiles, sample in zip(made, samples, strict=True)
    ]
    return Strips(ops=ops, pictures=drawn, steps=steps_of(ops), left_out=left_out)


def strip(
    ops: Sequence[Op], batch: Batch, *, height: int, width: int, targets: bool = True, **how: Any
) -> list[list[Tile]]:
    """Each picture of a batch under each of some ops, with the same draw for all ops.

    Of a few draws it is the one in which most can be seen in the middle of the strip. Of an op without
    a strength, that is two ops, different draws are shown, from the least to the greatest change.

    Args:
        ops: what `strengths` gives.
        batch: the pictures.
        height: rows of each tile.
        width: columns of each tile.
        targets: whether masks, boxes and points are drawn, too.
        how: what else `Augmentation` should know.
    Returns:
        For each picture uint8 of height x width x 3: one for each op, or at most STEPS where there are two.
    """

    def drawn(op: Op, epoch: int) -> list[Tile]:
        augmentation = Augmentation((op,), height=height, width=width, **(_LEVELS | how))
        return _tiles(augmentation, dataclasses.replace(batch, epoch=epoch, inputs=None), targets)

    start = drawn(ops[0], 0)
    draws = [drawn(ops[len(ops) // 2], epoch) for epoch in range(_DRAWS)]
    changes = np.array([list(map(change, tiles, start)) for tiles in draws])
    if len(ops) > 2:
        best = int(changes.mean(axis=1).argmax())
        rows = [start, *(drawn(op, best) for op in ops[1:])]
        return [list(column) for column in zip(*rows, strict=True)]
    return [
        [first, *_sorted_out([tiles[i] for tiles in draws], changes[:, i])] for i, first in enumerate(start)
    ]


def _sorted_out(tiles: Sequence[Tile], changes: NDArray[np.float64]) -> list[Tile]:
    """A few different pictures, from the least to the greatest change."""
    found: list[Tile] = []
    for k in np.argsort(changes, kind="stable").tolist():
        if all(not np.array_equal(tiles[k], tile) for tile in found):
            found.append(tiles[k])
    picked = np.linspace(0, len(found) - 1, min(STEPS - 1, len(found))).round().astype(int)
    return [found[k] for k in picked.tolist()]


def change(tile: Tile, start: Tile) -> float:
    """The mean distance of two pictures, in levels."""
    return float(np.abs(tile.astype(np.int16) - start).mean())


def side_by_side(tiles: Sequence[Tile]) -> Tile:
    """Pictures of one height in a row, with white between them."""
    gap = np.full((tiles[0].shape[0], _GAP_PX, 3), 255, np.uint8)
    return np.hstack([part for tile in tiles for part in (tile, gap)][:-1])


def steps_of(ops: Sequence[Op]) -> list[dict[str, object]]:
    """What differs among ops that are not the first, one row for each of them.

    Of ops that hold ops it is what differs among those. Where nothing differs there are no rows.
    """
    rows: list[dict[str, object]] = []
    for op in ops[1:]:
        rows.append(dict(_numbers(op)))
    names = [name for name in rows[0] if len({repr(row.get(name)) for row in rows}) > 1]
    return [{name: row.get(name) for name in names} for row in rows] if names else []


def _numbers(op: Op, before: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for name in op.options():
        value = getattr(op, name)
        held = value if isinstance(value, tuple) else ()
        if held and all(isinstance(one, Op) for one in held):
            found += [pair for one in held for pair in _numbers(one, f"{before}{one.kind}.")]
        else:
            found.append((before + name, value))
    return found


def _tiles(augmentation: Augmentation, batch: Batch, targets: bool) -> list[Tile]:
    made = augmentation(batch)
    shown = [picture.pixels for picture in augmentation.show(made)]
    if not targets:
        return shown
    return [
        overlay(
            pixels,
            mask=None if made.masks is None else made.masks[i],
            boxes=None if made.boxes is None else made.boxes[i],
            labels=None if made.box_labels is None else made.box_labels[i],
            points=None if made.points is None else made.points[i],
        )
        for i, pixels in enumerate(shown)
    ]

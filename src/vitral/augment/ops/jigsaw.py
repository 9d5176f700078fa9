"""`jigsaw`: a puzzle."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Filter, Stage
from vitral.augment.variables import Discrete, Param
from vitral.core import option


@dataclass(frozen=True, kw_only=True)
class Jigsaw(Op, kind="jigsaw"):
    """Cut pictures into equal cells and swap neighbors: for pictures with one label alone.

    Cells move after all geometry so far, and nothing but pixels moves with them: masks, boxes and
    points stay where they are. What is left at the right and at the bottom stays, too.
    """

    cells: Param = option(Discrete(low=3, high=6), "along each side; rounded", low=1, high=64)
    swaps: Param = option(Discrete(low=2, high=10), "pairs of neighbors, in turn; rounded", low=0, high=1000)
    p: float = option(0.5, "how often a picture becomes a puzzle", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw how many cells and swaps per picture; which ones is drawn when it is needed."""
        cells = np.rint(draw.value(self.cells, "cells")).astype(np.int64)
        swaps = np.rint(draw.value(self.swaps, "swaps")).astype(np.int64)
        generator = draw.generators("pairs")

        def changed(pixels: NDArray[np.uint8], i: int) -> NDArray[np.uint8]:
            """Take each cell from where it was."""
            height, width = pixels.shape[:2]
            rows, columns = min(int(cells[i]), height), min(int(cells[i]), width)
            order = _swapped(generator(i), rows, columns, int(swaps[i]))
            tall, wide = height // rows, width // columns
            whole = pixels[: rows * tall, : columns * wide].reshape(rows, tall, columns, wide, 3)
            moved = whole.transpose(0, 2, 1, 3, 4)[order // columns, order % columns]
            made = pixels.copy()
            made[: rows * tall, : columns * wide] = moved.transpose(0, 2, 1, 3, 4).reshape(
                rows * tall, columns * wide, 3
            )
            return made

        return (Filter(op="jigsaw", chosen=draw.chosen(self.p), apply=changed),)


def _swapped(
    generator: np.random.Generator, rows: int, columns: int, swaps: int
) -> Int[NDArray[np.int64], "rows columns"]:
    """Which cell lies where after some swaps of neighbors."""
    order = np.arange(rows * columns)
    cell = np.arange(rows * columns).reshape(rows, columns)
    across = np.stack([cell[:, :-1].ravel(), cell[:, 1:].ravel()], axis=1)
    down = np.stack([cell[:-1].ravel(), cell[1:].ravel()], axis=1)
    pairs = np.concatenate([across, down])
    for k in generator.integers(0, len(pairs), size=swaps if len(pairs) else 0).tolist():
        order[pairs[k]] = order[pairs[k][::-1]]
    return order.reshape(rows, columns)

"""What ops that bend pictures have in common: nodes over the canvas, and fields from where they shall lie."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.stages import Field

FINE = 73
"""Nodes along each axis that follow smooth maps of a canvas of 224 pixels to a tenth of a pixel."""

Nodes = Float[NDArray[np.float64], "b rows columns xy=2"]


def lattice(frame: Frame, rows: int, columns: int) -> Nodes:
    """Where the nodes of a field lie on each canvas: spread evenly, from edge to edge."""
    y, x = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    return np.stack([x, y], axis=2) * frame.canvas[:, None, None, ::-1]


def field(
    frame: Frame, moves: Nodes, chosen: Bool[NDArray[np.bool_], " b"], *, op: str, smooth: bool
) -> Field:
    """A field for some pictures of a batch; see `stages.Field`.

    Args:
        frame: the canvas.
        moves: how far off what each node shows lies, in pixels.
        chosen: the pictures that are bent.
        op: the op that does it.
        smooth: whether it is cubic between nodes, else linear.
    """
    nodes = moves if chosen.all() else np.where(chosen[:, None, None, None], moves, 0.0)
    return Field(op=op, nodes=nodes, canvas=frame.canvas, smooth=smooth)


def normals(draw: Draw, name: str, shape: Sequence[int], count: int) -> Float[NDArray[np.float64], "b ..."]:
    """Normal numbers of a shape for each of the pictures."""
    generator = draw.generators(name)
    return np.stack([generator(i).standard_normal(tuple(shape)) for i in range(count)])

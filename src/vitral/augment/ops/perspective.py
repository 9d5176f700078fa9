"""`perspective`: as if the picture were seen from the side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op
from vitral.augment.stages import Stage, Warp
from vitral.augment.variables import Param
from vitral.core import option

_CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class Perspective(Op, kind="perspective"):
    """Move the four corners of what is seen into the picture, each by a random share of its size."""

    strength: Param = option((0.0, 0.1), "farthest move, as a share of the sides", low=0, high=0.45)

    zero = {"strength": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Draw one strength and four corners per picture."""
        strength = draw.value(self.strength, "strength")
        inward = np.stack([[draw.uniform(f"{axis}{n}") for axis in "xy"] for n in range(4)])
        toward = 1 - 2 * _CORNERS
        moved = _CORNERS[None] + np.transpose(inward, (2, 0, 1)) * toward * strength[:, None, None]
        size = frame.canvas[:, None, ::-1]
        matrix = _homographies(_CORNERS * size, moved * size)
        # Nothing moved is exactly the identity, whatever solving leaves in the last bits.
        matrix[strength == 0] = np.eye(3)
        return (Warp(op="perspective", matrix=matrix, canvas=frame.canvas),)


def _homographies(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The matrices that take four points each to four others; b x 4 x 2 both."""
    x, y = source[..., 0], source[..., 1]
    one, none = np.ones_like(x), np.zeros_like(x)
    rows = []
    for axis, row in ((0, (x, y, one, none, none, none)), (1, (none, none, none, x, y, one))):
        place = target[..., axis]
        rows.append(np.stack([*row, -place * x, -place * y], axis=-1))
    known = np.concatenate([target[..., 0], target[..., 1]], axis=1)
    solved = np.linalg.solve(np.concatenate(rows, axis=1), known[..., None])[..., 0]
    return np.concatenate([solved, np.ones((len(solved), 1))], axis=1).reshape(-1, 3, 3)

"""What `Crop` and `Pad` have in common: the sides of the canvas are moved in or out."""

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame, part_of_canvas
from vitral.augment.stages import Warp
from vitral.augment.variables import Param
from vitral.core import OptionError

Sides = Float[NDArray[np.float64], " b"]
SIDES = {"l": "left", "r": "right", "t": "top", "b": "bottom"}


def check_sides(sides: str, where: str) -> None:
    """Refuse what does not name sides.

    Raises:
        OptionError: there is a letter that is not the first of a side's name, or one comes twice.
    """
    if not set(sides) <= set(SIDES) or len(set(sides)) < len(sides):
        raise OptionError(f"{where}: must be some of the letters lrtb, each once, got {sides!r}")


def with_margins(
    draw: Draw, frame: Frame, share: Param, px: Param, *, sides: str, apart: bool, inward: bool, op: str
) -> Warp:
    """The canvas with its sides moved by whole pixels; at least one pixel is left.

    Args:
        draw: random numbers.
        frame: the canvas.
        share: how far a side is moved, as a share of the canvas's height or width.
        px: what is added to that, in pixels.
        sides: the sides that are moved, by their first letters.
        apart: whether each side has random numbers of its own.
        inward: whether they are moved in, not out.
        op: the op that does it.
    """
    added = {}
    for letter, side in SIDES.items():
        name, size = side if apart else "all", frame.wide if letter in "lr" else frame.tall
        far = np.rint(draw.value(share, f"share.{name}") * size + draw.value(px, f"px.{name}"))
        added[letter] = (-far if inward else far) * float(letter in sides)
    for low, high, size in (("l", "r", frame.wide), ("t", "b", frame.tall)):
        added[low], added[high] = _limited(added[low], added[high], size)
    wide, tall = frame.wide + added["l"] + added["r"], frame.tall + added["t"] + added["b"]
    return part_of_canvas(frame, -added["l"], -added["t"], wide, tall, op=op)


def _limited(low: Sides, high: Sides, size: Sides) -> tuple[Sides, Sides]:
    """Two opposite sides that leave at least a pixel: where they would not, both move in less."""
    room = np.maximum(np.floor(size - 1 + np.maximum(low, 0) + np.maximum(high, 0)), 0)
    first, second = np.maximum(-low, 0), np.maximum(-high, 0)
    share = np.minimum(1.0, room / np.maximum(first + second, 1))
    first = np.floor(first * share + 1e-9)
    second = np.minimum(second, room - first)
    return np.where(low < 0, -first, low), np.where(high < 0, -second, high)

"""What `BoxSafeCrop` and `CropAroundBox` have in common: a part of the canvas as the input shows it."""

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame, part_of_canvas
from vitral.augment.stages import Warp

Boxes = Float[NDArray[np.float64], "n xyxy=4"]


def boxes_on_canvas(frame: Frame) -> list[Boxes]:
    """The boxes of each picture as far as they lie on the canvas; those that do not are left out."""
    found = []
    for boxes, (tall, wide) in zip(frame.boxes_here(), frame.canvas, strict=True):
        cut = np.clip(boxes, 0.0, np.array([wide, tall, wide, tall]))
        found.append(cut[(cut[:, 2] > cut[:, 0]) & (cut[:, 3] > cut[:, 1])])
    return found


def random_parts(draw: Draw, frame: Frame, scale: tuple[float, float]) -> Boxes:
    """A random part of each canvas, of the input's shape, and smaller where it would not fit.

    Args:
        draw: random numbers.
        frame: the canvas.
        scale: smallest and largest share of the area.
    """
    canvas, shape = frame.canvas[:, ::-1], np.array([frame.width, frame.height], dtype=np.float64)
    area = draw.uniform("scale", *scale) * canvas.prod(axis=1)
    size = np.sqrt(area / shape.prod())[:, None] * shape
    size = size * np.minimum(1.0, (canvas / size).min(axis=1, keepdims=True))
    start = np.stack([draw.uniform("x"), draw.uniform("y")], axis=1) * (canvas - size)
    return np.concatenate([start, start + size], axis=1)


def shown(frame: Frame, parts: Boxes, held: Boxes, *, op: str) -> Warp:
    """Parts of the canvas become the input, and nothing of what they must hold is cut off.

    Where the shape is kept, they grow to that of the input, into the canvas as long as it reaches. What is
    not held goes first where it does not.

    Args:
        frame: the canvas.
        parts: x0 y0 x1 y1 of each picture.
        held: the same of what they must hold.
        op: the op that does it.
    """
    canvas = frame.canvas[:, ::-1]
    if frame.fit == "crop":
        shape = np.array([frame.width, frame.height], dtype=np.float64)
        largest = (canvas / shape).min(axis=1, keepdims=True) * shape
        least, size = held[:, 2:] - held[:, :2], parts[:, 2:] - parts[:, :2]
        kept = np.clip((largest - least) / np.maximum(size - least, 1e-9), 0.0, 1.0)
        parts = held + (parts - held) * np.tile(kept, 2)
        start, size = parts[:, :2], np.maximum(parts[:, 2:] - parts[:, :2], 1.0)
        grown = (size / shape).max(axis=1, keepdims=True) * shape
        start, size = start - (grown - size) / 2, grown
    else:
        start, size = parts[:, :2], np.maximum(parts[:, 2:] - parts[:, :2], 1.0)
    room = canvas - size
    # Rounding may leave a hair less room than none.
    start = np.where(room >= -1e-6, np.clip(start, 0.0, np.maximum(room, 0.0)), room / 2)
    into = np.array([[frame.height, frame.width]], dtype=np.float64)
    return part_of_canvas(frame, *start.T, *size.T, op=op, into=into)

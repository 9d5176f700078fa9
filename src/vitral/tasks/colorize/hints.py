"""Hints: points whose color is known, as a person gives them and as training makes them up."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from vitral.core import OptionError
from vitral.nn.color import levels_to_lab

_HINT = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*,\s*#([0-9a-fA-F]{6})\s*")
RADIUS_PX = 3
_MOST_RADIUS_PX = 4
# As many as this come in one picture of thirty.
_MOST_HINTS = 16
_MEAN_HINTS = 5.0
_RANGE = 110.0
# How far the color of a hint reaches: a share of the short side, and lightness on [0, 1].
_REACH, _LIKE = 0.15, 0.08
# How near is as good as the place itself.
_AT_ONCE = 1e-4


@dataclass(frozen=True, kw_only=True)
class Hint:
    """A point with a color; its lightness is that of the picture.

    Args:
        x, y: in pixels of the picture; pixel i covers [i, i + 1).
        ab: the color.
    """

    x: float
    y: float
    ab: tuple[float, float]

    @classmethod
    def read(cls, text: str) -> Self:
        """A hint from `x,y,#rrggbb`.

        Raises:
            OptionError: another text.
        """
        found = _HINT.fullmatch(text)
        if found is None:
            raise OptionError(f"--hint: must be x,y,#rrggbb such as 120,80,#c03020, got {text!r}")
        rgb = np.frombuffer(bytes.fromhex(found[3]), np.uint8)
        _, a, b = levels_to_lab(rgb).tolist()
        return cls(x=float(found[1]), y=float(found[2]), ab=(a, b))


def check_hints(hints: Sequence[Hint], *, height: int, width: int) -> None:
    """See that hints lie in the picture.

    Raises:
        OptionError: one does not.
    """
    for hint in hints:
        if not (0 <= hint.x < width and 0 <= hint.y < height):
            raise OptionError(
                f"--hint: must lie in the picture of {width} x {height} px, got {hint.x:g},{hint.y:g}"
            )


def network_inputs(
    lightness: Float[Tensor, "b c=1 h w"],
    ab: Float[Tensor, "b ab=2 h w"],
    mask: Float[Tensor, "b c=1 h w"],
) -> Float[Tensor, "b c2=4 h w"]:
    """What the network sees: levels on [0, 1], the middle where there is no hint.

    Args:
        lightness: in [0, 100].
        ab: of hints, zero elsewhere.
        mask: 1 where there is a hint.
    """
    return torch.cat([lightness / 100, 0.5 + ab / (2 * _RANGE), 0.5 + mask / 2], 1)


def no_hints(lightness: Float[Tensor, "b c=1 h w"]) -> tuple[Tensor, Tensor]:
    """Zeros for a, b and mask."""
    return torch.zeros_like(lightness).expand(-1, 2, -1, -1), torch.zeros_like(lightness)


def placed_hints(
    hints: Sequence[Hint], lightness: Float[Tensor, "b c=1 h w"], *, height: int, width: int
) -> tuple[Tensor, Tensor]:
    """a and b, and mask, of a person's hints.

    Args:
        hints: in pixels of a picture of `height` x `width`.
        lightness: of the picture of another size that the network will see.
        height: rows of the picture.
        width: its columns.
    """
    empty, mask = no_hints(lightness)
    ab = empty.clone()
    rows, columns = lightness.shape[2:]
    for hint in hints:
        y, x = int(hint.y / height * rows), int(hint.x / width * columns)
        around = (slice(max(0, at - RADIUS_PX), at + RADIUS_PX + 1) for at in (y, x))
        here = (..., *around)
        for channel in range(2):
            ab[:, channel][here] = hint.ab[channel]
        mask[here] = 1
    return ab, mask


@torch.no_grad()
def simulated_hints(
    ab: Float[Tensor, "b ab=2 h w"], *, share: float
) -> tuple[Float[Tensor, "b ab=2 h w"], Float[Tensor, "b c=1 h w"]]:
    """Hints as a person might give them: mostly few squares with the mean color below them.

    Args:
        ab: the right colors.
        share: of the pictures that get any.
    Source:
        Zhang et al. 2017, arXiv:1705.02999, section 3.2. Departures: at most 16 points, anywhere.
    """
    count, _, height, width = ab.shape
    device = ab.device
    # Geometric: mostly few, sometimes many.
    numbers = torch.log(torch.rand(count).clamp(min=1e-9)) / math.log(1 - 1 / _MEAN_HINTS)
    numbers = (numbers.long() + 1).clamp(max=_MOST_HINTS) * (torch.rand(count) < share)
    draws = torch.rand(4, _MOST_HINTS, count)
    rows, columns = torch.arange(height, device=device), torch.arange(width, device=device)
    shown, mask = torch.zeros_like(ab), torch.zeros_like(ab[:, :1])
    blurred = torch.nn.functional.avg_pool2d(ab, 3, stride=1, padding=1, count_include_pad=False)
    for point in range(int(numbers.max())):
        y, x = (draws[0, point] * height).long(), (draws[1, point] * width).long()
        radius = (draws[2, point] * (_MOST_RADIUS_PX + 1)).long().to(device)
        color = blurred[torch.arange(count), :, y.to(device), x.to(device)]
        near_y = (rows - y.to(device)[:, None]).abs() <= radius[:, None]
        near_x = (columns - x.to(device)[:, None]).abs() <= radius[:, None]
        here = near_y[:, None, :, None] & near_x[:, None, None, :]
        here &= (numbers > point).to(device)[:, None, None, None]
        shown = torch.where(here, color[:, :, None, None], shown)
        mask = torch.where(here, 1.0, mask)
    return shown, mask


def honored(
    ab: Float[NDArray[np.float32], "h w ab=2"],
    hints: Sequence[Hint],
    lightness: Float[NDArray[np.float32], "h2 w2"],
    *,
    height: int,
    width: int,
) -> Float[NDArray[np.float32], "h w ab=2"]:
    """Colors in which every hint holds where it is; what is like it and near follows.

    The difference that the network left is spread over places of like lightness around the hint; between
    hints it is that of the nearer ones, so that none is spoiled by another (Shepard's weights).

    Args:
        ab: what the network made.
        hints: in pixels of a picture of `height` x `width`.
        lightness: on [0, 1].
        height: rows of the picture.
        width: its columns.
    """
    if not hints:
        return ab
    import cv2  # here, because it takes a third of the time to import vitral

    rows, columns = ab.shape[:2]
    small = np.asarray(cv2.resize(lightness, (columns, rows), interpolation=cv2.INTER_AREA))
    small = small.reshape(rows, columns)
    at_y, at_x = np.mgrid[:rows, :columns].astype(np.float32)
    pull, total, most = np.zeros_like(ab), *np.zeros((2, rows, columns, 1), np.float32)
    reach = _REACH * min(rows, columns)
    for hint in hints:
        y, x = int(hint.y / height * rows), int(hint.x / width * columns)
        near = ((at_y - y) ** 2 + (at_x - x) ** 2) / reach**2
        like = ((small - small[y, x]) / _LIKE) ** 2
        far = (near + like)[..., None]
        weight = np.exp(-far)
        share = weight / (far + _AT_ONCE)
        pull += share * (np.array(hint.ab, np.float32) - ab[y, x])
        total += share
        most = np.maximum(most, weight)
    return np.asarray(ab + most * pull / np.maximum(total, 1e-12), np.float32)

"""The random changes of a training of detection; boxes follow them."""

import math

from vitral.augment import Brightness, Contrast, Flip, Op, RandomResizedCrop

# At the end the network should see pictures nearly as prediction will show them.
_CALM_FROM, _CALM = 0.7, 0.25


def training_ops(
    *,
    flip: bool,
    upright: bool,
    zoom: tuple[float, float],
    stretch: float,
    light: float,
    progress: float,
) -> tuple[Op, ...]:
    """Geometry first, so that all of it is one look at the pixels, then light.

    Pictures are first made smaller, which shows what lies beyond them as plain color, then a part
    of that is cut out. Objects come out larger and smaller by the whole of `zoom`, but mostly near
    their own size.

    Args:
        flip: mirror left to right.
        upright: pictures have an above and a below; else they are turned by quarters as well.
        zoom: least and greatest size of things, relative to what prediction sees.
        stretch: how much wider or taller they come at most, at least 1.
        light: how strongly brightness, contrast and saturation change, in [0, 1].
        progress: share of the training done; in the last third things change their size far less.
    """
    if progress >= _CALM_FROM:
        zoom, stretch = (zoom[0] ** _CALM, zoom[1] ** _CALM), stretch**_CALM
    # Late ops, whose classes are made when they are asked for.
    from vitral.augment import FlipVertical, QuarterTurn, Saturation, Scale

    ops: list[Op] = [Flip()] if flip else []
    if not upright:
        ops += [FlipVertical(), QuarterTurn()]
    small, large = min(zoom[0], 1.0), max(zoom[1], 1.0)
    if small < 1:
        ops.append(Scale(factor=(small, 1.0)))
    # What is cut out has the shape of the whole; its area falls with the square of the zoom.
    ops.append(
        RandomResizedCrop(
            scale=(max(1 / large**2, 0.01), min(1.0, 1 / max(zoom[0], 1.0) ** 2)),
            ratio=(1 / math.sqrt(stretch), math.sqrt(stretch)),
        )
    )
    if light:
        ops += [Brightness(strength=light), Contrast(strength=light)]
        ops.append(Saturation(factor=(1 - light, 1 + light)))
    return tuple(ops)

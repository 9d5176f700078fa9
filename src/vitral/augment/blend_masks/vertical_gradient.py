"""`vertical-gradient`: from top to bottom."""

from dataclasses import dataclass

from vitral.augment.blend_masks.gradient import Gradient


@dataclass(frozen=True, kw_only=True)
class VerticalGradient(Gradient, kind="vertical-gradient"):
    """More and more from top to bottom."""

    axis = 0

"""`horizontal-gradient`: from left to right."""

from dataclasses import dataclass

from vitral.augment.blend_masks.gradient import Gradient


@dataclass(frozen=True, kw_only=True)
class HorizontalGradient(Gradient, kind="horizontal-gradient"):
    """More and more from left to right."""

    axis = 1

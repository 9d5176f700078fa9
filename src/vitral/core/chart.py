"""`Chart`: lines to draw for a person, as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Lines over a common axis, ready for a report or a web page.

    Args:
        title: what is drawn.
        series: name -> points (x, y) in ascending x.
        x_label: name of the horizontal axis, with its unit.
        y_label: name of the vertical axis, with its unit.
    """

    title: str
    series: Mapping[str, Sequence[tuple[float, float]]]
    x_label: str = ""
    y_label: str = ""

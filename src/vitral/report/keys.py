"""`keys`: which color stands for which name."""

from collections.abc import Iterable

from vitral.report.words import escaped

_COLORS = 6


def color(number: int) -> str:
    """Style class of the color of the n-th line or part; colors repeat after six."""
    return f"s{number % _COLORS}"


def keys(names: Iterable[str]) -> str:
    """Draw the colors with their names, as the list above a drawing."""
    items = [
        f'<li class="{color(i)}"><i aria-hidden="true"></i>{escaped(name)}</li>'
        for i, name in enumerate(names)
    ]
    return f'<ul class="keys">{"".join(items)}</ul>'

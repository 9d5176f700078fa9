"""`facts`: a few named values, large."""

from collections.abc import Mapping

from vitral.report.words import escaped, shown

_SHORT = 12


def facts(values: Mapping[str, object]) -> str:
    """Draw named values side by side; short ones large.

    Args:
        values: name -> value, in order.
    Returns:
        HTML of one description list.
    """
    items = []
    for name, value in values.items():
        text = shown(value)
        size = "" if len(text) <= _SHORT else ' class="long"'
        items.append(f"<div><dt>{escaped(name)}</dt><dd{size}>{escaped(text)}</dd></div>")
    return f'<dl class="facts">{"".join(items)}</dl>'

"""`bars`: one horizontal bar per name, of one part or of several."""

from collections.abc import Mapping

from vitral.report.keys import color, keys
from vitral.report.words import escaped, shown


def bars(values: Mapping[str, float | Mapping[str, float]], *, title: str, unit: str = "") -> str:
    """Draw one horizontal bar per name.

    Args:
        values: name -> length, or name -> part -> length for a bar of several parts; at least 0.
        title: caption of the figure.
        unit: what the numbers count, shown in the tooltips.
    Returns:
        HTML of one figure.
    """
    split = {name: dict(v) if isinstance(v, Mapping) else {"": v} for name, v in values.items()}
    parts = list(dict.fromkeys(part for bar in split.values() for part in bar))
    longest = max((sum(bar.values()) for bar in split.values()), default=0) or 1
    legend = keys(parts) if any(parts) else ""
    rows = "".join(_row(name, bar, parts, longest, unit) for name, bar in split.items())
    return (
        f'<figure class="chart"><figcaption>{escaped(title)}</figcaption>{legend}'
        f'<table class="bars"><tbody>{rows}</tbody></table></figure>'
    )


def _row(name: str, bar: Mapping[str, float], parts: list[str], longest: float, unit: str) -> str:
    pieces = []
    for i, part in enumerate(parts):
        if bar.get(part, 0) > 0:
            words = escaped(f"{name}, {part}: " if part else f"{name}: ") + escaped(shown(bar[part]))
            width = 100 * bar[part] / longest
            pieces.append(
                f'<i class="{color(i)}" style="width:{width:.2f}%" title="{words} {escaped(unit)}"></i>'
            )
    total = shown(sum(bar.values()))
    return (
        f'<tr><th scope="row" title="{escaped(name)}">{escaped(name)}</th>'
        f'<td class="bar"><div>{"".join(pieces)}</div></td><td class="number">{escaped(total)}</td></tr>'
    )

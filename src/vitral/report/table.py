"""`table`: rows of values under their names."""

from collections.abc import Mapping, Sequence

from vitral.report.words import escaped, shown


def table(rows: Sequence[Mapping[str, object]], *, title: str = "", bars: Sequence[str] = ()) -> str:
    """Draw rows of values; columns stand in the order in which they first occur.

    Args:
        rows: column -> value; numbers are aligned at their right, a missing value is a dash.
        title: caption above the table.
        bars: columns of numbers in [0, 1] that are also drawn as a bar behind the number.
    Returns:
        HTML of one table.
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    numbers = {name for name in columns if all(_is_number(row.get(name)) for row in rows)}
    caption = f"<caption>{escaped(title)}</caption>" if title else ""
    if not rows:
        return f'<p class="quiet">{escaped(title)}: nothing to list.</p>' if title else ""
    head = "".join(
        f'<th scope="col"{" class=number" if name in numbers else ""}>{escaped(name)}</th>'
        for name in columns
    )
    body = "".join(
        "<tr>" + "".join(_cell(row.get(name), name in numbers, name in bars) for name in columns) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide"><table class="rows">{caption}<thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(value: object, number: bool, bar: bool) -> str:
    text = escaped(shown(value))
    if bar and isinstance(value, int | float) and value == value:
        share = min(max(float(value), 0.0), 1.0)
        return f'<td class="number level"><i style="--share:{share:.3f}"></i><span>{text}</span></td>'
    return f'<td class="number">{text}</td>' if number else f"<td>{text}</td>"


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))

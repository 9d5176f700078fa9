"""Texts and numbers as a page shows them: escaped, visible, short."""

import html
import math
import unicodedata


def escaped(text: object) -> str:
    r"""Any text as HTML that shows it and does nothing else; also fit for a quoted attribute.

    What cannot be seen is spelled out: a newline as `\n`, a mark that would reorder the line as
    `\u202e`, a byte of a file name that is no UTF-8 as `\udcff`.
    """
    plain = str(text)
    if not plain.isprintable():
        plain = "".join(c if _visible(c) else c.encode("unicode_escape").decode("ascii") for c in plain)
    return html.escape(plain, quote=True)


def shown(value: object) -> str:
    """A value for a person, not yet escaped: numbers short and with separators, nothing as a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return _number(value)
    return str(value)


def _visible(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "–" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) < 1e-3:
        return f"{value:.2e}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"

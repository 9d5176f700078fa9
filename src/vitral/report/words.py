"""Texts and numbers as a page shows them: escaped, visible, short."""

import html
import math
import re

# Controls that reorder text could make one file name look like another.
_REORDERING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_UNENCODABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def escaped(text: object) -> str:
    """Any text as HTML that shows it and does nothing else; also fit for a quoted attribute.

    Control characters become their visible symbols, for example a newline the sign ␊; what
    cannot be encoded or would reorder the line becomes the replacement character.
    """
    plain = _UNENCODABLE.sub("\ufffd", _REORDERING.sub("\ufffd", str(text)))
    return html.escape(_CONTROL.sub(_symbol, plain), quote=True)


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


def _symbol(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else "\ufffd"

"""`ticks`: round numbers for an axis."""

import math


def ticks(low: float, high: float, *, count: int = 5) -> list[float]:
    """Round numbers that cover [low, high], about `count` of them, at steps of 1, 2 or 5.

    Args:
        low: smallest value to show, finite.
        high: largest value to show, finite.
        count: about how many, at least 2.
    Returns:
        At least two ascending numbers; the first is at most `low`, the last at least `high`.
    """
    if high <= low:
        low, high = low - (abs(low) or 1) / 2, low + (abs(low) or 1) / 2
    rough = (high - low) / max(count - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * power for unit in (1, 2, 5, 10) if unit * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [0.0 if n == 0 else n * step for n in range(first, max(last, first + 1) + 1)]


def tick_text(value: float, step: float) -> str:
    """A tick in as few digits as its step needs."""
    if value != 0 and not 1e-4 <= abs(value) < 1e6:
        return f"{value:.3g}"
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:,.{decimals}f}"

"""The fewest bytes that end a message of the range coder."""

from typing import Any

_WORD_BITS = 32


def shortest_bytes(encoder: Any) -> bytes:
    """The shortest bytes from which the message can be decoded, with zeros behind them.

    The library always ends with one or two whole words. Any number within the coder's last interval
    will do, though, so the one with most zeros at its end is taken, and they are left out: almost
    two bytes less on average, and one byte or none for a tile of zeros.

    Args:
        encoder: a `RangeEncoder` of the library constriction; it is left as it was.
    """
    words = encoder.get_compressed()
    if len(words) == 0:
        return b""
    written, (lower, size) = encoder.pos()
    # The first of the library's last words is the upper half of `lower`, rounded up; a carry from
    # that is in the words before it already.
    rounded = int.from_bytes(words[: written + 1].astype(">u4").tobytes(), "big") << _WORD_BITS
    lowest = rounded - (rounded - lower) % 2 ** (2 * _WORD_BITS)
    kept, start = 4 * written + 8, lowest
    for dropped in range(2 * _WORD_BITS, 0, -8):
        rounded_up = -(-lowest >> dropped)
        if rounded_up << dropped < lowest + size:
            kept, start = kept - dropped // 8, rounded_up
            break
    return start.to_bytes(kept, "big").rstrip(b"\0")

"""PPM and PGM of the kinds that Pillow decodes in Python, value by value: the same pixels, quickly."""

import re

import numpy as np
from jaxtyping import Shaped, UInt8
from numpy.typing import NDArray
from PIL.ImageFile import ImageFile

_CODECS = ("ppm", "ppm_plain")
_MODES = ("1", "L", "I", "RGB")
_COMMENT = re.compile(rb"#[^\r\n]*[\r\n]?")
_SPACES = b" \t\n\r\x0b\x0c"
_SPACE = re.compile(rb"\s")
_TOO_LONG = re.compile(rb"[0-9]{11}")
_BLOCK_BYTES = 2**20
_STRIP_PIXELS = 2**18
_CUT_SHORT = "is cut short: values are missing at its end"
_LETTERS = "is damaged: something other than numbers stands among its values"


def is_slow_ppm(picture: ImageFile) -> bool:
    """Whether Pillow would decode a picture value by value, in Python."""
    return bool(picture.tile) and picture.tile[0][0] in _CODECS and picture.mode in _MODES


def ppm_pixels(picture: ImageFile, data: bytes | memoryview) -> UInt8[NDArray[np.uint8], "h w c=3"]:
    """The pixels of a PPM or PGM whose values are text, or whose largest value is not 255.

    Args:
        picture: opened by Pillow and not loaded; `is_slow_ppm` holds.
        data: the whole file.
    Raises:
        ValueError: values are missing, or are no numbers up to the largest; the text is the reason alone.
    Source:
        Netpbm, pages "ppm" and "pgm". Pillow, PpmImagePlugin.py: how values are rounded.
    """
    codec, _, offset, args = picture.tile[0]
    bands = len(picture.getbands())
    count = picture.height * picture.width * bands
    if picture.mode == "1":
        table, values = np.array([255, 0], np.uint8), _digits(data[offset:], count)
    else:
        assert isinstance(args, tuple)  # Those are the codec's own: how it is stored, and the largest value.
        most = int(args[-1])
        table = _levels(most, 65535 if picture.mode == "I" else 255)
        if codec == "ppm_plain":
            values = _numbers(data[offset:], count, most)
        else:
            kind = np.dtype(">u2" if most > 255 else "u1")
            if len(data) - offset < count * kind.itemsize:
                raise ValueError(_CUT_SHORT)
            values = np.frombuffer(data, kind, count, offset)
    values = values.reshape(picture.height, picture.width, bands)
    pixels = np.empty((picture.height, picture.width, 3), dtype=np.uint8)
    rows = max(1, _STRIP_PIXELS // picture.width)
    for top in range(0, picture.height, rows):
        pixels[top : top + rows] = table[values[top : top + rows]]
    return pixels


def _levels(most: int, steps: int) -> UInt8[NDArray[np.uint8], " v"]:
    """The level of each value: v / most in so many steps, and of 16 bits then a 257th."""
    value = np.arange(65536 if most > 255 else 256)
    level = np.minimum(steps, np.rint(value / most * steps))
    return ((level + 128) // 257 if steps > 255 else level).astype(np.uint8)


def _digits(text: bytes | memoryview, count: int) -> UInt8[NDArray[np.uint8], " n"]:
    """0 and 1, with or without space between them."""
    found = _COMMENT.sub(b"", text).translate(None, _SPACES)
    if found.translate(None, b"01"):
        raise ValueError(_LETTERS)
    if len(found) < count:
        raise ValueError(_CUT_SHORT)
    return np.frombuffer(found, np.uint8, count) - ord("0")


def _numbers(text: bytes | memoryview, count: int, most: int) -> Shaped[NDArray[np.integer], " n"]:
    found = _COMMENT.sub(b"", text)
    if found.translate(None, b"0123456789" + _SPACES) or _TOO_LONG.search(found):
        raise ValueError(_LETTERS)
    if len(found) < 2 * count - 1:
        raise ValueError(_CUT_SHORT)
    values = np.empty(count, np.uint16 if most > 255 else np.uint8)
    at = done = 0
    while done < count and at < len(found):
        space = _SPACE.search(found, at + _BLOCK_BYTES)
        end = space.start() if space else len(found)
        block = found[at:end]
        at = end
        if block.isspace():  # Of which numpy would make a number.
            continue
        part = np.fromstring(block, np.int64, sep=" ")[: count - done]
        if part.max() > most:
            raise ValueError(f"is damaged: its largest value is said to be {most}, but {part.max()} comes")
        values[done : done + len(part)] = part
        done += len(part)
    if done < count:
        raise ValueError(_CUT_SHORT)
    return values

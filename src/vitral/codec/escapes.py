"""Values that no table holds: sign, number of bits, and the bits, each equally probable."""

from typing import Any

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from vitral.codec.coder import coder

# A value of 32 bits less a mean of 30 bits, plus one.
_MOST_BITS = 33
_HALF_BITS = 16


def write_escaped(encoder: Any, values: Int[NDArray[np.int64], " n"]) -> None:
    """Write values of any size below 2 ** 32.

    First the sign and the number of bits of every value, together; then of those above 16 bits the
    upper bits, then the lower bits. The highest bit, always 1, is left out.

    Args:
        encoder: of the library constriction.
        values: at least one.
    """
    sizes = np.abs(values) + 1
    bits = np.frexp(sizes.astype(np.float64))[1].astype(np.int64) - 1
    encoder.encode((2 * bits + (values < 0)).astype(np.int32), _flat(2 * _MOST_BITS))
    rest = sizes - (1 << bits)
    low_bits = np.minimum(bits, _HALF_BITS)
    for digits, count in ((rest >> low_bits, bits - low_bits), (rest & ((1 << low_bits) - 1), low_bits)):
        some = count > 0
        if some.any():
            encoder.encode(digits[some].astype(np.int32), _flat(), (1 << count[some]).astype(np.int32))


def read_escaped(decoder: Any, number: int) -> Int[NDArray[np.int64], " n"]:
    """Read so many values that `write_escaped` wrote together.

    Args:
        decoder: of the library constriction.
        number: at least one.
    """
    heads = decoder.decode(_flat(2 * _MOST_BITS), number).astype(np.int64)
    bits = heads >> 1
    low_bits = np.minimum(bits, _HALF_BITS)
    size = np.ones(number, np.int64)
    for count in (bits - low_bits, low_bits):
        some = count > 0
        if some.any():
            digits = decoder.decode(_flat(), (1 << count[some]).astype(np.int32))
            size[some] = (size[some] << count[some]) + digits
    return np.where(heads & 1, 1 - size, size - 1)


def _flat(*sizes: int) -> Any:
    return coder().model.Uniform(*sizes)

"""What a person gives to an augmentation, checked, so that each mistake is told in one sentence."""

import functools
import inspect
import math
import operator
from collections.abc import Iterable
from typing import Any, Self

import numpy as np

from vitral.augment.op import Op
from vitral.core import OptionError, check_names


class OpsAndOptions:
    """Base of what is made of ops and of options by name."""

    def __new__(cls, *given: Any, **options: Any) -> Self:
        """Refuse what cannot be given; pickle comes here with nothing.

        Raises:
            OptionError: there is no option of a name, or the ops are not given as one.
        """
        if len(given) > 1:
            name = cls.__name__
            raise OptionError(
                f"{name}: options must be given by name, and several ops together, "
                f"as in {name}((Flip(), Rotate())), got {len(given)} without a name"
            )
        check_names(cls.__name__, options, _names(cls))
        return super().__new__(cls)


def checked_ops(where: str, ops: Any) -> tuple[Op, ...]:
    """One op, or several, as a tuple.

    Raises:
        OptionError: it is something else.
    """
    if isinstance(ops, Op):
        return (ops,)
    if not isinstance(ops, Iterable) or isinstance(ops, str):
        raise OptionError(f"{where}: must be an op or several, got {_told(ops)}")
    found = tuple(ops)
    for op in found:
        if not isinstance(op, Op):
            raise OptionError(f"{where}: must be ops, got {_told(op)}")
    return found


def whole(where: str, value: Any) -> int:
    """A whole number.

    Raises:
        OptionError: it is none.
    """
    try:
        return operator.index(value)
    except TypeError:
        raise OptionError(f"{where}: must be a whole number, got {value!r}") from None


def three_numbers(values: Any) -> tuple[float, ...] | None:
    """Three finite numbers; None if they are something else."""
    if type(values) is not tuple or not all(type(value) is float for value in values):
        try:
            found = np.asarray(values)
        except (TypeError, ValueError, RuntimeError):
            return None
        if found.ndim != 1 or found.dtype.kind not in "iuf":
            return None
        values = tuple(float(value) for value in found)
    return values if len(values) == 3 and all(map(math.isfinite, values)) else None


@functools.cache
def _names(cls: type[OpsAndOptions]) -> tuple[str, ...]:
    return tuple(inspect.signature(cls.__init__).parameters)[1:]


def _told(value: Any) -> str:
    if isinstance(value, type) and issubclass(value, Op):
        return f"the class {value.__name__}; did you mean {value.__name__}()?"
    return repr(value)

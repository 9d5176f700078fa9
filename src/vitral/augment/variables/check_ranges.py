"""`check_ranges`: what stands in place of a number must keep to the option's range."""

from typing import Any

from vitral.augment.variables.variable import Variable
from vitral.core import OptionError, Spec


def check_ranges(spec: Spec) -> None:
    """Refuse variables that can leave the range of their option, and pairs that are upside down.

    Raises:
        OptionError: there is one; the option is named.
    """
    for name, (_, _, known) in spec.options().items():
        value, where = getattr(spec, name), f"{type(spec).__name__}.{name}"
        if isinstance(value, Variable):
            low, high = value.bounds
            if (known.low is not None and low < known.low) or (known.high is not None and high > known.high):
                raise OptionError(
                    f"{where}: must lie in [{known.low}, {known.high}], got a variable from {low:g} to "
                    f"{high:g}; Truncated keeps it within bounds"
                )
        elif isinstance(value, tuple) and len(value) == 2 and _numbers(value) and value[0] > value[1]:
            raise OptionError(
                f"{where}: must be (low, high) with low <= high, got ({value[0]:g}, {value[1]:g})"
            )


def _numbers(values: tuple[Any, ...]) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)

"""What a person should know of the classes of a set before training on it."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from vitral.core import IGNORE
from vitral.data.one_line import one_line

_SHOWN = 5


def class_notes(
    classes: Sequence[str], labels: Int[NDArray[np.int64], " b"], splits: NDArray[np.str_]
) -> list[str]:
    """Sentences about classes with one picture, and about classes that train has none of."""
    counts = np.bincount(labels[labels != IGNORE], minlength=len(classes))
    in_train = np.bincount(labels[(labels != IGNORE) & (splits == "train")], minlength=len(classes))
    single = [name for name, n in zip(classes, counts, strict=True) if n == 1]
    unseen = [name for name, n in zip(classes, in_train, strict=True) if n == 0]
    notes = _about(single, "has one picture", "have one picture each")
    if in_train.any():
        notes += _about(unseen, "has no picture to train on", "have no picture to train on")
    return notes


def some(words: Sequence[str]) -> str:
    """The first few words as a list for a person."""
    more = f" and {len(words) - _SHOWN:,} more" if len(words) > _SHOWN else ""
    return ", ".join(words[:_SHOWN]) + more


def _about(names: Sequence[str], one: str, many: str) -> list[str]:
    shown = [f"'{one_line(name)}'" for name in names]
    if len(names) < 2:
        return [f"class {name} {one}" for name in shown]
    return [f"{len(names):,} classes {many}: {some(shown)}"]

"""`Recognition`: whether colors help a classifier that learned from color pictures."""

from typing import Any

from vitral.core import DataError
from vitral.tasks.colorize.tints import Pixels
from vitral.tasks.recognizing import Recognize

_WAYS = ("original", "grey", "colorized")


class Recognition:
    """How often a classifier is right about each picture in its own colors, in none, and in made ones.

    `recognition` is the share of what the loss of color costs that made colors win back: 1 where they are as
    good as the right ones, 0 where grey is as good. None where grey costs nothing.

    Args:
        recognize: pictures to the names of their classes.
        classes: names of the labels.
    """

    def __init__(self, recognize: Recognize, classes: tuple[str, ...]) -> None:
        self._recognize, self._classes = recognize, classes
        self._right, self._count = dict.fromkeys(_WAYS, 0), 0

    def add(self, label: int, *, original: Pixels, grey: Pixels, colorized: Pixels) -> None:
        """Ask about one picture.

        Args:
            label: its class.
            original: in its own colors.
            grey: without.
            colorized: in made ones.
        """
        answers = self._recognize((original, grey, colorized))
        for way, name in zip(_WAYS, answers, strict=True):
            self._right[way] += name == self._classes[label]
        self._count += 1

    def result(self) -> dict[str, Any]:
        """`recognition`, and the accuracies behind it in `recognized`.

        Raises:
            DataError: no picture had a class.
        """
        if not self._count:
            raise DataError("--judge: the pictures have no classes that a classifier could recognize")
        shares: dict[str, Any] = {way: right / self._count for way, right in self._right.items()}
        lost = shares["original"] - shares["grey"]
        won = (shares["colorized"] - shares["grey"]) / lost if lost > 0 else None
        return {"recognition": won, "recognized": shares | {"pictures": self._count}}

"""Source `digits`: scikit-learn's handwritten digits, there without a download."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from vitral.data.picture_set import PictureSet
from vitral.data.pixels import ArrayPixels
from vitral.data.sources.source import Source

_STEPS = 16  # the pictures know 17 levels of ink, 0 .. 16


@dataclass(frozen=True, kw_only=True)
class Digits(Source, kind="digits"):
    """1,797 handwritten digits, grey, 8 x 8 pixels.

    Source:
        Alpaydin, Kaynak 1998, "Optical Recognition of Handwritten Digits", UCI Machine Learning
        Repository, test part, as it comes with scikit-learn. Departure: ink is scaled from
        [0, 16] to [0, 255] and rounded; the splits are our own, by hash.
    """

    embedded: ClassVar[bool] = True

    def open(self, place: Any = "digits") -> PictureSet:
        """The digits, bright on dark; they have one class per digit."""
        from sklearn.datasets import load_digits

        ink, digits = load_digits(return_X_y=True)
        grey = np.rint(ink.reshape(-1, 8, 8) * (255 / _STEPS)).astype(np.uint8)
        labels = digits.astype(np.int64)
        keys = tuple(f"{digit}/{number:04}" for number, digit in enumerate(labels.tolist()))
        splits, split_by = self.splits(keys, labels, None)
        pixels = np.repeat(grey[..., None], 3, axis=3)
        pixels.flags.writeable = False
        return PictureSet(
            name="digits",
            keys=keys,
            source=ArrayPixels(pixels),
            classes=tuple(str(digit) for digit in range(10)),
            labels=labels,
            splits=splits,
            origin="handwritten digits",
            split_by=split_by,
        )

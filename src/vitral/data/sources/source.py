"""`Source`: a way in which pictures lie somewhere, and how to open them."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from vitral.core import OptionError, Spec, option
from vitral.data.picture_set import PictureSet, SplitBy
from vitral.data.split import carve_validation, hash_split, split_folders


@dataclass(frozen=True, kw_only=True)
class Source(Spec, family="source"):
    """A kind of place where pictures are found.

    A member that needs no place on disk (digits, scenes) sets `embedded = True`: its kind is then
    the word that opens it. All others tell by `recognizes` which places they can open; when
    several can, the one with the highest `precedence` opens it.
    """

    embedded: ClassVar[bool] = False
    precedence: ClassVar[int] = 0

    validation: float = option(
        0.1, "share of the pictures for validation, when no split is given", low=0, high=0.9
    )
    test: float = option(0.1, "share of the pictures for testing, when no split is given", low=0, high=0.9)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.validation + self.test >= 1:
            raise OptionError(
                f"{type(self).__name__}: validation and test together must leave pictures to train on, "
                f"got {self.validation:g} + {self.test:g}"
            )

    @classmethod
    def recognizes(cls, place: Any) -> bool:
        """Tell whether this source can open the place; cheap, and never raises."""
        return False

    @abstractmethod
    def open(self, place: Any) -> PictureSet:
        """Find the pictures; no pixel is decoded.

        Raises:
            DataError: the place is missing, unreadable or holds no pictures.
        """

    def splits(
        self,
        keys: Sequence[str],
        labels: Int[NDArray[np.int64], " b"],
        given: Sequence[str] | None,
        given_by: SplitBy = "folders",
    ) -> tuple[NDArray[np.str_], SplitBy]:
        """Complete the splits that the place gives, or split by hash when it gives none.

        Args:
            keys: relative paths with "/" separators.
            labels: class number of each.
            given: "train", "val", "test" or "" of each, or None.
            given_by: what gave them.
        Returns:
            The split of each picture, and how it came about. With both shares 0 and none
            given, all pictures are train.
        """
        if given is None:
            by: SplitBy = "hash" if self.validation + self.test > 0 else "none"
            return hash_split(keys, labels, validation=self.validation, test=self.test), by
        splits = np.array(given, dtype="<U5")
        return carve_validation(keys, labels, splits, share=self.validation), given_by


def splits_of_folders(keys: Sequence[str]) -> list[str] | None:
    """The split of each key by its top folder, "" where that is none; None: no top folder is."""
    tops = [key.partition("/")[0] if "/" in key else "" for key in keys]
    found = split_folders(set(tops) - {""})
    return None if found is None else [found.get(top, "") for top in tops]

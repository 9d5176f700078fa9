"""`Source`: a way in which pictures lie somewhere, and how to open them."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from vitral.core import OptionError, Spec, option
from vitral.data.picture_set import PictureSet


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

"""`BlendMask`: how the weight of a blend varies over a picture."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.variables import Param, variable
from vitral.augment.variables.check_ranges import check_ranges
from vitral.core import Spec

Weights = Float[NDArray[np.float32], "h w c"]
"""Numbers in [0, 1]; each axis is as long as the picture's, or 1 where all along it are alike."""

Weigh = Callable[[NDArray[np.uint8], int], Weights]
"""From the pixels of a picture and its number in the batch to its weights; a pure function."""


@dataclass(frozen=True, kw_only=True)
class BlendMask(Spec, family="blend-mask"):
    """How the weight of a blend varies over a picture: a number in [0, 1] for each pixel.

    Raises:
        OptionError: a range is upside down, or a variable can leave the option's range.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(self)

    @abstractmethod
    def prepared(self, draw: Draw, frame: Frame) -> Weigh:
        """Draw this mask's numbers for a batch: what gives the weights of each picture.

        Args:
            draw: the random numbers of the mask.
            frame: where the pictures stand.
        """


def many(what: Param, draw: Draw, name: str, i: int, count: int) -> Float[NDArray[np.float32], " count"]:
    """As many numbers of what a mask was given, all for picture `i` of the batch."""
    numbers = variable(what).sample(lambda part: draw.generators(f"{name}.{part}")(i).random(count))
    return numbers.astype(np.float32)

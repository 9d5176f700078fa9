"""`DataDependent`: modules that look at pictures once, before training."""

from abc import abstractmethod

from jaxtyping import Float
from torch import Tensor


class DataDependent:
    """Mix-in of a module that sets some of its numbers from a sample of network inputs.

    Whoever trains calls `prepare` once, before the first step; what it sets is frozen and
    travels in the `state_dict`, so a loaded model needs no pictures.
    """

    @abstractmethod
    def prepare(self, inputs: Float[Tensor, "b c h w"]) -> None:
        """Set the numbers from normalized pictures; a few hundred are enough."""

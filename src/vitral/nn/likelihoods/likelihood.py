"""The family of likelihoods: how probable the levels of a picture are, in nats."""

from abc import abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from vitral.core import Spec


@dataclass(frozen=True, kw_only=True)
class Likelihood(Spec, family="likelihood"):
    """A distribution over the levels of pictures, given what a decoder says of each pixel.

    Pictures are b x c x h x w on [0, 1]: level / 255, or 0 and 1 for binary ones. It is a true
    distribution over levels: over all of them it adds up to one.
    """

    @abstractmethod
    def outputs(self, channels: int) -> int:
        """How many values a decoder must give for each pixel of a picture with these channels."""

    @abstractmethod
    def nats(
        self, parameters: Float[Tensor, "b p h w"], pictures: Float[Tensor, "b c h w"]
    ) -> Float[Tensor, " b"]:
        """Minus the log probability of each picture, summed over its pixels and channels, in nats."""

    @abstractmethod
    def draw(
        self, parameters: Float[Tensor, "b p h w"], *, temperature: float, random: torch.Generator | None
    ) -> Float[Tensor, "b c h w"]:
        """Pictures from the distribution, on [0, 1]; temperature 0 gives its mean or middle.

        Args:
            parameters: what the decoder gave.
            temperature: how far samples may lie from the middle, at least 0; 1 is the distribution itself.
            random: where the random numbers come from; needed above temperature 0.
        """

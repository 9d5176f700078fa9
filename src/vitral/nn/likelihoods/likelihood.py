"""The family of likelihoods: how probable the levels of a picture are, in nats."""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from vitral.core import ShapeError, Spec


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

    def seen(
        self, pictures: Float[Tensor, "b c h w"], *, seed: int, epoch: int, indices: NDArray[np.int64]
    ) -> Float[Tensor, "b c h w"]:
        """The pictures as this distribution counts them; most count them as they are.

        Args:
            pictures: on [0, 1].
            seed: the run's seed; with epoch and indices the key of what is random here.
            epoch: which pass over the pictures.
            indices: number of each picture in its set.
        """
        del seed, epoch, indices
        return pictures


def wide(parameters: Tensor) -> Tensor:
    """In float32 at least: half of it has no digits for differences of probabilities."""
    return parameters if parameters.dtype == torch.float64 else parameters.float()


def check_fit(likelihood: Likelihood, parameters: Tensor, pictures: Tensor) -> None:
    """Refuse parameters that do not belong to these pictures.

    Raises:
        ShapeError: other pictures, sides or number of values than the pictures need.
    """
    needed = None
    if pictures.ndim == 4 and pictures.shape[1] > 0:
        needed = (pictures.shape[0], likelihood.outputs(pictures.shape[1]), *pictures.shape[2:])
    if needed != tuple(parameters.shape):
        raise ShapeError(
            f"{type(likelihood).__name__}: for pictures of {_sides(pictures)} the parameters must be "
            f"{' x '.join(map(str, needed)) if needed else 'b x p x h x w'}, got {_sides(parameters)}"
        )


def uniform_noise(shape: torch.Size, like: Tensor, random: torch.Generator | None) -> Tensor:
    """Numbers in (0, 1), drawn where the generator lives; neither end is ever met."""
    device = like.device if random is None else random.device
    drawn = torch.rand(shape, generator=random, device=device, dtype=torch.float64)
    return drawn.clamp(1e-12, 1 - 1e-12).to(like.device)


def _sides(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "a single number"

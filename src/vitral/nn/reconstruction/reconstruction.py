"""The family of losses between a picture and what was made of it."""

from abc import abstractmethod
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from vitral.core import ShapeError, Spec


@dataclass(frozen=True, kw_only=True)
class Reconstruction(Spec, family="reconstruction"):
    """How far a picture is from another; all on one scale, so that a rate can be weighed against it."""

    def __call__(
        self, made: Float[Tensor, "b c h w"], pictures: Float[Tensor, "b c h w"]
    ) -> Float[Tensor, " b"]:
        """The distance of each pair of pictures on [0, 1]; 0 for equal ones.

        Raises:
            ShapeError: the shapes differ.
        """
        if made.shape != pictures.shape:
            raise ShapeError(
                f"{type(self).__name__}: both must have one shape, got {tuple(made.shape)} and "
                f"{tuple(pictures.shape)}"
            )
        return self._each(made, pictures)

    @abstractmethod
    def _each(
        self, made: Float[Tensor, "b c h w"], pictures: Float[Tensor, "b c h w"]
    ) -> Float[Tensor, " b"]:
        """`__call__` for pictures that were checked."""

"""`mse`: the mean squared error, what PSNR measures."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from vitral.nn.reconstruction.reconstruction import Reconstruction


@dataclass(frozen=True, kw_only=True)
class SquaredError(Reconstruction, kind="mse"):
    """Mean squared difference of levels on [0, 255]."""

    def _each(
        self, made: Float[Tensor, "b c h w"], pictures: Float[Tensor, "b c h w"]
    ) -> Float[Tensor, " b"]:
        return (made - pictures).square().mean((1, 2, 3)) * 255**2

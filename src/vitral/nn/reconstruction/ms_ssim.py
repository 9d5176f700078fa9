"""`ms-ssim`: one minus the structural similarity, closer to what people see."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from vitral.nn.metrics.ms_ssim import ms_ssim
from vitral.nn.reconstruction.reconstruction import Reconstruction

_LIKE_MSE = 1300.0


@dataclass(frozen=True, kw_only=True)
class StructuralError(Reconstruction, kind="ms-ssim"):
    """One minus the multi-scale structural similarity, times 1300: about the size of `mse`.

    Source:
        See `ms_ssim`. The factor is about the ratio of weights in Begaint et al. 2020, arXiv:2011.03029.
    """

    def _each(
        self, made: Float[Tensor, "b c h w"], pictures: Float[Tensor, "b c h w"]
    ) -> Float[Tensor, " b"]:
        return (1 - ms_ssim(made, pictures)) * _LIKE_MSE

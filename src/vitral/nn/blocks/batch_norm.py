"""Batch normalization that survives a batch with one number per channel."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class BatchNorm(nn.BatchNorm2d):
    """Per channel: subtract the mean, divide by the deviation, scale and shift.

    Source:
        Ioffe, Szegedy 2015, arXiv:1502.03167, algorithm 1. Departure: a training batch with a
        single number per channel (one picture, already pooled to one pixel) has no deviation;
        it is normalized by the running statistics, which stay as they are.
    """

    def forward(self, input: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Normalize a feature map."""
        if self.training and not torch.compiler.is_compiling() and input.numel() == input.shape[1]:
            return functional.batch_norm(
                input, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
            )
        return super().forward(input)

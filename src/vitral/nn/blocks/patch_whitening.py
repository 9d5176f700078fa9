"""A frozen first convolution that makes small patches uncorrelated."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

_SIDE_PX = 2
_CHUNK = 256


class PatchWhitening(nn.Module):
    """2 x 2 convolution whose outputs have unit power and no correlation on the training pictures.

    Filter j is eigenvector j of the second moment of all patches, divided by
    sqrt(eigenvalue j + eps); each filter comes with both signs, so that an activation
    afterwards loses nothing. Until `fit` is called the filters are random and orthogonal.

    Args:
        channels: channels of a picture; there are 8 outputs for each.
        eps: keeps directions without power (grey pictures) from being blown up.
    Source:
        Jordan 2024, arXiv:2404.00498, section 3.1; Page 2019, "How to train your ResNet 8".
    """

    filters: Tensor

    def __init__(self, channels: int, *, eps: float = 5e-4) -> None:
        super().__init__()
        size = channels * _SIDE_PX**2
        self.channels, self.eps, self.outputs = channels, eps, 2 * size
        directions = nn.init.orthogonal_(torch.empty(size, size))
        self.register_buffer("filters", torch.empty(2 * size, channels, _SIDE_PX, _SIDE_PX))
        self.bias = nn.Parameter(torch.zeros(2 * size))
        self._set(directions)

    @torch.no_grad()
    def fit(self, pictures: Float[Tensor, "b c h w"]) -> None:
        """Set the filters from normalized pictures."""
        size = self.outputs // 2
        moment = torch.zeros(size, size, dtype=torch.float64, device=pictures.device)
        count = 0
        for some in pictures.split(_CHUNK):
            patches = functional.unfold(_at_least(some.float(), _SIDE_PX), _SIDE_PX).double()
            moment += (patches @ patches.mT).sum(0)
            count += patches.shape[0] * patches.shape[2]
        power, directions = torch.linalg.eigh(moment / max(count, 1))
        # An eigenvector has no sign of its own: the largest entry is made positive, so that
        # two machines with different libraries agree.
        rows = directions.flip(1).mT
        rows = rows * rows.gather(1, rows.abs().argmax(1, keepdim=True)).sign()
        self._set(rows / (power.flip(0).clamp(min=0) + self.eps).sqrt()[:, None])

    def forward(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b n h2 w2"]:
        """Project every patch; a picture loses one row and one column."""
        return functional.conv2d(_at_least(pictures, _SIDE_PX), self.filters, self.bias)

    @torch.no_grad()
    def _set(self, rows: Tensor) -> None:
        self.filters.copy_(torch.cat([rows, -rows]).view_as(self.filters))


def _at_least(pictures: Tensor, side: int) -> Tensor:
    """Repeat the last row or column of a picture that is smaller than the filter."""
    height, width = pictures.shape[2:]
    if height >= side and width >= side:
        return pictures
    return functional.pad(pictures, (0, max(0, side - width), 0, max(0, side - height)), mode="replicate")

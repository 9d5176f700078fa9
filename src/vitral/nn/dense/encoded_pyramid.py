"""`EncodedPyramid`: the maps inside an encoder that learned something else before."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from vitral.core import OptionError, option
from vitral.nn.dense.pyramid import Pyramid, PyramidNet
from vitral.nn.encoders import AutoencoderEncoder, Encoder
from vitral.nn.takes_weights import TakesWeights

_TRIED_PX = 64
_COLORS = 3


@dataclass(frozen=True, kw_only=True)
class EncodedPyramid(Pyramid, kind="encoded"):
    """The maps inside an encoder that learned something else before.

    Of all maps of one size the last is taken. An encoder that learned pictures of one size sees them
    at that size, and its maps are brought to where they belong.
    """

    encoder: Encoder = option(AutoencoderEncoder(), "where the maps come from")
    frozen: bool = option(False, "whether the encoder stays as it is")

    def build(self, inputs: int) -> "EncodedPyramidNet":
        """Make the module; whoever trains gives it the encoder's weights.

        Raises:
            OptionError: the encoder cannot take such pictures, or makes no maps.
        """
        return EncodedPyramidNet(self, inputs)


class EncodedPyramidNet(PyramidNet, TakesWeights):
    """The module of `EncodedPyramid`.

    Encoders learned colors: of pictures with another number of channels they see the first one, as
    grey, and what the others say is added to every map.
    """

    def __init__(self, spec: EncodedPyramid, inputs: int) -> None:
        super().__init__()
        self.frozen = spec.frozen
        self.encoder = spec.encoder.build(_COLORS)
        side = spec.encoder.size_px() or _TRIED_PX
        self._chosen: list[nn.Module] = []
        self.widths, self.strides = self._try(side)
        more = 0 if inputs == _COLORS else inputs - 1
        self.more = nn.ModuleList(nn.Conv2d(more, width, 1) for width in self.widths) if more else None

    def take(self, weights: Mapping[str, Tensor]) -> None:
        """Take over what the encoder learned; see `TakesWeights.take`.

        Raises:
            OptionError: the weights are not those of the encoder that is described.
        """
        self.encoder.take(weights)

    def train(self, mode: bool = True) -> "EncodedPyramidNet":
        """As in torch; a frozen encoder always answers as it does in use."""
        super().train(mode)
        if self.frozen:
            self.encoder.eval()
        return self

    def forward(self, pictures: Float[Tensor, "b c h w"]) -> list[Float[Tensor, "b c2 h2 w2"]]:
        """See `PyramidNet.forward`."""
        colored = pictures if pictures.shape[1] == _COLORS else pictures[:, :1].expand(-1, _COLORS, -1, -1)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            maps = self._maps(colored)
        height, width = pictures.shape[2:]
        sizes = [(-(-height // stride), -(-width // stride)) for stride in self.strides]
        found = [
            functional.interpolate(one, size, mode="bilinear", align_corners=False)
            for one, size in zip(maps, sizes, strict=True)
        ]
        if self.more is None:
            return found
        rest = pictures[:, 1:]
        return [
            one + more(functional.interpolate(rest, one.shape[2:], mode="area"))
            for one, more in zip(found, self.more, strict=True)
        ]

    def _maps(self, pictures: Tensor) -> list[Tensor]:
        """What the chosen modules give while the encoder looks at the pictures."""
        given: dict[int, Tensor] = {}
        hooks = [
            module.register_forward_hook(lambda _, __, output, n=n: given.update({n: output}))
            for n, module in enumerate(self._chosen)
        ]
        try:
            self.encoder(pictures)
        finally:
            for hook in hooks:
                hook.remove()
        return [given[n] for n in range(len(self._chosen))]

    def _try(self, side: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Find the last map of each stride, its channels, and what of the encoder takes part in it."""
        seen: dict[int, tuple[nn.Module, Tensor]] = {}

        def look(module: nn.Module, _: Any, output: Any) -> None:
            if isinstance(output, Tensor) and output.ndim == 4 and min(output.shape[2:]) > 1:
                stride = 2 ** round(math.log2(side / output.shape[2]))
                if stride >= 2:
                    seen[stride] = (module, output)

        hooks = [module.register_forward_hook(look) for module in self.encoder.modules()]
        try:
            self.encoder.eval()
            with torch.enable_grad():
                self.encoder(torch.zeros(1, _COLORS, side, side))
        finally:
            for hook in hooks:
                hook.remove()
        if not seen:
            raise OptionError(
                f"EncodedPyramid: must be given an encoder whose maps are smaller than the picture, "
                f"got {type(self.encoder).__name__}"
            )
        strides = tuple(sorted(seen))
        self._chosen = [seen[stride][0] for stride in strides]
        learned = [one for one in self.encoder.parameters() if one.requires_grad]
        reached = torch.autograd.grad(
            sum((seen[stride][1].sum() for stride in strides), torch.zeros(())), learned, allow_unused=True
        )
        for one, slope in zip(learned, reached, strict=True):
            one.requires_grad_(slope is not None and not self.frozen)
        self.encoder.train()
        return tuple(seen[stride][1].shape[1] for stride in strides), strides

"""The colorizer as a graph: from a picture to the colors of its places."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from vitral.nn.color import BINS, ab_bins
from vitral.nn.color.cie import (
    KNEE,
    LIGHT_OF_RED_GREEN_BLUE,
    OFFSET,
    SLOPE,
    SRGB_KNEE,
    SRGB_POWER,
    SRGB_SHIFT,
    SRGB_SLOPE,
)
from vitral.tasks.colorize.hints import network_inputs
from vitral.tasks.colorize.model import STRIDE, ColorizeModel
from vitral.tasks.exporting import PICTURES, FromLevels, Graph, Port


class _Colors(nn.Module):
    """Pictures to a and b of every place without hints, and to the scores of the bins."""

    bins: Tensor
    luminance: Tensor

    def __init__(self, model: ColorizeModel, *, flip: bool, temperature: float, factor: float) -> None:
        super().__init__()
        self.model, self.ready = model, FromLevels()
        self.flip, self.temperature, self.factor = flip, temperature, factor
        self.register_buffer("bins", torch.from_numpy(ab_bins().copy()), persistent=False)
        weights = torch.as_tensor(LIGHT_OF_RED_GREEN_BLUE[1], dtype=torch.float32)
        self.register_buffer("luminance", weights[:, None, None], persistent=False)

    def forward(self, pictures: UInt8[Tensor, "b c=3 h w"]) -> tuple[Tensor, Tensor] | Tensor:
        """Colors of places of 4 x 4 pixels, and scores."""
        lightness = self._lightness(self.ready(pictures))
        inputs = network_inputs(lightness, torch.cat([lightness, lightness], 1) * 0, lightness * 0)
        found = self.model.averaged(inputs, flip=self.flip)
        if self.model.regression:
            return found * self.factor
        shares = (found / self.temperature).softmax(1)
        colors = (shares.permute(0, 2, 3, 1) @ self.bins).permute(0, 3, 1, 2)
        return colors * self.factor, found

    def _lightness(self, srgb: Float[Tensor, "b c=3 h w"]) -> Float[Tensor, "b c2=1 h w"]:
        curved = ((srgb + SRGB_SHIFT) / (1 + SRGB_SHIFT)) ** SRGB_POWER
        linear = torch.where(srgb > SRGB_KNEE, curved, srgb / SRGB_SLOPE)
        light = (linear * self.luminance).sum(1, keepdim=True)
        root = light.clamp(min=KNEE**3) ** (1 / 3)
        return 116 * torch.where(light > KNEE**3, root, light / SLOPE + OFFSET) - 16


def color_graph(model: ColorizeModel, *, flip: bool, vividness: float, size_px: int) -> dict[str, Graph]:
    """The network with the reading of the lightness before it and the annealed mean behind it.

    Whoever runs it brings the picture to the size of the one pass first, and spreads the colors over the
    picture afterwards.

    Args:
        model: in evaluation mode.
        flip: average with the mirrored picture.
        vividness: that of the task.
        size_px: shorter side of the one pass.
    """
    temperature, factor = (1.0, vividness) if model.regression else model.vividness.chosen(vividness)
    axes = ("places_high", "places_wide")
    where = f"one place for {STRIDE} x {STRIDE} pixels"
    outputs = [Port(name="colors", axes=("b", 2, *axes), holds=f"a and b of CIE Lab, {where}")]
    if not model.regression:
        holds = f"score of each bin of the ab plane before softmax, {where}"
        outputs.append(Port(name="scores", axes=("b", BINS, *axes), holds=holds))
    return {
        "colors": Graph(
            module=_Colors(model, flip=flip, temperature=temperature, factor=factor),
            inputs=(PICTURES,),
            outputs=tuple(outputs),
            height=size_px,
            width=size_px,
        )
    }

"""sRGB to CIE Lab (D65), for tensors on any device."""

import torch
from jaxtyping import Float
from torch import Tensor

from vitral.nn.color.cie import (
    KNEE,
    LIGHT_OF_RED_GREEN_BLUE,
    OFFSET,
    SLOPE,
    SRGB_KNEE,
    SRGB_POWER,
    SRGB_SHIFT,
    SRGB_SLOPE,
    WHITE,
)


@torch.no_grad()
def lab_of(pictures: Float[Tensor, "b c=3 h w"]) -> Float[Tensor, "b c=3 h w"]:
    """Lightness in [0, 100], and a and b, of sRGB pictures on [0, 1]; without gradients.

    Source:
        IEC 61966-2-1:1999; CIE 15:2004, section 8.2.1.
    """
    pictures = pictures.float()
    matrix = torch.as_tensor(LIGHT_OF_RED_GREEN_BLUE / WHITE[:, None], dtype=torch.float32)
    curved = ((pictures + SRGB_SHIFT) / (1 + SRGB_SHIFT)).clamp(min=0) ** SRGB_POWER
    linear = torch.where(pictures > SRGB_KNEE, curved, pictures / SRGB_SLOPE)
    with torch.autocast(pictures.device.type, enabled=False):
        light = torch.einsum("ij,bjhw->bihw", matrix.to(pictures.device), linear)
    root = light.clamp(min=KNEE**3) ** (1 / 3)
    bent = torch.where(light > KNEE**3, root, light / SLOPE + OFFSET)
    x, y, z = bent.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)

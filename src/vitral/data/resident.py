"""`Resident`: a small set of pictures that lies on the GPU as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from jaxtyping import UInt8
from torch import Tensor

from vitral.data.picture_set import PictureSet

_SHARE = 0.25
"""Of the free memory of a GPU that pictures may take; the rest is for the network."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Resident:
    """All pictures of a source as one tensor on a device, from which batches are taken.

    Args:
        pixels: uint8, in the order of the source.
    """

    pixels: UInt8[Tensor, "rows h w c=3"]

    @classmethod
    def of(cls, pictures: PictureSet, device: torch.device | None) -> Self | None:
        """Move the pictures there, when they are one array in memory and fit; else None.

        On a processor nothing is gained: there the threads of the loader do the same faster.
        """
        if device is None or device.type == "cpu" or pictures.array is None:
            return None
        if pictures.array.nbytes > _SHARE * free_bytes(device):
            return None
        return cls.on(pictures, device)

    @classmethod
    def on(cls, pictures: PictureSet, device: torch.device) -> Self:
        """Move the pictures there; they must be one array."""
        assert pictures.array is not None
        return cls(pixels=torch.tensor(pictures.array, device=device))

    def taken(self, rows: Sequence[int]) -> UInt8[Tensor, "b h w c=3"]:
        """The pictures of these rows."""
        return self.pixels[torch.tensor(rows, device=self.pixels.device)]


def free_bytes(device: torch.device) -> int:
    """Memory of a device that is free; 0 where it cannot be told."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0

"""`Resident`: a small set of pictures that lies on the GPU as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from jaxtyping import UInt8
from torch import Tensor

from vitral.data.picture_set import PictureSet

_SHARE = 0.25
"""Of a GPU's memory that pictures may take; the rest is for the network."""


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
        if pictures.array.nbytes > _SHARE * memory_bytes(device):
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


def memory_bytes(device: torch.device) -> int:
    """Memory of a device in all; 0 where it cannot be told.

    Not what is free: a resumed training must come to the same decision, since both ways differ in
    the last bits.
    """
    return torch.cuda.get_device_properties(device).total_memory if device.type == "cuda" else 0

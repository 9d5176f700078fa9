"""`Batch`: what the loader makes, augmentation turns into network input, and a task learns from."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from vitral.core.axes import IGNORE
from vitral.core.undecoded import Undecoded


@dataclass(kw_only=True, eq=False)
class Batch:
    """Some pictures of one epoch on their way to the network.

    Args:
        pixels: uint8 sRGB pictures, h x w x 3 each: one array b x h x w x 3 when all have one
            size, or a tensor of that shape on the network's device, or a sequence of arrays; what
            augmentation reads. Before augmentation some may still be `Undecoded`.
        labels: class numbers, `core.IGNORE` where a picture has none.
        indices: number of each picture in its set.
        keys: relative path of each picture, to name it in a message.
        seed: the run's seed.
        epoch: which pass over the pictures.
        position: number of the batch in its epoch.
        draws: with seed and epoch the key of all randomness of a picture: its index, or another
            number when it comes more than once in an epoch; left out, the indices.
        masks: class number of each pixel, h x w each, 255 where none counts; None without masks.
        boxes: x0 y0 x1 y1 of each object in a picture, n x 4, in pixels; None without objects.
        box_labels: class number of each object, n.
        box_crowd: whether each object is neither to be found nor counted as a mistake, n.
        points: x, y and visibility of points of each object, n x p x 3; None without points.
        inputs: float pictures b x c x h x w for the network; None until augmentation ran.
        other_labels: second class numbers where two pictures were mixed, else None.
        share: weight of `labels` against `other_labels`, in [0, 1] per picture.
        progress: share of the training done when this batch is learned from, in [0, 1].
    """

    pixels: NDArray[np.uint8] | Tensor | Sequence[NDArray[np.uint8] | Undecoded] = field(repr=False)
    labels: Int[Tensor, " b"]
    indices: NDArray[np.int64]
    keys: Sequence[str] = field(repr=False)
    seed: int
    epoch: int
    position: int
    draws: NDArray[np.int64] = field(default=None, repr=False)  # pyright: ignore[reportAssignmentType]
    masks: Sequence[NDArray[np.uint8]] | None = field(default=None, repr=False)
    boxes: Sequence[NDArray[np.float64]] | None = field(default=None, repr=False)
    box_labels: Sequence[NDArray[np.int64]] | None = field(default=None, repr=False)
    box_crowd: Sequence[NDArray[np.bool_]] | None = field(default=None, repr=False)
    points: Sequence[NDArray[np.float64]] | None = field(default=None, repr=False)
    inputs: Float[Tensor, "b c h w"] | None = field(default=None, repr=False)
    other_labels: Int[Tensor, " b"] | None = None
    share: Float[Tensor, " b"] | None = None
    progress: float = 1.0

    def __post_init__(self) -> None:
        if self.draws is None:
            self.draws = self.indices

    @classmethod
    def loose(
        cls,
        pixels: Sequence[NDArray[np.uint8]],
        *,
        labels: Int[Tensor, " b"] | None = None,
        indices: Sequence[int] | None = None,
        keys: Sequence[str] | None = None,
    ) -> "Batch":
        """Pictures that are judged or shown, and belong to no epoch.

        Args:
            pixels: uint8 sRGB, h x w x 3 each.
            labels: their classes; left out, none has one.
            indices: their numbers in a set; left out, from 0.
            keys: their names; left out, empty.
        """
        count = len(pixels)
        return cls(
            pixels=pixels,
            labels=torch.full((count,), IGNORE) if labels is None else labels,
            indices=np.arange(count) if indices is None else np.asarray(indices, dtype=np.int64),
            keys=("",) * count if keys is None else keys,
            seed=0,
            epoch=0,
            position=0,
        )

    def __len__(self) -> int:
        return len(self.indices)

    def to(self, device: torch.device, *, channels_last: bool = True) -> "Batch":
        """Move the tensors to a device, in place, and return the batch itself."""
        layout = torch.channels_last if channels_last else torch.contiguous_format
        if self.inputs is not None:
            self.inputs = self.inputs.to(device, non_blocking=True, memory_format=layout)
        self.labels = self.labels.to(device, non_blocking=True)
        if self.other_labels is not None and self.share is not None:
            self.other_labels = self.other_labels.to(device, non_blocking=True)
            self.share = self.share.to(device, non_blocking=True)
        return self

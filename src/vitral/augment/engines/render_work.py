"""`RenderWork`: one batch on its way through an augmentation, in parts that several threads may share."""

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from vitral.augment.engines.render import Rendering, levels_to_inputs, mix
from vitral.augment.targets.pasting import pasted_objects
from vitral.core import Batch, Room

if TYPE_CHECKING:
    from vitral.augment.augmentation import Augmentation

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
LAYOUTS = ("channels_last", "contiguous")


class RenderWork:
    """One batch on its way through an augmentation.

    Float inputs in channels-last memory are written where they belong at once. Others are made so one
    by one and converted from there, or all of them at last when pictures are mixed.

    Args:
        augmentation: what happens to the batch.
        batch: pictures in the processor's memory.
        room: memory for the inputs.
    Raises:
        OptionError: the environment asks for an engine that does not exist.
    """

    def __init__(self, augmentation: "Augmentation", batch: Batch, room: Room) -> None:
        assert not isinstance(batch.pixels, Tensor)
        self._augmentation = augmentation
        self._batch, self._plan = batch, augmentation.plan(batch)
        self._levels = levels_to_inputs(augmentation.mean, augmentation.std)
        self._rendering = Rendering(batch.pixels, self._plan)
        shape = (len(batch), augmentation.height, augmentation.width, 3)
        converted = augmentation.dtype != "float32" or augmentation.layout != "channels_last"
        self._out, self._inputs = None, None
        if not converted or self._plan.mixed.any():
            self._out = room(shape)
        if converted:
            self._inputs = _inputs(shape, augmentation.dtype, augmentation.layout, room)

    def part(self, start: int, stop: int) -> None:
        """Render the pictures from `start` to before `stop`.

        Raises:
            ImageError: one of them cannot be decoded.
        """
        if self._out is not None:
            self._rendering.part(start, stop, *self._levels, self._out[start:stop])
            return
        assert self._inputs is not None
        one = np.empty((1, self._plan.height, self._plan.width, 3), np.float32)
        for i in range(start, stop):
            self._rendering.part(i, i + 1, *self._levels, one)
            self._inputs[i].copy_(torch.from_numpy(one[0]).permute(2, 0, 1))

    def finish(self) -> Batch:
        """Mix pictures and fill in the batch."""
        plan, augmentation = self._plan, self._augmentation
        batch = augmentation.moved(self._batch, plan)
        pasted = pasted_objects(batch, plan.mix, height=plan.height, width=plan.width)
        inputs = self._inputs
        if self._out is not None:
            mix(self._out, plan.mix, pasted)
            made = torch.from_numpy(self._out).permute(0, 3, 1, 2)
            inputs = made if inputs is None else inputs.copy_(made)
        assert inputs is not None
        return augmentation.filled(batch, plan, inputs, pasted)


def laid_out(inputs: Tensor, dtype: str, layout: str) -> Tensor:
    """Inputs of b x h x w x 3 as b x 3 x h x w of a type and in a layout."""
    made = inputs.permute(0, 3, 1, 2).to(DTYPES[dtype])
    return made.contiguous() if layout == "contiguous" else made


def _inputs(shape: tuple[int, int, int, int], dtype: str, layout: str, room: Room) -> Tensor:
    """Memory for inputs that floats are converted into; it is the room's, so that it comes back."""
    count = math.prod(shape)
    floats = count if dtype == "float32" else (count + 1) // 2
    flat = torch.from_numpy(room((floats,))).view(DTYPES[dtype])[:count]
    b, h, w, c = shape
    return flat.view(b, c, h, w) if layout == "contiguous" else flat.view(shape).permute(0, 3, 1, 2)

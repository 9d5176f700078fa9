"""`Augmentation`: the one pass from decoded pictures to what the network sees."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from vitral.augment.op import Op
from vitral.augment.plan import Plan
from vitral.augment.render import mix, place, tone
from vitral.core import Batch, OptionError, Picture, ShapeError, did_you_mean

_FITS = ("crop", "squash")


@dataclass(frozen=True)
class Augmentation:
    """Random changes, resizing and normalization in one pass: uint8 in, float out.

    The pass keeps nothing between calls and may run in many threads at once.

    Args:
        ops: random changes, in this order, at most one of each kind; none for evaluation.
        height: rows of the network's input, in pixels, at least 1.
        width: columns of the network's input, in pixels, at least 1.
        mean: of red, green and blue on [0, 1], to be taken off.
        std: of red, green and blue on [0, 1], above 0, to be divided by.
        fit: how a picture of another shape becomes the input: `crop` takes the largest region of
            the input's shape from the center, `squash` the whole picture.
    Raises:
        OptionError: one of the values does not hold what is said above.
    """

    ops: Sequence[Op] = ()
    _: KW_ONLY
    height: int
    width: int
    mean: Sequence[float]
    std: Sequence[float]
    fit: str = field(default="crop")

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            if getattr(self, name) < 1:
                raise OptionError(f"Augmentation.{name}: must be at least 1 px, got {getattr(self, name)}")
        for name in ("mean", "std"):
            values = getattr(self, name)
            if len(values) != 3 or not np.isfinite(values).all() or (name == "std" and min(values) <= 0):
                above = " above 0" if name == "std" else ""
                raise OptionError(f"Augmentation.{name}: must be three numbers{above}, got {tuple(values)}")
        if self.fit not in _FITS:
            near = did_you_mean(self.fit, _FITS)
            raise OptionError(f"Augmentation.fit: must be one of {', '.join(_FITS)}, got {self.fit!r}{near}")
        kinds = [op.kind for op in self.ops]
        twice = next((kind for kind in kinds if kinds.count(kind) > 1), None)
        if twice is not None:
            # Both would draw the same numbers.
            raise OptionError(
                f"Augmentation.ops: must hold one op of each kind at most, got two of {twice!r}"
            )

    def __call__(self, batch: Batch) -> Batch:
        """Set `inputs` (and, where pictures are mixed, `other_labels` and `share`); return the batch.

        `inputs` is float32, b x 3 x height x width, in channels-last memory.

        Raises:
            ShapeError: a picture is not uint8 of h x w x 3; it is named.
        """
        plan = self.plan(batch)
        toned = tone(place(batch.pixels, plan), plan, mean=self.mean, std=self.std)
        mix(toned, plan)
        batch.inputs = torch.from_numpy(toned).permute(0, 3, 1, 2)
        batch.other_labels = batch.share = None
        if plan.mixed.any():
            batch.other_labels = batch.labels[torch.from_numpy(plan.partner)]
            batch.share = torch.from_numpy(plan.share).float()
        return batch

    def plan(self, batch: Batch) -> Plan:
        """Draw what will happen to each picture, without touching a pixel."""
        plan = Plan.still(_sizes(batch), height=self.height, width=self.width, fit=self.fit)
        for op in self.ops:
            plan = op.sample(batch, plan)
        return plan

    def show(self, batch: Batch) -> list[Picture]:
        """Draw what the network will see: the inputs with the normalization undone."""
        inputs = batch.inputs if batch.inputs is not None else self(batch).inputs
        assert inputs is not None
        values = inputs.detach().float().cpu().permute(0, 2, 3, 1).numpy()
        values = (values * np.array(self.std) + np.array(self.mean)) * 255
        pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        shares = [1.0] * len(batch) if batch.share is None else batch.share.tolist()
        notes = ["" if share == 1 else f"mixed, {share:.0%} of its label kept" for share in shares]
        return [
            Picture(pixels=picture, title=key, note=note)
            for picture, key, note in zip(pixels, batch.keys, notes, strict=True)
        ]


def _sizes(batch: Batch) -> NDArray[np.int64]:
    pixels = batch.pixels
    together = isinstance(pixels, np.ndarray) and pixels.ndim == 4
    for picture, key in zip(pixels[:1] if together else pixels, batch.keys, strict=False):
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
            shape = " x ".join(str(n) for n in picture.shape)
            raise ShapeError(f"{key}: must be uint8 of h x w x 3, got {picture.dtype} of {shape}")
    if isinstance(pixels, np.ndarray) and together:
        return np.tile(np.array(pixels.shape[1:3], dtype=np.int64), (len(pixels), 1))
    return np.array([picture.shape[:2] for picture in pixels], dtype=np.int64).reshape(-1, 2)

"""`Augmentation`: the one pass from decoded pictures to what the network sees."""

import dataclasses
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.op import Op, lower_in_turn
from vitral.augment.plan import BORDERS, Border, Plan, planned
from vitral.augment.reference import mix_tensor, render_tensor
from vitral.augment.render import Rendering, levels_to_inputs, mix
from vitral.augment.targets import moved_mask, moved_targets
from vitral.core import Batch, OptionError, Picture, Room, ShapeError, did_you_mean

_FITS = ("crop", "squash")


@dataclass(frozen=True)
class Augmentation:
    """Random changes, resizing and normalization in one pass: uint8 in, float out.

    The pass keeps nothing between calls and may run in many threads at once.

    Args:
        ops: random changes, in this order; none for evaluation.
        height: rows of the network's input, in pixels, at least 1.
        width: columns of the network's input, in pixels, at least 1.
        mean: of red, green and blue on [0, 1], to be taken off.
        std: of red, green and blue on [0, 1], above 0, to be divided by.
        fit: how a picture of another shape becomes the input: `crop` takes the largest region of
            the input's shape from the center, `squash` the whole picture.
        min_visible: share of a box that must still be seen for it to stay a target, in [0, 1].
        border: what is seen beyond a picture: `reflect`: the picture, reflected there; `edge`: its last
            pixels; `fill`: a color. Masks are 255 there in any case.
        fill: red, green and blue levels in [0, 255] of that color.
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
    min_visible: float = field(default=0.0)
    border: str = field(default="reflect")
    fill: Sequence[float] = field(default=(0.0, 0.0, 0.0))

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            if getattr(self, name) < 1:
                raise OptionError(f"Augmentation.{name}: must be at least 1 px, got {getattr(self, name)}")
        for name in ("mean", "std"):
            values = getattr(self, name)
            if len(values) != 3 or not np.isfinite(values).all() or (name == "std" and min(values) <= 0):
                above = " above 0" if name == "std" else ""
                raise OptionError(f"Augmentation.{name}: must be three numbers{above}, got {tuple(values)}")
        for name, known in (("fit", _FITS), ("border", BORDERS)):
            value = getattr(self, name)
            if value not in known:
                near = did_you_mean(value, known)
                raise OptionError(
                    f"Augmentation.{name}: must be one of {', '.join(known)}, got {value!r}{near}"
                )
        fill = np.asarray(self.fill, dtype=np.float64)
        if fill.shape != (3,) or not ((fill >= 0) & (fill <= 255)).all():
            raise OptionError(f"Augmentation.fill: must be three levels in [0, 255], got {self.fill}")
        if not 0 <= self.min_visible <= 1:
            raise OptionError(f"Augmentation.min_visible: must lie in [0, 1], got {self.min_visible}")

    def __call__(self, batch: Batch) -> Batch:
        """The batch with `inputs`, and with its targets where the pixels went.

        `inputs` is float32, b x 3 x height x width, in channels-last memory. Where pictures are mixed
        there are `other_labels` and `share`; masks, boxes and points follow the geometry (see
        `targets`), but not the mixing.

        Raises:
            ShapeError: a picture is not uint8 of h x w x 3; it is named.
        """
        if isinstance(batch.pixels, torch.Tensor):
            return self._on_device(batch, batch.pixels)
        work = self.begin(batch, lambda shape: np.empty(shape, dtype=np.float32))
        work.part(0, len(batch))
        return work.finish()

    def begin(self, batch: Batch, room: Room) -> "RenderWork":
        """Draw what will happen to a batch, to be carried out in parts; see `core.Divisible`.

        Raises:
            ShapeError: a picture is not uint8 of h x w x 3; it is named.
        """
        return RenderWork(self, batch, room)

    def _on_device(self, batch: Batch, pixels: torch.Tensor) -> Batch:
        plan = self.plan(batch)
        gain, offset = levels_to_inputs(self.mean, self.std)
        inputs = mix_tensor(render_tensor(pixels, plan, gain=gain, offset=offset), plan.mix)
        return self.filled(batch, plan, inputs.permute(0, 3, 1, 2))

    def plan(self, batch: Batch) -> Plan:
        """Draw what will happen to each picture, without touching a pixel."""
        sizes = _sizes(batch)
        frame = Frame(
            canvas=sizes.astype(np.float64),
            height=self.height,
            width=self.width,
            fit=self.fit,
            boxes=batch.boxes,
        )
        stages = lower_in_turn(self.ops, Draw(batch, ""), frame)
        fill = tuple(float(level) for level in self.fill)
        border = Border(kind=self.border, fill=(fill[0], fill[1], fill[2]))
        stages = (*stages, *frame.after(stages).into_input())
        return planned(stages, frame, sizes=sizes, border=border)

    def filled(self, batch: Batch, plan: Plan, inputs: torch.Tensor) -> Batch:
        """The batch with its inputs, and with its targets where the plan moves them."""
        changed: dict[str, Any] = {"inputs": inputs, "other_labels": None, "share": None}
        if plan.mix.chosen.any():
            device = batch.labels.device
            changed["other_labels"] = batch.labels[torch.from_numpy(plan.mix.partner).to(device)]
            changed["share"] = torch.from_numpy(plan.mix.share).float().to(device)
        if batch.masks is not None:
            changed["masks"] = [
                moved_mask(mask, plan.route(i), size=size, height=self.height, width=self.width)
                for i, (mask, size) in enumerate(zip(batch.masks, plan.sizes.tolist(), strict=True))
            ]
        seen, points = moved_targets(plan, boxes=batch.boxes, points=batch.points, least=self.min_visible)
        if seen is not None:
            changed["boxes"] = [one.boxes for one in seen]
            for name in ("box_labels", "box_crowd"):
                values = getattr(batch, name)
                if values is not None:
                    changed[name] = [some[one.kept] for some, one in zip(values, seen, strict=True)]
        return dataclasses.replace(batch, **changed, points=points)

    def show(self, batch: Batch) -> list[Picture]:
        """Draw what the network will see: the inputs with the normalization undone."""
        batch = batch if batch.inputs is not None else self(batch)
        inputs = batch.inputs
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


class RenderWork:
    """One batch on its way through an augmentation; parts of it may be done by several threads."""

    def __init__(self, augmentation: Augmentation, batch: Batch, room: Room) -> None:
        assert not isinstance(batch.pixels, torch.Tensor)
        self._augmentation = augmentation
        self._batch, self._plan = batch, augmentation.plan(batch)
        self._out = room((len(batch), augmentation.height, augmentation.width, 3))
        self._levels = levels_to_inputs(augmentation.mean, augmentation.std)
        self._rendering = Rendering(batch.pixels, self._plan)

    def part(self, start: int, stop: int) -> None:
        """Render the pictures from `start` to before `stop`.

        Raises:
            ImageError: one of them cannot be decoded.
        """
        self._rendering.part(start, stop, *self._levels, self._out[start:stop])

    def finish(self) -> Batch:
        """Mix pictures and fill in the batch."""
        mix(self._out, self._plan.mix)
        inputs = torch.from_numpy(self._out).permute(0, 3, 1, 2)
        return self._augmentation.filled(self._batch, self._plan, inputs)


def _sizes(batch: Batch) -> NDArray[np.int64]:
    pixels = batch.pixels
    if isinstance(pixels, np.ndarray | torch.Tensor) and pixels.ndim == 4:
        _check(pixels[0] if len(pixels) else None, batch.keys)
        return np.tile(np.array(pixels.shape[1:3], dtype=np.int64), (len(pixels), 1))
    for picture, key in zip(pixels, batch.keys, strict=False):
        _check(picture, [key])
    return np.array([picture.shape[:2] for picture in pixels], dtype=np.int64).reshape(-1, 2)


def _check(picture: Any, key: Sequence[str]) -> None:
    if picture is None or not isinstance(picture, np.ndarray | torch.Tensor):
        return  # what is not decoded yet will be uint8 of h x w x 3
    kind, shape = str(picture.dtype).removeprefix("torch."), tuple(picture.shape)
    if kind != "uint8" or len(shape) != 3 or shape[2] != 3 or 0 in shape:
        raise ShapeError(
            f"{key[0]}: must be uint8 of h x w x 3, got {kind} of {' x '.join(str(n) for n in shape)}"
        )

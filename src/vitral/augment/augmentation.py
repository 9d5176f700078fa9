"""`Augmentation`: the one pass from decoded pictures to what the network sees."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from numbers import Real
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vitral.augment.checked import OpsAndOptions, checked_ops, three_numbers, whole
from vitral.augment.draw import Draw
from vitral.augment.engines.reference import mix_tensor, render_tensor
from vitral.augment.engines.render import Rendering, levels_to_inputs
from vitral.augment.engines.render_work import DTYPES, LAYOUTS, RenderWork, laid_out
from vitral.augment.frame import Frame
from vitral.augment.op import Op, lower_in_turn
from vitral.augment.plan import BORDERS, Border, Plan, planned, with_fit
from vitral.augment.targets.mixing import mixed_targets
from vitral.augment.targets.moved import moved_masks, moved_targets
from vitral.augment.targets.pasting import Pasted, pasted_objects
from vitral.core import IGNORE, Batch, OptionError, Picture, Room, ShapeError, did_you_mean

_NAMED = {"fit": ("crop", "squash"), "border": BORDERS, "dtype": tuple(DTYPES), "layout": LAYOUTS}


@dataclass(frozen=True)
class Augmentation(OpsAndOptions):
    """Random changes, resizing and normalization in one pass: uint8 in, float out.

    The pass keeps nothing between calls and may run in many threads at once.

    Args:
        ops: random changes: an op, or several in this order; none for evaluation.
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
        dtype: of the inputs: `float32` or `bfloat16`.
        layout: of the inputs in memory: `channels_last`, or `contiguous`: one channel after the other.
    Raises:
        OptionError: one of the values does not hold what is said above.
    """

    ops: Op | Sequence[Op] = ()
    _: KW_ONLY
    height: int
    width: int
    mean: Sequence[float]
    std: Sequence[float]
    fit: str = field(default="crop")
    min_visible: float = field(default=0.0)
    border: str = field(default="reflect")
    fill: Sequence[float] = field(default=(0.0, 0.0, 0.0))
    dtype: str = field(default="float32")
    layout: str = field(default="channels_last")

    def __post_init__(self) -> None:
        object.__setattr__(self, "ops", checked_ops("Augmentation.ops", self.ops))
        for name in ("height", "width"):
            length = whole(f"Augmentation.{name}", getattr(self, name))
            if length < 1:
                raise OptionError(f"Augmentation.{name}: must be at least 1 px, got {length}")
        for name in ("mean", "std"):
            values = three_numbers(getattr(self, name))
            if values is None or (name == "std" and min(values) <= 0):
                above = " above 0" if name == "std" else ""
                raise OptionError(
                    f"Augmentation.{name}: must be three numbers{above}, got {getattr(self, name)!r}"
                )
            object.__setattr__(self, name, values)
        for name, known in _NAMED.items():
            value = getattr(self, name)
            if value not in known:
                near = did_you_mean(str(value), known)
                raise OptionError(
                    f"Augmentation.{name}: must be one of {', '.join(known)}, got {value!r}{near}"
                )
        fill = three_numbers(self.fill)
        if fill is None or min(fill) < 0 or max(fill) > 255:
            raise OptionError(f"Augmentation.fill: must be three levels in [0, 255], got {self.fill!r}")
        if not isinstance(self.min_visible, Real) or not 0 <= self.min_visible <= 1:
            raise OptionError(f"Augmentation.min_visible: must lie in [0, 1], got {self.min_visible!r}")

    @property
    def chain(self) -> tuple[Op, ...]:
        """The ops, in turn."""
        return (self.ops,) if isinstance(self.ops, Op) else tuple(self.ops)

    def __call__(self, batch: Batch) -> Batch:
        """The batch with `inputs`, and with its targets where the pixels went.

        `inputs` is b x 3 x height x width, of `dtype` and in `layout`. Where pictures are mixed
        there are `other_labels` and `share`. Masks, boxes and points follow the geometry (see
        `targets`), and then the mixing (see `mixed_targets`): they are those of the pixels that are
        seen. Only a blend by `MixUp` keeps its own.

        Raises:
            ShapeError: a picture is not uint8 of h x w x 3; it is named.
        """
        if isinstance(batch.pixels, torch.Tensor):
            return self._on_device(batch, batch.pixels)
        # Tensors begin where a line of memory does, which arrays do not.
        work = self.begin(batch, lambda shape: torch.empty(shape).numpy())
        work.part(0, len(batch))
        return work.finish()

    def begin(self, batch: Batch, room: Room) -> RenderWork:
        """Draw what will happen to a batch, to be carried out in parts; see `core.Divisible`.

        Raises:
            ShapeError: a picture is not uint8 of h x w x 3; it is named.
        """
        return RenderWork(self, batch, room)

    def levels(self, batch: Batch) -> Iterator[NDArray[np.uint8]]:
        """The pictures after all ops as levels again, uint8 of height x width x 3; nothing is mixed.

        This is for looking at them and for writing them to files. They are made one by one as they are
        asked for, and may share their memory with those of the batch.

        Raises:
            ShapeError: a picture is not uint8 of h x w x 3; it is named.
            ImageError: a picture cannot be decoded.
        """
        pixels = batch.pixels.cpu().numpy() if isinstance(batch.pixels, torch.Tensor) else batch.pixels
        rendering = Rendering(pixels, self.plan(batch))
        return (rendering.levels(i) for i in range(len(batch)))

    def _on_device(self, batch: Batch, pixels: torch.Tensor) -> Batch:
        plan = self.plan(batch)
        gain, offset = levels_to_inputs(self.mean, self.std)
        batch = self.moved(batch, plan)
        pasted = pasted_objects(batch, plan.mix, height=self.height, width=self.width)
        inputs = mix_tensor(render_tensor(pixels, plan, gain=gain, offset=offset), plan.mix, pasted)
        return self.filled(batch, plan, laid_out(inputs, self.dtype, self.layout), pasted)

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
        stages = lower_in_turn(self.chain, Draw(batch, ""), frame)
        fill = tuple(float(level) for level in self.fill)
        border = Border(kind=self.border, fill=(fill[0], fill[1], fill[2]))
        fitted = with_fit(stages, frame.after(stages))
        return planned(fitted, frame, sizes=sizes, border=border)

    def moved(self, batch: Batch, plan: Plan) -> Batch:
        """The batch with its targets where the plan moves them, before any mixing."""
        changed: dict[str, Any] = {}
        if batch.masks is not None:
            changed["masks"] = moved_masks(batch.masks, plan)
        seen, points = moved_targets(plan, boxes=batch.boxes, points=batch.points, least=self.min_visible)
        if seen is not None:
            changed["boxes"] = [one.boxes for one in seen]
            for name in ("box_labels", "box_crowd"):
                values = getattr(batch, name)
                if values is not None:
                    changed[name] = [some[one.kept] for some, one in zip(values, seen, strict=True)]
        return dataclasses.replace(batch, **changed, points=points)

    def filled(self, moved: Batch, plan: Plan, inputs: torch.Tensor, pasted: Mapping[int, Pasted]) -> Batch:
        """The batch with its inputs, and with its labels and targets mixed as they are.

        Args:
            moved: what `moved` gives.
            plan: of the batch.
            inputs: of all pictures, mixed.
            pasted: the objects that are pasted into each picture.
        """
        changed: dict[str, Any] = {"inputs": inputs, "other_labels": None, "share": None}
        mix_ = plan.mix
        if (mix_.share[mix_.chosen] < 1).any():
            device = moved.labels.device
            changed["other_labels"] = moved.labels[torch.from_numpy(mix_.partner).to(device)]
            changed["share"] = torch.from_numpy(mix_.share).float().to(device)
        if mix_.chosen.any():
            changed |= mixed_targets(
                moved, mix_, pasted, height=self.height, width=self.width, least=self.min_visible
            )
        return dataclasses.replace(moved, **changed)

    def show(self, batch: Batch) -> list[Picture]:
        """Draw what the network will see: the inputs with the normalization undone."""
        batch = batch if batch.inputs is not None else self(batch)
        inputs = batch.inputs
        assert inputs is not None
        values = inputs.detach().float().cpu().permute(0, 2, 3, 1).numpy()
        values = (values * np.array(self.std) + np.array(self.mean)) * 255
        pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        shares = [1.0] * len(batch) if batch.share is None else batch.share.tolist()
        notes = [
            "" if share == 1 else "mixed" if label == IGNORE else f"mixed, {share:.0%} of its label kept"
            for share, label in zip(shares, batch.labels.tolist(), strict=True)
        ]
        return [
            Picture(pixels=picture, title=key, note=note)
            for picture, key, note in zip(pixels, batch.keys, notes, strict=True)
        ]


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

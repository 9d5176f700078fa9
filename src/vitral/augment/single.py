"""`Transform`, `PairTransform`: one picture at a time, for pipelines that are not Vitral's.

    transform = Transform(Flip() + Rotate(deg=(-10, 10)), height=224, width=224)
    made = transform(image=image, bboxes=[(10, 20, 60, 90)], labels=["cat"], index=17, epoch=3)

Everything random is a function of (seed, epoch, index): the same three give what a batch of Vitral's
gives to picture `index`. Where no index is given, calls count: the first is 0. In the worker processes
of a torch `DataLoader` each process has a copy of the count; there a call without an index takes one from
the number that torch gives to each worker in each epoch, so that no two workers and no two epochs draw
the same, and `torch.manual_seed` repeats them. Best is to give the index of the sample, and the epoch:

    def __getitem__(self, i):
        return self.transform(image=self.read(i), index=i, epoch=self.epoch)

Then neither the number of workers nor the order changes what a picture gets.
"""

import dataclasses
import operator
from collections.abc import Mapping, Sequence
from typing import Any, overload

import numpy as np
import torch
from numpy.typing import NDArray

from vitral.augment.augmentation import Augmentation
from vitral.augment.kinds import Held, held_mask, held_numbers, held_picture, kept_of
from vitral.augment.mix_op import MixOp
from vitral.augment.op import Op
from vitral.augment.plan import Plan
from vitral.augment.render import Rendering, levels_to_inputs
from vitral.augment.targets import NOT_COUNTED, moved_boxes, moved_mask, moved_points, seen_boxes
from vitral.core import Batch, OptionError, ShapeError, did_you_mean

_LEVELS: dict[str, Any] = {"mean": (0.0, 0.0, 0.0), "std": (1 / 255, 1 / 255, 1 / 255)}
_GREY = ("refuse", "replicate")
_TARGETS = ("boxes", "labels", "masks", "keypoints")
_WITH_BOXES = ("labels", "iscrowd")
_UNTOUCHED = ("image_id",)
_ALONE: Any = object()


class _Single:
    """What both callables have in common; see `Transform`."""

    def __init__(
        self,
        ops: Op | Sequence[Op] = (),
        *,
        height: int | None = None,
        width: int | None = None,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        fit: str = "crop",
        min_visible: float = 0.0,
        grey: str = "refuse",
        seed: int = 0,
        epoch: int = 0,
    ) -> None:
        name = type(self).__name__
        ops = (ops,) if isinstance(ops, Op) else tuple(ops)
        for op in ops:
            if not isinstance(op, Op):
                raise OptionError(f"{name}.ops: must be ops, got {op!r}")
        mixing = _mixing(ops)
        if mixing:
            raise OptionError(
                f"{name}.ops: {mixing} needs another picture, and here is one at a time; "
                "Augmentation mixes the pictures of a batch"
            )
        for one, other, words in ((height, width, "height and width"), (mean, std, "mean and std")):
            if (one is None) != (other is None):
                raise OptionError(f"{name}: {words} must be given together or not at all")
        if grey not in _GREY:
            near = did_you_mean(grey, _GREY)
            raise OptionError(f"{name}.grey: must be one of {', '.join(_GREY)}, got {grey!r}{near}")
        self.seed, self.epoch, self._state = _whole(name, "seed", seed), _whole(name, "epoch", epoch), 0
        self._whole_size = height is None
        self._as_levels, self._replicate = mean is None, grey == "replicate"
        tones = _LEVELS if mean is None or std is None else {"mean": mean, "std": std}
        tall, wide = (1, 1) if height is None or width is None else (height, width)
        self._augmentation = Augmentation(
            ops, height=tall, width=wide, fit=fit, min_visible=min_visible, **tones
        )

    @property
    def state(self) -> int:
        """The index of the next call that is given none; set it to go on from there."""
        return self._state

    @state.setter
    def state(self, index: int) -> None:
        self._state = _whole(type(self).__name__, "state", index)

    def _held(self, picture: Any, where: str) -> Held:
        return held_picture(picture, where=where, replicate=self._replicate)

    def _apply(self, held: Held, index: int | None, epoch: int | None) -> "_Made":
        number = self._next() if index is None else _whole(type(self).__name__, "index", index)
        pixels, augmentation = held.array, self._augmentation
        if self._whole_size:
            augmentation = dataclasses.replace(augmentation, height=pixels.shape[0], width=pixels.shape[1])
        batch = Batch(
            pixels=pixels[None],
            labels=torch.zeros(1, dtype=torch.int64),
            indices=np.array([number], dtype=np.int64),
            keys=("picture",),
            seed=self.seed,
            epoch=self.epoch if epoch is None else _whole(type(self).__name__, "epoch", epoch),
            position=0,
        )
        plan = augmentation.plan(batch)
        rendering = Rendering(pixels[None], plan)
        if self._as_levels:
            made = rendering.levels(0)
            made = made.copy() if np.shares_memory(made, pixels) else made
        else:
            out = np.empty((1, plan.height, plan.width, 3), dtype=np.float32)
            rendering.part(0, 1, *levels_to_inputs(augmentation.mean, augmentation.std), out)
            made = out[0]
        return _Made(held.back(made), plan, augmentation.min_visible)

    def _next(self) -> int:
        count, self._state = self._state, self._state + 1
        worker = torch.utils.data.get_worker_info()
        if worker is None:
            return count
        # torch numbers its workers base + 0, base + 1 ...; the base is drawn anew in each epoch.
        return (worker.seed + count * worker.num_workers) % 2**63


class Transform(_Single):
    """Called as albumentations is: named parts of one sample in, a dictionary of the same parts out.

    `image` is uint8 of h x w x 3, or a tensor 3 x h x w, or a PIL picture; the result is of the same kind:
    uint8, or normalized float32 where mean and std are given (not for PIL).

    Args:
        ops: an op, or several in turn.
        height: rows of the result; without height and width a picture keeps its size.
        width: columns of the result.
        mean: of red, green and blue on [0, 1]; with `std`: the result is float32, normalized.
        std: of red, green and blue on [0, 1]. Without mean and std the result is uint8.
        fit: how another shape becomes height x width: `crop` from the center, or `squash`.
        min_visible: share of a box that must still be seen for it to stay, in [0, 1].
        grey: what happens to a picture of one channel: `refuse`, or `replicate`: it becomes three equal
            channels, and the result has three.
        seed: any integer.
        epoch: which pass over the pictures, where a call does not say it.
    Raises:
        OptionError: one of the values does not hold what is said above, or an op mixes pictures.
    """

    def __call__(
        self,
        *,
        image: Any,
        mask: Any = None,
        bboxes: Any = None,
        labels: Any = None,
        keypoints: Any = None,
        index: int | None = None,
        epoch: int | None = None,
    ) -> dict[str, Any]:
        """Change one sample.

        Args:
            image: the picture.
            mask: class numbers h x w; where something comes in from outside 255, of a bool mask False.
            bboxes: x0 y0 x1 y1 of each box in pixels; cut off at the borders, and dropped when nothing,
                or less than `min_visible`, is left.
            labels: of each box; those of dropped boxes go with them.
            keypoints: x y, or x y and visibility, k x 2 or k x 3. All stay: a place may be outside,
                and its visibility is then 0.
            index: number of the sample; None takes the next one.
            epoch: which pass over the samples; None takes that of the transform.
        Returns:
            `image`, and those of `mask`, `bboxes`, `labels` and `keypoints` that were given.
        Raises:
            ShapeError: a part is not what is said above.
        """
        if labels is not None and bboxes is None:
            raise ShapeError("labels: belong to boxes, and there are no bboxes")
        # What is wrong with a part should show before the count goes on.
        picture = self._held(image, "image")
        boxes = None if bboxes is None else _held_boxes(bboxes, "bboxes")
        points = None if keypoints is None else _held_points(keypoints)
        if points is not None and points.array.ndim != 2:
            raise ShapeError(f"keypoints: must be k x 2 or k x 3, got {points.array.ndim} axes")
        held = None if mask is None else held_mask(mask, where="mask")
        if held is not None:
            _check_size(held, picture, "mask")
        if boxes is not None and labels is not None:
            kept_of(labels, np.ones(len(boxes.array), dtype=np.bool_), where="labels")
        done = self._apply(picture, index, epoch)
        made: dict[str, Any] = {"image": done.picture}
        if held is not None:
            made["mask"] = held.back(done.mask(held.array))
        if boxes is not None:
            cut, kept = done.boxes(boxes.array)
            made["bboxes"] = boxes.back(cut)
            if labels is not None:
                made["labels"] = kept_of(labels, kept, where="labels")
        if points is not None:
            made["keypoints"] = points.back(done.points(points.array))
        return made


class PairTransform(_Single):
    """Called as torchvision's v2 transforms are: picture, target in and picture, target out.

    A picture is uint8: a NumPy array h x w x 3, a tensor 3 x h x w, or a PIL picture; the result is of the
    same kind: uint8, or normalized float32 where mean and std are given (not for PIL). What it is made
    with is said at `Transform`.
    """

    @overload
    def __call__(self, picture: Any, *, index: int | None = None, epoch: int | None = None) -> Any: ...
    @overload
    def __call__(
        self, picture: Any, target: Any, *, index: int | None = None, epoch: int | None = None
    ) -> tuple[Any, Any]: ...
    def __call__(
        self, picture: Any, target: Any = _ALONE, *, index: int | None = None, epoch: int | None = None
    ) -> Any:
        """Change one sample.

        Args:
            picture: as above.
            target: a dictionary with any of `boxes` (x0 y0 x1 y1, n x 4), `labels` (n), `masks` (n x h x w,
                one for each object, 0 outside; or h x w of class numbers, 255 outside), `keypoints`
                (n x p x 2 or 3, in step with boxes where there are some; or k x 2 or 3), `iscrowd` (n) and
                `image_id`. Boxes that are not seen any more take their labels, masks and points with
                them. A number (a class) or None comes back as it is.
            index: number of the sample; None takes the next one.
            epoch: which pass over the samples; None takes that of the transform.
        Returns:
            The picture and its target; the picture alone when no target is given.
        Raises:
            ShapeError: a part is not what is said above.
        """
        if target is _ALONE:
            return self._apply(self._held(picture, "picture"), index, epoch).picture
        if target is None or isinstance(target, int | np.integer):
            return self._apply(self._held(picture, "picture"), index, epoch).picture, target
        if not isinstance(target, Mapping):
            kind = type(target).__name__
            raise ShapeError(
                f"target: must be a dictionary with {', '.join(_TARGETS)}, or a class number, got {kind}"
            )
        for name in target:
            if name not in (*_TARGETS, *_WITH_BOXES, *_UNTOUCHED):
                near = did_you_mean(str(name), _TARGETS)
                raise ShapeError(
                    f"target: what becomes of {name!r} is not known{near}; leave it out, and "
                    "put it back if the geometry does not change it"
                )
        held, parts = self._held(picture, "picture"), _held_parts(target)
        if "masks" in parts:
            _check_size(parts["masks"], held, "target.masks")
        return self._with_target(self._apply(held, index, epoch), target, parts)

    def _with_target(
        self, done: "_Made", target: Mapping[str, Any], parts: Mapping[str, Held]
    ) -> tuple[Any, dict[str, Any]]:
        made, kept = dict(target), None
        if "boxes" in parts:
            cut, kept = done.boxes(parts["boxes"].array)
            made["boxes"] = parts["boxes"].back(cut)
            for name in _WITH_BOXES:
                if name in target:
                    made[name] = kept_of(target[name], kept, where=f"target.{name}")
        if "masks" in parts:
            masks = parts["masks"].array
            if masks.ndim == 3:
                moved = done.stack(masks if kept is None else masks[kept])
            else:
                moved = done.mask(masks)
            made["masks"] = parts["masks"].back(moved)
        if "keypoints" in parts:
            points = parts["keypoints"].array
            with_boxes = kept is not None and points.ndim == 3
            made["keypoints"] = parts["keypoints"].back(done.points(points[kept] if with_boxes else points))
        return done.picture, made


@dataclasses.dataclass(frozen=True, eq=False)
class _Made:
    """A picture that was made, and how its targets follow."""

    picture: Any
    plan: Plan
    least: float

    def boxes(self, boxes: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        plan = self.plan
        moved = moved_boxes(boxes, plan.route(0))
        seen = seen_boxes(moved, height=plan.height, width=plan.width, least=self.least)
        return seen.boxes, seen.kept

    def mask(self, mask: NDArray[Any]) -> NDArray[np.uint8]:
        tall, wide = mask.shape
        plan, numbers = self.plan, mask.astype(np.uint8)
        moved = moved_mask(numbers, plan.route(0), size=(tall, wide), height=plan.height, width=plan.width)
        if mask.dtype == np.bool_:
            moved[moved == NOT_COUNTED] = 0
        return moved

    def stack(self, masks: NDArray[Any]) -> NDArray[Any]:
        """Of each object the pixels that are not 0; they come back as the largest number of the stack."""
        made = np.zeros((len(masks), self.plan.height, self.plan.width), dtype=masks.dtype)
        for number, mask in enumerate(masks):
            made[number][self.mask(mask != 0) == 1] = masks.max()
        return made

    def points(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        places = moved_points(points[..., :2].reshape(-1, 2), self.plan.route(0))
        made = points.copy()
        made[..., :2] = places.reshape(*points.shape[:-1], 2)
        if points.shape[-1] == 3:
            inside = ((places >= 0) & (places < (self.plan.width, self.plan.height))).all(axis=1)
            made[..., 2] = np.where(inside.reshape(points.shape[:-1]), points[..., 2], 0.0)
        return made


def _held_parts(target: Mapping[str, Any]) -> dict[str, Held]:
    """The parts that geometry moves; what belongs to boxes is counted against them."""
    parts: dict[str, Held] = {}
    if "boxes" in target:
        parts["boxes"] = _held_boxes(target["boxes"], "target.boxes")
    if "masks" in target:
        parts["masks"] = held_mask(target["masks"], where="target.masks", stacked=True)
    if "keypoints" in target:
        parts["keypoints"] = _held_points(target["keypoints"], "target.keypoints")
    if "boxes" in parts:
        everyone = np.ones(len(parts["boxes"].array), dtype=np.bool_)
        for name in _WITH_BOXES:
            if name in target:
                kept_of(target[name], everyone, where=f"target.{name}")
        for name in ("masks", "keypoints"):
            if name in parts and parts[name].array.ndim == 3:
                kept_of(parts[name].array, everyone, where=f"target.{name}")
    return parts


def _check_size(mask: Held, picture: Held, where: str) -> None:
    (tall, wide), (height, width) = mask.array.shape[-2:], picture.array.shape[:2]
    if (tall, wide) != (height, width):
        raise ShapeError(f"{where}: must be of the picture's size, {height} x {width}, got {tall} x {wide}")


def _held_boxes(boxes: Any, where: str) -> Held:
    order = getattr(getattr(boxes, "format", None), "name", "XYXY")
    if order != "XYXY":  # torchvision's boxes say how they are written.
        raise ShapeError(f"{where}: must be x0 y0 x1 y1 (XYXY), got {order}")
    held = held_numbers(boxes, where=where, last=(4,), words="x0 y0 x1 y1 in pixels, n x 4")
    if held.array.ndim != 2:
        raise ShapeError(f"{where}: must be n x 4, got {held.array.ndim} axes")
    wrong = (held.array[:, :2] > held.array[:, 2:]).any(axis=1)
    if wrong.any():
        first = ", ".join(f"{value:g}" for value in held.array[wrong.argmax()])
        raise ShapeError(f"{where}: must have x0 <= x1 and y0 <= y1, got ({first}); not x y width height")
    return held


def _held_points(points: Any, where: str = "keypoints") -> Held:
    return held_numbers(points, where=where, last=(2, 3), words="x y, or x y and visibility")


def _mixing(ops: Sequence[Op]) -> str:
    """The kind of an op that mixes pictures, at any depth; "" when there is none."""
    for op in ops:
        if isinstance(op, MixOp):
            return str(op.kind)
        for name in op.options():
            value = getattr(op, name)
            inner = [one for one in value if isinstance(one, Op)] if isinstance(value, tuple) else []
            found = _mixing([value] if isinstance(value, Op) else inner)
            if found:
                return found
    return ""


def _whole(name: str, what: str, value: Any) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise OptionError(f"{name}.{what}: must be a whole number, got {value!r}") from None

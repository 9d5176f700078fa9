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
from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

import numpy as np
import torch
from numpy.typing import NDArray

from vitral.augment.augmentation import Augmentation
from vitral.augment.checked import OpsAndOptions, checked_ops, whole
from vitral.augment.op import Op
from vitral.augment.ops.mix_op import MixOp
from vitral.augment.plan import Plan
from vitral.augment.samples.kinds import Held, held_picture
from vitral.augment.samples.made import Made
from vitral.augment.samples.own_size import own_size_plan
from vitral.augment.samples.parts import KINDS, WITH_BOXES, Parts, further_parts
from vitral.augment.targets.backward import BackToPicture, back_to_picture
from vitral.core import Batch, OptionError, ShapeError, did_you_mean

_LEVELS: dict[str, Any] = {"mean": (0.0, 0.0, 0.0), "std": (1 / 255, 1 / 255, 1 / 255)}
_GREY = ("refuse", "replicate")
_SIZES = ("picture", "canvas")
_PARTS = ("image", "mask", "masks", "bboxes", "labels", "keypoints", "polygons", "lines", "index", "epoch")
_TARGETS = ("boxes", "labels", "masks", "keypoints", "polygons", "lines")
_UNTOUCHED = ("image_id",)
_ALONE: Any = object()


class _Single(OpsAndOptions):
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
        size: str = "picture",
        border: str = "reflect",
        fill: Sequence[float] = (0.0, 0.0, 0.0),
        min_visible: float = 0.0,
        grey: str = "refuse",
        more: Mapping[str, str] | None = None,
        seed: int = 0,
        epoch: int = 0,
    ) -> None:
        name = type(self).__name__
        ops = checked_ops(f"{name}.ops", ops)
        mixing = _mixing(ops)
        if mixing:
            raise OptionError(
                f"{name}.ops: {mixing} needs another picture, and here is one at a time; "
                "Augmentation mixes the pictures of a batch"
            )
        for one, other, words in ((height, width, "height and width"), (mean, std, "mean and std")):
            if (one is None) != (other is None):
                raise OptionError(f"{name}: {words} must be given together or not at all")
        for what, value, known in (("grey", grey, _GREY), ("size", size, _SIZES)):
            if value not in known:
                near = did_you_mean(str(value), known)
                raise OptionError(f"{name}.{what}: must be one of {', '.join(known)}, got {value!r}{near}")
        if size == "canvas" and height is not None:
            raise OptionError(f'{name}.size: must be "picture" where height and width are given')
        self.seed, self.epoch, self._state = whole(f"{name}.seed", seed), whole(f"{name}.epoch", epoch), 0
        self._own_size, self._canvas_size = height is None, size == "canvas"
        self._replicate, self._more = grey == "replicate", _declared(name, more)
        tones: dict[str, Any] = _LEVELS if mean is None or std is None else {"mean": mean, "std": std}
        tall, wide = (1, 1) if height is None or width is None else (height, width)
        self._augmentation = _augmentation(
            name,
            ops,
            height=tall,
            width=wide,
            fit=fit,
            min_visible=min_visible,
            border=border,
            fill=fill,
            **tones,
        )
        self._tones = None if mean is None else (self._augmentation.mean, self._augmentation.std)

    @property
    def state(self) -> int:
        """The index of the next call that is given none; set it to go on from there."""
        return self._state

    @state.setter
    def state(self, index: int) -> None:
        self._state = whole(f"{type(self).__name__}.state", index)

    def back(self, picture: Any, *, index: int, epoch: int | None = None) -> BackToPicture:
        """The way from what is made of a picture back onto it, for what is found there.

        Args:
            picture: as it is given to a call; without its objects, at which an op may look.
            index: number of the sample, as in the call.
            epoch: which pass over the samples; None takes that of the transform.
        """
        return back_to_picture(self._plan(self._held(picture, "picture").array, index, epoch))

    def _held(self, picture: Any, where: str) -> Held:
        return held_picture(picture, where=where, replicate=self._replicate)

    def _further(
        self, values: Mapping[str, Any], picture: Held, before: str = ""
    ) -> dict[str, Callable[[Made], Any]]:
        return further_parts(values, self._more, picture, before=before, replicate=self._replicate)

    def _apply(self, held: Held, index: int | None, epoch: int | None, boxes: Held | None = None) -> Made:
        number = self._next() if index is None else index
        plan = self._plan(held.array, number, epoch, None if boxes is None else boxes.array)
        return Made(plan=plan, least=self._augmentation.min_visible, tones=self._tones)

    def _plan(
        self,
        pixels: NDArray[np.uint8],
        index: int,
        epoch: int | None,
        boxes: NDArray[np.float64] | None = None,
    ) -> Plan:
        name, augmentation = type(self).__name__, self._augmentation
        batch = Batch(
            pixels=pixels[None],
            labels=torch.zeros(1, dtype=torch.int64),
            indices=np.array([whole(f"{name}.index", index)], dtype=np.int64),
            keys=("picture",),
            seed=self.seed,
            epoch=self.epoch if epoch is None else whole(f"{name}.epoch", epoch),
            position=0,
            boxes=None if boxes is None else [boxes],
        )
        if self._canvas_size:
            return own_size_plan(augmentation, batch)
        if self._own_size:
            height, width = pixels.shape[:2]
            augmentation = dataclasses.replace(augmentation, height=height, width=width)
        return augmentation.plan(batch)

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
        size: of a result without height and width: the `picture`'s, or that of the `canvas` behind the
            last op, so that crops and quarter turns give sizes of their own.
        border: what is seen beyond a picture: `reflect`, `edge` or `fill`; see `Augmentation`.
        fill: red, green and blue levels in [0, 255] there.
        min_visible: share of an object that must still be seen for it to stay, in [0, 1]: of the area of
            its polygon, or of the pixels of its mask, or of its box.
        grey: what happens to a picture of one channel: `refuse`, or `replicate`: it becomes three equal
            channels, and the result has three.
        more: names of further parts that a call may be given, and what each is: `image`: another
            picture of the same size, with the same geometry, colors and noise; `clean`: one that only
            moves; `mask`: class numbers, of any resolution; `map`: floats such as depth, of any resolution,
            linear between pixels and NaN outside. Each may be a list, as of the frames of a video.
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
        masks: Any = None,
        bboxes: Any = None,
        labels: Any = None,
        keypoints: Any = None,
        polygons: Any = None,
        lines: Any = None,
        index: int | None = None,
        epoch: int | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Change one sample.

        Args:
            image: the picture.
            mask: class numbers h x w, of any resolution; where something comes in from outside 255, of a
                bool mask False.
            masks: n x h x w, one for each object, of any resolution, 0 outside; in step with boxes where
                there are some.
            bboxes: x0 y0 x1 y1 of each box in pixels; cut off at the borders, and dropped when nothing,
                or less than `min_visible`, is left. Where polygons or masks come along, boxes are the
                tight ones of the moved shapes, and what is dropped takes its shape with it.
            labels: of each box; those of dropped boxes go with them.
            keypoints: x y, or x y and visibility, k x 2 or k x 3. All stay: a place may be outside, and its
                visibility is then 0. So it is where a pass cut off what a later one would show again;
                such a place is NaN where no visibility is given.
            polygons: corners of each object, n x 2; cut off at the borders. In step with boxes where there
                are some; else all stay, and one that is not seen has no corners.
            lines: points of each line, n x 2. Each becomes a list of the pieces that are seen.
            index: number of the sample; None takes the next one.
            epoch: which pass over the samples; None takes that of the transform.
            more: the parts that were declared at construction.
        Returns:
            `image`, and those of the others that were given.
        Raises:
            ShapeError: a part is not what is said above.
        """
        given = {
            "mask": mask,
            "masks": masks,
            "boxes": bboxes,
            "labels": labels,
            "keypoints": keypoints,
            "polygons": polygons,
            "lines": lines,
        }
        return self._made(image, given, more, index, epoch)

    def _made(
        self,
        image: Any,
        given: Mapping[str, Any],
        more: Mapping[str, Any],
        index: int | None,
        epoch: int | None,
    ) -> dict[str, Any]:
        # What is wrong with a part should show before the count goes on.
        given = {name: value for name, value in given.items() if value is not None}
        if "labels" in given and "boxes" not in given:
            raise ShapeError("labels: belong to boxes, and there are no bboxes")
        picture = self._held(image, "image")
        parts = Parts(given, picture, called={"boxes": "bboxes"})
        if "keypoints" in given and parts.held["keypoints"].array.ndim != 2:
            axes = parts.held["keypoints"].array.ndim
            raise ShapeError(f"keypoints: must be k x 2 or k x 3, got {axes} axes")
        for name in more:
            if name not in self._more:
                near = did_you_mean(name, (*_PARTS, *self._more))
                raise ShapeError(
                    f'{name}: is not a part that is known{near}; say what it is with more={{"{name}": ...}}'
                )
        others = self._further(more, picture)
        done = self._apply(picture, index, epoch, parts.held.get("boxes"))
        made = {"image": picture.back(done.picture(picture.array)), **parts.moved(done)}
        if "boxes" in made:
            made["bboxes"] = made.pop("boxes")
        return made | {name: moved(done) for name, moved in others.items()}


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
                (n x p x 2 or 3, in step with boxes where there are some; or k x 2 or 3), `polygons` (one
                for each object), `lines`, `iscrowd` (n) and `image_id`; see `Transform` for what becomes
                of each. Boxes that are not seen any more take their labels, masks, polygons and points
                with them. A number (a class) or None comes back as it is.
            index: number of the sample; None takes the next one.
            epoch: which pass over the samples; None takes that of the transform.
        Returns:
            The picture and its target; the picture alone when no target is given.
        Raises:
            ShapeError: a part is not what is said above.
        """
        held = self._held(picture, "picture")
        if target is _ALONE or target is None or isinstance(target, int | np.integer):
            made = held.back(self._apply(held, index, epoch).picture(held.array))
            return made if target is _ALONE else (made, target)
        if not isinstance(target, Mapping):
            kind = type(target).__name__
            raise ShapeError(
                f"target: must be a dictionary with {', '.join(_TARGETS)}, or a class number, got {kind}"
            )
        for name in target:
            if name not in (*_TARGETS, *WITH_BOXES, *_UNTOUCHED, *self._more):
                near = did_you_mean(str(name), _TARGETS)
                raise ShapeError(
                    f"target: what becomes of {name!r} is not known{near}; leave it out, and "
                    "put it back if the geometry does not change it, or say what it is with more="
                )
        parts = Parts(target, held, before="target.")
        others = self._further({name: target[name] for name in self._more if name in target}, held, "target.")
        done = self._apply(held, index, epoch, parts.held.get("boxes"))
        made = {**target, **parts.moved(done), **{name: moved(done) for name, moved in others.items()}}
        return held.back(done.picture(held.array)), made


def _augmentation(name: str, ops: tuple[Op, ...], **options: Any) -> Augmentation:
    """What makes the pictures; what is wrong with an option is told by the name of the transform."""
    try:
        return Augmentation(ops, **options)
    except OptionError as error:
        raise OptionError(str(error).replace("Augmentation.", f"{name}.", 1)) from None


def _declared(name: str, more: Mapping[str, str] | None) -> dict[str, str]:
    """The further parts of a transform.

    Raises:
        OptionError: a name is taken, or a kind is none.
    """
    for part, kind in (more or {}).items():
        if not part.isidentifier() or part in (*_PARTS, *_TARGETS, *WITH_BOXES, *_UNTOUCHED):
            raise OptionError(f"{name}.more: must be new names that can be keywords, got {part!r}")
        if kind not in KINDS:
            near = did_you_mean(str(kind), KINDS)
            raise OptionError(f"{name}.more: {part} must be one of {', '.join(KINDS)}, got {kind!r}{near}")
    return dict(more or {})


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

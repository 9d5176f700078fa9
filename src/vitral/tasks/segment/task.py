"""Segmentation: which class does each pixel of a picture belong to."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from jaxtyping import Float, UInt8
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from vitral.augment import Augmentation, Brightness, Contrast, Flip, Op, RandomResizedCrop
from vitral.core import Batch, Choice, Picture, option
from vitral.data import DataFacts, PictureSet
from vitral.nn import DenseNetwork, EncodedPyramid, Encoder, UNet
from vitral.nn.mask_losses import MASK_IGNORE, MaskLoss, SumOfLosses
from vitral.tasks.exporting import Graph
from vitral.tasks.segment.answer import Segmented, painted
from vitral.tasks.segment.choosing import LARGEST_PX, MULTIPLE, check_masks, class_weights, training_frame
from vitral.tasks.segment.files import FORMATS, TOGETHER, written
from vitral.tasks.segment.graphs import segment_graphs
from vitral.tasks.segment.judging import SegmentMetrics
from vitral.tasks.segment.whole import classes_of_pixels
from vitral.tasks.task import Score, Task, TaskModel, as_they_are
from vitral.tasks.writing import Answered

_CROP_SHARE, _STORED_LARGER = 0.8, 1.25
_GOOD_SHARE = 0.9
# Memory of one pass grows with its pixels; larger pictures are looked at in parts.
_TILE_PX, _OVERLAP_PX = 1024, 128


@dataclass(frozen=True, kw_only=True)
class Segment(Task, kind="segment"):
    """Tell the class of every pixel."""

    score: ClassVar[Score] = Score(name="mean_iou")
    loss_unit: ClassVar[str] = "nats per pixel + what else the loss counts"
    shares: ClassVar[tuple[str, ...]] = (
        "mean_iou", "micro_iou", "dice", "pixel_accuracy", "mean_class_accuracy", "boundary_f",
    )  # fmt: skip
    needs: ClassVar[Literal["nothing", "label", "mask", "objects"]] = "mask"
    formats: ClassVar[tuple[str, ...]] = FORMATS
    together: ClassVar[tuple[str, ...]] = TOGETHER
    shown_at_once: ClassVar[int] = 12

    size: int | None = option(
        None, "short side to which pictures are shrunk for the network; left open, by the pictures",
        unit="px", low=4, high=8192, flag="--size",
    )  # fmt: skip
    crop: int | None = option(
        None, "short side of the parts that training sees; left open, four fifths of the size",
        unit="px", low=4, high=8192,
    )  # fmt: skip
    network: DenseNetwork = option(UNet(), "the network")
    stride: int = option(2, "pixels between two places of the answer: 1, 2 or 4", low=1, high=4)
    loss: MaskLoss = option(SumOfLosses(dice=1.0), "what training minimizes", flag="--loss")
    classes: tuple[str, ...] | None = option(None, "names of the classes in the masks; left open, as found")
    balance: float = option(
        0.5, "how much more rare classes count: 0 not, 1 so that all weigh the same",
        low=0, high=1, search=(0.0, 1.0),
    )  # fmt: skip
    weights: tuple[float, ...] | None = option(
        None, "how much each class counts in the loss; left open, by `balance`", low=0, high=1000
    )
    flip: bool = option(
        True, "mirror pictures left to right in training; prediction averages both", flag="--flip"
    )
    zoom: float = option(2.0, "how much larger than the whole picture parts are seen", low=1, high=8)
    light: float = option(0.3, "how strongly brightness, contrast and colors change", low=0, high=1)
    scales: tuple[float, ...] = option(
        (1.0,), "sizes at which prediction looks at a picture, relative to `size`", low=0.25, high=4
    )

    def short_side_px(self) -> int:
        """A quarter more than the network sees, so that parts seen larger still have detail."""
        return round(_STORED_LARGER * (self.size or LARGEST_PX))

    def answered_side_px(self) -> None:
        """Masks have the size of their pictures; see `Task.answered_side_px`."""
        return

    def class_names(self, facts: DataFacts) -> tuple[str, ...]:
        """The classes of the masks; see `Task.class_names`."""
        return self.classes or ()

    def decide(self, pictures: PictureSet, facts: DataFacts) -> tuple[Self, tuple[Choice[Any], ...]]:
        """Take the classes of the masks, and choose size and weights; see `Task.decide`.

        Raises:
            DataError: there are no masks, or fewer than two classes in them.
            OptionError: another number of names or weights than there are classes.
        """
        check_masks(pictures, self.classes, self.weights)
        task, choices = self, list[Choice[Any]]()

        def choose(name: str, value: Any, used: str, why: str) -> None:
            nonlocal task
            if getattr(task, name) is None:
                task = dataclasses.replace(task, **{name: value})
                choices.append(Choice(name=name, asked="auto", used=used, why=why, value=value))

        short = min(facts.height_px[1], facts.width_px[1])
        size = self.size or max(4, min(short, LARGEST_PX))
        choose("size", size, f"{size} px", f"the pictures' median short side is {short} px")
        crop = max(4, int(_CROP_SHARE * size))
        crop = crop // MULTIPLE * MULTIPLE if crop >= MULTIPLE else crop
        choose("crop", crop, f"{crop} px", f"about four fifths of {size} px")
        names = pictures.mask_classes
        choose("classes", names, f"{len(names)}: {', '.join(names[:6])}", "the classes of the masks")
        if self.weights is None:
            weights = class_weights(pictures, len(task.classes or ()), self.balance)
            used = f"{min(weights):.2g} to {max(weights):.2g}"
            choose("weights", weights, used, "the rarer a class, the more its pixels count")
        return task, tuple(choices)

    def on_encoder(self, encoder: Encoder, *, frozen: bool) -> Self:
        """A U-Net whose way down is an encoder that learned before; see `TakesEncoder`."""
        network = self.network if isinstance(self.network, UNet) else UNet()
        pyramid = EncodedPyramid(encoder=encoder, frozen=frozen)
        return dataclasses.replace(self, network=dataclasses.replace(network, encoder=pyramid))

    def batch(self) -> int:
        """Few pictures a step: each has many pixels."""
        return 8

    def build(self, facts: DataFacts) -> TaskModel:
        """The network with one score for each class."""
        return TaskModel(self.network.build(3, (len(self.classes or ()),), stride=self.stride), facts)

    def augmentation(self, facts: DataFacts, *, train: bool, progress: float = 1.0) -> Augmentation:
        """Parts of pictures, zoomed, mirrored and lit at random in training; see `Task.augmentation`."""
        height, width = training_frame(facts, self.crop or LARGEST_PX)
        return Augmentation(
            self._ops() if train else (), height=height, width=width, mean=(0.0,) * 3, std=(1.0,) * 3
        )

    def _ops(self) -> tuple[Op, ...]:
        from vitral.augment import Saturation  # a late op, whose class is made when it is asked for

        ops: list[Op] = [Flip()] if self.flip else []
        ops.append(RandomResizedCrop(scale=(max(0.01, 1 / self.zoom**2), 1.0), ratio=(0.8, 1.25)))
        if self.light:
            ops += [Brightness(strength=self.light), Contrast(strength=self.light)]
            ops.append(Saturation(factor=(1 - self.light, 1 + self.light)))
        return tuple(ops)

    def losses(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """The loss of scores brought to the size of the masks; see `Task.losses`."""
        assert batch.inputs is not None
        assert batch.masks is not None
        masks = torch.from_numpy(np.stack(batch.masks)).to(batch.inputs.device)
        return {"loss": self._loss(model(batch.inputs), masks)}

    def _loss(self, scores: Float[Tensor, "b k h w"], masks: UInt8[Tensor, "b h2 w2"]) -> Tensor:
        size = tuple(masks.shape[1:])
        scores = functional.interpolate(scores.float(), size, mode="bilinear", align_corners=False)
        return self.loss(scores, masks.long(), weights=scores.new_tensor(self.weights))

    def judged(self, facts: DataFacts) -> Callable[[Batch], Batch]:
        """Pictures are judged at their own size; see `Task.judged`."""
        return as_they_are

    def metrics(self, facts: DataFacts) -> SegmentMetrics:
        """Overlap, accuracy, per class, confusion matrix, and the mean loss."""
        return SegmentMetrics(self.classes or (), self._judge, edges=False)

    def judges(self, model: TaskModel) -> SegmentMetrics:
        """The same, with the edges; see `Task.judges`."""
        return SegmentMetrics(self.classes or (), self._judge, edges=True)

    def _judge(
        self, model: TaskModel, pixels: NDArray[np.uint8], mask: NDArray[np.uint8]
    ) -> tuple[NDArray[np.uint8], float]:
        scores = self.scores(model, pixels)
        answered = classes_of_pixels(scores, *mask.shape)
        small = functional.interpolate(torch.from_numpy(mask)[None, None], tuple(scores.shape[1:]))[0]
        return answered, float(self._loss(scores[None], small.to(scores.device)))

    @torch.inference_mode()
    def scores(
        self, model: TaskModel, pixels: UInt8[NDArray[np.uint8], "h w c=3"]
    ) -> Float[Tensor, "k h2 w2"]:
        """Logarithms of probabilities on a grid over a picture, averaged over all looks at it.

        Args:
            model: of this task.
            pixels: a picture of any size; it is shrunk until its short side is `size`.
        """
        looks: list[Tensor] = []
        for scale in self.scales:
            inputs = self._inputs(model, pixels, scale)
            for mirrored in (False, True) if self.flip else (False,):
                seen = self._look(model, inputs.flip(-1) if mirrored else inputs).float().softmax(1)
                looks.append(seen.flip(-1) if mirrored else seen)
        size = tuple(max((one.shape[2:] for one in looks), key=lambda shape: shape[0]))
        same = [functional.interpolate(one, size, mode="bilinear", align_corners=False) for one in looks]
        return torch.stack(same).mean(0)[0].clamp(min=1e-8).log()

    def _inputs(self, model: TaskModel, pixels: NDArray[np.uint8], scale: float) -> Tensor:
        import cv2  # here, because it takes a third of the time to import vitral

        height, width = pixels.shape[:2]
        shrink = min(1.0, (self.size or LARGEST_PX) / min(height, width)) * scale
        size = max(1, round(width * shrink)), max(1, round(height * shrink))
        if size != (width, height):
            how = cv2.INTER_AREA if shrink < 1 else cv2.INTER_LINEAR
            pixels = np.asarray(cv2.resize(pixels, size, interpolation=how), dtype=np.uint8)
        device = next(model.parameters()).device
        levels = torch.from_numpy(pixels.copy()).to(device)
        return levels.permute(2, 0, 1)[None].float().div(255).contiguous(memory_format=torch.channels_last)

    def _look(self, model: TaskModel, inputs: Tensor) -> Tensor:
        from vitral.nn.dense.tiles import tiled

        return tiled(
            model,
            inputs,
            tile_px=_TILE_PX,
            overlap_px=_OVERLAP_PX,
            stride=self.stride,
            outputs=len(self.classes or ()),
        )

    def predict(self, model: TaskModel, pictures: Sequence[NDArray[np.uint8]]) -> list[Segmented]:
        """The class of each pixel of each picture, in its own size."""
        found: list[Segmented] = []
        for pixels in pictures:
            scores = self.scores(model, pixels)
            probabilities = scores.exp()
            found.append(
                Segmented(
                    mask=classes_of_pixels(scores, *pixels.shape[:2]),
                    probabilities=probabilities.half().cpu().numpy(),
                    confidence=float(probabilities.amax(0).mean()),
                    classes=self.classes or (),
                )
            )
        return found

    def written(
        self, model: TaskModel, answers: Iterable[Answered], format: str
    ) -> Iterator[tuple[str, bytes]]:
        """Masks as files of others; see `WritesAnswers.written`."""
        return written(answers, format, self.classes or ())

    def graphs(self, model: TaskModel) -> dict[str, Graph]:
        """From pictures to the probability of each class at each pixel; see `Exports`."""
        size = training_frame(model.facts, self.crop or LARGEST_PX)
        return segment_graphs(model, classes=self.classes or (), flip=self.flip, size=size)

    def pictures(self, model: TaskModel, batch: Batch) -> list[Picture]:
        """The answer beside the right mask; good where nine tenths of the pixels are right."""
        shown = [np.asarray(pixels) for pixels in batch.pixels]
        drawn: list[Picture] = []
        for n, (pixels, answer) in enumerate(zip(shown, self.predict(model, shown), strict=True)):
            own = painted(pixels, answer.mask, answer.classes)
            if batch.masks is None:
                drawn.append(Picture(pixels=own, title=answer.headline(), note=batch.keys[n], close=True))
                continue
            mask = batch.masks[n]
            counted = mask != MASK_IGNORE
            right = float((answer.mask == mask)[counted].mean()) if counted.any() else 1.0
            drawn.append(
                Picture(
                    pixels=_side_by_side(own, painted(pixels, mask, answer.classes)),
                    title=f"{right:.0%} of the pixels right",
                    note=f"{batch.keys[n]}: the answer, and what is right",
                    mood="good" if right >= _GOOD_SHARE else "bad",
                    weight=1 - right,
                    wide=True,
                )
            )
        return drawn


def _side_by_side(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Two pictures beside each other, the tops aligned, white below the shorter one."""
    height, gap = max(len(one), len(other)), max(4, one.shape[1] // 60)
    page = np.full((height, one.shape[1] + gap + other.shape[1], 3), 255, dtype=np.uint8)
    page[: len(one), : one.shape[1]] = one
    page[: len(other), one.shape[1] + gap :] = other
    return page

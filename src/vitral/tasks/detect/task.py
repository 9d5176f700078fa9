"""Detection: which objects are in a picture, and where."""

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vitral.augment import Augmentation
from vitral.core import Batch, Chart, Choice, OptionError, Picture, option
from vitral.data import DataFacts, PictureSet
from vitral.nn import Encoder
from vitral.nn.dense import DenseNetwork, EncodedPyramid, UNet
from vitral.nn.detection import (
    CenterTargets,
    Grid,
    boxes_of_maps,
    center_targets,
    generalized_iou,
    heat_loss,
    peaks,
    without_repeats,
)
from vitral.optim import AdamW, Muon, Optimizer
from vitral.tasks.detect.answer import Detected
from vitral.tasks.detect.changes import training_ops
from vitral.tasks.detect.choosing import LARGEST_PX, check_objects, chosen_size, object_sides, training_frame
from vitral.tasks.detect.files import FORMATS, TOGETHER, written
from vitral.tasks.detect.graphs import detect_graphs
from vitral.tasks.detect.judging import DetectMetrics, Marked, detection_charts
from vitral.tasks.detect.model import DetectModel
from vitral.tasks.detect.truth import beside_truth
from vitral.tasks.detect.views import STRIDE, Seen, View, look, seen_size, together, told
from vitral.tasks.exporting import Graph
from vitral.tasks.task import Score, Task, TaskModel, as_they_are
from vitral.tasks.writing import Answered

# Random crops of a picture stored a little larger than the network sees it keep its detail.
_STORED_LARGER = 1.25
# Boxes that are less sure change no figure that anyone reads.
_LEAST_SCORE = 0.01


@dataclass(frozen=True, kw_only=True)
class Detect(Task, kind="detect"):
    """Find the objects in a picture: a box, a class and a score for each.

    A network gives for every fourth pixel how likely it is the center of an object of each class,
    and the size and exact center of that object.

    Source:
        Zhou, Wang, Kraehenbuehl 2019, arXiv:1904.07850 (CenterNet). Departures: a U-Net; boxes are
        learned around centers too and by their generalized IoU, as in Liu et al. 2019,
        arXiv:1909.00700, so that they are exact after fewer steps; sizes are logarithms against a
        typical one; boxes of one class that are nearly the same are told once.
    """

    score: ClassVar[Score] = Score(name="map")
    loss_unit: ClassVar[str] = "nats per object + weighted 1 - GIoU"
    shares: ClassVar[tuple[str, ...]] = (
        "map", "ap50", "ap75", "ap_small", "ap_medium", "ap_large", "ar1", "ar10", "ar100", "best_score",
    )  # fmt: skip
    needs: ClassVar[Literal["nothing", "label", "mask", "objects"]] = "objects"
    formats: ClassVar[tuple[str, ...]] = FORMATS
    together: ClassVar[tuple[str, ...]] = TOGETHER
    shown_at_once: ClassVar[int] = 12

    size: int | None = option(
        None, "short side of the pictures as the network sees them; left open, by the smallest objects",
        unit="px", low=32, high=2048, flag="--size",
    )  # fmt: skip
    network: DenseNetwork = option(UNet(), "the network", flag="--network")
    typical: float | None = option(
        None, "side of a usual object as the network sees it; left open, the median",
        unit="px", low=1, high=2048,
    )  # fmt: skip
    flip: bool = option(
        True, "mirror pictures left to right in training; prediction averages both", flag="--flip"
    )
    upright: bool = option(True, "pictures have an above and a below; off: training turns them as well")
    zoom: tuple[float, float] = option(
        (0.75, 1.5), "how much smaller and larger objects come in training", low=0.1, high=10
    )
    stretch: float = option(1.15, "how much wider or taller they come at most", low=1, high=4)
    light: float = option(0.2, "how strongly brightness, contrast and colors change", low=0, high=1)
    min_visible: float = option(
        0.4, "share of an object that a crop must leave for it to stay one", low=0, high=1
    )
    overlap: float = option(
        0.3, "of a box that is off by the radius of the Gaussians with the right one", low=0.05, high=0.95
    )
    box_weight: float = option(
        2.0, "weight of the boxes' error against the heat maps'", low=0, high=100, search=(0.5, 5.0, "log")
    )
    confidence: float = option(0.3, "least score of a box that is told", low=0, high=1)
    nms: float = option(
        0.7, "overlap from which on two boxes of a class are one object; 1 keeps both", low=0, high=1
    )
    most: int = option(300, "boxes a picture at most", low=1, high=10_000)
    scales: tuple[float, ...] = option(
        (1.0,), "sizes at which prediction looks at a picture, relative to `size`", low=0.25, high=4
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.zoom[0] > self.zoom[1]:
            raise OptionError(f"Detect.zoom: must rise, got {self.zoom}")
        if not self.scales:
            raise OptionError("Detect.scales: must name at least one scale, for example 1.0")

    def short_side_px(self) -> int:
        """A quarter more than the network sees; see `Classify.short_side_px`."""
        return round(_STORED_LARGER * (self.size or LARGEST_PX))

    def answered_side_px(self) -> None:
        """Boxes belong to the picture as it is; see `Task.answered_side_px`."""
        return

    def decide(self, pictures: PictureSet, facts: DataFacts) -> tuple[Self, tuple[Choice[Any], ...]]:
        """Choose the size and the typical object from what is marked; see `Task.decide`.

        Raises:
            DataError: nothing is marked in these pictures.
        """
        check_objects(pictures, facts)
        task, choices = self, list[Choice[Any]]()
        if self.size is not None and self.typical is not None:
            return task, ()
        sides, labels = object_sides(pictures)
        if task.size is None:
            size, why = chosen_size(sides, labels, facts)
            task = dataclasses.replace(task, size=size)
            choices.append(Choice(name="size", asked="auto", used=f"{size} px", why=why, value=size))
        if task.typical is None:
            share = float(np.median(sides)) if len(sides) else 0.25
            typical = float(np.clip(round(share * (task.size or 1), 1), 1, 2048))
            task = dataclasses.replace(task, typical=typical)
            why = "the median of all objects as the network sees them"
            choices.append(
                Choice(name="typical", asked="auto", used=f"{typical:g} px", why=why, value=typical)
            )
        return task, tuple(choices)

    def on_encoder(self, encoder: Encoder, *, frozen: bool) -> Self:
        """A U-Net whose way down is an encoder that learned before; see `TakesEncoder`."""
        network = self.network if isinstance(self.network, UNet) else UNet()
        pyramid = EncodedPyramid(encoder=encoder, frozen=frozen)
        return dataclasses.replace(self, network=dataclasses.replace(network, encoder=pyramid))

    def optimizer(self) -> Optimizer:
        """Steps of equal size in all directions; the last layers have no norm, so lengths stay free."""
        return Muon(
            lr=0.01, fixed_length=False, weight_decay=0.01,
            rest=AdamW(lr=0.002, betas=(0.9, 0.99), weight_decay=0.01),
        )  # fmt: skip

    def batch(self) -> int:
        """Few pictures a step: each holds many objects."""
        return 8

    def build(self, facts: DataFacts) -> DetectModel:
        """The network with its three heads: heat maps, sizes, offsets."""
        return DetectModel(self.network.build(3, (len(facts.classes), 2, 2), stride=STRIDE), facts)

    def augmentation(self, facts: DataFacts, *, train: bool, progress: float = 1.0) -> Augmentation:
        """Pictures at the network's scale, moved, zoomed and mirrored at random in training."""
        height, width = training_frame(facts, self.size or LARGEST_PX)
        ops = ()
        if train:
            ops = training_ops(
                flip=self.flip,
                upright=self.upright,
                zoom=self.zoom,
                stretch=self.stretch,
                light=self.light,
                progress=progress,
            )
        return Augmentation(
            ops,
            height=height,
            width=width,
            mean=(0.0, 0.0, 0.0),
            std=(1.0, 1.0, 1.0),
            min_visible=self.min_visible,
            border="fill",
            fill=tuple(255 * value for value in facts.mean),
        )

    def losses(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """How wrong heat maps are, and boxes at and around centers; see `Task.losses`."""
        assert batch.inputs is not None
        maps = model(batch.inputs)
        empty = [np.zeros((0, 4))] * len(batch), [np.zeros(0, dtype=np.int64)] * len(batch)
        boxes = empty[0] if batch.boxes is None else batch.boxes
        labels = empty[1] if batch.box_labels is None else batch.box_labels
        targets = center_targets(
            boxes, labels, batch.box_crowd,
            classes=maps.shape[1] - 4, grid=_grid(maps), overlap=self.overlap,
        )  # fmt: skip
        return self.terms(maps, targets.to(maps.device))

    def terms(self, maps: Tensor, targets: CenterTargets) -> dict[str, Tensor]:
        """The loss of maps b x (k + 4) x h x w, and its two parts."""
        classes = maps.shape[1] - 4
        heat = heat_loss(maps[:, :classes], targets.heat, targets.weight)
        number, rows, columns = targets.places.T
        boxes = boxes_of_maps(maps[:, classes:], stride=STRIDE, typical=self._typical)
        boxes = boxes.permute(0, 2, 3, 1)[number, rows, columns]
        box = (targets.shares * (1 - generalized_iou(boxes, targets.boxes))).sum() / max(targets.objects, 1)
        return {"loss": heat + self.box_weight * box, "heat": heat.detach(), "box": box.detach()}

    def judged(self, facts: DataFacts) -> Callable[[Batch], Batch]:
        """Pictures are judged at their own size; see `Task.judged`."""
        return as_they_are

    def metrics(self, facts: DataFacts) -> DetectMetrics:
        """The loss and the figures of COCO, from one look at each picture."""
        return DetectMetrics(facts.classes, lambda *given: self._judge(*given, once=True))

    def judges(self, model: TaskModel) -> DetectMetrics:
        """The same from all looks that prediction takes, with curves."""
        return DetectMetrics(model.facts.classes, lambda *given: self._judge(*given, once=False), curves=True)

    def charts(self, figures: Mapping[str, Any]) -> list[Chart]:
        """Precision against recall, and F1 against the least score."""
        return detection_charts(figures)

    def predict(self, model: TaskModel, pictures: Sequence[NDArray[np.uint8]]) -> list[Detected]:
        """The objects of each picture, boxes in its own pixels."""
        answers: list[Detected] = []
        for pixels in pictures:
            boxes, labels, scores = self._found(self._seen(model, pixels)[0], pixels)
            answers.append(
                Detected.of(boxes, labels, scores, classes=model.facts.classes, confidence=self.confidence)
            )
        return answers

    def pictures(self, model: TaskModel, batch: Batch) -> list[Picture]:
        """What was found beside what is there; bad where something was missed or made up."""
        shown = [np.asarray(pixels) for pixels in batch.pixels]
        return [
            beside_truth(pixels, answer, Marked(batch, n), key=batch.keys[n])
            for n, (pixels, answer) in enumerate(zip(shown, self.predict(model, shown), strict=True))
        ]

    def written(
        self, model: TaskModel, answers: Iterable[Answered], format: str
    ) -> Iterator[tuple[str, bytes]]:
        """Answers as files; see `files.written`."""
        return written(model.facts.classes, answers, format)

    def graphs(self, model: TaskModel) -> dict[str, Graph]:
        """From pictures to heat maps and boxes; see `Exports`."""
        size = training_frame(model.facts, self.size or LARGEST_PX)
        return detect_graphs(
            model, classes=model.facts.classes, typical=self._typical, flip=self.flip, size=size
        )

    @property
    def _typical(self) -> float:
        if self.typical is None:
            raise OptionError("Detect.typical: is still open; call decide() first")
        return self.typical

    @torch.inference_mode()
    def _seen(self, model: TaskModel, pixels: NDArray[np.uint8], *, once: bool = False) -> tuple[Seen, View]:
        """What all looks at a picture say, and the first look itself.

        The first one gives the places on which all are averaged, so it is that nearest to the size learned.
        """
        height, width = pixels.shape[:2]
        scales = (1.0,) if once else sorted(self.scales, key=lambda scale: abs(math.log(scale)))
        looks: list[Seen] = []
        views: list[View] = []
        for scale in scales:
            tall, wide = seen_size(height, width, size=max(STRIDE, round(scale * (self.size or LARGEST_PX))))
            for mirrored in (False, True) if self.flip and not once else (False,):
                view = look(model, pixels, height=tall, width=wide, mirrored=mirrored)
                views.append(view)
                looks.append(
                    told(
                        view, pixels,
                        classes=len(model.facts.classes), typical=self._typical, mirrored=mirrored,
                    )
                )  # fmt: skip
        return together(looks), views[0]

    def _found(
        self, seen: Seen, pixels: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
        """Boxes, classes and scores, the surest first."""
        best = peaks(seen.heat, most=self.most, least=_LEAST_SCORE)
        height, width = pixels.shape[:2]
        boxes = seen.boxes[:, best.rows, best.columns].T.double().cpu().numpy()
        boxes = np.clip(boxes, 0.0, np.tile([width, height], 2).astype(np.float64))
        labels, scores = best.labels.cpu().numpy(), best.scores.double().cpu().numpy()
        kept = without_repeats(boxes, labels, overlap=self.nms)
        # What was told of a place outside of the picture is nothing.
        kept = kept[(boxes[kept, 2:] > boxes[kept, :2]).all(1)]
        return boxes[kept], labels[kept], scores[kept]

    def _judge(
        self, model: TaskModel, pixels: NDArray[np.uint8], marked: Marked, *, once: bool
    ) -> tuple[float, NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
        """The loss of the first look at a picture, and what was found."""
        seen, view = self._seen(model, pixels, once=once)
        scale = np.tile([view.width / pixels.shape[1], view.height / pixels.shape[0]], 2)
        targets = center_targets(
            [marked.boxes * scale], [marked.labels], [marked.crowd],
            classes=len(model.facts.classes), grid=_grid(view.maps), overlap=self.overlap,
        )  # fmt: skip
        loss = self.terms(view.maps[None], targets.to(view.maps.device))["loss"]
        return float(loss), *self._found(seen, pixels)


def _grid(maps: Tensor) -> Grid:
    return Grid(height=maps.shape[-2], width=maps.shape[-1], stride=STRIDE)

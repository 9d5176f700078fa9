"""Classification: which of the known classes does a picture belong to."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from vitral.augment import (
    Augmentation,
    Brightness,
    Contrast,
    CutMix,
    Flip,
    MixUp,
    Op,
    RandomResizedCrop,
    Shift,
)
from vitral.core import IGNORE, Batch, Choice, DataError, OptionError, Picture, option
from vitral.data import DataFacts, PictureSet
from vitral.nn import (
    ClassificationMetrics,
    CrossEntropy,
    EncodedClassifier,
    EncodedNet,
    Encoder,
    FastNet,
    Loss,
    Network,
    ResidualNet,
    TimmNet,
    TrunkEncoder,
)
from vitral.optim import AdamW, Optimizer
from vitral.tasks.exporting import PICTURES, FromLevels, Graph, Port
from vitral.tasks.task import Score, Task, TaskModel

_LEAST_PX, _SMALL_PX = 4, 64
_HEAD_LR, _FINE_LR = 0.003, 0.001
_LARGE_SIZE_PX = 128
# Random crops of a picture stored a little larger than the network's input keep its detail.
_STORED_LARGER = 1.25
_MIXED_SHARE = 0.25
# Early on, three quarters of the side cost half the time and teach nearly as much.
_GROWN_BY, _EARLY_SIDE = 0.35, 0.75
# At the end the network should see pictures as they are.
_UNMIXED_FROM = 0.85


@dataclass(frozen=True, kw_only=True)
class Classified:
    """The answer for one picture.

    Args:
        label: the most likely class.
        confidence: its probability, in [0, 1].
        scores: every class with its probability, most likely first.
    """

    label: str
    confidence: float
    scores: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return dataclasses.asdict(self)

    def headline(self) -> str:
        """The class and its probability."""
        return f"{self.label} {self.confidence:.1%}"

    def detail(self) -> str:
        """The two next classes."""
        return ", ".join(f"{name} {share:.0%}" for name, share in list(self.scores.items())[1:3])

    def drawn(self, pixels: NDArray[np.uint8], name: str) -> Picture:
        """The picture with its class."""
        return Picture(pixels=pixels, title=f"{self.label} {self.confidence:.0%}", note=name)


class ClassifyMetrics:
    """`ClassificationMetrics` and the mean loss, over batches."""

    def __init__(self, task: "Classify", classes: Sequence[str]) -> None:
        self._task, self._counts = task, ClassificationMetrics(classes)
        self._total, self._pictures = 0.0, 0

    def update(self, model: TaskModel, batch: Batch) -> None:
        """Let the model answer one batch of inputs, and count."""
        assert batch.inputs is not None
        scores = self._task.scores(model, batch.inputs)
        self._counts.update(scores, batch.labels)
        self._total += float(self._task.loss.each(scores, batch.labels).cpu().double().sum())
        self._pictures += int((batch.labels != IGNORE).sum())

    def result(self) -> dict[str, Any]:
        """Accuracy and the other figures, with the mean loss in nats."""
        return {"loss": self._total / max(self._pictures, 1)} | self._counts.result()


class _Probabilities(nn.Module):
    """Pictures to probabilities and to scores, in one module that can be exported."""

    def __init__(
        self, ready: FromLevels, model: TaskModel, scores: Callable[[TaskModel, Tensor], Tensor]
    ) -> None:
        super().__init__()
        self.ready, self.model, self._scores = ready, model, scores

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        scores = self._scores(self.model, self.ready(pictures))
        return scores.softmax(1), scores


@dataclass(frozen=True, kw_only=True)
class Classify(Task, kind="classify"):
    """Tell which class a picture belongs to."""

    score: ClassVar[Score] = Score(name="accuracy")
    shares: ClassVar[tuple[str, ...]] = (
        "accuracy", "top5", "macro_f1", "precision", "recall", "f1",
    )  # fmt: skip
    needs: ClassVar[Literal["nothing", "label", "mask", "objects"]] = "label"
    strangeness_unit: ClassVar[str] = "1 - confidence"

    size: int | None = option(
        None, "side of the square the network sees; left open, chosen from the pictures",
        unit="px", low=_LEAST_PX, high=1024, flag="--size",
    )  # fmt: skip
    network: Network | None = option(None, "the network; left open, chosen by size", flag="--network")
    loss: Loss = option(CrossEntropy(smoothing=0.1), "what training minimizes")
    normalize: str = option(
        "standardize",
        "inputs of mean 0 and deviation 1, or scaled to [0, 1]",
        choices=("standardize", "scale"),
    )
    flip: bool = option(
        True, "mirror pictures left to right in training; prediction averages both", flag="--flip"
    )
    crop: float = option(
        0.35, "smallest share of a large picture that a random crop keeps", low=0.05, high=1.0
    )
    shift: int = option(
        2, "how far a small picture is moved, with reflected borders", unit="px", low=0, high=16
    )
    light: float = option(0.2, "how strongly brightness and contrast of large pictures change", low=0, high=1)
    mixup: float | None = option(
        None,
        "share of pictures blended with another; left open, by the size",
        low=0,
        high=1,
        search=(0.0, 0.5),
    )
    cutmix: float | None = option(
        None,
        "share of pictures with a piece of another; left open, by the size",
        low=0,
        high=1,
        search=(0.0, 0.5),
    )
    grow: bool = option(True, "begin with smaller pictures and grow to the full size")
    shifted: bool | None = option(
        None, "prediction also looks at the picture moved by one pixel; left open, on for small pictures"
    )

    def decide(self, pictures: PictureSet, facts: DataFacts) -> tuple[Self, tuple[Choice[Any], ...]]:
        """Choose size and network from the pictures; see `Task.decide`.

        Raises:
            DataError: fewer than two classes, or no labels at all.
        """
        _check_classes(pictures, facts)
        task, choices = self._as_the_encoder_wants()
        short = min(facts.height_px[1], facts.width_px[1])
        if task.size is None:
            size, why = _size_for(short)
            task = dataclasses.replace(task, size=size)
            choices.append(Choice(name="size", asked="auto", used=f"{size} px", why=why, value=size))
        if task.network is None:
            small = (task.size or 0) <= _SMALL_PX
            network = FastNet() if small else ResidualNet()
            side = "up to" if small else "above"
            why = f"the network for pictures {side} {_SMALL_PX} px"
            task = dataclasses.replace(task, network=network)
            choices.append(
                Choice(name="network", asked="auto", used=str(network.kind), why=why, value=network)
            )
        # The few passes over small pictures are too short for mixed ones; the many over large ones need them.
        share = 0.0 if task._small else _MIXED_SHARE
        for name in ("mixup", "cutmix"):
            if getattr(task, name) is None:
                task = dataclasses.replace(task, **{name: share})
                why = f"pictures of {task.size} px"
                choices.append(Choice(name=name, asked="auto", used=f"{share:.0%}", why=why, value=share))
        if task.shifted is None:
            task = dataclasses.replace(task, shifted=task._small)
            used, why = "on" if task._small else "off", f"pictures of {task.size} px"
            choices.append(Choice(name="shifted", asked="auto", used=used, why=why, value=task._small))
        return task, tuple(choices)

    def _as_the_encoder_wants(self) -> tuple[Self, list[Choice[Any]]]:
        """Levels and size that an encoder learned, where the network stands on one."""
        if not isinstance(self.network, EncodedNet):
            return self, []
        task, choices = self, list[Choice[Any]]()
        if self.normalize != "scale":
            task = dataclasses.replace(task, normalize="scale")
            why = "the encoder is given levels on [0, 1]"
            choices.append(
                Choice(name="normalize", asked=self.normalize, used="scale", why=why, value="scale")
            )
        size = self.network.encoder.size_px()
        if size is not None and size != self.size:
            size = max(_LEAST_PX, size)
            task = dataclasses.replace(task, size=size)
            asked, why = "auto" if self.size is None else f"{self.size} px", "the encoder learned this size"
            choices.append(Choice(name="size", asked=asked, used=f"{size} px", why=why, value=size))
        return task, choices

    def encoder(self, model: TaskModel) -> tuple[Encoder, Mapping[str, Tensor]]:
        """The network without its head; see `GivesEncoder`."""
        network = self._network
        if isinstance(network, EncodedNet):
            assert isinstance(model.network, EncodedClassifier)
            return network.encoder, model.network.encoder.network.state_dict()
        if isinstance(network, TimmNet):
            # Its weights are those of this model, and must not be downloaded again.
            network = dataclasses.replace(network, pretrained=False)
        plan = self.augmentation(model.facts, train=False)
        trunk = TrunkEncoder(network=network, mean=tuple(plan.mean), std=tuple(plan.std))
        return trunk, model.network.state_dict()

    def on_encoder(self, encoder: Encoder, *, frozen: bool) -> Self:
        """Classify by the features of an encoder; see `TakesEncoder`."""
        return dataclasses.replace(self, network=EncodedNet(encoder=encoder, frozen=frozen))

    def optimizer(self) -> Optimizer | None:
        """For a network that learned before, small steps; for a head alone, larger ones."""
        if not isinstance(self.network, EncodedNet):
            return None
        return AdamW(lr=_HEAD_LR if self.network.frozen else _FINE_LR, weight_decay=0.01)

    def build(self, facts: DataFacts) -> TaskModel:
        """The chosen network with one output per class."""
        return TaskModel(self._network.build(inputs=3, classes=len(facts.classes)), facts)

    def augmentation(self, facts: DataFacts, *, train: bool, progress: float = 1.0) -> Augmentation:
        """Random changes for training, a plain resize otherwise; see `Task.augmentation`."""
        side = self._side(progress) if train else self._side(1.0)
        scale = self.normalize == "scale"
        return Augmentation(
            self._ops(progress) if train else (),
            height=side,
            width=side,
            mean=(0.0, 0.0, 0.0) if scale else facts.mean,
            # A channel without any variation (all pictures black, say) must not divide by zero.
            std=(1.0, 1.0, 1.0) if scale else tuple(max(s, 1e-3) for s in facts.std),
            fit="crop",
        )

    def losses(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Mean loss in nats; where pictures were mixed, both labels count by their share."""
        scores = model(batch.inputs).float()
        if batch.other_labels is None or batch.share is None:
            return {"loss": self.loss(scores, batch.labels)}
        each = batch.share * self.loss.each(scores, batch.labels)
        each = each + (1 - batch.share) * self.loss.each(scores, batch.other_labels)
        return {"loss": each.sum() / max(int((batch.labels != IGNORE).sum()), 1)}

    def metrics(self, facts: DataFacts) -> ClassifyMetrics:
        """Accuracy, top five, F1, per class, confusion matrix, and the mean loss."""
        return ClassifyMetrics(self, facts.classes)

    @torch.inference_mode()
    def scores(self, model: TaskModel, inputs: Tensor) -> Tensor:
        """Logits of normalized pictures, averaged over the views that prediction looks at.

        With `flip` the picture and its mirror; with `shifted` also both moved by one pixel
        along the diagonal, up and down, at half the weight.

        Source:
            Jordan 2024, arXiv:2404.00498, section 3.5 (multi-crop evaluation).
        """
        return self._averaged(model, inputs)

    def _averaged(self, model: TaskModel, inputs: Tensor) -> Tensor:
        scores = self._both_sides(model, inputs)
        if not self.shifted:
            return scores
        height, width = inputs.shape[2:]
        padded = functional.pad(inputs, (1, 1, 1, 1), mode="replicate")
        moved = [padded[:, :, at : at + height, at : at + width] for at in (0, 2)]
        return scores / 2 + sum(self._both_sides(model, view) for view in moved) / 4

    def _both_sides(self, model: TaskModel, inputs: Tensor) -> Tensor:
        scores = model(inputs).float()
        return (scores + model(inputs.flip(-1)).float()) / 2 if self.flip else scores

    @torch.inference_mode()
    def points(self, model: TaskModel, inputs: Tensor) -> Tensor:
        """The features that the head is given; see `GivesPoints`."""
        linear = [one for one in model.network.modules() if isinstance(one, nn.Linear)]
        head = getattr(model.network, "head", linear[-1] if linear else model.network)
        given: list[Tensor] = []
        hook = head.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0]))
        try:
            model(inputs)
        finally:
            hook.remove()
        return given[0].flatten(1).float()

    def predict(self, model: TaskModel, pictures: Sequence[NDArray[np.uint8]]) -> list[Classified]:
        """The class of each decoded picture with its probability."""
        classes = model.facts.classes
        scores = self.scores(model, self._inputs(model, pictures)).softmax(1).cpu()
        found: list[Classified] = []
        for row in scores:
            order = row.argsort(descending=True, stable=True).tolist()
            by_class = {classes[k]: float(row[k]) for k in order}
            found.append(
                Classified(label=classes[order[0]], confidence=float(row[order[0]]), scores=by_class)
            )
        return found

    def strangeness(self, model: TaskModel, pictures: Sequence[NDArray[np.uint8]]) -> list[float]:
        """What is missing from certainty: 1 - the probability of the likeliest class."""
        return [1 - answer.confidence for answer in self.predict(model, pictures)]

    def graphs(self, model: TaskModel) -> dict[str, Graph]:
        """From pictures of the network's size to probabilities as `predict` gives them; see `Exports`."""
        plan = self.augmentation(model.facts, train=False)
        each = "of each class, in the order of the classes in the facts"
        axes = ("b", len(model.facts.classes))
        graph = Graph(
            module=_Probabilities(FromLevels(plan.mean, plan.std), model, self._averaged),
            inputs=(PICTURES,),
            outputs=(
                Port(name="probabilities", axes=axes, holds=f"probability {each}"),
                Port(name="scores", axes=axes, holds=f"score {each}, before softmax"),
            ),
            height=plan.height,
            width=plan.width,
        )
        return {"classifier": graph}

    def pictures(self, model: TaskModel, batch: Batch) -> list[Picture]:
        """Each picture with the answer; good or bad where the right class is known."""
        drawn: list[Picture] = []
        classes = model.facts.classes
        shown = [np.asarray(pixels) for pixels in batch.pixels]
        for pixels, answer, label in zip(
            shown, self.predict(model, shown), batch.labels.tolist(), strict=True
        ):
            right = None if label == IGNORE else classes[label]
            drawn.append(
                Picture(
                    pixels=pixels,
                    title=f"{answer.label} {answer.confidence:.0%}",
                    note="" if right in (None, answer.label) else f"is {right}",
                    mood="plain" if right is None else "good" if right == answer.label else "bad",
                    weight=answer.confidence,
                )
            )
        return drawn

    def short_side_px(self) -> int:
        """A quarter more than the network sees, so that random crops still have detail.

        Never under what an open size could become, so that deciding does not change it.
        """
        return round(_STORED_LARGER * max(self.size or 0, _LARGE_SIZE_PX))

    @property
    def _network(self) -> Network:
        if self.network is None:
            raise OptionError("Classify.network: is still open; call decide() first")
        return self.network

    @property
    def _small(self) -> bool:
        return (self.size or _LARGE_SIZE_PX) <= _SMALL_PX

    def _side(self, progress: float) -> int:
        size = self.size or _LARGE_SIZE_PX
        if self._small or not self.grow or progress >= _GROWN_BY:
            return size
        return max(32, round(_EARLY_SIDE * size / 16) * 16)

    def _ops(self, progress: float) -> tuple[Op, ...]:
        ops: list[Op] = []
        if self._small:
            ops.append(Shift(px=self.shift))
        else:
            ops.append(RandomResizedCrop(scale=(self.crop, 1.0)))
            ops += [Brightness(strength=self.light), Contrast(strength=self.light)]
        if self.flip:
            ops.append(Flip(alternate=self._small))
        if progress < _UNMIXED_FROM:
            ops += [MixUp(alpha=0.4, p=self.mixup)] if self.mixup else []
            ops += [CutMix(alpha=1.0, p=self.cutmix)] if self.cutmix else []
        return tuple(ops)

    def _inputs(self, model: TaskModel, pictures: Sequence[NDArray[np.uint8]]) -> Tensor:
        batch = self.augmentation(model.facts, train=False)(Batch.loose(pictures))
        assert batch.inputs is not None
        return batch.inputs.to(next(model.parameters()).device)


def _check_classes(pictures: PictureSet, facts: DataFacts) -> None:
    if not facts.classes:
        raise DataError(
            f"{pictures.name}: classification needs a class for each picture, but none was found; "
            f"put the pictures of each class into a folder of its own, or give a table with path and label"
        )
    if len(facts.classes) < 2:
        raise DataError(
            f"{pictures.name}: classification needs at least two classes, "
            f"got one ({', '.join(facts.classes)}); "
            f"put the pictures of each class into a folder of its own"
        )


def _size_for(short_px: int) -> tuple[int, str]:
    """Side of the network's input for pictures of this median short side."""
    if short_px <= _SMALL_PX:
        return max(16, short_px), f"the pictures' median short side is {short_px} px"
    size = min(_LARGE_SIZE_PX, short_px // 16 * 16)
    return size, f"the pictures' median short side is {short_px} px; --size changes it"

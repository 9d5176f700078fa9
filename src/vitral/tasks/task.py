"""What a task is: the promise between a question about pictures and the training loop."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from vitral.augment import Augmentation
from vitral.core import Batch, Chart, Choice, Picture, Spec
from vitral.data import DataFacts, PictureSet
from vitral.optim import Optimizer


class Metrics(Protocol):
    """Adds up batches; the result is exact however the pictures were grouped."""

    def update(self, model: "TaskModel", batch: Batch) -> None:
        """Let the model answer one batch, and count its answers against what is right."""
        ...

    def result(self) -> dict[str, Any]:
        """Plain numbers by name, ready for JSON."""
        ...


class TrainingBatches(Protocol):
    """Gives the training pictures once more, in their order."""

    def __call__(
        self, transform: Callable[[Batch], Batch] | None = None, *, most: int | None = None
    ) -> Iterable[Batch]:
        """One pass.

        Args:
            transform: of each batch; left out, the task's `augmentation(train=False)`.
            most: only every n-th picture, so that no more than these come; left out, all.
        """
        ...


class Prediction(Protocol):
    """One answer, in the three forms in which it is given."""

    def headline(self) -> str:
        """The answer in a few words."""
        ...

    def detail(self) -> str:
        """What else is worth a glance, on the same line; may be empty."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        ...

    def drawn(self, pixels: NDArray[np.uint8], name: str) -> Picture:
        """The answer as something to look at, for the picture it was given for."""
        ...


class TaskModel(nn.Module):
    """A network together with the facts of the pictures it learned from.

    The facts travel with the network so that prediction normalizes exactly as training did.
    """

    def __init__(self, network: nn.Module, facts: DataFacts) -> None:
        super().__init__()
        self.network = network
        self.facts = facts

    def forward(self, inputs: Tensor) -> Tensor:
        """Pass normalized pictures, b x c x h x w, through the network."""
        return self.network(inputs)


def as_they_are(batch: Batch) -> Batch:
    """Leave pictures and what is known of them at their own size, for a task that judges them so."""
    return batch


@dataclass(frozen=True, kw_only=True)
class Score:
    """The one number by which two moments of a training are compared.

    Args:
        name: a key of the validation metrics.
        higher_is_better: the direction.
        unit: of the number; a share, in [0, 1], is shown in percent.
    """

    name: str
    higher_is_better: bool = True
    unit: str = "share"

    def shown(self, value: float) -> str:
        """The number for a person."""
        return f"{value:.2%}" if self.unit == "share" else f"{value:.4g} {self.unit}"

    def better(self, metrics: Mapping[str, Any], than: float | None) -> bool:
        """Tell whether these metrics beat, or equal, an earlier value (None: nothing yet)."""
        value = float(metrics[self.name])
        if than is None:
            return True
        return value >= than if self.higher_is_better else value <= than


@dataclass(frozen=True, kw_only=True)
class Task(Spec, family="task"):
    """A question about pictures: network, augmentation, loss, metrics, prediction, pictures.

    Six methods make a task, and `decide` replaces every option left open by a value, and says what
    it chose and why, before anything is built. The others have an answer here that most tasks keep.
    """

    score: ClassVar[Score]
    loss_unit: ClassVar[str] = "nats per picture"
    shares: ClassVar[tuple[str, ...]] = ()
    """Figures that lie in [0, 1] and are shown in percent."""
    needs: ClassVar[Literal["nothing", "label", "mask", "objects"]] = "nothing"
    """What a picture must have to be judged."""
    shown_at_once: ClassVar[int] = 24
    """Pictures that `pictures` is given for a report."""

    def short_side_px(self) -> int | None:
        """Short side to which pictures are shrunk once, before training; None keeps them whole."""
        return None

    def answered_side_px(self) -> int | None:
        """Short side to which pictures are shrunk before an answer; None answers at their own size."""
        return self.short_side_px()

    def class_names(self, facts: DataFacts) -> tuple[str, ...]:
        """The classes that the model knows, in the order of their numbers."""
        return facts.classes

    @abstractmethod
    def decide(self, pictures: PictureSet, facts: DataFacts) -> tuple[Self, tuple[Choice[Any], ...]]:
        """The same task with nothing left open, and the choices that were made.

        Raises:
            DataError: these pictures cannot answer this question.
        """

    @abstractmethod
    def build(self, facts: DataFacts) -> TaskModel:
        """A new network for these pictures, with random weights."""

    @abstractmethod
    def augmentation(self, facts: DataFacts, *, train: bool, progress: float = 1.0) -> Augmentation:
        """From decoded pictures to network inputs.

        Args:
            facts: what is known of the pictures.
            train: random changes, or only what prediction needs.
            progress: share of the training done, in [0, 1]; pictures may grow with it.
        """

    def judged(self, facts: DataFacts) -> Callable[[Batch], Batch]:
        """What becomes of a batch before it is judged: the inputs of prediction, for most tasks."""
        return self.augmentation(facts, train=False)

    @abstractmethod
    def losses(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Scalars of one batch; the one named `loss` is minimized, the others are shown."""

    @abstractmethod
    def metrics(self, facts: DataFacts) -> Metrics:
        """Empty counters for validation."""

    @abstractmethod
    def predict(self, model: TaskModel, pictures: Sequence[NDArray[np.uint8]]) -> Sequence[Any]:
        """One typed prediction per decoded picture (uint8, h x w x 3, any size)."""

    @abstractmethod
    def pictures(self, model: TaskModel, batch: Batch) -> list[Picture]:
        """What the model makes of a batch, drawn for a person."""

    def optimizer(self) -> Optimizer | None:
        """The optimizer of a run that names none; None: that of the house."""
        return None

    def batch(self) -> int | None:
        """Pictures per step of a run that names no number; None: by the number of pictures."""
        return None

    def conclude(self, model: TaskModel, batches: TrainingBatches) -> None:
        """Fit what stands on the final weights: tables, priors, scales; most tasks have none.

        Called once, after the kept weights are put back and before the model is judged and written.

        Args:
            model: changed in place; what is fitted must be in its buffers.
            batches: gives the training pictures.
        """

    def judges(self, model: TaskModel) -> Metrics:
        """Empty counters for `evaluate`, which may look closer than validation does."""
        return self.metrics(model.facts)

    def charts(self, figures: Mapping[str, Any]) -> list[Chart]:
        """Curves that belong to the figures of `evaluate`, for a page."""
        return []

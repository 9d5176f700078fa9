"""`Generate`: the task of learning how pictures are distributed."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vitral.augment import Augmentation, Flip
from vitral.core import Batch, Chart, Choice, DataError, OptionError, Picture, derived_seed, option
from vitral.data import DataFacts, PictureSet
from vitral.nn import (
    Bernoulli,
    DiscretizedLogistics,
    Encoder,
    Generator,
    GeneratorEncoder,
    GeneratorNet,
    Ladder,
    Likelihood,
)
from vitral.optim import AdamW, Optimizer
from vitral.tasks.exporting import Graph
from vitral.tasks.generate.drawing import GenerateModel
from vitral.tasks.generate.figures import GenerateJudges, GenerateMetrics, generator_of
from vitral.tasks.generate.graphs import encoder_and_decoder
from vitral.tasks.generate.pictures import drawn_maps, grid, samples, to_levels, two_axes, walks
from vitral.tasks.task import Score, Task, TaskModel, TrainingBatches

_LEAST_PX, _LARGEST_PX, _SMALL_PX = 4, 64, 32
_LONGEST_SHAPE = 4
# So many are looked at to see whether pictures are black and white.
_LOOKED_AT = 64
_JUDGED_SAMPLES = 8
_SHOWN_EACH, _ENCODED_AT_ONCE = 12, 64


@dataclass(frozen=True, kw_only=True)
class Generated:
    """What a generator makes of one picture.

    Args:
        nats: importance-weighted bound on minus the log probability of the picture, at the network's size.
        bits_per_dim: the same in bits per pixel and channel; the higher, the more unusual.
        reconstruction: the picture decoded from its latents, uint8, h x w x 3, at the network's size.
        original: the picture as the network saw it, of the same shape.
    """

    nats: float
    bits_per_dim: float
    reconstruction: NDArray[np.uint8] = field(repr=False, compare=False)
    original: NDArray[np.uint8] = field(repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"nats": self.nats, "bits_per_dim": self.bits_per_dim}

    def headline(self) -> str:
        """Bits per dimension."""
        return f"{self.bits_per_dim:.3f} bits/dim"

    def detail(self) -> str:
        """Nats."""
        return f"{self.nats:.1f} nats"

    def drawn(self, pixels: NDArray[np.uint8], name: str) -> Picture:
        """What the network saw, and its reconstruction to the right."""
        del pixels
        both = grid([self.original, self.reconstruction], 2)
        return Picture(pixels=both, title=self.headline(), note=name, weight=self.bits_per_dim)


@dataclass(frozen=True, kw_only=True)
class Generate(Task, kind="generate"):
    """Learn how pictures are distributed, and draw new ones.

    Raises:
        OptionError: two channels.
    """

    score: ClassVar[Score] = Score(name="bits_per_dim", higher_is_better=False, unit="bits/dim")
    shares: ClassVar[tuple[str, ...]] = ("probe_accuracy", "knn_accuracy")
    strangeness_unit: ClassVar[str] = "nats per dimension"

    shown_at_once: ClassVar[int] = 400
    """So many make a map; of them a few are shown by themselves."""

    size: int | None = option(
        None, "short side of the pictures that are learned and drawn; left open, chosen from the pictures",
        unit="px", low=_LEAST_PX, high=512, flag="--size",
    )  # fmt: skip
    network: Generator | None = option(None, "the network; left open, a ladder", flag="--network")
    likelihood: Likelihood | None = option(
        None, "the distribution of levels; left open, by what the pictures are", flag="--likelihood"
    )
    channels: int | None = option(None, "1 for grey, 3 for colors; left open, by the pictures", low=1, high=3)
    conditional: bool | None = option(
        None, "whether a class can be asked for; left open, where there are classes", flag="--conditional"
    )
    flip: bool | None = option(
        None, "mirror pictures left to right in training; left open, on for colored ones above 32 px",
        flag="--flip",
    )  # fmt: skip
    k: int = option(
        64, "samples of the importance-weighted bound of `evaluate`", low=1, high=100_000, flag="--k"
    )
    prior_components: int = option(
        16, "normal distributions at most in the mixture fitted to the latents of a class", low=1, high=256
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.channels == 2:
            raise OptionError("Generate.channels: must be 1 (grey) or 3 (colors), got 2")

    def decide(self, pictures: PictureSet, facts: DataFacts) -> tuple[Self, tuple[Choice[Any], ...]]:
        """Choose what is open from the pictures; see `Task.decide`.

        Raises:
            DataError: classes shall be asked for, but the pictures have none.
        """
        if self.conditional and not facts.classes:
            raise DataError(
                f"{pictures.name}: classes can be asked for only where pictures have them, but none was "
                f"found; put the pictures of each class into a folder of its own, or leave out --conditional"
            )
        short = min(facts.height_px[1], facts.width_px[1])
        size = max(_LEAST_PX, min(_LARGEST_PX, short))
        binary = self.likelihood is None and _are_binary(pictures)
        seen = f"{'only black and white' if binary else 'levels between black and white'} in the pictures"
        likelihood = Bernoulli(binarize="threshold") if binary else DiscretizedLogistics()
        grey = "grey in all pictures" if facts.grey else "pictures have colors"
        classes = len(facts.classes)
        small = (self.size or size) <= _SMALL_PX
        open_ones: tuple[tuple[str, Any, str], ...] = (
            ("size", size, f"the pictures' median short side is {short} px; --size changes it"),
            ("network", Ladder(), "groups of latents from coarse to fine"),
            ("likelihood", likelihood, seen),
            ("channels", 1 if facts.grey else 3, grey),
            ("conditional", classes > 1, f"{classes} classes"),
            ("flip", not facts.grey and not small, f"{grey}, {self.size or size} px"),
        )
        task, choices = self, list[Choice[Any]]()
        for name, value, why in open_ones:
            if getattr(self, name) is None:
                task = dataclasses.replace(task, **{name: value})
                choices.append(Choice(name=name, asked="auto", used=_shown(value), why=why, value=value))
        return task, tuple(choices)

    def build(self, facts: DataFacts) -> GenerateModel:
        """The chosen generator for pictures of one shape, and its mixture prior."""
        if self.network is None or self.channels is None:
            raise OptionError("Generate.network: is still open; call decide() first")
        shape = (self.channels, *self._shape(facts))
        classes = len(facts.classes) if self.conditional else 0
        network = self.network.build(shape, classes, self._likelihood)
        return GenerateModel(network, facts, components=self.prior_components)

    def augmentation(self, facts: DataFacts, *, train: bool, progress: float = 1.0) -> Augmentation:
        """Levels on [0, 1], as they are where the size is that of the pictures; mirrored in training."""
        del progress
        height, width = self._shape(facts)
        return Augmentation(
            (Flip(),) if train and self.flip else (),
            height=height,
            width=width,
            mean=(0.0, 0.0, 0.0),
            std=(1.0, 1.0, 1.0),
            fit="crop",
        )

    def losses(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """What the generator minimizes, in nats per picture."""
        assert isinstance(model, TaskModel)
        pictures, labels = self.ready(model, batch)
        return generator_of(model).losses(pictures, labels, progress=batch.progress)

    def metrics(self, facts: DataFacts) -> GenerateMetrics:
        """The negative ELBO in nats and bits, and its parts."""
        return GenerateMetrics(self)

    def conclude(self, model: TaskModel, batches: TrainingBatches) -> None:
        """Fit the mixture prior and the probe to latents of training pictures; see `Task.conclude`."""
        assert isinstance(model, GenerateModel)
        model.fit_prior(batches, lambda batch: self.ready(model, batch))
        if model.probe is not None:
            with torch.inference_mode():
                model.probe.fit_batches(batches(), lambda inputs: self.points(model, inputs))

    def judges(self, model: TaskModel) -> GenerateJudges:
        """Also the importance-weighted bound, active units, files of the same pictures, and the probe."""
        assert isinstance(model, GenerateModel)
        return GenerateJudges(self, k=self.k, probe=None if model.probe is None else model.probe.figures)

    def charts(self, figures: Mapping[str, Any]) -> list[Chart]:
        """KL of each group of latents, from the top."""
        kl = figures.get("kl_per_group") or []
        points = [(float(number + 1), float(nats)) for number, nats in enumerate(kl)]
        if len(points) < 2:
            return []
        return [
            Chart(
                title="KL of each group of latents", series={"KL": points},
                x_label="group, from the top", y_label="nats per picture",
            )
        ]  # fmt: skip

    def ready(self, model: TaskModel, batch: Batch) -> tuple[Tensor, Tensor]:
        """Pictures as the likelihood counts them, b x c x h x w, and the classes asked for, b."""
        assert batch.inputs is not None
        pictures = self._likelihood.seen(
            batch.inputs[:, : self.channels or 3], seed=batch.seed, epoch=batch.epoch, indices=batch.draws
        )
        return pictures, batch.labels

    @torch.inference_mode()
    def predict(self, model: TaskModel, pictures: Sequence[NDArray[np.uint8]]) -> list[Generated]:
        """How unusual each picture is, and its reconstruction.

        Each is judged by itself, with the same random numbers, so that pictures can be compared.
        """
        batch = self._batch(model, pictures)
        assert batch.inputs is not None
        # Under one number, so that what is drawn for a picture is the same whatever stands beside it.
        batch.draws = np.zeros(len(pictures), np.int64)
        seen, labels = self.ready(model, batch)
        network = generator_of(model)
        return [self._judged(network, seen[i : i + 1], labels[i : i + 1]) for i in range(len(pictures))]

    def _judged(self, network: GeneratorNet, picture: Tensor, label: Tensor) -> Generated:
        random = torch.Generator().manual_seed(derived_seed(0, "judge one picture"))
        nats = float(network.importance_bound(picture, label, k=_JUDGED_SAMPLES, random=random))
        again = network.decode(network.encode(picture, label), label)
        return Generated(
            nats=nats,
            bits_per_dim=nats / picture.numel() / math.log(2),
            reconstruction=to_levels(again)[0],
            original=to_levels(picture)[0],
        )

    def points(self, model: TaskModel, inputs: Tensor) -> Tensor:
        """The means of the posterior, no class being told; see `GivesPoints`."""
        seen = self._likelihood.seen(
            inputs[:, : self.channels or 3], seed=0, epoch=0, indices=np.zeros(len(inputs), np.int64)
        )
        return generator_of(model).encode(seen)

    def seen(self, model: TaskModel, pictures: Sequence[NDArray[np.uint8]]) -> Tensor:
        """Decoded pictures as the network sees them, b x c x h x w on [0, 1]."""
        return self.ready(model, self._batch(model, pictures))[0]

    @torch.inference_mode()
    def pictures(self, model: TaskModel, batch: Batch) -> list[Picture]:
        """Reconstructions, new pictures, walks between pictures, two latent axes, and two maps."""
        assert isinstance(model, GenerateModel)
        shown = [np.asarray(pixels) for pixels in batch.pixels]
        few: list[int] = np.linspace(0, len(shown) - 1, min(_SHOWN_EACH, len(shown))).astype(int).tolist()
        answers = self.predict(model, [shown[n] for n in few])
        drawn = [
            dataclasses.replace(
                one.drawn(shown[n], batch.keys[n]), group="Pictures and their reconstructions"
            )
            for one, n in zip(answers, few, strict=True)
        ]
        drawn += samples(model)
        seen = self.seen(model, shown)
        latents = torch.cat([model.network.encode(some) for some in seen.split(_ENCODED_AT_ONCE)])
        label = int(batch.labels[0]) if model.network.classes else -1
        drawn += walks(model.network, latents[few]) + two_axes(model.network, latents, label)
        return drawn + drawn_maps(latents, seen, batch.labels)

    def graphs(self, model: TaskModel) -> dict[str, Graph]:
        """The way to the latents and the way back; see `Exports`."""
        return encoder_and_decoder(generator_of(model), self._likelihood)

    def encoder(self, model: TaskModel) -> tuple[Encoder, Mapping[str, Tensor]]:
        """The way into the latents; see `GivesEncoder`."""
        network = generator_of(model)
        assert self.network is not None
        found = GeneratorEncoder(
            generator=self.network, shape=network.shape, classes=network.classes, likelihood=self._likelihood
        )
        return found, network.state_dict()

    @torch.inference_mode()
    def strangeness(self, model: TaskModel, pictures: Sequence[NDArray[np.uint8]]) -> list[float]:
        """Nats per dimension by the ELBO, each by itself and with the same random numbers."""
        batch = self._batch(model, pictures)
        batch.draws = np.zeros(len(pictures), np.int64)
        seen, labels = self.ready(model, batch)
        network, found = generator_of(model), list[float]()
        for picture, label in zip(seen.split(1), labels.split(1), strict=True):
            random = torch.Generator().manual_seed(derived_seed(0, "judge one picture"))
            found.append(float(network.bound(picture, label, random=random).nats) / picture.numel())
        return found

    def optimizer(self) -> Optimizer:
        """Adam: without norms the length of a filter matters, which Muon fixes."""
        return AdamW(lr=0.001, betas=(0.9, 0.99), weight_decay=0.01)

    def short_side_px(self) -> int | None:
        """The size that is learned; while it is open, the largest it could become."""
        return self.size or _LARGEST_PX

    @property
    def _likelihood(self) -> Likelihood:
        if self.likelihood is None:
            raise OptionError("Generate.likelihood: is still open; call decide() first")
        return self.likelihood

    def _shape(self, facts: DataFacts) -> tuple[int, int]:
        """Height and width; not square where all pictures have one shape that is not."""
        size = self.size or _LARGEST_PX
        (low_h, height, high_h), (low_w, width, high_w) = facts.height_px, facts.width_px
        alike = low_h == high_h and low_w == high_w
        short, long = min(height, width), max(height, width)
        if not alike or long > _LONGEST_SHAPE * short:
            return size, size
        return round(size * height / short), round(size * width / short)

    def _batch(self, model: TaskModel, pictures: Sequence[NDArray[np.uint8]]) -> Batch:
        batch = self.augmentation(model.facts, train=False)(Batch.loose(pictures))
        return batch.to(next(model.parameters()).device, channels_last=False)


def _are_binary(pictures: PictureSet) -> bool:
    """Whether the pictures looked at, evenly spread, have no level but 0 and 255."""
    chosen = np.linspace(0, len(pictures) - 1, min(_LOOKED_AT, len(pictures))).astype(int)
    return all(bool(np.isin(pictures.pixels(i), (0, 255)).all()) for i in chosen.tolist())


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value} px" if isinstance(value, int) and value > 3 else str(getattr(value, "kind", value))

"""Colorization: grey photographs in color."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from vitral.augment import Augmentation, Flip, Op, RandomResizedCrop
from vitral.core import Batch, Choice, DataError, OptionError, Picture, option
from vitral.data import DataFacts, PictureSet
from vitral.nn import DenseNetwork, EncodedPyramid, Encoder, UNet
from vitral.nn.color import (
    annealed_mean,
    colored,
    colorfulness,
    confidence,
    is_colorful,
    lab_of,
    soft_encoding,
)
from vitral.optim import AdamW, Muon, Optimizer
from vitral.tasks.colorize.answer import Colorized, Pixels
from vitral.tasks.colorize.files import written_pictures
from vitral.tasks.colorize.hints import Hint, check_hints, honored, network_inputs, no_hints, simulated_hints
from vitral.tasks.colorize.leaving import color_graph
from vitral.tasks.colorize.metrics import ColorizeJudge, ColorizeMetrics, colors_of
from vitral.tasks.colorize.model import INPUTS, STRIDE, ColorizeModel
from vitral.tasks.colorize.one_pass import Glance, glance, painted
from vitral.tasks.colorize.pictures import drawn_beside, for_a_page
from vitral.tasks.colorize.proposals import proposals
from vitral.tasks.colorize.recognition import Recognition
from vitral.tasks.exporting import Graph
from vitral.tasks.recognizing import Recognize
from vitral.tasks.task import Score, Task, TaskModel, TrainingBatches, as_they_are
from vitral.tasks.writing import Answered

_LARGEST_SIZE_PX, _LEAST_PX = 128, 16
# Random crops show things larger than they are, so answers are best a little above the size learned.
_LOOK_LARGER, _LARGEST_LOOK_PX = 1.25, 384
# The critic comes when colors are nearly learned, and sees them as they will be shown.
_CRITIC_FROM, _CRITIC_TEMPERATURE = 0.8, 0.42
# Pictures on which vividness is measured.
_MEASURED = 200
_SHOWN_PICTURES = 12


@dataclass(frozen=True, kw_only=True)
class Colorize(Task, kind="colorize"):
    """Color grey photographs."""

    # Of all figures the one that a brown picture cannot improve, and that says the same as the
    # rebalanced AuC: 1 - error / 150, but for errors beyond 150, which hardly ever come.
    score: ClassVar[Score] = Score(name="delta_e_rebalanced", higher_is_better=False, unit="of ab")
    loss_unit: ClassVar[str] = "nats per place, rare colors weighing more"
    shares: ClassVar[tuple[str, ...]] = ("auc", "auc_rebalanced")
    shown_at_once: ClassVar[int] = _SHOWN_PICTURES
    formats: ClassVar[tuple[str, ...]] = ("png",)

    size: int | None = option(
        None, "side of the squares that training sees; left open, chosen from the pictures",
        unit="px", low=_LEAST_PX, high=1024, flag="--size",
    )  # fmt: skip
    look: int | None = option(
        None, "shorter side at which a whole picture is looked at once; left open, by the size",
        unit="px", low=_LEAST_PX, high=1024,
    )  # fmt: skip
    network: DenseNetwork = option(UNet(widths=(96, 128, 160)), "the network", flag="--network")
    regression: bool = option(False, "learn the mean color instead of a distribution, for comparison")
    balance: float = option(
        0.5, "how much rare colors weigh in the loss: 0 fully, 1 as all others", low=0.01, high=1,
        search=(0.2, 1.0),
    )  # fmt: skip
    usual: float = option(
        0.1, "how far answers lean back to usual colors: 0: as the loss weighed them, 1: as they come",
        low=0, high=1,
    )  # fmt: skip
    hints: float = option(0.35, "share of training pictures that are given hints", low=0, high=1)
    crop: float = option(0.35, "smallest share of a picture that a random crop keeps", low=0.05, high=1)
    light: float = option(
        0.2, "how strongly the lightness that the network sees is bent, as in faded prints", low=0, high=1
    )
    flip: bool = option(
        True, "mirror pictures left to right in training; prediction averages both", flag="--flip"
    )
    critic: float = option(
        0.0, "weight of a critic of made colors in the last fifth of the training; 0: none", low=0, high=10
    )
    vividness: float = option(1.0, "colorfulness of answers against that of photographs", low=0, high=3)

    def decide(self, pictures: PictureSet, facts: DataFacts) -> tuple[Self, tuple[Choice[Any], ...]]:
        """Choose the sizes from the pictures; see `Task.decide`.

        Raises:
            DataError: all training pictures are grey.
        """
        if facts.grey:
            raise DataError(
                f"{pictures.name}: all pictures are grey; a colorizer learns from pictures in color, and "
                f"grey ones are for `vitral colorize`"
            )
        task, choices = self, list[Choice[Any]]()
        short = min(facts.height_px[1], facts.width_px[1])
        if task.size is None:
            size = max(_LEAST_PX, min(_LARGEST_SIZE_PX, short // 16 * 16))
            task = dataclasses.replace(task, size=size)
            why = f"the pictures' median short side is {short} px; --size changes it"
            choices.append(Choice(name="size", asked="auto", used=f"{size} px", why=why, value=size))
        if task.look is None:
            look = min(_LARGEST_LOOK_PX, round(_LOOK_LARGER * task._size / 8) * 8)
            task = dataclasses.replace(task, look=max(task._size, look))
            why = f"training shows things enlarged at {task.size} px; --set look= changes it"
            choices.append(
                Choice(name="look", asked="auto", used=f"{task.look} px", why=why, value=task.look)
            )
        return task, tuple(choices)

    def optimizer(self) -> Optimizer:
        """Steps of equal size in all directions."""
        return Muon(
            lr=0.05, fixed_length=False, weight_decay=0.0,
            rest=AdamW(lr=0.005, betas=(0.9, 0.99), weight_decay=0.01),
        )  # fmt: skip

    def batch(self) -> int:
        """Few pictures a step: every one of them is a thousand places to color."""
        return 32

    def build(self, facts: DataFacts) -> ColorizeModel:
        """The network with one color for every 4 x 4 pixels."""
        network = self.network.build(INPUTS, ColorizeModel.heads(self.regression), stride=STRIDE)
        return ColorizeModel(
            network,
            facts,
            balance=self.balance,
            usual=self.usual,
            regression=self.regression,
            critic=self.critic > 0,
        )

    def on_encoder(self, encoder: Encoder, *, frozen: bool) -> Self:
        """Color by the maps of an encoder; see `TakesEncoder`.

        Raises:
            OptionError: the network is no U-Net.
        """
        if not isinstance(self.network, UNet):
            raise OptionError(
                f"Colorize.network: must be a unet to stand on an encoder, got {self.network.kind}"
            )
        pyramid = EncodedPyramid(encoder=encoder, frozen=frozen)
        return dataclasses.replace(self, network=dataclasses.replace(self.network, encoder=pyramid))

    def short_side_px(self) -> int:
        """A quarter more than training sees, so that random crops still have detail."""
        return max(round(_LOOK_LARGER * max(self._size, _LARGEST_SIZE_PX)), self.look or 0)

    def answered_side_px(self) -> int | None:
        """Answers are as large as the pictures."""
        return None

    def augmentation(self, facts: DataFacts, *, train: bool, progress: float = 1.0) -> Augmentation:
        """Squares on [0, 1], cut out at random in training; see `Task.augmentation`."""
        ops: list[Op] = []
        if train:
            ops.append(RandomResizedCrop(scale=(self.crop, 1.0)))
            ops += [Flip()] if self.flip else []
        plain = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
        return Augmentation(ops, height=self._size, width=self._size, mean=plain[0], std=plain[1])

    def losses(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Cross-entropy against the five nearest bins, or the squared error; see `Task.losses`.

        Pictures without any color do not count: they would teach that grey is a color.
        """
        assert isinstance(model, ColorizeModel)
        assert batch.inputs is not None
        lab = lab_of(batch.inputs)
        lightness, ab = self._bent(lab[:, :1]), lab[:, 1:]
        shown, mask = simulated_hints(ab, share=self.hints)
        target = functional.avg_pool2d(ab, STRIDE, ceil_mode=True)
        counted = colored(target)
        found = model(network_inputs(lightness, shown, mask))
        each = self._each(model, found, target)
        if model.critic is not None and batch.progress >= _CRITIC_FROM:
            made = found if model.regression else annealed_mean(found, temperature=_CRITIC_TEMPERATURE)
            places = functional.avg_pool2d(lab[:, :1], STRIDE, ceil_mode=True)
            each = each + model.critic.loss(places, made, target, weight=self.critic)
        return {"loss": (each * counted).sum() / max(int(counted.sum()), 1)}

    def metrics(self, facts: DataFacts) -> ColorizeMetrics:
        """Errors of colors over squares, and the mean loss."""
        return ColorizeMetrics(flip=self.flip, vividness=self.vividness, loss=self._plain_loss)

    def judged(self, facts: DataFacts) -> Callable[[Batch], Batch]:
        """Squares, by which a training judges itself, and beside them the pictures for `judges`."""
        squares = self.augmentation(facts, train=False)
        # An `Augmentation` would decode no more than the squares need.
        return lambda batch: squares(batch)

    def judges(self, model: TaskModel) -> ColorizeJudge:
        """Errors over whole pictures, beside grey and a flat tint."""
        return ColorizeJudge(lambda module, pixels: self.colorize(module, pixels).pixels)

    def recognized(self, model: TaskModel, recognize: Recognize, classes: tuple[str, ...]) -> ColorizeJudge:
        """The same, and how often a classifier knows the pictures; see `GivesPictures`."""
        return ColorizeJudge(
            lambda module, pixels: self.colorize(module, pixels).pixels,
            recognition=Recognition(recognize, classes),
        )

    def class_names(self, facts: DataFacts) -> tuple[str, ...]:
        """None: a colorizer is judged on pictures of any class."""
        return ()

    def conclude(self, model: TaskModel, batches: TrainingBatches) -> None:
        """Measure how vivid each temperature is on training pictures; see `Task.conclude`."""
        assert isinstance(model, ColorizeModel)
        if self.regression:
            return
        with torch.inference_mode():
            model.vividness.fit(
                self._measured(model, pixels)
                for batch in batches(as_they_are, most=_MEASURED)
                for pixels in map(np.asarray, batch.pixels)
                if is_colorful(pixels)
            )

    def predict(self, model: TaskModel, pictures: Sequence[NDArray[np.uint8]]) -> list[Colorized]:
        """Each picture in color, as large as it is."""
        assert isinstance(model, ColorizeModel)
        return [self.colorize(model, pixels) for pixels in pictures]

    @torch.inference_mode()
    def colorize(
        self,
        model: ColorizeModel,
        pixels: Pixels,
        *,
        vividness: float | None = None,
        count: int = 1,
        hints: Sequence[Hint] = (),
    ) -> Colorized:
        """A picture in color; of one that has colors only the lightness is looked at.

        Args:
            model: of this task.
            pixels: uint8 sRGB of any size.
            vividness: colorfulness against photographs; None: that of the task.
            count: how many proposals.
            hints: points with a color.
        Raises:
            OptionError: a hint lies outside, or several proposals of a regression are asked for.
        """
        height, width = pixels.shape[:2]
        check_hints(hints, height=height, width=width)
        if self.regression and count > 1:
            raise OptionError(f"--proposals: must be 1 for a model that learned by regression, got {count}")
        vivid = self.vividness if vividness is None else vividness
        seen = self.glance(model, pixels, hints=hints)
        colors = [colors_of(model, seen.scores, vivid)]
        if count > 1:
            temperature, factor = model.vividness.chosen(vivid)
            colors += [factor * one for one in proposals(seen.scores, count - 1, temperature=temperature)]
        made = [
            painted(
                pixels,
                honored(plane_of(one), hints, seen.lightness, height=height, width=width),
                seen.lightness,
            )
            for one in colors
        ]
        return Colorized.of(made, None if self.regression else confidence(seen.scores)[0].cpu().numpy())

    @torch.inference_mode()
    def glance(self, model: ColorizeModel, pixels: Pixels, *, hints: Sequence[Hint] = ()) -> Glance:
        """What the network says of a whole picture, in one pass."""
        return glance(model, pixels, short_px=self.look or self._size, flip=self.flip, hints=hints)

    def graphs(self, model: TaskModel) -> dict[str, Graph]:
        """From a picture of the size of the one pass to the colors of its places; see `Exports`."""
        assert isinstance(model, ColorizeModel)
        look = self.look or self._size
        return color_graph(model, flip=self.flip, vividness=self.vividness, size_px=look)

    def written(
        self, model: TaskModel, answers: Iterable[Answered], format: str
    ) -> Iterator[tuple[str, bytes]]:
        """The pictures in color as PNG files; see `WritesAnswers`."""
        del model, format
        return written_pictures(answers)

    def pictures(self, model: TaskModel, batch: Batch) -> list[Picture]:
        """Grey, in color, the original, and how sure each place is, side by side."""
        assert isinstance(model, ColorizeModel)
        drawn: list[Picture] = []
        for pixels, key in list(zip(batch.pixels, batch.keys, strict=True))[:_SHOWN_PICTURES]:
            original = for_a_page(np.asarray(pixels))
            drawn += drawn_beside(original, self.colorize(model, original), key)
        return drawn

    @property
    def _size(self) -> int:
        return self.size or _LARGEST_SIZE_PX

    def _each(self, model: ColorizeModel, found: Tensor, target: Tensor) -> Tensor:
        """The loss of each picture: what the network gave against the colors of the places."""
        if model.regression:
            return ((found - target) / 50).square().mean((1, 2, 3))
        numbers, shares = soft_encoding(target)
        nats = -(shares * found.log_softmax(1).gather(1, numbers)).sum(1)
        return (nats * model.prior.weights[numbers[:, 0]]).mean((1, 2))

    @torch.inference_mode()
    def _plain_loss(self, model: ColorizeModel, batch: Batch) -> tuple[float, int]:
        """Mean loss without hints, and how many pictures count."""
        assert batch.inputs is not None
        lab = lab_of(batch.inputs)
        target = functional.avg_pool2d(lab[:, 1:], STRIDE, ceil_mode=True)
        found = model(network_inputs(lab[:, :1], *no_hints(lab[:, :1])))
        each, counted = self._each(model, found, target), colored(target)
        count = int(counted.sum())
        return float((each * counted).double().sum()) / max(count, 1), count

    def _bent(self, lightness: Tensor) -> Tensor:
        """Lightness as another exposure, contrast and paper would show it; in [0, 100]."""
        if not self.light:
            return lightness
        draws = self.light * (2 * torch.rand(3, len(lightness), 1, 1, 1, device=lightness.device) - 1)
        share = (lightness / 100).clamp(1e-4, 1) ** torch.exp(draws[0])
        share = 0.5 + (share - 0.5) * (1 + draws[1].clamp(max=0.5 * self.light)) + 0.3 * draws[2]
        return 100 * share.clamp(0, 1)

    def _measured(self, model: ColorizeModel, pixels: Pixels) -> tuple[float, Callable[[float], float]]:
        """Colorfulness of a picture, and that of what a temperature makes of it."""
        seen = self.glance(model, pixels)

        def at(temperature: float) -> float:
            made = plane_of(annealed_mean(seen.scores, temperature=temperature))
            return colorfulness(painted(pixels, made, seen.lightness))

        return colorfulness(pixels), at


def plane_of(ab: Tensor) -> NDArray[np.float32]:
    """a and b of one picture, h x w x 2, out of 1 x 2 x h x w."""
    return np.ascontiguousarray(ab[0].permute(1, 2, 0).float().cpu().numpy())

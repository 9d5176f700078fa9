"""Compression: encode pictures into small files, and decode them back."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vitral.augment import Augmentation, Flip, Op, RandomCrop
from vitral.core import Batch, Chart, Choice, OptionError, Picture, option
from vitral.data import DataFacts, PictureSet
from vitral.nn import (
    Autoencoder,
    AutoencoderEncoder,
    ContextPrior,
    Encoder,
    Reconstruction,
    ResidualAutoencoder,
    SquaredError,
)
from vitral.nn.autoencoders import pooled
from vitral.optim import AdamW, Muon, Optimizer
from vitral.tasks.compress.answer import Compressed
from vitral.tasks.compress.files import Decoded, decoded, encoded
from vitral.tasks.compress.graphs import encoder_and_decoder
from vitral.tasks.compress.judge import FileJudge, rate_charts
from vitral.tasks.compress.model import CompressModel
from vitral.tasks.compress.probed import ProbedJudge
from vitral.tasks.exporting import Graph
from vitral.tasks.task import Metrics, Score, Task, TaskModel, TrainingBatches

QUALITIES = 16
_LARGEST_SIZE_PX = 128
_GREY_LEVEL = 0.5
# Drawn in a report: from small files to good ones.
_SHOWN = (1, 6, 11, 16)
_SHOWN_PICTURES = 8
# Evenly spread training pictures whose symbols are counted; each has thousands.
_COUNTED = 512


class CompressMetrics:
    """What pictures cost and how they look after rounding, by the prior instead of by files.

    Each picture is judged at one quality, which depends on its number alone, so that the whole
    range is covered at the price of one.
    """

    def __init__(self, task: "Compress") -> None:
        self._task = task
        self._sums = np.zeros(3)
        self._pictures = 0

    def update(self, model: TaskModel, batch: Batch) -> None:
        """Compress one batch, and count."""
        assert isinstance(model, CompressModel)
        assert batch.inputs is not None
        pictures = batch.inputs
        quality = torch.as_tensor(batch.indices % QUALITIES, device=pictures.device)
        terms = self._task.terms(model, pictures, pictures, quality, rounded=True)
        error = (terms.made.clamp(0, 1) - pictures).square().mean((1, 2, 3)).clamp(min=1e-10)
        for n, value in enumerate((terms.loss, terms.bits_per_pixel, -10 * torch.log10(error))):
            self._sums[n] += float(value.double().sum())
        self._pictures += len(pictures)

    def result(self) -> dict[str, Any]:
        """The mean loss, bits per pixel and PSNR in decibels."""
        loss, bits, psnr = (self._sums / max(self._pictures, 1)).tolist()
        return {"loss": loss, "bits_per_pixel": bits, "psnr_db": psnr}


@dataclass(frozen=True, kw_only=True, eq=False)
class Terms:
    """What a batch costs: loss, rate and error of each picture, and what was made of it."""

    loss: Tensor
    bits_per_pixel: Tensor
    error: Tensor
    made: Tensor


@dataclass(frozen=True, kw_only=True)
class Compress(Task, kind="compress"):
    """Encode pictures into small files, and decode them back."""

    score: ClassVar[Score] = Score(name="loss", higher_is_better=False, unit="bits/px + error")
    loss_unit: ClassVar[str] = "bits per pixel + weighted error"
    shares: ClassVar[tuple[str, ...]] = ("probe_accuracy", "knn_accuracy")
    strangeness_unit: ClassVar[str] = "dB of error"

    size: int | None = option(
        None, "side of the squares that training cuts out; left open, chosen from the pictures",
        unit="px", low=16, high=1024, flag="--size",
    )  # fmt: skip
    network: Autoencoder = option(ResidualAutoencoder(), "the autoencoder", flag="--network")
    loss: Reconstruction = option(SquaredError(), "the error that is weighed against the rate")
    lightest: float = option(
        0.0009, "weight of the error at quality 1", low=1e-6, high=10, search=(3e-4, 3e-3, "log")
    )
    heaviest: float = option(
        0.06, "weight of the error at quality 16", low=1e-6, high=10, search=(0.02, 0.2, "log")
    )
    context: bool = option(
        True, "code each latent by those before it; off: one table per channel and quality"
    )
    groups: int = option(4, "groups of channels that see the earlier groups", low=1, high=64)
    flip: bool = option(True, "mirror pictures left to right in training", flag="--flip")
    denoise: float = option(
        0.0, "deviation of noise that is added in training and must be removed, on [0, 1]", low=0, high=1
    )
    mask: float = option(
        0.0, "share of 16 px squares that are hidden in training and must be found", low=0, high=0.9
    )
    quality: int = option(8, "the quality that `predict` shows", low=1, high=QUALITIES)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lightest >= self.heaviest:
            raise OptionError(
                f"Compress.lightest: must be under heaviest ({self.heaviest:g}), got {self.lightest:g}"
            )

    @property
    def weights(self) -> tuple[float, ...]:
        """Weight of the error at each quality: equal ratios from the lightest to the heaviest."""
        ratio = self.heaviest / self.lightest
        return tuple(self.lightest * ratio ** (n / (QUALITIES - 1)) for n in range(QUALITIES))

    def decide(self, pictures: PictureSet, facts: DataFacts) -> tuple[Self, tuple[Choice[Any], ...]]:
        """Choose the side of the training squares; see `Task.decide`."""
        if self.size is not None:
            return self, ()
        short = min(facts.height_px[1], facts.width_px[1])
        size = max(16, min(_LARGEST_SIZE_PX, short // 16 * 16))
        why = f"the pictures' median short side is {short} px; --size changes it"
        choice = Choice(name="size", asked="auto", used=f"{size} px", why=why, value=size)
        return dataclasses.replace(self, size=size), (choice,)

    def optimizer(self) -> Optimizer:
        """Steps of equal size in all directions: a fifth less loss than Adam after equal steps."""
        return Muon(
            lr=0.01, fixed_length=False, weight_decay=0.0,
            rest=AdamW(lr=0.002, betas=(0.9, 0.99), weight_decay=0.0),
        )  # fmt: skip

    def batch(self) -> int:
        """Few pictures a step: every one of them is thousands of numbers to code."""
        return 16

    def build(self, facts: DataFacts) -> CompressModel:
        """The autoencoder with its prior and its gains."""
        network = self.network.build()
        prior = ContextPrior(network.channels, QUALITIES, groups=self.groups, context=self.context)
        return CompressModel(network, facts, prior=prior, weights=self.weights)

    def augmentation(self, facts: DataFacts, *, train: bool, progress: float = 1.0) -> Augmentation:
        """Squares cut out of the pictures, never resampled; see `Task.augmentation`."""
        size = self.size or _LARGEST_SIZE_PX
        ops: list[Op] = [RandomCrop(spread=1.0 if train else 0.0)]
        if train and self.flip:
            ops.append(Flip())
        plain = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
        return Augmentation(ops, height=size, width=size, mean=plain[0], std=plain[1])

    def losses(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Rate and weighted error at a random quality for each picture; see `Task.losses`."""
        assert isinstance(model, CompressModel)
        assert batch.inputs is not None
        pictures = batch.inputs
        quality = torch.randint(0, QUALITIES, (len(pictures),)).to(pictures.device)
        terms = self.terms(model, pictures, self._spoiled(pictures), quality, rounded=False)
        return {
            "loss": terms.loss.mean(),
            "bits_per_pixel": terms.bits_per_pixel.mean().detach(),
            "error": terms.error.mean().detach(),
        }

    def terms(
        self, model: CompressModel, pictures: Tensor, given: Tensor, quality: Tensor, *, rounded: bool
    ) -> Terms:
        """What pictures cost at some qualities.

        Args:
            model: the model.
            pictures: on [0, 1], b x 3 x h x w, sides multiples of the stride or padded here.
            given: what the encoder sees of them.
            quality: number of each picture's quality, from 0.
            rounded: round for the rate too, as files do; training adds uniform noise there instead,
                because the rate of rounded numbers has no slope, and rounds only what is decoded.
        """
        height, width = pictures.shape[2:]
        steps = model.scaled(model.network.analysis(model.network.padded(given)), quality)
        known = steps + (steps.round() - steps).detach()
        costly = known if rounded else steps + torch.rand_like(steps) - 0.5
        with torch.autocast(pictures.device.type, enabled=False):
            bits = model.prior.bits(costly, known, quality).sum((1, 2, 3)) / (height * width)
        made = model.synthesis(known, quality).float()[:, :, :height, :width]
        error = self.loss(made, pictures)
        weight = torch.tensor(self.weights, device=pictures.device)[quality]
        return Terms(loss=bits + weight * error, bits_per_pixel=bits, error=error, made=made)

    def encoder(self, model: TaskModel) -> tuple[Encoder, Mapping[str, Tensor]]:
        """The way into the latents; see `GivesEncoder`."""
        return AutoencoderEncoder(autoencoder=self.network), model.network.state_dict()

    def strangeness(self, model: TaskModel, pictures: Sequence[NDArray[np.uint8]]) -> list[float]:
        """Decibels of the error at `quality` against the largest possible one: minus the PSNR."""
        return [-answer.psnr_db for answer in self.predict(model, pictures)]

    def graphs(self, model: TaskModel) -> dict[str, Graph]:
        """The way to the latent and the way back; rounding and coding stay here. See `Exports`."""
        assert isinstance(model, CompressModel)
        size = self.size or _LARGEST_SIZE_PX
        return encoder_and_decoder(model.network, size_px=size)

    def metrics(self, facts: DataFacts) -> CompressMetrics:
        """The loss, bits per pixel and PSNR of validation squares."""
        return CompressMetrics(self)

    def conclude(self, model: TaskModel, batches: TrainingBatches) -> None:
        """Turn the prior into integer tables and count how often each symbol comes; see `Task.conclude`."""
        assert isinstance(model, CompressModel)
        pictures = (batch.inputs for batch in batches(most=_COUNTED) if batch.inputs is not None)
        model.table_buffers.fit(model, pictures, model.prior, stride=model.network.stride)
        if model.probe is not None:
            with torch.inference_mode():
                model.probe.fit_batches(batches(), lambda inputs: self.points(model, inputs))

    def judges(self, model: TaskModel) -> Metrics:
        """Real files at every quality, beside JPEG, WebP and AVIF; and how well latents tell classes."""
        assert isinstance(model, CompressModel)
        judge = FileJudge(encode=self.encode, decode=self.decode, qualities=QUALITIES)
        return judge if model.probe is None else ProbedJudge(judge, self.points, model.probe)

    def charts(self, figures: Mapping[str, Any]) -> list[Chart]:
        """Rate against quality, beside the other formats."""
        return rate_charts(figures)

    def predict(self, model: TaskModel, pictures: Sequence[NDArray[np.uint8]]) -> list[Compressed]:
        """Each picture after compression at `quality`, with the size of its file."""
        answers: list[Compressed] = []
        for pixels in pictures:
            data = self.encode(model, pixels, quality=self.quality)
            answers.append(Compressed.of(pixels, self.decode(model, data).pixels, data, self.quality))
        return answers

    def pictures(self, model: TaskModel, batch: Batch) -> list[Picture]:
        """Some pictures at several qualities, with bits per pixel and PSNR."""
        drawn: list[Picture] = []
        for pixels, key in list(zip(batch.pixels, batch.keys, strict=True))[:_SHOWN_PICTURES]:
            pixels = np.asarray(pixels)
            drawn.append(Picture(pixels=pixels, title="original", note=key, group=key))
            for quality in _SHOWN:
                data = self.encode(model, pixels, quality=quality)
                answer = Compressed.of(pixels, self.decode(model, data).pixels, data, quality)
                drawn.append(
                    Picture(pixels=answer.pixels, title=f"quality {quality}", note=answer.short(), group=key)
                )
        return drawn

    @torch.inference_mode()
    def points(self, model: TaskModel, inputs: Tensor) -> Tensor:
        """Mean and mean magnitude of every channel of the latent, side by side; see `GivesPoints`."""
        assert isinstance(model, CompressModel)
        return pooled(model.latent_of(model.network.padded(inputs)))

    def encode(
        self,
        model: TaskModel,
        pixels: NDArray[np.uint8],
        *,
        quality: int,
        grey: bool = False,
        alpha: NDArray[np.uint8] | None = None,
        digest: bytes = bytes(8),
    ) -> bytes:
        """A picture as the bytes of a `.vtl` file.

        Args:
            model: of this task.
            pixels: uint8 sRGB, h x w x 3.
            quality: 1 (smallest file) to 16.
            grey: whether a grey picture is to come back.
            alpha: opacity, uint8 of h x w, kept without loss; None where all is opaque.
            digest: first 8 bytes of the model file's digest.
        Raises:
            OptionError: there is no such quality.
            ShapeError: a picture that is no picture, or larger than 65,535 px on a side.
        """
        if not 1 <= quality <= QUALITIES:
            raise OptionError(f"--quality: must lie in [1, {QUALITIES}], got {quality}")
        assert isinstance(model, CompressModel)
        return encoded(model, pixels, quality=quality, grey=grey, alpha=alpha, digest=digest)

    def decode(
        self, model: TaskModel, data: bytes, *, digest: bytes = bytes(8), rescue: bool = False
    ) -> Decoded:
        """The picture in the bytes of a `.vtl` file.

        Args:
            model: the one it was encoded with.
            data: the file.
            digest: first 8 bytes of the model file's digest.
            rescue: give what is left of a damaged file, with the damaged parts grey and named.
        Raises:
            FileFormatError: another model, a newer version, damage (with `rescue`: of every tile), or no
                such file at all.
        """
        assert isinstance(model, CompressModel)
        return decoded(model, data, digest=digest, rescue=rescue)

    def _spoiled(self, pictures: Tensor) -> Tensor:
        if self.denoise:
            pictures = pictures + self.denoise * torch.randn_like(pictures)
        if self.mask:
            height, width = (math.ceil(side / 16) for side in pictures.shape[2:])
            hidden = torch.rand(len(pictures), 1, height, width, device=pictures.device) < self.mask
            hidden = hidden.repeat_interleave(16, 2).repeat_interleave(16, 3)
            pictures = pictures.masked_fill(
                hidden[:, :, : pictures.shape[2], : pictures.shape[3]], _GREY_LEVEL
            )
        return pictures

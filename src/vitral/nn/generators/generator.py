"""The family of generators, and what each of their modules can do."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from vitral.core import ShapeError, Spec
from vitral.nn.blocks import check_pictures
from vitral.nn.likelihoods import Likelihood

LEAST_PX = 4
"""Shortest side of pictures that can be learned."""


@dataclass(frozen=True, kw_only=True)
class Bound:
    """What is known of minus the log probability of pictures, in nats per picture.

    Args:
        distortion: minus the expected log likelihood of each picture given its latents, b.
        kl: divergence of the posterior from the prior, of each picture and group of latents, b x g.
    """

    distortion: Float[Tensor, " b"]
    kl: Float[Tensor, "b g"]

    @property
    def nats(self) -> Float[Tensor, " b"]:
        """The negative evidence lower bound (ELBO) of each picture."""
        return self.distortion + self.kl.sum(1)


@dataclass(frozen=True, kw_only=True)
class Generator(Spec, family="generator"):
    """A network that learns how pictures are distributed, and draws new ones."""

    @abstractmethod
    def build(self, shape: tuple[int, int, int], classes: int, likelihood: Likelihood) -> "GeneratorNet":
        """Make the module, with random weights from torch's generator.

        Args:
            shape: channels, height and width of every picture, in pixels.
            classes: 0 for one distribution over all pictures; else one for each class.
            likelihood: how probable the levels of a picture are.
        """


def check_shape(where: str, shape: tuple[int, int, int]) -> None:
    """Refuse a shape that no generator can learn.

    Raises:
        ShapeError: no channel, or a side under 4 pixels.
    """
    if shape[0] < 1 or min(shape[1:]) < LEAST_PX:
        raise ShapeError(
            f"{where}: pictures must have a channel and sides of at least {LEAST_PX} px, "
            f"got {' x '.join(map(str, shape))}"
        )


class GeneratorNet(nn.Module, ABC):
    """The module of a generator.

    Everywhere pictures are b x c x h x w on [0, 1] (level / 255), labels are class numbers (those
    outside [0, classes) mean "any"), latents are b x d with d = `latents`, and all unit lengths
    are nats. Random numbers come from `random`, or from torch's own generator where it is None.
    """

    shape: tuple[int, int, int]
    classes: int
    latents: int
    padded: tuple[int, int]
    """Height and width that the network works at: those of the pictures, and what is repeated beyond."""

    def enlarged(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h2 w2"]:
        """The pictures on [-1, 1], with their last row and column repeated up to `padded`.

        Raises:
            ShapeError: not of the shape that was learned.
        """
        where = type(self).__name__
        check_pictures(where, pictures, channels=self.shape[0])
        if tuple(pictures.shape[1:]) != tuple(self.shape):
            raise ShapeError(
                f"{where}: pictures must be {' x '.join(map(str, self.shape))}, "
                f"got {' x '.join(map(str, pictures.shape[1:]))}"
            )
        below, right = (full - side for full, side in zip(self.padded, self.shape[1:], strict=True))
        return 2 * functional.pad(pictures, (0, right, 0, below), mode="replicate") - 1

    def some_untold(self, labels: Int[Tensor, " b"], share: float) -> Int[Tensor, " b"]:
        """The classes with a share of them hidden at random, so that "any" is learned too."""
        if not self.classes:
            return labels
        hidden = torch.rand(len(labels), device=labels.device) < share
        return torch.where(hidden, self.classes, labels)

    def check_latents(self, latents: Tensor) -> None:
        """Refuse latents of another shape.

        Raises:
            ShapeError: not b x d with the d of this network.
        """
        if latents.ndim != 2 or latents.shape[1] != self.latents:
            raise ShapeError(
                f"{type(self).__name__}.decode: latents must be b x {self.latents}, "
                f"got {' x '.join(map(str, latents.shape)) or 'a single number'}"
            )

    @property
    def leading(self) -> int:
        """How many of the latents, from the first, say what the whole picture is; 0 where none do."""
        return self.latents

    @abstractmethod
    def losses(
        self, pictures: Float[Tensor, "b c h w"], labels: Int[Tensor, " b"], *, progress: float
    ) -> dict[str, Tensor]:
        """What training minimizes (`loss`, nats per picture) and what else is worth showing.

        Args:
            pictures: to learn from.
            labels: their classes.
            progress: share of the training done, in [0, 1], for warm-up.
        """

    @abstractmethod
    def bound(
        self,
        pictures: Float[Tensor, "b c h w"],
        labels: Int[Tensor, " b"],
        *,
        random: torch.Generator | None = None,
    ) -> Bound:
        """The evidence lower bound with one sample of the latents."""

    @abstractmethod
    def encode(
        self, pictures: Float[Tensor, "b c h w"], labels: Int[Tensor, " b"] | None = None
    ) -> Float[Tensor, "b d"]:
        """The means of the posterior, all groups side by side."""

    def features(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b f"]:
        """What a classifier can learn from: the means of the posterior, and more where there is more."""
        return self.encode(pictures)

    def sampled_leading(
        self,
        pictures: Float[Tensor, "b c h w"],
        labels: Int[Tensor, " b"] | None = None,
        *,
        random: torch.Generator | None = None,
    ) -> Float[Tensor, "b d2"]:
        """One sample of the posterior of the leading latents; its mean where there is no other."""
        del random
        return self.encode(pictures, labels)[:, : self.leading]

    @abstractmethod
    def decode(
        self, latents: Float[Tensor, "b d"], labels: Int[Tensor, " b"] | None = None
    ) -> Float[Tensor, "b c h w"]:
        """The pictures of given latents: the middle of the likelihood."""

    @abstractmethod
    def draw(
        self, labels: Int[Tensor, " b"], *, temperature: float = 1.0, random: torch.Generator | None = None
    ) -> Float[Tensor, "b c h w"]:
        """New pictures from the prior, one for each label, on [0, 1].

        Args:
            labels: the asked classes; any number outside [0, classes) where it does not matter.
            temperature: factor on the deviation of the prior, at least 0.
            random: where the random numbers come from.
        """

    def importance_bound(
        self,
        pictures: Float[Tensor, "b c h w"],
        labels: Int[Tensor, " b"],
        *,
        k: int,
        random: torch.Generator | None = None,
    ) -> Float[Tensor, " b"]:
        """The importance-weighted bound with k samples, in nats; the ELBO where k is 1.

        Source:
            Burda et al. 2016, arXiv:1509.00519, eq. 8.
        """
        logs = torch.stack([self.sampled_nats(pictures, labels, random=random) for _ in range(k)])
        return -(torch.logsumexp(-logs, 0) - torch.log(torch.tensor(float(k))))

    @abstractmethod
    def sampled_nats(
        self,
        pictures: Float[Tensor, "b c h w"],
        labels: Int[Tensor, " b"],
        *,
        random: torch.Generator | None = None,
    ) -> Float[Tensor, " b"]:
        """-log p(x, z) + log q(z | x) at one sample z of the posterior: a term of the bounds."""

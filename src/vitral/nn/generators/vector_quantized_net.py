"""The module of `VectorQuantized`: picture to codes, codes to picture, and the prior of the codes."""

from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from vitral.nn.generators.code_prior import CodePrior, PriorOptions
from vitral.nn.generators.codebook import Codebook
from vitral.nn.generators.generator import Bound, GeneratorNet, check_shape
from vitral.nn.generators.ladder_parts import ResidualConvolutions
from vitral.nn.likelihoods import Likelihood

if TYPE_CHECKING:
    from vitral.nn.generators.vector_quantized import VectorQuantized

_SMALL_PX = 16
_FEATURE_PLACES = 4


class VectorQuantizedNet(GeneratorNet):
    """The module of `VectorQuantized`.

    Latents are the vectors of the codes, channel after channel of the map. `decode` takes any
    numbers and reads at each place the code nearest to them: the decoder only ever sees codes, so a
    walk changes a picture code by code.

    Args:
        spec: the options.
        shape: channels, height and width of the pictures.
        classes: how many classes may be asked for; 0 for none.
        likelihood: of the levels.
    Raises:
        ShapeError: no channel, or a side under 4 pixels.
    """

    def __init__(
        self, spec: "VectorQuantized", shape: tuple[int, int, int], classes: int, likelihood: Likelihood
    ) -> None:
        super().__init__()
        channels, height, width = shape
        check_shape("VectorQuantized", shape)
        self.spec, self.shape, self.classes, self.likelihood = spec, shape, classes, likelihood
        self.halvings = spec.halvings or (2 if min(height, width) >= _SMALL_PX else 1)
        step = 2**self.halvings
        self.side = (-(-height // step), -(-width // step))
        self.padded = (self.side[0] * step, self.side[1] * step)
        self.latents = spec.channels * self.side[0] * self.side[1]
        self._build_coder(channels)
        self.book = Codebook(spec.codes, spec.channels)
        self.prior = CodePrior(
            spec.codes, self.side, classes,
            PriorOptions(
                width=spec.prior_width, depth=spec.prior_depth, activation=spec.activation,
                dropout=spec.dropout,
            ),
        )  # fmt: skip

    def _build_coder(self, channels: int) -> None:
        """From the picture to a map of points, and from codes to parameters of the likelihood."""
        spec, levels = self.spec, range(self.halvings)
        widths = [max(8, spec.width // 2)] + [spec.width] * self.halvings
        self.first = nn.Conv2d(channels, widths[0], 3, padding=1)
        self.up_blocks = nn.ModuleList(self._blocks(width) for width in widths)
        self.halve = nn.ModuleList(nn.Conv2d(widths[n], widths[n + 1], 2, stride=2) for n in levels)
        self.to_points = nn.Conv2d(widths[-1], spec.channels, 1)
        # Without it the points shrink onto one code before the decoder has learned to read any.
        self.spread = nn.BatchNorm2d(spec.channels, affine=False)
        self.from_codes = nn.Conv2d(spec.channels, widths[-1], 3, padding=1)
        self.down_blocks = nn.ModuleList(self._blocks(width) for width in widths)
        self.enlarge = nn.ModuleList(nn.Conv2d(widths[n + 1], 4 * widths[n], 1) for n in levels)
        self.act = spec.activation.build()
        self.last = nn.Conv2d(widths[0], self.likelihood.outputs(channels), 1)
        nn.init.normal_(self.last.weight, std=0.1 / widths[0] ** 0.5)
        nn.init.zeros_(self.last.bias)  # pyright: ignore[reportArgumentType]

    def _blocks(self, width: int) -> nn.Sequential:
        spec = self.spec
        return nn.Sequential(
            *(
                ResidualConvolutions(width, kernel=3, activation=spec.activation, dropout=0.0)
                for _ in range(spec.depth)
            )
        )

    @property
    def leading(self) -> int:
        """None: each code says what lies at its place, and only the prior knows what goes together."""
        return 0

    def losses(
        self, pictures: Float[Tensor, "b c h w"], labels: Int[Tensor, " b"], *, progress: float
    ) -> dict[str, Tensor]:
        """The bound and the commitment; in training the book follows. See `GeneratorNet.losses`."""
        spec = self.spec
        labels = self.some_untold(labels, spec.unlabeled)
        points = self._points(self._seen(pictures))
        codes = self._codes(points)
        if self.training:
            self.book.follow(_listed(points), codes.flatten(), restart=progress < spec.restarts)
            # As they are now: the first batch gives the book its codes.
            codes = self._codes(points)
        chosen = self._vectors(codes)
        # The gradient passes as if the point itself had been decoded.
        passed = points + (chosen - points).detach()
        distortion = self.likelihood.nats(self._down(passed), pictures).mean()
        nats = self.prior.nats(codes, labels).mean()
        apart = ((points - chosen) ** 2).flatten(1).sum(1).mean()
        return {
            "loss": distortion + nats + spec.commitment * apart,
            "nats": (distortion + nats).detach(),
            "kl": nats.detach(),
            "codes_in_use": self.book.perplexity(codes.flatten()),
        }

    def bound(
        self,
        pictures: Float[Tensor, "b c h w"],
        labels: Int[Tensor, " b"],
        *,
        random: torch.Generator | None = None,
    ) -> Bound:
        """Nats of the picture given its codes, and of the codes; nothing is random here."""
        del random
        codes = self._codes(self._points(self._seen(pictures)))
        distortion = self.likelihood.nats(self._down(self._vectors(codes)), pictures)
        return Bound(distortion=distortion, kl=self.prior.nats(codes, labels)[:, None])

    def encode(
        self, pictures: Float[Tensor, "b c h w"], labels: Int[Tensor, " b"] | None = None
    ) -> Float[Tensor, "b d"]:
        """The vectors of the codes of pictures; the class plays no part."""
        del labels
        return self._vectors(self._codes(self._points(self._seen(pictures)))).flatten(1)

    def features(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b f"]:
        """The points before they become codes, which can be learned through, and 4 x 4 places of the map."""
        seen = self._seen(pictures)
        coarse = functional.adaptive_avg_pool2d(seen.float(), _FEATURE_PLACES)
        return torch.cat([self._points(seen).flatten(1), coarse.flatten(1)], 1)

    def decode(
        self, latents: Float[Tensor, "b d"], labels: Int[Tensor, " b"] | None = None
    ) -> Float[Tensor, "b c h w"]:
        """The pictures of the codes nearest to given latents; the class plays no part.

        Raises:
            ShapeError: not b x d with the d of this network.
        """
        del labels
        self.check_latents(latents)
        points = latents.view(latents.shape[0], self.spec.channels, *self.side)
        return self._picture(self._codes(points))

    def draw(
        self, labels: Int[Tensor, " b"], *, temperature: float = 1.0, random: torch.Generator | None = None
    ) -> Float[Tensor, "b c h w"]:
        """New pictures: codes from the prior, levels at the middle of the likelihood.

        Args:
            labels: the asked classes; any number outside [0, classes) where it does not matter.
            temperature: divides the logits of the codes; 0 takes the most probable at each place.
            random: where the random numbers come from.
        """
        return self._picture(self.prior.draw(labels, temperature=temperature, random=random))

    def importance_bound(
        self,
        pictures: Float[Tensor, "b c h w"],
        labels: Int[Tensor, " b"],
        *,
        k: int,
        random: torch.Generator | None = None,
    ) -> Float[Tensor, " b"]:
        """The bound itself: all samples of a posterior that is certain are the same."""
        del k
        return self.bound(pictures, labels, random=random).nats

    def sampled_nats(
        self,
        pictures: Float[Tensor, "b c h w"],
        labels: Int[Tensor, " b"],
        *,
        random: torch.Generator | None = None,
    ) -> Float[Tensor, " b"]:
        """The bound itself; see `importance_bound`."""
        return self.bound(pictures, labels, random=random).nats

    def _seen(self, pictures: Tensor) -> Tensor:
        """The features of pictures on the map of the codes."""
        features = self.up_blocks[0](self.first(self.enlarged(pictures)))
        for halve, blocks in zip(self.halve, self.up_blocks[1:], strict=True):
            features = blocks(halve(features))
        return features

    def _points(self, seen: Tensor) -> Tensor:
        """The points that become codes, b x channels x h x w."""
        with torch.autocast(seen.device.type, enabled=False):
            points = self.to_points(self.act(seen.float()))
            if _listed(points).shape[0] > 1:
                return self.spread(points)
            # One point has no spread of its own.
            return functional.batch_norm(points, self.spread.running_mean, self.spread.running_var)

    def _codes(self, points: Tensor) -> Int[Tensor, "b h w"]:
        return self.book.nearest(_listed(points)).view(points.shape[0], *self.side)

    def _vectors(self, codes: Tensor) -> Tensor:
        """The vectors of a map of codes, b x channels x h x w; a copy, which the book may outrun."""
        return self.book.vectors[codes].permute(0, 3, 1, 2).contiguous()

    def _down(self, vectors: Tensor) -> Tensor:
        """The parameters of the likelihood."""
        state = self.down_blocks[-1](self.from_codes(vectors))
        for level in reversed(range(self.halvings)):
            state = self.down_blocks[level](functional.pixel_shuffle(self.enlarge[level](state), 2))
        with torch.autocast(state.device.type, enabled=False):
            # Half precision would move the means of a sharp likelihood by whole levels.
            parameters = self.last(self.act(state.float()))
        return parameters[:, :, : self.shape[1], : self.shape[2]]

    def _picture(self, codes: Tensor) -> Tensor:
        parameters = self._down(self._vectors(codes))
        return self.likelihood.draw(parameters, temperature=0.0, random=None).clamp(0, 1)


def _listed(points: Tensor) -> Tensor:
    """The points of a map one by one, n x channels."""
    return points.permute(0, 2, 3, 1).flatten(0, 2)

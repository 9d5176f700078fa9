"""The module of `Ladder`: up through the picture, down through the latents."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from vitral.nn.generators.generator import Bound, GeneratorNet, check_shape
from vitral.nn.generators.ladder_parts import (
    GroupOfLatents,
    Posterior,
    ResidualConvolutions,
    halvings,
    on_sizes,
)
from vitral.nn.likelihoods import Likelihood

if TYPE_CHECKING:
    from vitral.nn.generators.ladder import Ladder

_AT_ONCE = 512
_FEATURE_PLACES = 4
Latents = Callable[[int, Posterior | None, torch.Size], Tensor]
"""What decides the latents of a group: its number, its posterior (of a picture), their shape."""


class LadderNet(GeneratorNet):
    """The module of `Ladder`.

    Latents are in units of their prior: under it each is standard normal, whatever the others are,
    so walks, fits and temperatures mean the same everywhere.

    Args:
        spec: the options.
        shape: channels, height and width of the pictures.
        classes: how many classes may be asked for; 0 for none.
        likelihood: of the levels.
    Raises:
        ShapeError: no channel, or a side under 4 pixels.
    """

    def __init__(
        self, spec: "Ladder", shape: tuple[int, int, int], classes: int, likelihood: Likelihood
    ) -> None:
        super().__init__()
        channels, height, width = shape
        check_shape("Ladder", shape)
        self.spec, self.shape, self.classes, self.likelihood = spec, shape, classes, likelihood
        self.levels = halvings(height, width)
        step = 2**self.levels
        self.padded = (-(-height // step) * step, -(-width // step) * step)
        self.sizes = on_sizes(spec.groups, spec.resolutions)
        self.shapes = [self._shape_of(size) for size in self.sizes]
        self.counts = [int(torch.Size(one).numel()) for one in self.shapes]
        self.latents = sum(self.counts)
        widths = [max(8, spec.width // 2)] + [spec.width] * self.levels
        self._build_up(channels, widths)
        self._build_down(channels, widths)

    def _build_up(self, channels: int, widths: list[int]) -> None:
        """From the picture to its features on every size, and to a vector."""
        spec = self.spec
        self.first = nn.Conv2d(channels, widths[0], 3, padding=1)
        self.up_blocks = nn.ModuleList(self._blocks(width, 3) for width in widths)
        self.halve = nn.ModuleList(
            nn.Conv2d(widths[n], widths[n + 1], 2, stride=2) for n in range(self.levels)
        )
        places = self._side(self.levels)[0] * self._side(self.levels)[1]
        self.to_vector = nn.Linear(widths[-1] * places, 2 * spec.width)

    def _build_down(self, channels: int, widths: list[int]) -> None:
        """From the classes and the latents to the parameters of the likelihood."""
        spec = self.spec
        vector = 2 * spec.width
        self.start = nn.Parameter(torch.zeros(vector))
        self.asked = nn.Embedding(self.classes + 1, vector) if self.classes else None
        groups, blocks = [], []
        for number, (size, one) in enumerate(zip(self.sizes, self.shapes, strict=True)):
            level = self._level(size)
            width = vector if size == 0 else widths[level]
            kernel = 1 if size == 0 else 3
            groups.append(
                GroupOfLatents(
                    width, width, one[0], kernel=kernel, activation=spec.activation, bound=spec.bound,
                    plain=number == 0,
                )
            )  # fmt: skip
            blocks.append(self._blocks(width, kernel))
        self.groups, self.group_blocks = nn.ModuleList(groups), nn.ModuleList(blocks)
        height, width = self._side(self.levels)
        self.from_vector = nn.Linear(vector, widths[-1] * height * width)
        self.asked_at = nn.ModuleList(nn.Linear(vector, width, bias=False) for width in widths)
        self.down_blocks = nn.ModuleList(self._blocks(width, 3) for width in widths)
        self.enlarge = nn.ModuleList(nn.Conv2d(widths[n + 1], 4 * widths[n], 1) for n in range(self.levels))
        self.act = spec.activation.build()
        self.last = nn.Conv2d(widths[0], self.likelihood.outputs(channels), 1)
        nn.init.normal_(self.last.weight, std=0.1 / widths[0] ** 0.5)
        nn.init.zeros_(self.last.bias)  # pyright: ignore[reportArgumentType]

    def _blocks(self, width: int, kernel: int) -> nn.Sequential:
        spec = self.spec
        return nn.Sequential(
            *(
                ResidualConvolutions(width, kernel=kernel, activation=spec.activation, dropout=spec.dropout)
                for _ in range(spec.depth)
            )
        )

    def _side(self, level: int) -> tuple[int, int]:
        return self.padded[0] >> level, self.padded[1] >> level

    def _level(self, size: int) -> int:
        """How often the sides are halved where groups of this size live."""
        return self.levels + 1 - size if size else self.levels

    def _shape_of(self, size: int) -> tuple[int, int, int]:
        """Latents of a group: channels, height, width."""
        if size == 0:
            return self.spec.latents, 1, 1
        return self.spec.channels, *self._side(self._level(size))

    @property
    def leading(self) -> int:
        """The latents of the topmost group, a vector; see `GeneratorNet.leading`."""
        return self.counts[0]

    def losses(
        self, pictures: Float[Tensor, "b c h w"], labels: Int[Tensor, " b"], *, progress: float
    ) -> dict[str, Tensor]:
        """The bound with warm-up and free bits; see `GeneratorNet.losses`."""
        spec = self.spec
        labels = self.some_untold(labels, spec.unlabeled)
        found = self.bound(pictures, labels)
        distortion, kl = found.distortion.mean(), found.kl.mean(0)
        weight = spec.beta * (min(1.0, progress / spec.warmup) if spec.warmup else 1.0)
        free = torch.tensor([spec.free_top_nats, *[spec.free_nats] * (spec.groups - 1)], device=kl.device)
        loss = distortion + weight * torch.maximum(kl, free).sum()
        return {"loss": loss, "nats": found.nats.mean().detach(), "kl": kl.sum().detach()}

    def bound(
        self,
        pictures: Float[Tensor, "b c h w"],
        labels: Int[Tensor, " b"],
        *,
        random: torch.Generator | None = None,
    ) -> Bound:
        """The evidence lower bound with one sample of the latents; KL is exact given those before."""
        kl: list[Tensor] = []

        def sampled(number: int, posterior: Posterior | None, shape: torch.Size) -> Tensor:
            assert posterior is not None
            kl.append(posterior.kl())
            return posterior.at(_noise(shape, posterior.mean, random))

        parameters = self._down(labels, self._up(pictures), sampled)
        return Bound(distortion=self.likelihood.nats(parameters, pictures), kl=torch.stack(kl, 1))

    def encode(
        self, pictures: Float[Tensor, "b c h w"], labels: Int[Tensor, " b"] | None = None
    ) -> Float[Tensor, "b d"]:
        """The means of the posterior, group after group, each given the means of those before."""
        return self._means(self._labels(labels, pictures.shape[0]), self._up(pictures))

    def features(self, pictures: Float[Tensor, "b c h w"]) -> Float[Tensor, "b f"]:
        """The means of the posterior, and what the way up sees on the coarsest map, 4 x 4 places of it."""
        seen = self._up(pictures)
        coarse = functional.adaptive_avg_pool2d(seen[-2].float(), _FEATURE_PLACES)
        return torch.cat([self._means(self._labels(None, pictures.shape[0]), seen), coarse.flatten(1)], 1)

    def sampled_leading(
        self,
        pictures: Float[Tensor, "b c h w"],
        labels: Int[Tensor, " b"] | None = None,
        *,
        random: torch.Generator | None = None,
    ) -> Float[Tensor, "b d2"]:
        """One sample of the posterior of the topmost group, which needs only the way up."""
        seen = self._up(pictures)
        state = self._asked(self._labels(labels, pictures.shape[0]))[:, :, None, None]
        group = self.groups[0]
        assert isinstance(group, GroupOfLatents)
        posterior = group.look(group.ready(state)[0], seen[-1])
        return posterior.at(_noise(posterior.mean.shape, posterior.mean, random)).flatten(1)

    def decode(
        self, latents: Float[Tensor, "b d"], labels: Int[Tensor, " b"] | None = None
    ) -> Float[Tensor, "b c h w"]:
        """The pictures of given latents: the middle of the likelihood.

        Raises:
            ShapeError: not b x d with the d of this network.
        """
        self.check_latents(latents)
        parts = latents.split(self.counts, 1)

        def given(number: int, posterior: Posterior | None, shape: torch.Size) -> Tensor:
            return parts[number].reshape(shape)

        return self._middle(self._down(self._labels(labels, latents.shape[0]), None, given))

    def draw(
        self, labels: Int[Tensor, " b"], *, temperature: float = 1.0, random: torch.Generator | None = None
    ) -> Float[Tensor, "b c h w"]:
        """New pictures: latents from the prior, levels at the middle of the likelihood."""

        def drawn(number: int, posterior: Posterior | None, shape: torch.Size) -> Tensor:
            return temperature * _noise(shape, self.start, random)

        return self._middle(self._down(labels, None, drawn))

    def sampled_nats(
        self,
        pictures: Float[Tensor, "b c h w"],
        labels: Int[Tensor, " b"],
        *,
        random: torch.Generator | None = None,
    ) -> Float[Tensor, " b"]:
        """-log p(x, z) + log q(z | x) at one sample z of the posterior: a term of the bounds."""
        return self._sampled(pictures, labels, self._up(pictures), random)

    def importance_bound(
        self,
        pictures: Float[Tensor, "b c h w"],
        labels: Int[Tensor, " b"],
        *,
        k: int,
        random: torch.Generator | None = None,
    ) -> Float[Tensor, " b"]:
        """As in `GeneratorNet`; the way up is gone once, many samples are taken at a time."""
        seen, found = self._up(pictures), []
        for start in range(0, k, max(1, _AT_ONCE // len(pictures))):
            times = min(max(1, _AT_ONCE // len(pictures)), k - start)
            again = [one.repeat(times, 1, 1, 1) for one in seen]
            nats = self._sampled(pictures.repeat(times, 1, 1, 1), labels.repeat(times), again, random)
            found.append(nats.view(times, -1))
        logs = -torch.cat(found).double()
        return -(logs.logsumexp(0) - torch.log(torch.tensor(float(k), dtype=torch.float64))).float()

    def _means(self, labels: Tensor, seen: list[Tensor]) -> Tensor:
        """The means of the posterior of all groups, each given the means of those before, b x d."""
        means: list[Tensor] = []

        def middle(number: int, posterior: Posterior | None, shape: torch.Size) -> Tensor:
            assert posterior is not None
            means.append(posterior.mean.flatten(1))
            return posterior.mean

        self._down(labels, seen, middle)
        return torch.cat(means, 1)

    def _sampled(
        self, pictures: Tensor, labels: Tensor, seen: list[Tensor], random: torch.Generator | None
    ) -> Tensor:
        ratios: list[Tensor] = []

        def sampled(number: int, posterior: Posterior | None, shape: torch.Size) -> Tensor:
            assert posterior is not None
            noise = _noise(shape, posterior.mean, random)
            ratios.append(posterior.log_ratio(noise))
            return posterior.at(noise)

        parameters = self._down(labels, seen, sampled)
        return self.likelihood.nats(parameters, pictures) + torch.stack(ratios).sum(0)

    def _up(self, pictures: Tensor) -> list[Tensor]:
        """The features of pictures on every size, the full one first, and the vector at the end."""
        features, seen = self.first(self.enlarged(pictures)), []
        for level, blocks in enumerate(self.up_blocks):
            features = blocks(features if level == 0 else self.halve[level - 1](features))
            seen.append(features)
        vector = self.to_vector(self.act(features).contiguous().flatten(1))
        return [*seen, vector[:, :, None, None]]

    def _down(self, labels: Tensor, seen: list[Tensor] | None, latents: Latents) -> Tensor:
        """From the top to the parameters of the likelihood, with the latents that are decided on."""
        count, asked = labels.shape[0], self._asked(labels)
        state = self._groups_on(0, asked[:, :, None, None], seen, latents)
        height, width = self._side(self.levels)
        state = self.from_vector(self.act(state.flatten(1))).view(count, -1, height, width)
        if seen is not None and seen[0].is_contiguous(memory_format=torch.channels_last):
            state = state.contiguous(memory_format=torch.channels_last)
        for level in reversed(range(self.levels + 1)):
            if level < self.levels:
                state = functional.pixel_shuffle(self.enlarge[level](state), 2)
            state = self.down_blocks[level](state + self.asked_at[level](asked)[:, :, None, None])
            if self.levels - level < 2:
                state = self._groups_on(self.levels - level + 1, state, seen, latents)
        with torch.autocast(state.device.type, enabled=False):
            # Half precision would move the means of a sharp likelihood by whole levels.
            parameters = self.last(self.act(state.float()))
        return parameters[:, :, : self.shape[1], : self.shape[2]]

    def _asked(self, labels: Tensor) -> Tensor:
        """What is known before the first latents: the class, where one was asked for."""
        asked = self.start.expand(labels.shape[0], -1)
        if self.asked is None:
            return asked
        known = (labels >= 0) & (labels < self.classes)
        return asked + self.asked(torch.where(known, labels, self.classes))

    def _groups_on(self, size: int, state: Tensor, seen: list[Tensor] | None, latents: Latents) -> Tensor:
        """The state after all groups of one size."""
        for number, (group, blocks) in enumerate(zip(self.groups, self.group_blocks, strict=True)):
            if self.sizes[number] != size:
                continue
            assert isinstance(group, GroupOfLatents)
            state, mean, log_std = group.ready(state)
            posterior = None
            if seen is not None:
                posterior = group.look(state, seen[-1] if size == 0 else seen[self._level(size)])
            shape = torch.Size((state.shape[0], *self.shapes[number]))
            state = blocks(group.step(state, mean, log_std, latents(number, posterior, shape)))
        return state

    def _labels(self, labels: Tensor | None, count: int) -> Tensor:
        return torch.full((count,), -1, device=self.start.device) if labels is None else labels

    def _middle(self, parameters: Tensor) -> Tensor:
        return self.likelihood.draw(parameters, temperature=0.0, random=None).clamp(0, 1)


def _noise(shape: torch.Size, like: Tensor, random: torch.Generator | None) -> Tensor:
    device = like.device if random is None else random.device
    return torch.randn(shape, generator=random, device=device).to(like.device)

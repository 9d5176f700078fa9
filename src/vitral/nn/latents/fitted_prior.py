"""`FittedPrior`: a mixture of normal distributions over the latents that pictures really have."""

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from vitral.core import ShapeError
from vitral.nn.latents.gaussian_mixture import Mixture, gaussian_mixture
from vitral.nn.latents.late_buffers import LateBuffers
from vitral.nn.latents.principal_axes import principal_axes

_MOST_AXES = 32
# A mixture on fewer points would learn them by heart.
_FEWEST = 8
_NOTHING = 1e-9


class FittedPrior(LateBuffers):
    """A mixture for each class, over the latents that say what the whole picture is.

    The prior of a generator is not where its pictures lie: parts of it are empty. So a mixture is
    fitted to samples of the posteriors of training pictures. It is one of the leading latents; all
    others are drawn from the prior, which depends on these. Of more than 32 leading latents the
    mixture has the 32 principal axes, and what these leave is one normal distribution. Both
    because mixtures over hundreds of latents learn noise: they fit new pictures worse than the
    prior does.

    All numbers are buffers whose shapes follow from the arguments. Until `fit` was called it is the
    standard normal distribution; a file without any of them loads too.

    Args:
        latents: numbers in a point, d.
        leading: how many of them, from the first, are fitted; None: all.
        classes: mixtures, one for each class; 0 or 1 for one of all points.
        components: normal distributions in a mixture at most; unused ones have the weight 0.
    Source:
        Ghosh et al. 2020, arXiv:1903.12436, section 4 (a density fitted afterwards). Departures: to
        samples of the posterior instead of its means; the number of components by BIC; axes.
    """

    shares: Tensor
    weights: Tensor
    means: Tensor
    factors: Tensor
    middle: Tensor
    axes: Tensor
    deviations: Tensor

    def __init__(
        self, latents: int, *, leading: int | None = None, classes: int = 0, components: int = 16
    ) -> None:
        super().__init__()
        self.latents, self.leading = latents, latents if leading is None else leading
        self.components = components
        mixtures, axes = max(1, classes), min(self.leading, _MOST_AXES)
        start = {
            "shares": torch.full((mixtures,), 1 / mixtures),
            "weights": torch.eye(1, components).repeat(mixtures, 1),
            "means": torch.zeros(mixtures, components, axes),
            "factors": torch.eye(axes).repeat(mixtures, components, 1, 1),
            "middle": torch.zeros(self.leading),
            "axes": torch.eye(axes, self.leading),
            "deviations": torch.ones(self.leading),
        }
        for name, value in start.items():
            self.register_buffer(name, value)

    @property
    def fitted(self) -> bool:
        """Whether it is more than the standard normal distribution."""
        return bool(self.middle.any() or self.means.any())

    @property
    def classes(self) -> int:
        """How many classes have a mixture; 0 where there is one for all points."""
        return len(self.shares) if len(self.shares) > 1 else 0

    def fit(self, points: Float[Tensor, "n d2"], labels: Int[Tensor, " n"]) -> None:
        """Fit all mixtures; the same points give the same numbers.

        A class with fewer than 8 points gets the mixture of all of them.

        Args:
            points: samples of the posterior of the leading latents, d2 = `leading`.
            labels: class numbers; points outside [0, classes) count only for what is shared.
        Raises:
            ShapeError: no points, or not of so many leading latents.
        """
        if points.ndim != 2 or len(points) == 0 or points.shape[1] != self.leading:
            raise ShapeError(f"FittedPrior.fit: needs points n x {self.leading}, got {tuple(points.shape)}")
        along = self._take_axes(points.detach().cpu().float().numpy())
        mixtures = len(self.shares)
        numbers = labels.cpu().numpy() if mixtures > 1 else np.zeros(len(along), np.int64)
        counts = np.bincount(numbers[(numbers >= 0) & (numbers < mixtures)], minlength=mixtures)
        counts = counts if counts.any() else np.ones(mixtures)
        self._keep("shares", counts / counts.sum())
        of_all: Mixture | None = None
        for number in range(mixtures):
            own = along[numbers == number]
            if len(own) >= min(_FEWEST, len(along)):
                self._take(number, gaussian_mixture(own, self.components))
            else:
                of_all = of_all or gaussian_mixture(along, self.components)
                self._take(number, of_all)

    def draw(
        self, labels: Int[Tensor, " b"], *, temperature: float = 1.0, random: torch.Generator | None = None
    ) -> tuple[Float[Tensor, "b d"], Int[Tensor, " b"]]:
        """New latents, and the class of each.

        Args:
            labels: the asked classes; for a number outside [0, classes) one is drawn by its share.
            temperature: factor on all deviations, at least 0.
            random: where the random numbers come from; None: torch's own generator.
        Returns:
            The latents, and their classes; -1 where there is one mixture for all points.
        """
        device = self.means.device
        source = device if random is None else random.device
        count, axes = len(labels), self.axes.shape[0]
        # All numbers are drawn whether they are needed or not: one label does not move the others.
        chance = torch.rand(count, 2, generator=random, device=source, dtype=torch.float64).to(device)
        noise = torch.randn(count, axes, generator=random, device=source).to(device)
        latents = torch.randn(count, self.latents, generator=random, device=source).to(device)
        labels = labels.to(device)
        known = (labels >= 0) & (labels < len(self.shares))
        asked = torch.where(known, labels, _chosen(self.shares.expand(count, -1), chance[:, 0]))
        which = _chosen(self.weights[asked], chance[:, 1])
        spread = (self.factors[asked, which] @ noise[:, :, None])[:, :, 0]
        along = self.means[asked, which] + temperature * spread
        latents = temperature * latents
        rest = self.deviations * latents[:, : self.leading]
        rest = rest - (rest @ self.axes.T) @ self.axes
        latents[:, : self.leading] = self.middle + along @ self.axes + rest
        return latents, asked if self.classes else torch.full_like(asked, -1)

    def _take_axes(self, points: NDArray[np.float32]) -> NDArray[np.float64]:
        """Keep axes and what they leave; gives the points along them."""
        count = self.axes.shape[0]
        frame = principal_axes(points, count)
        axes = _completed(frame.axes, count)
        along = (points - frame.middle) @ axes.T
        rest = points - frame.middle - along @ axes
        # Drawn noise loses the part that lies along the axes: it begins with more.
        variances = rest.var(0)
        kept = (variances * (1 - (axes**2).sum(0))).sum()
        more = variances.sum() / kept if kept > _NOTHING else 0.0
        self._keep("deviations", np.sqrt(variances * more))
        self._keep("middle", frame.middle)
        self._keep("axes", axes)
        return along

    def _take(self, number: int, mixture: Mixture) -> None:
        for name in ("weights", "means", "factors"):
            value = getattr(mixture, name)
            buffer = self.get_buffer(name)[number]
            buffer.zero_()
            buffer[: len(value)] = torch.from_numpy(value.astype(np.float32))

    def _keep(self, name: str, value: NDArray[np.floating]) -> None:
        self.get_buffer(name).copy_(torch.from_numpy(np.asarray(value, np.float32)))


def _completed(axes: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Axes with further ones at right angles, where points lie in fewer directions."""
    if len(axes) == count:
        return axes
    whole, _ = np.linalg.qr(np.concatenate([axes, np.eye(axes.shape[1])]).T)
    return np.concatenate([axes, whole.T[len(axes) : count]])


def _chosen(weights: Tensor, chance: Tensor) -> Int[Tensor, " b"]:
    """A number for each row of weights, by a chance in [0, 1); never one of weight 0."""
    upto = weights.double().cumsum(1)
    found = (upto <= (chance * upto[:, -1])[:, None]).sum(1)
    last = (weights > 0).double().cumsum(1).argmax(1)
    return torch.minimum(found, last)

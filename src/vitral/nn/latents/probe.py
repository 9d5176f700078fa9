"""`LatentProbe`: how well the classes of pictures can be read from their latents."""

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from vitral.core import Batch
from vitral.nn.latents.late_buffers import LateBuffers
from vitral.nn.latents.neighbors import nearest_classes
from vitral.nn.latents.principal_axes import principal_axes

_MOST_FITTED, _MOST_FITTED_NUMBERS = 20_000, 2**25
_MOST_KNOWN, _MOST_AXES, _NEIGHBORS = 2000, 64, 10
# Numbers in the axes, however many latents there are: 16 MiB.
_MOST_NUMBERS = 2**22
_PENALTIES, _HELD_OUT, _MOST_STEPS = (0.001, 0.01, 0.1, 1.0), 5, 300
# A latent that hardly moves is not blown up: its scale is at least this share of the largest one.
_LEAST_SHARE = 0.02


class LatentProbe(LateBuffers):
    """A linear classifier and a few known latents, both fitted to the latents of training pictures.

    The linear one is logistic regression on standardized latents; its penalty is the one of four
    that does best on every fifth of them. The known ones, at most 2,000 evenly spread, are kept
    along at most 64 principal axes, and 10 of them vote. All buffers have shapes that follow from
    the arguments, so that a model can be loaded before it is known what they hold. A file without
    any of them loads too: the probe is then not fitted.

    Args:
        latents: numbers that describe a picture.
        classes: at least 2.
        pictures: how many training pictures there are.
    Source:
        Alain, Bengio 2017, arXiv:1610.01644 (linear probes); Wu et al. 2018, arXiv:1805.01978,
        section 3.4 (votes of neighbors by the cosine). Departure: each vote weighs 1 + cosine.
    """

    middle: Tensor
    scale: Tensor
    weights: Tensor
    bias: Tensor
    axes: Tensor
    known: Tensor
    known_labels: Tensor

    def __init__(self, latents: int, classes: int, pictures: int) -> None:
        super().__init__()
        self.latents, self.classes = latents, classes
        self.every = max(1, -(-pictures // max(1, min(_MOST_FITTED, _MOST_FITTED_NUMBERS // latents))))
        axes = max(1, min(_MOST_AXES, latents, pictures, _MOST_NUMBERS // latents))
        self.register_buffer("middle", torch.zeros(latents))
        self.register_buffer("scale", torch.ones(latents))
        self.register_buffer("weights", torch.zeros(classes, latents))
        self.register_buffer("bias", torch.zeros(classes))
        self.register_buffer("axes", torch.zeros(axes, latents))
        self.register_buffer("known", torch.zeros(min(_MOST_KNOWN, pictures), axes))
        # -1 means that there is none at this place: all of them, before the fit.
        self.register_buffer("known_labels", torch.full((min(_MOST_KNOWN, pictures),), -1))

    @property
    def fitted(self) -> bool:
        """Whether there is anything to answer with."""
        return bool(((self.known_labels >= 0) & (self.known_labels < self.classes)).any())

    def fit_batches(self, batches: Iterable[Batch], points: Callable[[Tensor], Tensor]) -> None:
        """Fit to training pictures: at most 20,000, evenly spread, and fewer where latents are many.

        Args:
            batches: all training pictures, with their labels.
            points: latents of network inputs.
        """
        found: list[tuple[Tensor, Tensor]] = []
        for batch in batches:
            chosen = torch.from_numpy(batch.indices % self.every == 0)
            if batch.inputs is not None and bool(chosen.any()):
                latents = points(batch.inputs[chosen.to(batch.inputs.device)])
                found.append((latents.float().cpu(), batch.labels.cpu()[chosen]))
        if found:
            self.fit(torch.cat([latents for latents, _ in found]), torch.cat([labels for _, labels in found]))

    def fit(self, latents: Float[Tensor, "n d"], labels: Int[Tensor, " n"]) -> None:
        """Fit to the latents of training pictures; fewer than two classes among them fit nothing.

        Args:
            latents: all are used.
            labels: class numbers; those outside [0, classes) are left out.
        """
        told = (labels >= 0) & (labels < self.classes)
        points, known = latents[told].float().cpu().numpy(), labels[told].cpu().numpy()
        if len(np.unique(known)) < 2:
            return
        middle, spread = points.mean(0), points.std(0)
        scale = np.maximum(spread, max(_LEAST_SHARE * float(spread.max()), 1e-6))
        present, weights, bias = _logistic((points - middle) / scale, known)
        chosen = np.linspace(0, len(known) - 1, min(len(known), len(self.known))).round().astype(int)
        axes = principal_axes(points, len(self.axes)).axes
        for buffer, value in ((self.middle, middle), (self.scale, scale)):
            buffer.copy_(torch.from_numpy(value))
        # A class without a training picture is never answered.
        self.weights.zero_()
        self.bias.fill_(-1e30)
        self.weights[present] = torch.from_numpy(weights).to(self.weights)
        self.bias[present] = torch.from_numpy(bias).to(self.bias)
        self.axes.zero_()
        self.axes[: len(axes)] = torch.from_numpy(axes).to(self.axes)
        self.known_labels.fill_(-1)
        self.known_labels[: len(chosen)] = torch.from_numpy(known[chosen]).to(self.known_labels)
        self.known[: len(chosen)] = self._along(torch.from_numpy(points[chosen]).to(self.known))

    def linear(self, latents: Float[Tensor, "n d"]) -> Int[Tensor, " n"]:
        """The classes that the linear classifier reads from latents."""
        ready = (latents.to(self.middle) - self.middle) / self.scale
        return (ready @ self.weights.T + self.bias).argmax(1)

    def neighbors(self, latents: Float[Tensor, "n d"]) -> Int[Tensor, " n"]:
        """The classes that the nearest known latents vote for."""
        there = (self.known_labels >= 0) & (self.known_labels < self.classes)
        points = self._along(latents.to(self.middle))
        return nearest_classes(points, self.known[there], self.known_labels[there], k=_NEIGHBORS)

    def figures(self, latents: Float[Tensor, "n d"], labels: Int[Tensor, " n"]) -> dict[str, Any]:
        """Shares of right answers, `probe_accuracy` and `knn_accuracy`; none without labels or a fit."""
        told = (labels >= 0) & (labels < self.classes)
        if not self.fitted or not bool(told.any()):
            return {}
        latents, right = latents[told], labels[told].to(self.known_labels)
        return {
            "probe_accuracy": float((self.linear(latents) == right).double().mean()),
            "knn_accuracy": float((self.neighbors(latents) == right).double().mean()),
        }

    def _along(self, latents: Tensor) -> Tensor:
        return (latents - self.middle) @ self.axes.T


def _logistic(
    points: NDArray[np.float32], labels: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    """The classes that there are, and the weights and bias of each; see `LatentProbe`."""
    held_out = np.arange(len(labels)) % _HELD_OUT == _HELD_OUT - 1
    best = _PENALTIES[1]
    if held_out.any() and len(np.unique(labels[~held_out])) > 1:
        seen, told, unseen, asked = points[~held_out], labels[~held_out], points[held_out], labels[held_out]
        scores = [float(_regression(seen, told, one).score(unseen, asked)) for one in _PENALTIES]
        best = _PENALTIES[int(np.argmax(scores))]
    found = _regression(points, labels, best)
    weights, bias = found.coef_, found.intercept_
    if len(weights) == 1:  # Of two classes only the difference is fitted.
        weights, bias = np.concatenate([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    return found.classes_, weights.astype(np.float32), bias.astype(np.float32)


def _regression(points: NDArray[np.float32], labels: NDArray[np.int64], inverse_penalty: float) -> Any:
    from sklearn.exceptions import ConvergenceWarning  # here, because it takes a second to import
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        # A hundredth of a percent that is still to be won is not worth a warning.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=inverse_penalty, max_iter=_MOST_STEPS).fit(points, labels)

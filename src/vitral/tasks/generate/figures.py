"""What is measured of a generator: bounds in nats and bits, latents in use, files of the same pictures."""

import math
from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor

from vitral.core import Batch, derived_seed
from vitral.nn import GeneratorNet
from vitral.tasks.generate.files import LosslessFiles
from vitral.tasks.task import TaskModel

# Burda et al. 2016, arXiv:1509.00519, section 5.2.
_ACTIVE = 0.01
Probe = Callable[[Tensor, Tensor], dict[str, Any]]
"""Figures of latents, n x d, and labels, n: how well classes can be read from them."""


class Ready(Protocol):
    """What the figures need of the task: its pictures and labels as the network wants them."""

    def ready(self, model: TaskModel, batch: Batch) -> tuple[Tensor, Tensor]:
        """Pictures as the likelihood counts them, and the classes asked for."""
        ...


class GenerateMetrics:
    """The negative ELBO of pictures with one sample each, over batches.

    Random numbers come from a generator with a fixed seed, so the same batches give the same
    figures. A picture whose class is told pays for it with the log of the number of classes: what
    is bounded is always the picture without its class.
    """

    def __init__(self, task: Ready) -> None:
        self._task = task
        self._random = torch.Generator().manual_seed(derived_seed(0, "judge a generator"))
        self._distortion, self._told, self._pictures, self._dimensions = 0.0, 0.0, 0, 1
        self._kl: Tensor | None = None

    def update(self, model: TaskModel, batch: Batch) -> None:
        """Bound the nats of one batch, and count."""
        pictures, labels = self._task.ready(model, batch)
        network = generator_of(model)
        found = network.bound(pictures, labels, random=self._random)
        kl = found.kl.double().sum(0).cpu()
        self._kl = kl if self._kl is None else self._kl + kl
        self._distortion += float(found.distortion.double().sum())
        self._told += told_nats(network, labels)
        self._pictures += len(pictures)
        self._dimensions = pictures[0].numel()

    def result(self) -> dict[str, Any]:
        """Nats per picture and bits per dimension of the negative ELBO, and its parts."""
        count = max(self._pictures, 1)
        kl = [] if self._kl is None else (self._kl / count).tolist()
        nats = (self._distortion + self._told) / count + sum(kl)
        return {
            "loss": nats,
            "bits_per_dim": self.bits(nats),
            "nats": nats,
            "distortion": self._distortion / count,
            "kl": sum(kl),
            "kl_per_group": kl,
        }

    def bits(self, nats: float) -> float:
        """Bits per dimension (pixel and channel) for nats per picture."""
        return nats / self._dimensions / math.log(2)


class GenerateJudges:
    """`GenerateMetrics`, the importance-weighted bound, active units, and files of the same pictures.

    Args:
        task: whose pictures are judged.
        k: samples of the importance-weighted bound for each picture.
        probe: more figures, of the latents of all pictures; None for none.
    """

    def __init__(self, task: Ready, *, k: int, probe: Probe | None = None) -> None:
        self._task, self._k, self._probe = task, k, probe
        self._bound = GenerateMetrics(task)
        self._random = torch.Generator().manual_seed(derived_seed(0, "importance bound"))
        self._importance, self._pictures = 0.0, 0
        self._sums = self._squares = torch.zeros(())
        self._files = LosslessFiles()
        self._latents: list[Tensor] = []
        self._labels: list[Tensor] = []

    def update(self, model: TaskModel, batch: Batch) -> None:
        """Look closely at one batch."""
        self._bound.update(model, batch)
        pictures, labels = self._task.ready(model, batch)
        network = generator_of(model)
        nats = network.importance_bound(pictures, labels, k=self._k, random=self._random)
        self._importance += float(nats.double().sum()) + told_nats(network, labels)
        means = network.encode(pictures, labels).double().cpu()
        self._sums, self._squares = self._sums + means.sum(0), self._squares + (means**2).sum(0)
        self._pictures += len(pictures)
        self._files.update(pictures)
        if self._probe is not None:
            # Without the classes told, which would only be read back.
            self._latents.append(network.encode(pictures).float().cpu())
            self._labels.append(batch.labels.cpu())

    def result(self) -> dict[str, Any]:
        """All figures; the bounds and the files in one table beside each other."""
        figures = self._bound.result()
        count = max(self._pictures, 1)
        spread = self._squares / count - (self._sums / count) ** 2
        importance = self._importance / count
        figures |= {
            "iw_nats": importance,
            "iw_bits_per_dim": self._bound.bits(importance),
            "iw_k": self._k,
            "active_units": int((spread > _ACTIVE).sum()),
            "latents": int(spread.numel()),
        }
        files = self._files.result()
        rows = [
            {"coder": "this model, negative ELBO", "bits_per_dim": figures["bits_per_dim"]},
            {"coder": f"this model, {self._k} samples", "bits_per_dim": figures["iw_bits_per_dim"]},
            *({"coder": name, "bits_per_dim": bits} for name, bits in files.items()),
        ]
        figures |= {f"{key(name)}_bits_per_dim": bits for name, bits in files.items()}
        figures["comparison"] = rows
        if self._probe is not None and self._latents:
            figures |= self._probe(torch.cat(self._latents), torch.cat(self._labels))
        return figures


def generator_of(model: TaskModel) -> GeneratorNet:
    """The model's network, which is a generator's."""
    network = model.network
    assert isinstance(network, GeneratorNet)
    return network


def told_nats(network: GeneratorNet, labels: Tensor) -> float:
    """What it costs to say the classes that were told, in nats: log k each."""
    if not network.classes:
        return 0.0
    told = int(((labels >= 0) & (labels < network.classes)).sum())
    return told * math.log(network.classes)


def key(name: str) -> str:
    """The name of a coder as a key of JSON."""
    return name.lower().replace(" ", "_")

"""The rival on binarized digits: pythae's VAE with its convolutional MNIST networks.

pythae 0.1.2 (its last release), latent_dim 16 as in its own MNIST configurations, likelihood Bernoulli
(`reconstruction_loss="bce"`). Trained by a plain loop on pictures binarized anew in every epoch, Adam at
1e-3 falling to zero over the given time, in the arithmetic and memory layout that is fastest here, weights
of the best validation kept: what its users would do at best. Its own trainer binarizes nothing and keeps
the learning rate.
"""

import time
from collections.abc import Callable
from typing import Any

import torch
from pythae.data.datasets import DatasetOutput  # pyright: ignore[reportMissingImports]
from pythae.models import VAE, VAEConfig  # pyright: ignore[reportMissingImports]
from pythae.models.nn.benchmarks.mnist import (  # pyright: ignore[reportMissingImports]
    Decoder_Conv_AE_MNIST,
    Encoder_Conv_VAE_MNIST,
)
from torch import Tensor
from torch.nn import functional

_BATCH, _RATE = 100, 1e-3
Binarized = Callable[[Tensor, int], Tensor]
"""Pictures by their numbers, b, as they are in an epoch: black and white, b x 1 x 28 x 28."""


def train_rival(
    binarized: Binarized, *, train: int, val: Tensor, seconds: float
) -> tuple[VAE, dict[str, Any]]:
    """Train for a wall-clock time.

    Args:
        binarized: gives training pictures.
        train: how many there are.
        val: binary pictures that choose the weights.
        seconds: of training, validation included.
    """
    torch.manual_seed(0)
    config = VAEConfig(input_dim=(1, 28, 28), latent_dim=16, reconstruction_loss="bce")
    model = VAE(config, encoder=Encoder_Conv_VAE_MNIST(config), decoder=Decoder_Conv_AE_MNIST(config))
    half, layout = _fastest(model)
    model.to(memory_format=layout)  # pyright: ignore[reportCallIssue]
    optimizer = torch.optim.Adam(model.parameters(), lr=_RATE)
    begin, epoch, best, kept = time.perf_counter(), 0, float("inf"), {}
    while (share := (time.perf_counter() - begin) / seconds) < 1:
        model.train()
        for numbers in torch.randperm(train).split(_BATCH)[: train // _BATCH]:
            share = (time.perf_counter() - begin) / seconds
            if share >= 1:
                break
            optimizer.param_groups[0]["lr"] = _RATE * (1 - share)
            pictures = binarized(numbers, epoch).to(memory_format=layout)
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                loss = model(DatasetOutput(data=pictures)).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        epoch += 1
        score = float(bound(model.eval(), val, k=1).mean())
        if score < best:
            best, kept = score, {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(kept)
    weights = sum(weight.numel() for weight in model.parameters())
    return model.eval(), {
        "epochs": epoch,
        "seconds": round(time.perf_counter() - begin, 1),
        "weights": weights,
        "arithmetic": f"{'bfloat16' if half else 'float32'}, {str(layout).removeprefix('torch.')}",
        "validation_elbo": best,
    }


def _fastest(model: VAE) -> tuple[bool, torch.memory_format]:
    """Whether bfloat16, and in which layout, makes the fastest step; the middle of three of each."""
    pictures = torch.rand(_BATCH, 1, 28, 28).round()
    kinds = [
        (half, layout) for half in (False, True) for layout in (torch.contiguous_format, torch.channels_last)
    ]
    times: dict[tuple[bool, torch.memory_format], float] = {}
    for half, layout in kinds:
        model.to(memory_format=layout)  # pyright: ignore[reportCallIssue]
        took = []
        for _ in range(4):
            begin = time.perf_counter()
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                loss = model(DatasetOutput(data=pictures.to(memory_format=layout))).loss
            loss.backward()
            took.append(time.perf_counter() - begin)
        times[half, layout] = sorted(took[1:])[1]
    model.zero_grad()
    return min(times, key=lambda kind: times[kind])


@torch.inference_mode()
def bound(model: VAE, pictures: Tensor, *, k: int, at_once: int = 50) -> Tensor:
    """The importance-weighted bound with k samples of each picture, in nats; see `GeneratorNet`."""
    random, found = torch.Generator().manual_seed(0), []
    for some in pictures.split(at_once):
        seen = model.encoder(some)
        mean, std = seen.embedding.float(), (0.5 * seen.log_covariance.float()).exp()
        logs = []
        for _ in range(k):
            noise = torch.randn(mean.shape, generator=random)
            latents = mean + std * noise
            white = model.decoder(latents).reconstruction.float().clamp(1e-7, 1 - 1e-7)
            nats = functional.binary_cross_entropy(white, some, reduction="none").flatten(1).sum(1)
            logs.append(-nats - ((latents**2 - noise**2) / 2 - std.log()).sum(1))
        total = torch.stack(logs).double().logsumexp(0) - torch.tensor(float(k)).double().log()
        found.append(-total)
    return torch.cat(found)

"""What every likelihood must hold."""

import numpy as np
import pytest
import torch

from vitral import nn as rooms
from vitral.core import members
from vitral.nn import Likelihood

ALL = pytest.mark.parametrize(
    "likelihood", [kind() for kind in members("likelihood").values()], ids=lambda one: one.kind
)


def some(likelihood: Likelihood, channels: int, *, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Parameters and pictures that this likelihood counts."""
    generator = torch.Generator().manual_seed(seed)
    parameters = torch.randn(3, likelihood.outputs(channels), 4, 5, generator=generator)
    pictures = torch.randint(0, 256, (3, channels, 4, 5), generator=generator) / 255
    return parameters, likelihood.seen(pictures, seed=0, epoch=0, indices=np.arange(3))


@ALL
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_probabilities_are_at_most_one_and_each_picture_is_counted_alone(likelihood, channels) -> None:
    parameters, pictures = some(likelihood, channels)
    nats = likelihood.nats(parameters, pictures)
    assert nats.shape == (3,)
    assert (nats >= 0).all()
    assert torch.allclose(likelihood.nats(parameters[1:2], pictures[1:2]), nats[1:2])


@ALL
def test_nats_add_up_over_pixels(likelihood) -> None:
    parameters, pictures = some(likelihood, 3)
    upper, lower = (likelihood.nats(parameters[:, :, at], pictures[:, :, at]) for at in ([0, 1], [2, 3]))
    assert torch.allclose(upper + lower, likelihood.nats(parameters, pictures), rtol=1e-5)


@ALL
@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
def test_what_is_drawn_lies_on_the_levels_and_follows_the_generator(likelihood, temperature) -> None:
    parameters, _ = some(likelihood, 3)
    one, other = (
        likelihood.draw(parameters, temperature=temperature, random=torch.Generator().manual_seed(4))
        for _ in range(2)
    )
    assert torch.equal(one, other)
    assert one.shape == (3, 3, 4, 5)
    assert float(one.min()) >= 0
    assert float(one.max()) <= 1
    if temperature:
        assert torch.allclose(one * 255, (one * 255).round(), atol=1e-3)
        assert likelihood.nats(parameters, one).isfinite().all()


@ALL
def test_half_precision_is_widened(likelihood) -> None:
    parameters, pictures = some(likelihood, 1)
    found = likelihood.nats(parameters.bfloat16(), pictures)
    assert found.dtype == torch.float32
    assert torch.equal(found, likelihood.nats(parameters.bfloat16().float(), pictures))


@ALL
def test_it_is_exported_reads_back_what_it_wrote_and_names_its_source(likelihood) -> None:
    assert getattr(rooms, type(likelihood).__name__) is type(likelihood)
    assert Likelihood.from_json(likelihood.to_json()) == likelihood
    assert "Source:" in (type(likelihood).__doc__ or "")

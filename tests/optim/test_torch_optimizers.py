"""Our optimizers walk exactly where those of torch walk."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from vitral.optim import (
    Adagrad,
    Adam,
    AdamW,
    GradientDescent,
    Momentum,
    Nesterov,
    Optimizer,
    RMSprop,
    parameter_groups,
    trainable,
)

PAIRS: list[tuple[Optimizer, Callable[[Any], torch.optim.Optimizer]]] = [
    (GradientDescent(lr=0.1, weight_decay=0.01), lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.01)),
    (Momentum(lr=0.1, momentum=0.8), lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8)),
    (Nesterov(lr=0.1, momentum=0.8), lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8, nesterov=True)),
    (RMSprop(lr=0.01, decay=0.9), lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9)),
    (Adagrad(lr=0.1, eps=1e-6), lambda p: torch.optim.Adagrad(p, lr=0.1, eps=1e-6)),
    (Adam(lr=0.01, weight_decay=0.1), lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.1)),
    (AdamW(lr=0.01, betas=(0.8, 0.9), weight_decay=0.1),
     lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.8, 0.9), weight_decay=0.1)),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "known"), PAIRS, ids=[spec.kind or "" for spec, _ in PAIRS])
def test_trajectory_equals_that_of_torch(
    spec: Optimizer, known: Callable[[Any], torch.optim.Optimizer]
) -> None:
    torch.manual_seed(0)
    ours, theirs = nn.Linear(5, 3, bias=False), nn.Linear(5, 3, bias=False)
    theirs.load_state_dict(ours.state_dict())
    one, two = spec.build(ours), known(theirs.parameters())
    for _ in range(10):
        inputs = torch.randn(4, 5)
        for model, optimizer in ((ours, one), (theirs, two)):
            optimizer.zero_grad()
            model(inputs).square().mean().backward()
            optimizer.step()
    assert torch.allclose(ours.weight, theirs.weight, rtol=1e-6, atol=1e-7)


def test_norms_biases_and_single_axes_are_not_decayed() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.LayerNorm([4, 2, 2]), nn.Linear(4, 2))
    groups = parameter_groups(model, trainable(model), lr=0.1, weight_decay=0.5)
    decayed, alone = groups
    assert [g["weight_decay"] for g in groups] == [0.5, 0.0]
    assert [tuple(p.shape) for p in decayed["params"]] == [(4, 3, 3, 3), (2, 4)]
    assert len(alone["params"]) == 6


def test_a_weight_shared_by_two_layers_is_taken_once() -> None:
    model = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
    model[1].weight = model[0].weight
    assert len(trainable(model)) == 1


def test_groups_that_would_be_empty_are_left_out() -> None:
    model = nn.Linear(3, 2, bias=False)
    assert len(parameter_groups(model, trainable(model), lr=0.1, weight_decay=0.0)) == 1


def test_loaded_state_takes_the_layout_of_the_filters() -> None:
    layer = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    optimizer = Adam().build(layer)
    layer.weight.grad = torch.ones_like(layer.weight)
    optimizer.step()
    state = optimizer.state_dict()
    state["state"] = {
        n: {k: v.contiguous() for k, v in values.items()} for n, values in state["state"].items()
    }
    again = Adam().build(layer)
    again.load_state_dict(state)
    assert again.state[layer.weight]["exp_avg"].stride() == layer.weight.stride()

"""What every optimizer must hold."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from vitral import optim as rooms
from vitral.core import VitralError, members
from vitral.optim import Optimizer

ALL = pytest.mark.parametrize(
    "spec", [kind() for kind in members("optimizer").values()], ids=lambda one: one.kind
)


class Point(nn.Module):
    """Some free numbers."""

    def __init__(self, *start: float) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.tensor(start))


class Small(nn.Module):
    """A network with every sort of parameter, and one that is frozen."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm = nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.conv2, self.conv3 = nn.Conv2d(6, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1)
        self.depthwise, self.head = nn.Conv2d(6, 6, 3, groups=6), nn.Linear(6, 4)
        self.frozen = nn.Linear(4, 4).requires_grad_(False)

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.conv3(functional.silu(self.conv2(self.norm(self.conv1(inputs)))))
        return self.frozen(self.head(self.depthwise(features).amax((2, 3))))


def small() -> Small:
    torch.manual_seed(0)
    return Small().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def train(model: nn.Module, optimizer: torch.optim.Optimizer, steps: range) -> list[float]:
    losses = []
    for step in steps:
        torch.manual_seed(step % 2)
        inputs = torch.randn(8, 3, 6, 6).to(memory_format=torch.channels_last)
        loss = functional.cross_entropy(model(inputs), torch.arange(8) % 4)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses


def through_a_file(state: dict[str, Any]) -> dict[str, Any]:
    """What a checkpoint keeps: tensors, stored contiguously, and JSON."""
    found: dict[int, dict[str, Any]] = {}
    for number, values in state["state"].items():
        assert all(isinstance(v, Tensor | int | float) for v in values.values())
        found[number] = {
            name: v.contiguous().clone() if isinstance(v, Tensor) else v for name, v in values.items()
        }
    return {"state": found, "param_groups": json.loads(json.dumps(state["param_groups"]))}


def lowest(
    spec: Optimizer, function: Callable[[Tensor], Tensor], start: tuple[float, ...], steps: int
) -> float:
    """The lowest value that one of a ladder of learning rates ends at."""
    ends = []
    for lr in (1.0, 0.1, 0.01, 0.002):
        model = Point(*start)
        optimizer = with_rate(spec, lr).build(model)
        for _ in range(steps):
            optimizer.zero_grad()
            function(model.place).backward()
            optimizer.step()
        ends.append(float(function(model.place.detach()).nan_to_num(torch.inf, torch.inf)))
    return min(ends)


def with_rate(spec: Optimizer, lr: float) -> Optimizer:
    """The optimizer with another rate and no decay, also in an optimizer inside it."""
    inner = {
        name: with_rate(value, lr)
        for name in type(spec).options()
        if isinstance(value := getattr(spec, name), Optimizer)
    }
    return dataclasses.replace(spec, lr=lr, weight_decay=0.0, **inner)


@ALL
def test_optimizer_descends_a_quadratic(spec: Optimizer) -> None:
    scales = torch.tensor([1.0, 0.3, 0.1])
    assert lowest(spec, lambda x: (scales * x.square()).sum(), (2.0, -1.0, 3.0), 200) < 1e-2


@ALL
def test_optimizer_descends_the_banana_of_rosenbrock(spec: Optimizer) -> None:
    def banana(x: Tensor) -> Tensor:
        return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2

    assert lowest(spec, banana, (-1.2, 1.0), 300) < 0.25 * float(banana(torch.tensor([-1.2, 1.0])))


@ALL
def test_optimizer_trains_a_small_network(spec: Optimizer) -> None:
    model = small()
    losses = train(model, spec.build(model), range(60))
    assert losses[-1] < 0.9 * losses[0]


@ALL
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_optimizer_resumes_bit_for_bit(spec: Optimizer, dtype: torch.dtype) -> None:
    whole, part = small().to(dtype), small().to(dtype)
    one, two = spec.build(whole), spec.build(part)

    def gradients(model: nn.Module, step: int) -> None:
        torch.manual_seed(step)
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.grad = torch.empty_like(parameter).copy_(torch.randn(parameter.shape))

    for step in range(6):
        gradients(whole, step)
        one.step()
    for step in range(3):
        gradients(part, step)
        two.step()
    again = small().to(dtype)
    again.load_state_dict(part.state_dict())
    three = spec.build(again)
    three.load_state_dict(through_a_file(two.state_dict()))
    for step in range(3, 6):
        gradients(again, step)
        three.step()
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), again.parameters(), strict=True))


@ALL
def test_optimizer_repeats_itself_bit_for_bit(spec: Optimizer) -> None:
    one, two = small(), small()
    train(one, spec.build(one), range(3))
    train(two, spec.build(two), range(3))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


@ALL
def test_optimizer_keeps_the_base_rate_of_every_group_for_the_schedule(spec: Optimizer) -> None:
    model = small()
    optimizer = spec.build(model)
    assert all(group["base_lr"] == group["lr"] for group in optimizer.param_groups)
    before = [p.clone() for p in model.parameters()]
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    lengths = [p.norm() for p in model.parameters()]
    train(model, optimizer, range(2))
    # Nothing turns at rate zero; a fixed length may still be set.
    for old, length, new in zip(before, lengths, model.parameters(), strict=True):
        assert torch.allclose(old / length.clamp(min=1e-9), new / new.norm().clamp(min=1e-9), atol=1e-6)


@ALL
def test_optimizer_takes_every_learning_parameter_once_and_no_frozen_one(spec: Optimizer) -> None:
    model = small()
    taken = [id(p) for group in spec.build(model).param_groups for p in group["params"]]
    assert len(taken) == len(set(taken))
    assert set(taken) == {id(p) for p in model.parameters() if p.requires_grad}


@ALL
def test_optimizer_decays_neither_norms_nor_biases(spec: Optimizer) -> None:
    model = small()
    for group in dataclasses.replace(spec, weight_decay=0.1).build(model).param_groups:
        if any(p.ndim <= 1 for p in group["params"]):
            assert group["weight_decay"] == 0
            assert all(p.ndim <= 1 for p in group["params"])


@ALL
def test_optimizer_passes_over_parameters_without_gradient(spec: Optimizer) -> None:
    model = small()
    optimizer = spec.build(model)
    before = [p.clone() for p in model.parameters()]
    optimizer.step()
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


@ALL
def test_optimizer_gives_back_the_loss_of_a_closure(spec: Optimizer) -> None:
    model = Point(1.0, 2.0)
    optimizer = spec.build(model)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = model.place.square().sum()
        loss.backward()
        return loss

    loss = optimizer.step(closure)  # pyright: ignore[reportArgumentType, reportCallIssue]
    assert torch.as_tensor(loss).detach() == 5.0


@ALL
def test_optimizer_refuses_a_model_that_cannot_learn(spec: Optimizer) -> None:
    with pytest.raises(VitralError, match="must have a parameter that learns, got none"):
        spec.build(nn.Linear(2, 2).requires_grad_(False))


@ALL
def test_optimizer_reads_back_what_it_wrote_and_names_its_source(spec: Optimizer) -> None:
    assert Optimizer.from_json(json.loads(json.dumps(spec.to_json()))) == spec
    assert getattr(rooms, type(spec).__name__) is type(spec)
    assert "Source:" in (type(spec).__doc__ or "")
    assert len(spec.summary()) <= 80

"""What every network must hold."""

import dataclasses
from typing import Any

import pytest
import torch
from torch import nn

from vitral import nn as rooms
from vitral.core import MissingExtra, ShapeError, members
from vitral.nn import Activation, CrossEntropy, DataDependent, Network

ALL = pytest.mark.parametrize(
    "spec", [kind() for kind in members("network").values()], ids=lambda one: one.kind
)
ACTIVATIONS = pytest.mark.parametrize(
    "activation", [kind() for kind in members("activation").values()], ids=lambda a: a.kind
)
SIZES = pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 5), (1, 9), (8, 8), (28, 28), (33, 65)])


def narrow(spec: Network) -> Network:
    """The same kind of network with a tenth of the channels, where it has such an option."""
    few: dict[str, Any] = {
        name: tuple(max(4, value // 16) for value in getattr(spec, name))
        for name in type(spec).options()
        if name == "widths"
    }
    return dataclasses.replace(spec, **few)


def built(spec: Network, *, inputs: int = 3, classes: int = 4, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    try:
        model = narrow(spec).build(inputs=inputs, classes=classes)
    except MissingExtra as missing:
        pytest.skip(str(missing))
    for module in model.modules():
        if isinstance(module, DataDependent):
            module.prepare(torch.randn(8, inputs, 12, 12))
    return model


@ALL
@SIZES
@pytest.mark.parametrize("pictures", [1, 3])
def test_network_takes_any_size_and_number_of_pictures(
    spec: Network, height: int, width: int, pictures: int
) -> None:
    model = built(spec).eval()
    scores = model(torch.randn(pictures, 3, height, width))
    assert scores.shape == (pictures, 4)
    assert scores.isfinite().all()


@ALL
@SIZES
def test_network_trains_on_any_size_even_with_one_picture(spec: Network, height: int, width: int) -> None:
    model = built(spec).train()
    for pictures in (1, 3):
        model(torch.randn(pictures, 3, height, width)).square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters() if p.requires_grad)


@ALL
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_network_has_finite_gradients_in_channels_last(spec: Network, dtype: torch.dtype) -> None:
    model = built(spec).train().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    inputs = torch.randn(5, 3, 17, 19).to(memory_format=torch.channels_last)
    with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
        scores = model(inputs)
    CrossEntropy()(scores, torch.tensor([0, 1, 2, 3, 0])).backward()
    learned = {name: p.grad for name, p in model.named_parameters() if p.requires_grad}
    assert learned
    missing = [name for name, g in learned.items() if g is None or not g.isfinite().all()]
    assert not missing


@ALL
def test_network_gives_nearly_the_same_in_any_layout_and_precision(spec: Network) -> None:
    model, inputs = built(spec).eval(), torch.randn(4, 3, 21, 21)
    plain = model(inputs)
    assert torch.allclose(model(inputs.to(memory_format=torch.channels_last)), plain, atol=1e-5, rtol=1e-4)
    with torch.autocast("cpu", torch.bfloat16):
        half = model(inputs)
    assert (half - plain).norm() <= 0.05 * plain.norm()


@ALL
def test_network_is_determined_by_the_seed(spec: Network) -> None:
    one, same, other = built(spec, seed=1), built(spec, seed=1), built(spec, seed=2)
    weights = [torch.cat([p.flatten() for p in model.parameters()]) for model in (one, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@ALL
def test_network_scores_a_picture_alone_as_in_a_batch(spec: Network) -> None:
    model, inputs = built(spec).eval(), torch.randn(5, 3, 16, 16)
    assert torch.allclose(model(inputs)[3:4], model(inputs[3:4]), atol=1e-5)


@ALL
def test_network_is_saved_whole_in_its_state(spec: Network) -> None:
    model, fresh = built(spec, seed=1).eval(), built(spec, seed=2).eval()
    fresh.load_state_dict(model.state_dict())
    inputs = torch.randn(2, 3, 16, 16)
    assert torch.equal(model(inputs), fresh(inputs))


@ALL
@pytest.mark.parametrize("inputs", [1, 4])
def test_network_takes_other_numbers_of_channels_when_built_for_them(spec: Network, inputs: int) -> None:
    assert built(spec, inputs=inputs, classes=1).eval()(torch.randn(2, inputs, 9, 9)).shape == (2, 1)


@ALL
@pytest.mark.parametrize("shape", [(2, 1, 8, 8), (2, 4, 8, 8), (3, 8, 8), (2, 3, 0, 8)])
def test_network_refuses_pictures_of_another_shape(spec: Network, shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="pictures must be b x 3 x h x w with h and w at least 1, got"):
        built(spec)(torch.zeros(shape))


@ALL
@ACTIVATIONS
def test_every_activation_bends_every_network(spec: Network, activation: Activation) -> None:
    model = built(dataclasses.replace(spec, activation=activation)).train()
    kinds = {type(module) for module in model.modules()}
    assert type(activation.build()) in kinds
    model(torch.randn(2, 3, 16, 16)).square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters() if p.requires_grad)


@ALL
def test_network_learns_eight_pictures_by_heart(spec: Network) -> None:
    model = built(spec).train()
    inputs, labels = torch.randn(8, 3, 16, 16), torch.arange(8) % 4
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=0.01)
    for _ in range(25):
        optimizer.zero_grad()
        CrossEntropy()(model(inputs), labels).backward()
        optimizer.step()
    assert (model(inputs).argmax(1) == labels).all()


@ALL
def test_network_reads_back_what_it_wrote(spec: Network) -> None:
    assert Network.from_json(spec.to_json()) == spec
    assert narrow(spec) == Network.from_json(narrow(spec).to_json())


@ALL
def test_network_is_exported_and_names_its_source(spec: Network) -> None:
    assert getattr(rooms, type(spec).__name__) is type(spec)
    assert "Source:" in (type(spec).__doc__ or "")
    assert len(spec.summary()) <= 80

"""What every activation must hold."""

import pytest
import torch

from vitral import nn as rooms
from vitral.core import members
from vitral.nn import Activation

ALL = pytest.mark.parametrize(
    "activation", [kind() for kind in members("activation").values()], ids=lambda a: a.kind
)


def test_the_ten_activations_of_a_course_are_there() -> None:
    expected = {
        "identity",
        "tanh",
        "sigmoid",
        "relu",
        "leaky-relu",
        "elu",
        "gelu",
        "silu",
        "mish",
        "softplus",
    }
    assert expected <= set(members("activation"))


@ALL
def test_activation_keeps_shape_and_type(activation: Activation) -> None:
    for dtype in (torch.float32, torch.bfloat16):
        given = torch.randn(2, 3, 5, 1).to(dtype)
        result = activation.build()(given)
        assert result.shape == given.shape
        assert result.dtype == dtype


@ALL
def test_activation_leaves_its_input_alone(activation: Activation) -> None:
    given = torch.linspace(-3, 3, 13)
    kept = given.clone()
    activation.build()(given)
    assert torch.equal(given, kept)


@ALL
def test_activation_never_falls_far_and_is_finite_on_extremes(activation: Activation) -> None:
    for dtype in (torch.float32, torch.bfloat16):
        given = torch.tensor([-1e4, -90.0, -1.0, 0.0, 1.0, 90.0, 1e4], dtype=dtype, requires_grad=True)
        result = activation.build()(given)
        result.sum().backward()
        assert result.isfinite().all()
        assert given.grad is not None
        assert given.grad.isfinite().all()
        assert result[-1] > result[0]


@ALL
def test_activation_has_the_gradient_it_claims(activation: Activation) -> None:
    # No point at 0, where some have a corner.
    given = torch.tensor([-4.0, -1.5, -0.3, 0.2, 0.9, 3.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(activation.build(), given)


@ALL
def test_activation_reads_back_what_it_wrote_and_names_its_source(activation: Activation) -> None:
    assert Activation.from_json(activation.to_json()) == activation
    assert "Source:" in (type(activation).__doc__ or "")
    assert len(activation.summary()) <= 80


def test_activations_are_exported_by_the_room() -> None:
    for kind in members("activation").values():
        assert getattr(rooms, kind.__name__) is kind

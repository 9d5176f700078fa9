"""What is particular to Muon."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from vitral.core import OptionError
from vitral.optim import AdamW, Muon, Nesterov, orthogonalize


def test_newton_schulz_gives_singular_values_near_one() -> None:
    for shape in ((2, 8, 72), (3, 16, 16), (1, 40, 10), (2, 1, 9)):
        found = orthogonalize(torch.randn(shape, generator=torch.Generator().manual_seed(0)))
        values = torch.linalg.svdvals(found)
        assert found.shape == shape
        assert (values - 1).abs().max() < 0.3
        assert values.median() == pytest.approx(1, abs=0.05)


@settings(max_examples=30, deadline=None)
@given(
    rows=st.integers(2, 12), columns=st.integers(2, 30), power=st.integers(-30, 30), seed=st.integers(0, 99)
)
def test_newton_schulz_keeps_the_directions_at_any_size_of_gradient(
    rows: int, columns: int, power: int, seed: int
) -> None:
    gradient = torch.randn(1, rows, columns, generator=torch.Generator().manual_seed(seed))
    u, s, v = torch.linalg.svd(gradient[0], full_matrices=False)
    found = orthogonalize(gradient * 10.0**power)[0]
    inside = u.T @ found @ v.T
    assert found.isfinite().all()
    assert (inside - inside.diagonal().diag()).abs().max() < 0.02
    strong = s > 0.02 * s.max()
    assert (inside.diagonal()[strong] - 1).abs().max() < 0.3


def test_newton_schulz_on_the_gram_matrix_equals_the_plain_iteration() -> None:
    from vitral.optim.newton_schulz import _STEPS

    given_matrices = torch.randn(2, 24, 200, generator=torch.Generator().manual_seed(3))
    plain = given_matrices.double()
    plain = plain / torch.linalg.matrix_norm(plain @ plain.mT).sqrt()[:, None, None]
    for p, q, r in _STEPS:
        gram = plain @ plain.mT
        plain = p * plain + (q * gram + r * gram @ gram) @ plain
    assert (orthogonalize(given_matrices) - plain).abs().max() < 1e-4


@pytest.mark.parametrize("noise", [0.0, 1e-9, 1e-7, 1e-5, 1e-3])
def test_newton_schulz_of_nearly_one_direction_stays_bounded(noise: float) -> None:
    numbers = torch.Generator().manual_seed(0)
    column, row = torch.randn(1, 64, 1, generator=numbers), torch.randn(1, 1, 576, generator=numbers)
    found = orthogonalize(column * row + noise * torch.randn(1, 64, 576, generator=numbers))
    assert torch.linalg.svdvals(found).max() < 1.3


def test_newton_schulz_leaves_zero_matrices_zero_beside_others() -> None:
    found = orthogonalize(torch.stack([torch.zeros(4, 9), torch.randn(4, 9)]))
    assert not found[0].any()
    assert found[1].any()


def test_newton_schulz_of_many_equals_that_of_each() -> None:
    matrices = torch.randn(3, 8, 20)
    alone = torch.cat([orthogonalize(one[None]) for one in matrices])
    assert torch.allclose(orthogonalize(matrices), alone, atol=1e-5)


def convolution(channels_last: bool = False) -> nn.Conv2d:
    torch.manual_seed(0)
    layer = nn.Conv2d(4, 8, 3, bias=False)
    return layer.to(memory_format=torch.channels_last) if channels_last else layer  # pyright: ignore[reportCallIssue]


def test_one_step_is_the_formula_of_the_docstring() -> None:
    layer = convolution()
    before, gradient = layer.weight.detach().clone(), torch.randn(8, 4, 3, 3)
    layer.weight.grad = gradient.clone()
    Muon(lr=0.1, momentum=0.5).build(layer).step()
    order = (0, 2, 3, 1)
    direction = orthogonalize((1.5 * gradient).permute(order).reshape(1, 8, -1), steps=3)[0]
    moved = math.sqrt(8) * before / before.norm() - 0.1 * direction.view(8, 3, 3, 4).permute(0, 3, 1, 2)
    assert torch.allclose(layer.weight, moved, atol=1e-6)


def test_free_length_scales_tall_matrices_and_decays() -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(2, 8, 1, bias=False)
    before = layer.weight.detach().clone()
    layer.weight.grad = torch.randn_like(before)
    Muon(lr=0.1, fixed_length=False, weight_decay=0.5).build(layer).step()
    step = (before * (1 - 0.05) - layer.weight.detach()).view(1, 8, 2)
    assert torch.linalg.svdvals(step / (0.1 * 2)).median() == pytest.approx(1, abs=0.3)


def test_layout_of_the_filters_changes_nothing() -> None:
    results = []
    for channels_last in (False, True):
        layer = convolution(channels_last)
        optimizer = Muon().build(layer)
        for step in range(3):
            gradient = torch.randn(8, 4, 3, 3, generator=torch.Generator().manual_seed(step))
            layer.weight.grad = torch.empty_like(layer.weight).copy_(gradient)
            optimizer.step()
        results.append(layer.weight.detach())
    assert torch.allclose(*results, atol=1e-6)


def test_the_size_of_gradients_does_not_matter() -> None:
    results = []
    for size in (1e-6, 1e6):
        layer = convolution()
        layer.weight.grad = size * torch.ones_like(layer.weight).cumsum(0)
        Muon().build(layer).step()
        results.append(layer.weight.detach())
    assert torch.allclose(*results, atol=1e-6)


def test_the_rest_moves_exactly_as_by_its_own_optimizer() -> None:
    torch.manual_seed(0)
    ours = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4, 2))
    head = nn.Linear(4, 2)
    head.load_state_dict(ours[2].state_dict())
    rest = Nesterov(lr=0.3, momentum=0.8, weight_decay=0.01)
    one, two = Muon(rest=rest).build(ours), rest.build(head)
    for step in range(4):
        for model in (ours, head):
            torch.manual_seed(step)
            for parameter in reversed(list(model.parameters())):
                parameter.grad = torch.randn_like(parameter)
        one.step()
        two.step()
    assert all(torch.equal(a, b) for a, b in zip(ours[2].parameters(), head.parameters(), strict=True))


def test_only_true_filter_banks_are_orthogonalized() -> None:
    model = nn.ModuleDict(
        {"full": nn.Conv2d(4, 8, 3), "depthwise": nn.Conv2d(8, 8, 3, groups=8), "linear": nn.Linear(8, 8)}
    )
    groups = Muon().build(model).param_groups
    assert [len(group["params"]) for group in groups if group.get("orthogonal")] == [1]


def test_momentum_is_kept_in_float32_for_half_precision_filters() -> None:
    layer = convolution().bfloat16()
    layer.weight.grad = torch.randn_like(layer.weight)
    optimizer = Muon().build(layer)
    optimizer.step()
    assert optimizer.state[layer.weight]["velocity"].dtype == torch.float32


def test_a_muon_inside_a_muon_is_refused() -> None:
    with pytest.raises(OptionError, match=r"Muon.rest: must be another optimizer"):
        Muon(rest=Muon())
    with pytest.raises(OptionError, match=r"Muon.over: must be built over a model"):
        Muon().over([])
    assert Muon().with_settings({"rest.kind": "adamw", "rest.lr": "0.1"}) == Muon(rest=AdamW(lr=0.1))

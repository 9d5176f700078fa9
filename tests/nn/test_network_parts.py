"""What single parts of the networks do."""

import sys
import types

import pytest
import torch
from torch import nn
from torch.nn import functional

from vitral.core import MissingExtra, OptionError, ShapeError
from vitral.nn import DataDependent, FastNet, ResidualNet, SiLU, Tanh, TimmNet
from vitral.nn.blocks import BatchNorm, PatchWhitening, ResidualBlock, halve


def related_pictures(count: int = 64, side: int = 12) -> torch.Tensor:
    """Pictures whose neighboring pixels and channels resemble each other, as in photographs."""
    rough = torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(0))
    smooth = functional.avg_pool2d(rough, 3, 1, 1)
    return smooth + 0.5 * smooth.mean(1, keepdim=True) + 0.05 * rough


def test_whitening_makes_patches_uncorrelated_with_unit_power() -> None:
    pictures = related_pictures()
    layer = PatchWhitening(3, eps=0)
    layer.fit(pictures)
    half = layer(pictures)[:, :12].transpose(0, 1).flatten(1).double()
    assert torch.allclose(half @ half.T / half.shape[1], torch.eye(12, dtype=torch.float64), atol=1e-4)


def test_whitening_has_every_filter_with_both_signs_and_strongest_first() -> None:
    layer = PatchWhitening(3)
    layer.fit(related_pictures())
    assert torch.equal(layer.filters[12:], -layer.filters[:12])
    lengths = layer.filters[:12].flatten(1).norm(dim=1)
    assert (lengths[1:] >= lengths[:-1] - 1e-6).all()


def test_whitening_is_frozen_and_travels_in_the_state() -> None:
    layer = PatchWhitening(3)
    assert [name for name, _ in layer.named_parameters()] == ["bias"]
    assert "filters" in layer.state_dict()


@pytest.mark.parametrize(
    "pictures",
    [torch.zeros(2, 3, 4, 4), torch.ones(1, 3, 1, 1), related_pictures().mean(1, True).expand(-1, 3, -1, -1)],
)
def test_whitening_of_black_tiny_or_grey_pictures_is_finite(pictures: torch.Tensor) -> None:
    layer = PatchWhitening(3)
    layer.fit(pictures)
    assert layer(pictures).isfinite().all()
    assert layer(pictures).abs().max() < 100


def test_whitening_is_the_same_for_any_grouping_of_pictures() -> None:
    pictures = related_pictures(600, 4)
    one, two = PatchWhitening(3), PatchWhitening(3)
    one.fit(pictures)
    two.fit(pictures.flip(0))
    assert torch.allclose(one.filters, two.filters, atol=1e-4)


def test_preparing_the_fast_net_sets_its_first_filters() -> None:
    model = FastNet().build(3, 10)
    assert isinstance(model, DataDependent)
    before = model.state_dict()["whitening.filters"].clone()
    model.prepare(related_pictures())
    assert not torch.equal(model.state_dict()["whitening.filters"], before)
    with pytest.raises(ShapeError, match=r"FastNet.prepare: pictures must be b x 3"):
        model.prepare(torch.zeros(2, 1, 8, 8))


def test_the_fast_net_is_airbench94_in_size() -> None:
    model = FastNet().build(3, 10)
    convolutions = 9 * (24 * 64 + 64 * 64 + 64 * 256 + 3 * 256 * 256)
    biases = 24 + 2 * 64 + 4 * 256
    scales = 2 * 64 + 4 * 256
    assert sum(p.numel() for p in model.parameters()) == convolutions + biases + scales + 256 * 10
    assert sum(p.numel() for p in model.parameters() if not p.requires_grad) == scales


def test_halving_equals_pooling_and_spares_a_side_of_one() -> None:
    features = torch.randn(1, 2, 7, 4)
    assert torch.equal(halve(features), functional.max_pool2d(features, 2))
    assert halve(torch.randn(1, 2, 1, 5)).shape == (1, 2, 1, 2)
    assert halve(torch.randn(1, 2, 1, 1)).shape == (1, 2, 1, 1)


def test_a_new_residual_block_passes_its_input_on() -> None:
    features = torch.randn(2, 4, 5, 5)
    assert torch.equal(ResidualBlock(4, 4, activation=Tanh())(features), features.tanh())


def test_batch_norm_equals_that_of_torch_on_ordinary_batches() -> None:
    ours, plain = BatchNorm(3), nn.BatchNorm2d(3)
    given = torch.randn(4, 3, 5, 5)
    assert torch.equal(ours(given), plain(given))
    assert torch.equal(ours.eval()(given), plain.eval()(given))


def test_batch_norm_takes_one_number_per_channel_and_keeps_its_statistics() -> None:
    norm = BatchNorm(3).train()
    norm(torch.randn(8, 3, 2, 2))
    mean = norm.running_mean
    assert mean is not None
    before, given = mean.clone(), torch.randn(1, 3, 1, 1)
    result = norm(given)
    assert torch.equal(mean, before)
    assert torch.equal(result, norm.eval()(given))


def test_stages_need_a_width_and_a_depth_each() -> None:
    with pytest.raises(OptionError, match="widths and depths must name the same stages, at least one"):
        ResidualNet(widths=(8, 16), depths=(1,))
    with pytest.raises(OptionError, match="at least one"):
        ResidualNet(widths=(), depths=())
    with pytest.raises(OptionError, match="at least one block"):
        FastNet(widths=())


def test_a_missing_timm_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingExtra, match=r"TimmNet needs the package 'timm'.*pip install 'vitral\[timm\]'"):
        TimmNet().build(3, 10)


@pytest.fixture
def timm(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A stand-in that builds one small network, and another that takes no activation."""

    def create_model(
        name: str, *, pretrained: bool, in_chans: int, num_classes: int, **extra: object
    ) -> nn.Module:
        assert not pretrained
        if name == "stiff" and extra:
            raise TypeError("unexpected keyword argument 'act_layer'")
        bend = extra.get("act_layer", nn.ReLU)
        assert callable(bend)
        act = bend(inplace=True)
        assert isinstance(act, nn.Module)
        return nn.Sequential(
            nn.Conv2d(in_chans, 4, 1),
            act,
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(4, num_classes),
        )

    module = types.ModuleType("timm")
    module.__dict__.update(
        create_model=create_model,
        is_model=lambda name: name in ("plain", "stiff"),
        list_models=lambda: ["plain", "stiff"],
    )
    monkeypatch.setitem(sys.modules, "timm", module)
    return module


@pytest.mark.usefixtures("timm")
def test_a_network_of_timm_is_built_by_name_with_the_chosen_activation() -> None:
    model = TimmNet(name="plain", activation=SiLU()).build(3, 5)
    assert model(torch.randn(2, 3, 7, 5)).shape == (2, 5)
    assert any(isinstance(module, nn.SiLU) for module in model.modules())
    with pytest.raises(ShapeError, match="TimmNet: pictures must be b x 3"):
        model(torch.randn(2, 1, 7, 5))


@pytest.mark.usefixtures("timm")
def test_an_unknown_network_of_timm_gets_the_nearest_name() -> None:
    with pytest.raises(
        OptionError, match=r"TimmNet.name: must be a network of timm, got 'plane'; did you mean 'plain'\?"
    ):
        TimmNet(name="plane").build(3, 5)


@pytest.mark.usefixtures("timm")
def test_a_network_of_timm_that_takes_no_activation_says_so() -> None:
    with pytest.raises(
        OptionError, match="must be none for 'stiff', which takes no other activation, got 'silu'"
    ):
        TimmNet(name="stiff", activation=SiLU()).build(3, 5)

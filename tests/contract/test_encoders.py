"""What every encoder must hold."""

import dataclasses
from typing import Any

import pytest
import torch

from vitral import nn as rooms
from vitral.core import OptionError, members
from vitral.nn import EncodedClassifier, EncodedNet, Encoder, Ladder, ResidualAutoencoder

ALL = pytest.mark.parametrize(
    "spec", [kind() for kind in members("encoder").values()], ids=lambda one: one.kind
)
SIZES = pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 5), (28, 28), (33, 65)])


def small(spec: Encoder) -> Encoder:
    """The same kind of encoder on a narrow network."""
    few: dict[str, Any] = {
        "generator": {"generator": Ladder(width=8, latents=4, channels=2), "shape": (3, 20, 24)},
        "autoencoder": {
            "autoencoder": ResidualAutoencoder(latents=8, widths=(8, 8, 8), blocks=(1, 1, 1)),
        },
    }
    return dataclasses.replace(spec, **few.get(str(spec.kind), {}))


def classifier(spec: Encoder, *, inputs: int = 3, frozen: bool = False, seed: int = 0) -> EncodedClassifier:
    torch.manual_seed(seed)
    return EncodedNet(encoder=small(spec), frozen=frozen).build(inputs=inputs, classes=4)


@ALL
@SIZES
@pytest.mark.parametrize("inputs", [1, 3])
def test_pictures_of_any_size_have_finite_features_of_one_width(spec, height, width, inputs) -> None:
    model = classifier(spec, inputs=inputs).eval()
    features = model.encoder(torch.rand(3, inputs, height, width))
    assert features.shape == (3, len(model.feature_mean))
    assert features.isfinite().all()


@ALL
def test_everything_that_learns_is_reached_and_a_frozen_encoder_learns_nothing(spec) -> None:
    for frozen in (False, True):
        model = classifier(spec, frozen=frozen).train()
        model(torch.rand(4, 3, 20, 24)).square().mean().backward()
        learned = [name for name, one in model.named_parameters() if one.requires_grad]
        assert all(one.grad is not None for one in model.parameters() if one.requires_grad)
        assert any(name.startswith("encoder.") for name in learned) is not frozen
        assert model.encoder.training is not frozen


@ALL
def test_features_have_mean_0_and_deviation_1_on_the_pictures_they_were_prepared_on(spec) -> None:
    model, pictures = classifier(spec).eval(), torch.rand(40, 3, 20, 24)
    model.prepare(pictures)
    with torch.no_grad():
        ready = (model.encoder(pictures) - model.feature_mean) / model.feature_scale
    assert ready.mean(0).abs().max() < 1e-2
    assert ready.std(0).max() < 1.1


@ALL
def test_the_weights_of_another_network_of_its_kind_give_its_features(spec) -> None:
    one, other = classifier(spec, seed=1).eval(), classifier(spec, seed=2).eval()
    pictures = torch.rand(2, 3, 20, 24)
    assert not torch.equal(one.encoder(pictures), other.encoder(pictures))
    other.take(one.encoder.network.state_dict())
    assert torch.equal(one.encoder(pictures), other.encoder(pictures))


@ALL
def test_weights_that_do_not_fit_are_refused_and_change_nothing(spec) -> None:
    model = classifier(spec)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    weights = model.encoder.network.state_dict()
    first = next(iter(weights))
    for wrong in ({}, weights | {first: torch.zeros(1, 2, 3)}):
        with pytest.raises(OptionError, match=r"must be given the weights of the network it describes, but"):
            model.take(wrong)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@ALL
def test_an_encoder_reads_back_what_it_wrote_and_is_exported(spec) -> None:
    assert Encoder.from_json(small(spec).to_json()) == small(spec)
    assert getattr(rooms, type(spec).__name__) is type(spec)


def test_channels_that_cannot_be_turned_into_those_of_the_encoder_are_refused() -> None:
    for kind in ("generator", "autoencoder"):
        spec = members("encoder")[kind]()
        assert isinstance(spec, Encoder)
        with pytest.raises(OptionError, match="pictures must have 1 or 3 channels, got 4"):
            small(spec).build(inputs=4)
    with pytest.raises(OptionError, match=r"TrunkEncoder\.mean: must be empty or have one number for each"):
        rooms.TrunkEncoder(mean=(0.5,)).build(inputs=3)
    with pytest.raises(OptionError, match=r"GeneratorEncoder\.shape: must be channels, height and width"):
        rooms.GeneratorEncoder(shape=(3, 32))


def test_a_grey_generator_sees_the_mean_of_the_colors() -> None:
    spec = rooms.GeneratorEncoder(generator=Ladder(width=8, latents=4, channels=2), shape=(1, 8, 8))
    model = classifier_of(spec)
    colors = torch.rand(2, 3, 8, 8)
    grey = colors.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    assert torch.allclose(model.encoder(colors), model.encoder(grey), atol=1e-5)


def classifier_of(spec: Encoder) -> EncodedClassifier:
    torch.manual_seed(0)
    return EncodedNet(encoder=spec).build(inputs=3, classes=2).eval()

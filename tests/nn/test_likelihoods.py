"""Likelihoods: true distributions, exact where numbers are small, finite where they are extreme."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vitral.core import DataError, OptionError, ShapeError
from vitral.nn import Bernoulli, DiscretizedLogistics

LEVELS = torch.arange(256, dtype=torch.float64) / 255


def random_parameters(likelihood, channels, *, count=1, seed=0, spread=2.0):
    generator = torch.Generator().manual_seed(seed)
    shape = (count, likelihood.outputs(channels), 1, 1)
    return spread * torch.randn(shape, generator=generator, dtype=torch.float64)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), components=st.integers(1, 6), spread=st.sampled_from((0.1, 2.0, 30.0)))
def test_a_mixture_of_one_channel_adds_up_to_one_over_all_levels(seed, components, spread) -> None:
    likelihood = DiscretizedLogistics(components=components)
    parameters = random_parameters(likelihood, 1, seed=seed, spread=spread).expand(256, -1, -1, -1)
    nats = likelihood.nats(parameters, LEVELS.view(256, 1, 1, 1))
    assert float((-nats).exp().sum()) == pytest.approx(1.0, abs=1e-9)


def test_the_later_channels_of_a_mixture_add_up_to_what_the_first_has_alone() -> None:
    chained, alone = DiscretizedLogistics(components=2), DiscretizedLogistics(components=2)
    parameters = random_parameters(chained, 3, seed=3)
    weights, rest = parameters[:, :2], parameters[:, 2:].unflatten(1, (2, 9))
    of_red = torch.cat([weights, rest[:, :, [0, 3]].flatten(1, 2)], 1)
    for red in (0, 100, 255):
        green, blue = torch.meshgrid(LEVELS, LEVELS, indexing="ij")
        pictures = torch.stack([torch.full((65536,), red / 255.0), green.flatten(), blue.flatten()], 1)
        nats = chained.nats(parameters.expand(65536, -1, -1, -1), pictures.view(-1, 3, 1, 1))
        wanted = alone.nats(of_red, torch.full((1, 1, 1, 1), red / 255.0, dtype=torch.float64))
        assert float(-(-nats).logsumexp(0)) == pytest.approx(float(wanted), abs=1e-6)


def test_a_level_between_has_the_difference_of_two_sigmoids() -> None:
    likelihood = DiscretizedLogistics(components=1)
    parameters = torch.zeros(1, 3, 1, 1, dtype=torch.float64)
    parameters[0, 1] = 0.3
    scale, level = float(np.exp((-7 + 2) / 2)), 2 * 150 / 255 - 1

    def below(at: float) -> float:
        return 1 / (1 + float(np.exp(-(at - 0.3) / scale)))

    wanted = -np.log(below(level + 1 / 255) - below(level - 1 / 255))
    picture = torch.full((1, 1, 1, 1), 150 / 255, dtype=torch.float64)
    assert float(likelihood.nats(parameters, picture)) == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(
    ("likelihood", "channels"), [(Bernoulli(), 1), (DiscretizedLogistics(components=2), 3)]
)
def test_a_likelihood_has_the_gradient_it_claims(likelihood, channels) -> None:
    parameters = random_parameters(likelihood, channels, count=4, seed=1).requires_grad_()
    levels = torch.tensor([0, 255, 7, 200]).view(4, 1, 1, 1).expand(-1, channels, -1, -1)
    pictures = levels / 255 if channels == 3 else (levels > 127).double()
    assert torch.autograd.gradcheck(lambda p: likelihood.nats(p, pictures), parameters)


@pytest.mark.parametrize("value", [-1e6, -50.0, 0.0, 50.0, 1e6])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("likelihood", [Bernoulli(), DiscretizedLogistics()], ids=lambda one: one.kind)
def test_extreme_parameters_give_finite_nats_and_gradients(likelihood, dtype, value) -> None:
    for channels in (1, 3):
        parameters = torch.full((2, likelihood.outputs(channels), 2, 2), value, dtype=dtype)
        parameters.requires_grad_()
        pictures = torch.tensor([0.0, 1.0]).view(2, 1, 1, 1).expand(-1, channels, 2, 2)
        nats = likelihood.nats(parameters, pictures)
        assert nats.dtype == torch.float32
        assert nats.isfinite().all()
        (gradient,) = torch.autograd.grad(nats.sum(), parameters)
        assert gradient.isfinite().all()


def test_drawn_levels_are_as_frequent_as_the_likelihood_says() -> None:
    likelihood = DiscretizedLogistics(components=3)
    parameters = random_parameters(likelihood, 1, seed=5, spread=1.0)
    many = parameters.expand(1, -1, 200, 200)
    drawn = likelihood.draw(many, temperature=1.0, random=torch.Generator().manual_seed(0))
    found = torch.bincount((drawn * 255).round().long().flatten(), minlength=256) / drawn.numel()
    nats = likelihood.nats(parameters.expand(256, -1, -1, -1), LEVELS.view(256, 1, 1, 1))
    assert float((found - (-nats).exp()).abs().sum()) < 0.1
    assert float((found.cumsum(0) - (-nats).exp().cumsum(0)).abs().max()) < 0.01


def test_the_middle_of_a_mixture_is_the_mean_of_what_is_drawn() -> None:
    likelihood = DiscretizedLogistics(components=3)
    parameters = random_parameters(likelihood, 3, seed=8, spread=0.7)
    drawn = likelihood.draw(
        parameters.expand(1, -1, 300, 300), temperature=1.0, random=torch.Generator().manual_seed(1)
    )
    middle = likelihood.draw(parameters, temperature=0.0, random=None)
    assert torch.allclose(drawn.mean((2, 3)), middle[:, :, 0, 0], atol=0.03)
    assert float(middle.min()) >= 0
    assert float(middle.max()) <= 1


def test_a_low_temperature_stays_closer_to_the_middle() -> None:
    likelihood = DiscretizedLogistics(components=1)
    parameters = torch.zeros(1, 3, 100, 100)
    spread = [
        float(likelihood.draw(parameters, temperature=t, random=torch.Generator().manual_seed(0)).std())
        for t in (0.0, 0.5, 1.0)
    ]
    assert spread[0] == pytest.approx(0, abs=1e-6)
    assert spread[1] == pytest.approx(spread[2] / 2, rel=0.1)


def test_a_bernoulli_is_the_binary_cross_entropy_and_draws_its_probability() -> None:
    likelihood, logits = Bernoulli(), torch.full((1, 1, 100, 100), 1.0)
    white, black = torch.ones(1, 1, 100, 100), torch.zeros(1, 1, 100, 100)
    chance = 1 / (1 + np.exp(-1.0))
    assert float(likelihood.nats(logits, white)) == pytest.approx(-1e4 * np.log(chance), rel=1e-4)
    assert float(likelihood.nats(logits, black)) == pytest.approx(-1e4 * np.log(1 - chance), rel=1e-4)
    drawn = likelihood.draw(logits, temperature=1.0, random=torch.Generator().manual_seed(0))
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    assert float(drawn.mean()) == pytest.approx(chance, abs=0.02)
    assert float(likelihood.draw(logits, temperature=0.0, random=None).mean()) == pytest.approx(chance)


def test_dynamic_binarization_depends_on_seed_epoch_and_picture_alone() -> None:
    likelihood = Bernoulli(binarize="dynamic")
    grey = torch.full((3, 1, 40, 50), 0.25)
    numbers = np.asarray([4, 7, 9])
    seen = likelihood.seen(grey, seed=1, epoch=2, indices=numbers)
    again = likelihood.seen(grey[[2, 0]], seed=1, epoch=2, indices=numbers[[2, 0]])
    assert torch.equal(again, seen[[2, 0]])
    assert set(seen.unique().tolist()) == {0.0, 1.0}
    assert float(seen.mean()) == pytest.approx(0.25, abs=0.02)
    assert not torch.equal(seen, likelihood.seen(grey, seed=1, epoch=3, indices=numbers))
    assert not torch.equal(seen, likelihood.seen(grey, seed=2, epoch=2, indices=numbers))
    assert not torch.equal(seen[0], seen[1])


def test_black_and_white_stay_what_they_are_when_binarized() -> None:
    picture = torch.tensor([0.0, 1.0, 1.0, 0.0]).view(1, 1, 2, 2)
    for how in ("dynamic", "threshold", "none"):
        seen = Bernoulli(binarize=how).seen(picture, seed=0, epoch=0, indices=np.zeros(1, np.int64))
        assert torch.equal(seen, picture)


def test_a_threshold_parts_levels_in_the_middle_and_grey_is_refused_where_nothing_may_change() -> None:
    picture = torch.tensor([127 / 255, 128 / 255]).view(1, 1, 1, 2)
    key = {"seed": 0, "epoch": 0, "indices": np.zeros(1, np.int64)}
    assert Bernoulli(binarize="threshold").seen(picture, **key).flatten().tolist() == [0.0, 1.0]
    with pytest.raises(DataError, match="with none every pixel must be black or white, but there is grey"):
        Bernoulli(binarize="none").seen(picture, **key)


def test_bounds_of_scales_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(OptionError, match="low must lie below high, got 1 and -3"):
        DiscretizedLogistics(low=1.0, high=-3.0)


@pytest.mark.parametrize("likelihood", [Bernoulli(), DiscretizedLogistics()], ids=lambda one: one.kind)
def test_parameters_of_other_pictures_are_refused(likelihood) -> None:
    parameters = torch.zeros(2, likelihood.outputs(1), 4, 4)
    with pytest.raises(ShapeError, match=r"for pictures of 2 x 1 x 4 x 5 the parameters must be 2 x"):
        likelihood.nats(parameters, torch.zeros(2, 1, 4, 5))
    with pytest.raises(ShapeError, match="the parameters must be b x p x h x w"):
        likelihood.nats(parameters, torch.zeros(2, 4, 4))

"""The ladder: its shapes, its latents in units of the prior, its bound, and what training does to it."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Normal, kl_divergence

from vitral.core import ShapeError
from vitral.nn import Bernoulli, BetaVAE, DiscretizedLogistics, Ladder
from vitral.nn.generators.ladder_parts import Posterior, bounded, halvings, on_sizes


def small(**options) -> Ladder:
    return Ladder(width=8, latents=4, channels=2, **options)


@given(groups=st.integers(1, 8), resolutions=st.integers(1, 3))
def test_groups_go_from_coarse_to_fine_and_begin_with_a_vector(groups, resolutions) -> None:
    sizes = on_sizes(groups, resolutions)
    assert len(sizes) == groups
    assert sizes[0] == 0
    assert list(sizes) == sorted(sizes)
    assert max(sizes) < resolutions
    if groups > resolutions - 1:
        assert set(sizes) == set(range(resolutions))


@pytest.mark.parametrize(
    ("sides", "wanted"),
    [((4, 4), 1), ((8, 9), 1), ((28, 28), 2), ((32, 32), 2), ((48, 64), 3), ((64, 64), 3), ((100, 60), 3)],
)
def test_the_coarse_map_has_about_seven_pixels(sides, wanted) -> None:
    assert halvings(*sides) == wanted


@settings(max_examples=30, deadline=None)
@given(mean=st.floats(-5, 5), log_std=st.floats(-4, 2))
def test_the_kl_of_a_posterior_is_that_of_two_normal_distributions(mean, log_std) -> None:
    posterior = Posterior(
        mean=torch.full((2, 3, 1, 1), mean, dtype=torch.float64),
        log_std=torch.full((2, 3, 1, 1), log_std, dtype=torch.float64),
    )
    wanted = 3 * kl_divergence(Normal(mean, torch.tensor(log_std).double().exp()), Normal(0.0, 1.0))
    assert torch.allclose(posterior.kl(), wanted.double().expand(2), rtol=1e-6, atol=1e-9)


def test_the_ratio_of_posterior_and_prior_is_that_of_their_densities() -> None:
    posterior = Posterior(mean=torch.tensor([[[[0.7]]]]), log_std=torch.tensor([[[[-0.4]]]]))
    noise = torch.tensor([[[[1.3]]]])
    latent = posterior.at(noise)
    own = Normal(0.7, torch.tensor(-0.4).exp()).log_prob(latent)
    assert torch.allclose(posterior.log_ratio(noise), (own - Normal(0, 1).log_prob(latent)).flatten())


def test_a_bounded_number_has_slope_one_at_zero_and_never_leaves() -> None:
    value = torch.tensor([-1e9, -1e-3, 0.0, 1e-3, 1e9])
    assert torch.allclose(bounded(value, 5.0), torch.tensor([-5.0, -1e-3, 0.0, 1e-3, 5.0]), atol=1e-6)


def test_a_new_ladder_has_a_posterior_that_is_its_prior() -> None:
    network = small().build((1, 28, 28), 0, Bernoulli())
    found = network.bound(torch.rand(3, 1, 28, 28).round(), torch.full((3,), -1))
    assert torch.equal(found.kl, torch.zeros(3, 5))


def test_one_group_is_the_plain_vae_with_a_vector_of_latents() -> None:
    network = small(groups=1).build((1, 28, 28), 0, Bernoulli())
    assert network.latents == 4
    assert network.bound(torch.zeros(2, 1, 28, 28), torch.zeros(2).long()).kl.shape == (2, 1)
    assert network.groups[0].prior is None


@pytest.mark.parametrize(("resolutions", "latents"), [(1, 5 * 4), (2, 4 + 4 * 98), (3, 4 + 2 * 98 + 2 * 392)])
def test_latents_are_counted_over_vectors_and_maps(resolutions, latents) -> None:
    assert small(resolutions=resolutions).build((1, 28, 28), 0, Bernoulli()).latents == latents


def test_the_bound_is_that_of_the_likelihood_and_the_kl_of_all_groups() -> None:
    torch.manual_seed(0)
    network = small().build((1, 8, 8), 0, DiscretizedLogistics()).eval()
    found = network.bound(torch.rand(2, 1, 8, 8), torch.full((2,), -1))
    assert torch.allclose(found.nats, found.distortion + found.kl.sum(1))


def trained_on(network, pictures, labels, *, steps, lr=0.01):
    optimizer = torch.optim.Adam(network.parameters(), lr=lr)
    torch.manual_seed(1)
    for number in range(steps):
        losses = network.train().losses(pictures, labels, progress=number / steps)
        optimizer.zero_grad()
        losses["loss"].backward()
        optimizer.step()
    return network.eval()


def test_it_learns_two_pictures_and_draws_them_by_their_class() -> None:
    torch.manual_seed(0)
    left = torch.zeros(1, 8, 8)
    left[:, :, :4] = 1
    pictures = torch.stack([left, 1 - left]).repeat(8, 1, 1, 1)
    labels = torch.tensor([0, 1]).repeat(8)
    network = trained_on(
        small(groups=2, free_top_nats=0.0, dropout=0.0, unlabeled=0.2).build((1, 8, 8), 2, Bernoulli()),
        pictures,
        labels,
        steps=120,
    )
    with torch.no_grad():
        drawn = network.draw(torch.tensor([0, 1] * 8), random=torch.Generator().manual_seed(0))
        told = network.bound(pictures, labels, random=torch.Generator().manual_seed(0)).nats.mean()
        any_of = network.importance_bound(
            pictures, torch.full((16,), -1), k=20, random=torch.Generator().manual_seed(0)
        ).mean()
    assert float((drawn - pictures).abs().mean()) < 0.1
    # The class says all; without it there is one bit left, 0.69 nats.
    assert float(told) < 3
    assert float(any_of) < 6


def test_the_weight_of_kl_rises_with_progress_and_beta_multiplies_it() -> None:
    torch.manual_seed(0)
    pictures, labels = torch.rand(4, 1, 8, 8).round(), torch.full((4,), -1)

    def loss(progress: float, **options) -> float:
        torch.manual_seed(0)
        network = small(dropout=0.0, free_nats=0.0, free_top_nats=0.0, warmup=0.5, **options).build(
            (1, 8, 8), 0, Bernoulli()
        )
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, std=0.2)
        torch.manual_seed(3)
        found = network.losses(pictures, labels, progress=progress)
        return float((found["loss"] - found["nats"]).detach() / found["kl"])

    assert loss(0.0) == pytest.approx(-1, abs=1e-3)
    assert loss(0.25) == pytest.approx(-0.5, abs=1e-3)
    assert loss(1.0) == pytest.approx(0, abs=1e-3)
    assert loss(1.0, beta=4.0) == pytest.approx(3, abs=1e-3)


def test_free_nats_cost_what_they_would_cost_when_used() -> None:
    network = small(groups=3, free_nats=2.0, free_top_nats=5.0, warmup=0.0).build((1, 8, 8), 0, Bernoulli())
    found = network.losses(torch.zeros(2, 1, 8, 8), torch.full((2,), -1), progress=1.0)
    assert float((found["loss"] - found["nats"]).detach()) == pytest.approx(9.0, abs=1e-4)


def test_a_beta_vae_is_a_plain_vae_with_a_heavier_kl() -> None:
    network = BetaVAE(width=8, beta=7.0, latents=3).build((1, 8, 8), 0, Bernoulli())
    assert network.latents == 3
    assert network.spec.beta == 7.0
    assert network.spec.groups == 1


def test_walking_on_the_latents_of_a_picture_ends_at_its_reconstruction() -> None:
    torch.manual_seed(0)
    network = small().build((1, 12, 10), 0, DiscretizedLogistics()).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    pictures = torch.rand(2, 1, 12, 10)
    latents = network.encode(pictures)
    assert not torch.allclose(network.decode(latents)[0], network.decode(latents)[1])
    assert torch.allclose(network.decode(torch.zeros(1, network.latents)), network.draw(
        torch.tensor([-1]), temperature=0.0
    ))  # fmt: skip


def test_too_small_a_picture_is_refused() -> None:
    with pytest.raises(ShapeError, match="Ladder: pictures must have a channel and sides of at least 4 px"):
        Ladder().build((1, 3, 28), 0, Bernoulli())

"""The prior of latents: a distribution, and blind to what a decoder does not know yet."""

import pytest
import torch

from vitral.nn import ContextPrior


@pytest.fixture
def prior():
    torch.manual_seed(0)
    prior = ContextPrior(6, 3, groups=3).double()
    with torch.no_grad():
        for weight in prior.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    return prior


def test_the_probabilities_of_all_steps_add_up_to_one(prior):
    known = torch.randint(-3, 4, (2, 6, 4, 5)).double()
    quality = torch.tensor([0, 2])
    costs = [prior.bits(torch.full_like(known, float(step)), known, quality) for step in range(-80, 81)]
    total = torch.exp2(-torch.stack(costs)).sum(0)
    assert total.min() > 0.999
    assert total.max() < 1.001


@pytest.mark.parametrize("place", [(0, 0), (1, 2), (3, 4), (2, 0)])
@pytest.mark.parametrize("channel", [0, 3, 5])
def test_nothing_decoded_later_changes_a_distribution(prior, place, channel):
    latents = torch.randint(-3, 4, (1, 6, 4, 5)).double()
    group = channel // 2
    row, column = place
    other = latents.clone()
    for c in range(6):
        for i in range(4):
            for j in range(5):
                wave, mine = j + 2 * i, column + 2 * row
                if wave > mine or (wave == mine and ((i, j) != place or c // 2 >= group)):
                    other[0, c, i, j] = 99.0
    quality = torch.tensor([1])
    for first, second in zip(
        prior.means_and_scales(latents, quality), prior.means_and_scales(other, quality), strict=True
    ):
        assert first[0, channel, row, column] == second[0, channel, row, column]


def test_without_context_it_is_one_distribution_for_each_channel():
    prior = ContextPrior(4, 2, context=False)
    mean, scale = prior.means_and_scales(torch.randn(1, 4, 3, 3).round(), torch.tensor([1]))
    assert all((one == one[:, :, :1, :1]).all() for one in (mean, scale))


def test_its_slopes_are_right(prior):
    latents = torch.randn(1, 6, 2, 3, dtype=torch.float64, requires_grad=True)
    known = torch.randn(1, 6, 2, 3, dtype=torch.float64).round()

    def bits(latents):
        return prior.bits(latents, known, torch.tensor([0]))

    assert torch.autograd.gradcheck(bits, (latents,))


def test_it_learns_the_scale_of_what_it_sees():
    torch.manual_seed(1)
    prior = ContextPrior(2, 1, groups=1, context=False)
    latents = (
        torch.distributions.Laplace(0.0, 1.0).sample((64, 2, 8, 8)) * torch.tensor([0.5, 4.0])[:, None, None]
    )
    optimizer = torch.optim.Adam(prior.parameters(), lr=0.05)
    quality = torch.zeros(64, dtype=torch.long)
    for _ in range(200):
        optimizer.zero_grad()
        prior.bits(latents, latents, quality).mean().backward()
        optimizer.step()
    assert prior.scale_bias.exp()[0].tolist() == pytest.approx([0.5, 4.0], rel=0.15)

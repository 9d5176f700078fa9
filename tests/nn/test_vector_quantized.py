"""The VQ-VAE: its book, its prior over codes, its bound, and what training does to it."""

import math

import pytest
import torch

from vitral.nn import Bernoulli, DiscretizedLogistics, SiLU, VectorQuantized
from vitral.nn.generators.code_prior import CodePrior, PriorOptions, _chosen
from vitral.nn.generators.codebook import Codebook

CODES, ROWS, COLUMNS = 5, 3, 4


def prior(*, classes: int = 2, codes: int = CODES, side: tuple[int, int] = (ROWS, COLUMNS)) -> CodePrior:
    torch.manual_seed(0)
    network = CodePrior(codes, side, classes, PriorOptions(width=8, depth=2, activation=SiLU(), dropout=0.0))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return network.eval()


def small(**options) -> VectorQuantized:
    return VectorQuantized(width=8, prior_width=8, prior_depth=2, channels=4, **options)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_code_depends_on_all_codes_before_it_and_on_none_after_it() -> None:
    network = prior(side=(4, 5))
    codes = torch.randint(CODES, (1, 4, 5), generator=seeded())
    before = network.logits(codes, torch.tensor([0]))
    for changed in range(20):
        other = codes.clone()
        other.view(-1)[changed] = (other.view(-1)[changed] + 1) % CODES
        moved = (network.logits(other, torch.tensor([0])) != before).any(1).flatten().tolist()
        assert moved == [place > changed for place in range(20)]


def test_the_prior_adds_up_to_one_over_all_maps() -> None:
    network = prior(codes=3, side=(2, 3))
    maps = torch.cartesian_prod(*[torch.arange(3)] * 6).view(-1, 2, 3)
    for label in (0, 1, -1):
        with torch.no_grad():
            nats = network.nats(maps, torch.full((len(maps),), label))
        assert float((-nats.double()).exp().sum()) == pytest.approx(1.0, abs=1e-5)


def test_drawn_maps_are_as_frequent_as_the_prior_says() -> None:
    network = prior(codes=2, side=(2, 2))
    maps = torch.cartesian_prod(*[torch.arange(2)] * 4).view(-1, 2, 2)
    with torch.no_grad():
        wanted = (-network.nats(maps, torch.zeros(16, dtype=torch.long))).exp()
    count = 20_000
    drawn = network.draw(torch.zeros(count, dtype=torch.long), random=seeded())
    numbers = (drawn.flatten(1) * torch.tensor([8, 4, 2, 1])).sum(1)
    found = torch.bincount(numbers, minlength=16) / count
    assert torch.allclose(found, wanted, atol=5 * math.sqrt(0.25 / count))


def test_the_coldest_map_has_the_most_probable_code_at_each_place() -> None:
    network = prior()
    labels = torch.tensor([0, 1, -1])
    drawn = network.draw(labels, temperature=0.0)
    assert torch.equal(drawn, network.logits(drawn, labels).argmax(1))


def test_one_label_does_not_move_what_is_drawn_for_the_others() -> None:
    network = prior()
    first = network.draw(torch.tensor([0, 1, 0]), random=seeded())
    other = network.draw(torch.tensor([0, 0, 0]), random=seeded())
    assert torch.equal(first[::2], other[::2])


@pytest.mark.parametrize("chance", [0.0, 0.5, 1 - 1e-12])
def test_a_code_is_chosen_for_every_chance(chance) -> None:
    logits = torch.tensor([[0.0, 30.0, -200.0], [-1e9, 0.0, 0.0]])
    found = _chosen(logits, 1.0, torch.full((2,), chance, dtype=torch.float64))
    assert ((found >= 0) & (found < 3)).all()
    assert int(found[1]) > 0


def test_each_vector_becomes_the_mean_of_its_points() -> None:
    torch.manual_seed(0)
    middles = torch.tensor([[4.0, 0.0], [-4.0, 0.0], [0.0, 4.0], [0.0, -4.0]])
    book = Codebook(4, 2)
    for _ in range(200):
        points = middles.repeat(50, 1) + 0.1 * torch.randn(200, 2)
        book.follow(points, book.nearest(points), restart=True)
    assert sorted(book.nearest(middles).tolist()) == [0, 1, 2, 3]
    assert torch.allclose(book.vectors[book.nearest(middles)], middles, atol=0.05)
    assert float(book.perplexity(book.nearest(middles))) == pytest.approx(4.0, abs=1e-4)


def test_the_first_points_give_the_book_its_vectors() -> None:
    book, points = Codebook(6, 3), 100 + torch.randn(50, 3)
    book.follow(points, book.nearest(points), restart=True)
    nearest = torch.cdist(book.vectors, points).min(1).values
    # Far from where the random start was.
    assert float(nearest.max()) < 5


def test_without_restart_a_code_that_is_not_used_stays_where_it_is() -> None:
    book = Codebook(2, 1)
    book.vectors.copy_(torch.tensor([[0.0], [9.0]]))
    before = book.vectors[1].clone()
    for _ in range(2000):
        points = torch.rand(8, 1)
        book.follow(points, book.nearest(points), restart=False)
    assert torch.equal(book.vectors[1], before)
    assert float(book.vectors[0]) == pytest.approx(0.5, abs=0.1)


def test_the_bound_is_the_nats_of_the_picture_and_of_its_codes() -> None:
    network = small(codes=7).build((1, 10, 9), 2, Bernoulli()).eval()
    pictures = (torch.rand(3, 1, 10, 9, generator=seeded()) > 0.5).float()
    labels = torch.tensor([0, 1, -1])
    with torch.no_grad():
        found = network.bound(pictures, labels)
        many = network.importance_bound(pictures, labels, k=100)
        codes = network.book.nearest(network.encode(pictures).view(3, 4, -1).permute(0, 2, 1).reshape(-1, 4))
        kl = network.prior.nats(codes.view(3, *network.side), labels)
    assert torch.allclose(found.kl[:, 0], kl, rtol=1e-5)
    assert torch.equal(many, found.nats)


def test_what_is_minimized_without_commitment_is_the_bound() -> None:
    network = small(unlabeled=0.0, commitment=0.0).build((1, 8, 8), 2, DiscretizedLogistics()).eval()
    pictures, labels = torch.rand(4, 1, 8, 8, generator=seeded()), torch.tensor([0, 1, 1, -1])
    with torch.no_grad():
        losses = network.losses(pictures, labels, progress=0.9)
        assert torch.allclose(losses["loss"], network.bound(pictures, labels).nats.mean(), rtol=1e-5)


def test_latents_a_little_beside_a_code_are_read_as_the_code() -> None:
    network = small(codes=8).build((1, 12, 12), 0, DiscretizedLogistics()).eval()
    latents = network.encode(torch.rand(2, 1, 12, 12, generator=seeded()))
    with torch.no_grad():
        assert torch.equal(network.decode(latents), network.decode(latents + 1e-3))


def test_the_encoder_learns_through_the_codes_and_the_prior_does_not_move_it() -> None:
    network = small(commitment=0.0).build((1, 8, 8), 0, DiscretizedLogistics()).train()
    pictures = torch.rand(8, 1, 8, 8, generator=seeded())
    losses = network.losses(pictures, torch.full((8,), -1), progress=0.0)
    losses["loss"].backward()
    assert network.to_points.weight.grad is not None
    assert float(network.to_points.weight.grad.abs().sum()) > 0
    network.zero_grad(set_to_none=True)
    codes = network.book.nearest(torch.randn(8 * 16, 4)).view(8, 4, 4)
    network.prior.nats(codes, torch.full((8,), -1)).sum().backward()
    assert network.to_points.weight.grad is None


def test_only_training_moves_the_book() -> None:
    network = small().build((1, 8, 8), 0, DiscretizedLogistics())
    pictures, labels = torch.rand(8, 1, 8, 8, generator=seeded()), torch.full((8,), -1)
    before = network.book.vectors.clone()
    network.eval().losses(pictures, labels, progress=0.0)
    assert torch.equal(network.book.vectors, before)
    network.train().losses(pictures, labels, progress=0.0)
    assert not torch.equal(network.book.vectors, before)


@pytest.mark.parametrize(
    ("shape", "side"), [((1, 8, 8), (4, 4)), ((3, 28, 30), (7, 8)), ((1, 5, 40), (3, 20))]
)
def test_the_map_of_codes_has_a_quarter_of_the_sides_or_half_of_small_ones(shape, side) -> None:
    assert small().build(shape, 0, DiscretizedLogistics()).side == side


def test_training_separates_pictures_and_uses_several_codes() -> None:
    torch.manual_seed(0)
    network = small(codes=8, dropout=0.0).build((1, 8, 8), 2, DiscretizedLogistics(components=2)).train()
    labels = torch.arange(32) % 2
    pictures = torch.zeros(32, 1, 8, 8)
    pictures[labels == 0, :, :4] = 1.0
    pictures[labels == 1, :, :, :4] = 1.0
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005)
    for step in range(150):
        loss = network.losses(pictures, labels, progress=step / 150)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()
    with torch.no_grad():
        found = network.bound(pictures, labels)
        drawn = network.draw(torch.tensor([0, 1]), random=seeded())
    # All that is left to tell is what the label does not.
    assert float(found.kl.max()) < 3
    assert float((drawn - pictures[:2]).abs().mean()) < 0.1
    assert not torch.equal(network.encode(pictures[:1]), network.encode(pictures[1:2]))


def test_a_batch_of_one_picture_with_one_code_trains() -> None:
    network = small(halvings=3).build((1, 8, 8), 0, DiscretizedLogistics()).train()
    assert network.side == (1, 1)
    losses = network.losses(torch.rand(1, 1, 8, 8, generator=seeded()), torch.tensor([-1]), progress=0.0)
    assert losses["loss"].isfinite()

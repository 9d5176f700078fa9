"""Latents: mixtures fitted to them, ways between them, axes, and views on a plane."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vitral.core import ShapeError
from vitral.nn import FittedPrior, Ladder, flat_view, principal_axes, sphere_walk
from vitral.nn.latents.gaussian_mixture import gaussian_mixture
from vitral.nn.likelihoods import Bernoulli


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def two_clouds(count=400, latents=5):
    """Class 0 about +4 on the first axis, class 1 about -4, small and wide."""
    random = np.random.default_rng(0)
    labels = np.arange(count) % 2
    points = random.normal(size=(count, latents)) * np.where(labels, 2.0, 0.5)[:, None]
    points[:, 0] += np.where(labels, -4.0, 4.0)
    return torch.from_numpy(points.astype(np.float32)), torch.from_numpy(labels)


@settings(max_examples=30)
@given(seed=st.integers(0, 1000), steps=st.integers(2, 12))
def test_a_walk_keeps_its_ends_and_its_distance_from_the_middle(seed, steps):
    first, last = torch.randn(2, 40, generator=seeded(seed))
    path = sphere_walk(first, last, steps)
    assert path.dtype == torch.float32
    assert torch.allclose(path[0], first, atol=1e-5)
    assert torch.allclose(path[-1], last, atol=1e-5)
    wanted = torch.linspace(float(first.norm()), float(last.norm()), steps)
    assert torch.allclose(path.norm(dim=1), wanted, atol=1e-4)


def test_a_walk_turns_by_equal_angles():
    path = sphere_walk(torch.tensor([2.0, 0.0]), torch.tensor([0.0, 3.0]), 4)
    angles = torch.atan2(path[:, 1], path[:, 0])
    assert torch.allclose(angles, torch.linspace(0, torch.pi / 2, 4), atol=1e-5)


@pytest.mark.parametrize("last", [torch.full((3,), 2.0), -torch.ones(3), torch.zeros(3)])
def test_a_walk_without_an_arc_is_a_straight_line(last):
    first = torch.ones(3)
    path = sphere_walk(first, last, 5)
    assert torch.allclose(path, first + torch.linspace(0, 1, 5)[:, None] * (last - first))


def test_a_walk_wants_two_vectors_of_one_length():
    with pytest.raises(ShapeError, match=r"sphere_walk: needs two vectors .* got \(2,\), \(3,\) and 4 steps"):
        sphere_walk(torch.zeros(2), torch.zeros(3), 4)
    with pytest.raises(ShapeError, match=r"at least 2 steps, .* 1 steps"):
        sphere_walk(torch.zeros(2), torch.zeros(2), 1)


def test_axes_point_where_points_differ_and_are_the_same_every_time():
    points = np.random.default_rng(0).normal(size=(200, 3)) * (0.1, 5.0, 1.0) + 7
    found = principal_axes(points, 2)
    assert np.allclose(np.abs(found.axes), [[0, 1, 0], [0, 0, 1]], atol=0.05)
    assert found.variances[0] == pytest.approx(25, rel=0.3)
    assert np.allclose(found.along(points).mean(0), 0, atol=1e-9)
    assert np.array_equal(principal_axes(points.copy(), 2).axes, found.axes)
    assert principal_axes(points[:1], 5).axes.shape == (1, 3)
    assert principal_axes(points[:2], 5).axes.shape == (2, 3)
    with pytest.raises(
        ShapeError, match=r"principal_axes: needs points n x d and at least 1 axis, got \(0, 3\)"
    ):
        principal_axes(points[:0], 1)


def test_neighbors_stay_neighbors_on_the_plane():
    points = np.random.default_rng(0).normal(size=(60, 40))
    labels = np.arange(60) % 2
    points[:, 7] += 20 * labels
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        flat = flat_view(points)
    assert flat.shape == (60, 2)
    distance = ((flat[:, None] - flat[None]) ** 2).sum(-1) + 1e9 * np.eye(60)
    assert (labels[distance.argmin(1)] == labels).all()
    assert np.array_equal(flat_view(points), flat)


@pytest.mark.parametrize("shape", [(1, 4), (5, 1), (5, 9), (20, 1)])
def test_a_view_of_few_points_or_one_coordinate_is_finite(shape):
    flat = flat_view(np.random.default_rng(0).normal(size=shape))
    assert flat.shape == (shape[0], 2)
    assert np.isfinite(flat).all()
    assert not flat_view(np.ones(shape)).any()


def test_a_view_of_too_many_points_is_refused():
    with pytest.raises(ShapeError, match=r"flat_view: needs 1 to 2000 points n x d, got \(2001, 2\)"):
        flat_view(np.zeros((2001, 2)))


def test_a_prior_before_its_fit_is_the_standard_normal_distribution():
    for latents in (3, 50):
        prior = FittedPrior(latents, classes=2, components=4)
        drawn, classes = prior.draw(torch.full((4000,), -1), random=seeded())
        assert torch.allclose(drawn.mean(0), torch.zeros(latents), atol=0.1)
        assert torch.allclose(drawn.std(0), torch.ones(latents), atol=0.1)
        assert set(classes.tolist()) == {0, 1}


def test_a_fitted_prior_draws_each_class_where_it_lies():
    points, labels = two_clouds()
    prior = FittedPrior(5, classes=2, components=4)
    prior.fit(points, labels)
    for label, (middle, spread) in enumerate(((4.0, 0.5), (-4.0, 2.0))):
        drawn, classes = prior.draw(torch.full((2000,), label), random=seeded())
        assert (classes == label).all()
        assert float(drawn[:, 0].mean()) == pytest.approx(middle, abs=0.4)
        assert torch.allclose(drawn.std(0), torch.full((5,), spread), rtol=0.2)
    still, _ = prior.draw(torch.zeros(50, dtype=torch.long), temperature=0.0, random=seeded())
    assert len(still.unique(dim=0)) <= 4


def test_one_mixture_finds_the_clouds_without_their_names():
    points, labels = two_clouds()
    prior = FittedPrior(5, components=4)
    prior.fit(points, labels)
    assert prior.classes == 0
    assert int((prior.weights > 0).sum()) == 2
    drawn, classes = prior.draw(torch.full((2000,), -1), random=seeded())
    assert (classes == -1).all()
    assert float((drawn[:, 0].abs() > 2).float().mean()) > 0.8
    assert float(drawn[:, 0].mean()) == pytest.approx(0, abs=0.4)


def test_only_the_leading_latents_are_fitted():
    points, labels = two_clouds(400, 6)
    prior = FittedPrior(6, leading=2, components=2)
    prior.fit(3 * points[:, :2], labels)
    drawn, _ = prior.draw(torch.full((3000,), -1), random=seeded())
    assert torch.allclose(drawn[:, 2:].std(0), torch.ones(4), atol=0.1)
    assert float(drawn[:, 0].std()) > 9


def test_what_the_axes_leave_keeps_its_deviations():
    random = np.random.default_rng(1)
    wide = np.linspace(3, 4, 32).tolist() + np.linspace(0.2, 0.9, 28).tolist()
    points = torch.from_numpy((random.normal(size=(6000, 60)) * wide + 2).astype(np.float32))
    prior = FittedPrior(60, components=1)
    prior.fit(points, torch.zeros(6000))
    drawn, _ = prior.draw(torch.full((6000,), -1), random=seeded())
    assert prior.axes.shape == (32, 60)
    assert torch.allclose(drawn.std(0), torch.tensor(wide), rtol=0.2)
    assert torch.allclose(drawn.mean(0), torch.full((60,), 2.0), atol=0.3)
    assert float(drawn.var(0).sum()) == pytest.approx(float(points.var(0).sum()), rel=0.05)


def test_one_point_without_a_class_is_enough_for_a_fit():
    prior = FittedPrior(4, classes=3)
    prior.fit(torch.ones(1, 4), torch.tensor([-100]))
    assert torch.allclose(prior.draw(torch.arange(3), random=seeded())[0], torch.ones(3, 4), atol=1e-5)


@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_a_fit_to_few_points_stays_finite_and_near_them(count):
    points = torch.from_numpy(np.random.default_rng(2).normal(size=(count, 12)).astype(np.float32))
    labels = torch.tensor([0, 1, -100] * 3)[:count]
    for classes in (0, 3):
        prior = FittedPrior(12, classes=classes, components=8)
        prior.fit(points, labels)
        drawn, _ = prior.draw(torch.arange(-1, 99) % 3, random=seeded())
        assert drawn.isfinite().all()
        assert float(drawn.abs().max()) < 20
        assert torch.allclose(prior.weights.sum(1), torch.ones(max(1, classes)))


def test_a_prior_travels_in_a_state_and_is_the_same_again():
    points, labels = two_clouds()
    prior, other = (FittedPrior(5, classes=2, components=3) for _ in range(2))
    prior.fit(points, labels)
    other.load_state_dict(prior.state_dict(), strict=True)
    asked = torch.tensor([0, 1, -1, 1])
    one, two = (some.draw(asked, random=seeded(3)) for some in (prior, other))
    assert torch.equal(one[0], two[0])
    assert all(value.dtype == torch.float32 for value in prior.state_dict().values())


def test_a_file_without_the_prior_loads_and_a_torn_one_does_not():
    prior, network = FittedPrior(4), torch.nn.Linear(2, 2)
    model = torch.nn.ModuleDict({"prior": prior, "network": network})
    model.load_state_dict(network.state_dict(prefix="network."), strict=True)
    assert not prior.fitted
    torn = model.state_dict()
    del torn["prior.means"]
    with pytest.raises(RuntimeError, match=r"prior\.means"):
        model.load_state_dict(torn, strict=True)
    prior.fit(torch.randn(20, 4, generator=seeded()), torch.zeros(20))
    assert prior.fitted


def test_points_of_another_width_are_refused():
    with pytest.raises(ShapeError, match=r"FittedPrior.fit: needs points n x 4, got \(3, 5\)"):
        FittedPrior(4).fit(torch.zeros(3, 5), torch.zeros(3))


def test_a_mixture_takes_as_many_components_as_there_are_groups():
    random = np.random.default_rng(0)
    middles = np.array([[0, 0], [10, 0], [0, 10], [10, 10.0]])
    points = middles[np.arange(400) % 4] + random.normal(size=(400, 2))
    found = gaussian_mixture(points, 16)
    assert len(found.weights) == 4
    assert np.allclose(np.sort(found.means.sum(1)), [0, 10, 10, 20], atol=0.5)
    assert len(gaussian_mixture(points, 2).weights) <= 2


def test_a_sample_of_the_leading_latents_scatters_about_their_mean():
    torch.manual_seed(0)
    net = Ladder(width=8, latents=4, channels=2, groups=3).build((1, 12, 12), 0, Bernoulli()).eval()
    pictures = torch.rand(3, 1, 12, 12, generator=seeded())
    with torch.inference_mode():
        one, two = (net.sampled_leading(pictures, random=seeded(n)) for n in (1, 2))
        again, mean = net.sampled_leading(pictures, random=seeded(1)), net.encode(pictures)[:, :4]
    assert one.shape == mean.shape == (3, net.leading)
    assert torch.equal(one, again)
    assert not torch.equal(one, two)
    assert 0.3 < float((one - mean).std()) < 2

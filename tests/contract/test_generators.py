"""What every generator must hold."""

import dataclasses

import pytest
import torch

from vitral import nn as rooms
from vitral.core import ShapeError, Spec, members
from vitral.nn import Activation, Bernoulli, Bound, DiscretizedLogistics, Generator, GeneratorNet

SMALL = {"width": 8, "depth": 1}


def small(kind: type[Spec]) -> Generator:
    """The kind with few weights, wherever it has a width and a depth."""
    spec = kind()
    assert isinstance(spec, Generator)
    return dataclasses.replace(
        spec, **{name: value for name, value in SMALL.items() if name in kind.options()}
    )


ALL = pytest.mark.parametrize(
    "spec", [small(kind) for kind in members("generator").values()], ids=lambda one: one.kind
)


def built(spec: Generator, shape=(1, 9, 11), classes=3, likelihood=None) -> GeneratorNet:
    torch.manual_seed(0)
    network = spec.build(shape, classes, likelihood or DiscretizedLogistics(components=2))
    # Random weights everywhere: parts that begin at zero would hide mistakes.
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.15)
    return network.eval()


def some(shape=(1, 9, 11), count=4) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    pictures = torch.randint(0, 256, (count, *shape), generator=generator) / 255
    return pictures, torch.arange(count) % 4 - 1


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@ALL
@pytest.mark.parametrize("shape", [(1, 4, 4), (1, 28, 28), (3, 9, 30), (3, 48, 33), (2, 5, 7)])
@pytest.mark.parametrize("classes", [0, 3])
def test_it_takes_pictures_of_any_size(spec, shape, classes) -> None:
    network = built(spec, shape, classes)
    pictures, labels = some(shape)
    found = network.bound(pictures, labels, random=seeded())
    assert isinstance(found, Bound)
    assert found.distortion.shape == (4,)
    assert found.kl.shape[0] == 4
    assert found.nats.isfinite().all()
    latents = network.encode(pictures, labels)
    assert latents.shape == (4, network.latents)
    assert network.decode(latents, labels).shape == pictures.shape
    drawn = network.draw(labels, random=seeded())
    assert drawn.shape == pictures.shape
    assert float(drawn.detach().min()) >= 0
    assert float(drawn.detach().max()) <= 1


@ALL
def test_the_same_random_numbers_give_the_same_answers(spec) -> None:
    network = built(spec)
    pictures, labels = some()
    with torch.no_grad():
        for answer in (
            lambda r: network.bound(pictures, labels, random=r).nats,
            lambda r: network.sampled_nats(pictures, labels, random=r),
            lambda r: network.importance_bound(pictures, labels, k=3, random=r),
            lambda r: network.draw(labels, random=r),
        ):
            assert torch.equal(answer(seeded()), answer(seeded()))


@ALL
def test_a_picture_is_bounded_alone(spec) -> None:
    network = built(spec)
    pictures, labels = some()
    one = network.encode(pictures[1:2], labels[1:2])
    assert torch.allclose(one, network.encode(pictures, labels)[1:2], atol=1e-4)


@ALL
def test_more_samples_tighten_the_bound_and_one_sample_is_the_elbo_on_average(spec) -> None:
    network = built(spec)
    pictures, labels = some(count=2)
    with torch.no_grad():
        random, times = seeded(), 300
        elbo = torch.stack([network.bound(pictures, labels, random=random).nats for _ in range(times)])
        terms = torch.stack([network.sampled_nats(pictures, labels, random=random) for _ in range(times)])
        close = torch.stack(
            [network.importance_bound(pictures, labels, k=50, random=random) for _ in range(4)]
        )
    error = 4 * (elbo.std(0) + terms.std(0)) / times**0.5 + 1e-3
    assert ((elbo.mean(0) - terms.mean(0)).abs() <= error).all()
    assert (close.mean(0) <= elbo.mean(0) + error).all()
    assert torch.allclose(
        network.importance_bound(pictures, labels, k=1, random=seeded()),
        network.sampled_nats(pictures, labels, random=seeded()),
        rtol=1e-4,
    )


@ALL
def test_kl_is_never_negative(spec) -> None:
    network = built(spec)
    assert (network.bound(*some(), random=seeded()).kl >= 0).all()


@ALL
def test_labels_outside_the_classes_mean_any(spec) -> None:
    network = built(spec)
    pictures, _ = some()
    any_of = [network.encode(pictures, torch.full((4,), label)) for label in (-100, -1, network.classes, 999)]
    assert all(torch.equal(one, any_of[0]) for one in any_of)
    assert torch.equal(any_of[0], network.encode(pictures))
    # A class may change only what is expected of the latents, and not the latents themselves.
    any_nats, told = (
        network.bound(pictures, torch.full((4,), label), random=seeded()).nats for label in (-1, 0)
    )
    assert (any_nats != told).all()


@ALL
def test_every_weight_learns_and_the_losses_are_nats_of_pictures(spec) -> None:
    network = built(spec).train()
    pictures, labels = some(count=8)
    losses = network.losses(pictures, labels, progress=0.7)
    assert losses["loss"].shape == ()
    assert losses["loss"].isfinite()
    losses["loss"].backward()
    idle = [name for name, weight in network.named_parameters() if weight.grad is None]
    assert idle == []
    # A constant guess over 256 levels costs log 256 nats a pixel; a mean over pixels would be far below.
    assert float(losses["loss"].detach()) > pictures[0].numel()


@ALL
def test_a_cold_draw_is_always_the_same_picture(spec) -> None:
    network = built(spec)
    labels = torch.zeros(2, dtype=torch.long)
    cold = network.draw(labels, temperature=0.0, random=seeded(1))
    assert torch.allclose(cold[0], cold[1], atol=1e-5)
    assert torch.allclose(cold, network.draw(labels, temperature=0.0, random=seeded(2)), atol=1e-5)


@ALL
def test_it_counts_binary_pictures_too(spec) -> None:
    network = built(spec, likelihood=Bernoulli())
    pictures, labels = some()
    assert network.bound((pictures > 0.5).float(), labels, random=seeded()).nats.isfinite().all()


@ALL
@pytest.mark.parametrize("shape", [(0, 9, 9), (1, 3, 9), (1, 9, 2)])
def test_shapes_that_are_no_pictures_are_refused(spec, shape) -> None:
    with pytest.raises(ShapeError, match="must have a channel and sides of at least 4 px, got"):
        spec.build(shape, 0, Bernoulli())


@ALL
def test_pictures_of_another_shape_are_refused(spec) -> None:
    network = built(spec)
    with pytest.raises(ShapeError, match="pictures must be"):
        network.encode(torch.zeros(2, 1, 9, 12))
    with pytest.raises(ShapeError, match=f"latents must be b x {network.latents}, got 2 x 1"):
        network.decode(torch.zeros(2, 1))


@ALL
def test_it_is_exported_reads_back_what_it_wrote_and_names_its_source(spec) -> None:
    assert getattr(rooms, type(spec).__name__) is type(spec)
    assert Generator.from_json(spec.to_json()) == spec
    assert "Source:" in (type(spec).__doc__ or "")


@ALL
@pytest.mark.parametrize(
    "activation", [kind() for kind in members("activation").values()], ids=lambda a: a.kind
)
def test_it_takes_any_activation(spec, activation: Activation) -> None:
    if "activation" not in type(spec).options():
        assert spec.kind
        return
    network = built(dataclasses.replace(spec, activation=activation))
    assert network.bound(*some(), random=seeded()).nats.isfinite().all()

"""Probes of latents: what can be read is read, what is not there is not, and files are not trusted."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vitral.core import Batch
from vitral.nn import LatentProbe, nearest_classes


def groups(count: int, *, classes: int = 3, latents: int = 6, apart: float = 4.0, seed: int = 0):
    """Latents in one cloud for each class, and their labels."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % classes
    middles = apart * torch.eye(classes, latents)
    return torch.randn(count, latents, generator=random) + middles[labels], labels


@pytest.mark.parametrize("classes", [2, 3, 6])
def test_classes_that_lie_apart_are_read_by_both_probes(classes) -> None:
    latents, labels = groups(300, classes=classes)
    probe = LatentProbe(6, classes, 300)
    probe.fit(latents, labels)
    found = probe.figures(*groups(200, classes=classes, seed=1))
    assert found["probe_accuracy"] > 0.95
    assert found["knn_accuracy"] > 0.9


def test_latents_without_classes_are_read_no_better_than_by_chance() -> None:
    latents, labels = groups(400, apart=0.0)
    probe = LatentProbe(6, 3, 400)
    probe.fit(latents, labels)
    found = probe.figures(*groups(600, apart=0.0, seed=1))
    assert abs(found["probe_accuracy"] - 1 / 3) < 0.1
    assert abs(found["knn_accuracy"] - 1 / 3) < 0.1


def test_the_same_latents_give_the_same_probe_and_a_file_holds_all_of_it() -> None:
    latents, labels = groups(100)
    one, other = LatentProbe(6, 3, 100), LatentProbe(6, 3, 100)
    one.fit(latents, labels)
    other.fit(latents, labels)
    again = LatentProbe(6, 3, 100)
    shapes = {name: value.shape for name, value in again.state_dict().items()}
    again.load_state_dict(one.state_dict())
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])
        assert torch.equal(value, again.state_dict()[name])
        assert value.shape == shapes[name]
    assert again.figures(*groups(50, seed=1)) == one.figures(*groups(50, seed=1))


def test_nothing_is_said_before_a_fit_or_without_labels() -> None:
    latents, labels = groups(30)
    probe = LatentProbe(6, 3, 30)
    assert not probe.fitted
    assert probe.figures(latents, labels) == {}
    probe.fit(latents, torch.zeros(30, dtype=torch.int64))  # one class is nothing to tell
    assert not probe.fitted
    probe.fit(latents, labels)
    assert probe.fitted
    assert probe.figures(latents, torch.full((30,), -100)) == {}


def test_a_file_from_before_there_were_probes_loads_and_a_torn_one_does_not() -> None:
    model = torch.nn.ModuleDict({"probe": LatentProbe(6, 3, 30), "network": torch.nn.Linear(2, 2)})
    old = {name: value for name, value in model.state_dict().items() if name.startswith("network")}
    model.load_state_dict(old, strict=True)
    assert not model["probe"].fitted
    torn = model.state_dict()
    del torn["probe.weights"]
    with pytest.raises(RuntimeError, match=r"probe\.weights"):
        model.load_state_dict(torn, strict=True)


def test_numbers_from_a_file_cannot_ask_for_more_classes_than_there_are() -> None:
    latents, labels = groups(30)
    probe = LatentProbe(6, 3, 30)
    probe.fit(latents, labels)
    probe.known_labels.fill_(2**40)
    assert not probe.fitted
    assert probe.figures(latents, labels) == {}


def test_a_class_without_training_pictures_is_never_answered() -> None:
    latents, labels = groups(100, classes=2)
    probe = LatentProbe(6, 5, 100)
    probe.fit(latents, labels * 3)
    assert set(probe.linear(latents).tolist()) == {0, 3}
    assert set(probe.neighbors(latents).tolist()) == {0, 3}


def test_many_pictures_are_thinned_evenly_and_many_latents_take_few_axes() -> None:
    assert LatentProbe(100, 3, 20_000).every == 1
    assert LatentProbe(100, 3, 100_000).every == 5
    wide = LatentProbe(400_000, 2, 5000)
    assert wide.axes.numel() <= 2**22
    assert wide.every > 5


def test_batches_are_fitted_like_one_set() -> None:
    latents, labels = groups(60)

    def batches():
        for start in range(0, 60, 16):
            some = slice(start, min(start + 16, 60))
            yield Batch(
                pixels=[], labels=labels[some], indices=np.arange(60)[some], keys=(), seed=0, epoch=0,
                position=0, inputs=latents[some][:, :, None, None],
            )  # fmt: skip

    one, other = LatentProbe(6, 3, 60), LatentProbe(6, 3, 60)
    one.fit(latents, labels)
    other.fit_batches(batches(), lambda inputs: inputs.flatten(1))
    assert torch.equal(one.weights, other.weights)


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), length=st.floats(0.01, 100))
def test_neighbors_vote_by_direction_not_by_length(seed, length) -> None:
    random = torch.Generator().manual_seed(seed)
    known, points = torch.randn(20, 5, generator=random), torch.randn(7, 5, generator=random)
    labels = torch.arange(20) % 3
    plain = nearest_classes(points, known, labels, k=3)
    assert torch.equal(nearest_classes(points * length, known, labels, k=3), plain)


def test_a_known_point_is_its_own_nearest_neighbor() -> None:
    known = torch.randn(12, 5, generator=torch.Generator().manual_seed(0))
    assert torch.equal(nearest_classes(known, known, torch.arange(12), k=1), torch.arange(12))
    assert nearest_classes(known[:0], known, torch.arange(12), k=1).shape == (0,)
    assert nearest_classes(known, known[:1], torch.tensor([2]), k=10).tolist() == [2] * 12

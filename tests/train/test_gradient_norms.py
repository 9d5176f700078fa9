"""Updates with a gradient far beyond the usual are left out."""

import math

import pytest
import torch

import vitral as vt
from vitral.data import open_pictures
from vitral.train.gradient_norms import GradientNorms


def test_a_norm_far_beyond_the_mean_is_a_spike():
    norms = GradientNorms()
    assert not any(norms.is_spike(1.0 + 0.1 * (n % 3), times=4.0) for n in range(40))
    assert norms.is_spike(50.0, times=4.0)
    assert not norms.is_spike(2.0, times=4.0)


def test_the_first_norms_are_never_spikes_unless_they_are_not_finite():
    norms = GradientNorms()
    assert not norms.is_spike(1.0, times=2.0)
    assert not norms.is_spike(1000.0, times=2.0)
    assert norms.is_spike(math.inf, times=2.0)
    assert norms.is_spike(math.nan, times=2.0)


def test_norms_that_stay_larger_are_accepted_after_a_while():
    norms = GradientNorms()
    for _ in range(50):
        norms.is_spike(1.0, times=3.0)
    found = [norms.is_spike(10.0, times=3.0) for _ in range(400)]
    assert found[0]
    assert not found[-1]


def test_the_state_survives_json():
    norms = GradientNorms()
    norms.is_spike(3.0, times=2.0)
    assert GradientNorms(**norms.to_json()) == norms


@pytest.mark.parametrize("skip", [0.0, 1e-6])
def test_a_training_that_skips_everything_after_the_first_steps_stands_still(skip, tmp_path):
    pictures = open_pictures("digits", validation=0.1, test=0.1).subset(range(400))
    run = vt.Run(task=vt.Classify(size=16)).with_settings(
        {"device": "cpu", "precision": "float32", "threads": 1, "batch": 8, "skip": skip, "average": 0.0}
    )
    weights = []
    for epochs in (1, 2):
        trained = vt.train(run, pictures, out=tmp_path / str(epochs), epochs=epochs,
                           schedule="constant")  # fmt: skip
        assert trained.model is not None
        weights.append(trained.model.module.state_dict()["network.head.weight"])
    assert torch.equal(*weights) == bool(skip)

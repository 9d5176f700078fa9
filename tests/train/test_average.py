"""The moving average of the weights."""

import math

import torch
from torch import nn

from vitral.train.ema import Average


def test_the_average_follows_the_formula():
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 0.0)
    average = Average(model)
    nn.init.constant_(model.weight, 1.0)
    expected = 0.0
    for step in range(1, 101):
        average.follow(model, step, horizon=5)
        expected += (1 - math.exp(-1 / min(5, step / 10))) * (1 - expected)
    assert math.isclose(float(average.weights["weight"]), expected, rel_tol=1e-5)


def test_whole_numbers_are_copied_not_averaged():
    model = nn.BatchNorm2d(2)
    average = Average(model)
    model(torch.randn(4, 2, 3, 3))
    average.follow(model, 1, horizon=100)
    assert int(average.weights["num_batches_tracked"]) == 1


def test_a_horizon_of_zero_copies_the_model():
    model = nn.Linear(2, 2)
    average = Average(model)
    nn.init.constant_(model.weight, 3.0)
    average.follow(model, 1, horizon=0)
    assert torch.equal(average.weights["weight"], model.weight)

"""What every way of sampling promises, over the registry."""

from typing import Any

import numpy as np
import pytest

from vitral.core import members
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import ArrayPixels
from vitral.data.sampling import Sampling

KINDS: dict[str, Any] = dict(members("sampling"))


def pictures(count: int = 200) -> PictureSet:
    random = np.random.default_rng(0)
    return PictureSet(
        name="set",
        keys=tuple(f"{i}.png" for i in range(count)),
        source=ArrayPixels(np.zeros((count, 1, 1, 3), np.uint8)),
        classes=("a", "b", "c"),
        labels=random.choice(3, count, p=[0.7, 0.2, 0.1]),
        weights=random.random(count) + 0.1,
    )


@pytest.fixture(params=sorted(KINDS))
def sampling(request) -> Sampling:
    return KINDS[request.param]()


def test_an_epoch_is_a_function_of_seed_and_epoch(sampling: Sampling):
    first = sampling.order(pictures(), 5, 2)
    assert first.dtype == np.int64
    assert np.array_equal(first, sampling.order(pictures(), 5, 2))
    drawn = len({tuple(sampling.order(pictures(), seed, epoch)) for seed in (0, 5) for epoch in range(3)})
    assert drawn == (1 if sampling.kind == "in-order" else 6)


def test_every_epoch_has_as_many_pictures_and_none_from_outside(sampling: Sampling):
    for epoch in range(4):
        order = sampling.order(pictures(), 0, epoch)
        assert order.shape == (200,)
        assert order.min() >= 0
        assert order.max() < 200


def test_a_set_of_one_picture_is_sampled(sampling: Sampling):
    assert sampling.order(pictures(1), 0, 0).tolist() == [0]


def test_a_sampling_survives_json(sampling: Sampling):
    assert Sampling.from_json(sampling.to_json()) == sampling

"""The order of an epoch: sampled, cut, shared among processes, gathered by size."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import BatchSampler, RandomSampler, SequentialSampler, WeightedRandomSampler

from vitral.core import IGNORE, DataError
from vitral.data.loader import Loader
from vitral.data.order import alike_together, draws_of, in_batches, sampler_order
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import ArrayPixels
from vitral.data.sampling import Balanced, Weighted


def labelled(labels: Any, weights: Any = None) -> PictureSet:
    return PictureSet(
        name="set",
        keys=tuple(map(str, range(len(labels)))),
        source=ArrayPixels(np.zeros((len(labels), 1, 1, 3), np.uint8)),
        classes=("a", "b"),
        labels=labels,
        weights=weights,
    )


def test_balanced_classes_come_equally_often():
    labels = np.array([0] * 90 + [1] * 10)
    drawn = np.bincount(labels[Balanced().order(labelled(labels), 0, 0)])
    assert drawn.tolist() == [50, 50]
    half = np.bincount(labels[Balanced(strength=0.5).order(labelled(labels), 0, 0)])
    assert abs(half - [75, 25]).max() <= 1
    assert np.bincount(labels[Balanced(strength=0.0).order(labelled(labels), 0, 0)]).tolist() == [90, 10]


def test_pictures_without_a_class_keep_their_share_when_classes_are_balanced():
    labels = np.array([0] * 60 + [1] * 20 + [IGNORE] * 20)
    order = Balanced().order(labelled(labels), 0, 0)
    assert abs((labels[order] == IGNORE).sum() - 20) <= 1
    assert abs((labels[order] == 1).sum() - 40) <= 1


def test_a_picture_comes_as_often_as_its_weight_says_give_or_take_one():
    weights = np.random.default_rng(1).random(300) * 5 + 0.01
    expected = weights / weights.sum() * 300
    total = np.zeros(300)
    for epoch in range(200):
        counts = np.bincount(Weighted().order(labelled([0] * 300, weights), 7, epoch), minlength=300)
        assert (np.abs(counts - expected) < 1).all()
        total += counts
    assert np.abs(total / 200 - expected).max() < 0.2


def test_what_a_sampling_lacks_is_said():
    with pytest.raises(DataError, match=r"set: must have weights .* a column called 'weight'"):
        Weighted().order(labelled([0, 1]), 0, 0)
    with pytest.raises(DataError, match="set: must have classes to be balanced"):
        Balanced().order(labelled([IGNORE, IGNORE]), 0, 0)


@given(count=st.integers(0, 60), size=st.integers(1, 9), ranks=st.integers(1, 5), drop_last=st.booleans())
def test_the_shares_of_all_processes_are_the_batch(count: int, size: int, ranks: int, drop_last: bool):
    order = in_batches(np.arange(count), size=size * ranks, drop_last=drop_last, of=count)
    seen: list[int] = []
    for position in range(len(order)):
        shares = [order.indices[order.batch(position, rank=r, ranks=ranks)].tolist() for r in range(ranks)]
        sizes = [len(share) for share in shares]
        assert max(sizes) - min(sizes) <= 1
        assert max(sizes) <= size
        seen += [index for share in shares for index in share]
    whole = count // (size * ranks) * size * ranks if drop_last else count
    assert seen == list(range(whole))


@given(st.lists(st.integers(0, 9), max_size=40))
def test_a_picture_that_comes_again_has_another_key(indices: list[int]):
    draws = draws_of(np.array(indices, dtype=np.int64), 10)
    assert (draws % 10).tolist() == indices
    assert len(set(draws.tolist())) == len(indices)


@given(count=st.integers(0, 400), batch=st.integers(1, 16), epoch=st.integers(0, 3))
def test_batches_of_like_sizes_hold_every_picture_once(count: int, batch: int, epoch: int):
    random = np.random.default_rng(count)
    sizes = random.integers(10, 400, (max(count, 1), 2))
    indices = random.permutation(count)
    together = alike_together(indices, sizes, batch=batch, seed=3, epoch=epoch)
    assert sorted(together.tolist()) == list(range(count))
    whole = count // batch * batch
    assert together[whole:].tolist() == indices[whole:].tolist()


def test_batches_of_like_sizes_need_less_padding_and_are_mixed_anew_each_epoch():
    random = np.random.default_rng(0)
    sizes = np.stack([random.integers(100, 500, 960), random.integers(100, 500, 960)], axis=1)

    def padding(order: np.ndarray) -> float:
        groups = sizes[order].reshape(-1, 16, 2)
        return float((groups.max(1).prod(1) * 16).sum() / sizes.prod(1).sum())

    orders = [
        alike_together(random.permutation(960), sizes, batch=16, seed=0, epoch=epoch) for epoch in (0, 1)
    ]
    assert padding(np.arange(960)) > 2
    assert padding(orders[0]) < 1.4
    first = [tuple(sorted(order[:16].tolist())) for order in orders]
    assert first[0] != first[1]


@pytest.mark.parametrize(
    "sampler",
    [
        RandomSampler(range(20)),
        RandomSampler(range(20), generator=torch.Generator()),
        WeightedRandomSampler([0.1] * 10 + [0.9] * 10, 20),
    ],
)
def test_a_torch_sampler_gives_the_same_for_the_same_epoch_and_leaves_torch_alone(sampler: Any):
    def order(epoch: int) -> list[int]:
        return sampler_order(sampler, size=4, drop_last=False, of=20, keys=(1, epoch)).indices.tolist()

    before = torch.random.get_rng_state()
    generator = sampler.generator
    own = None if generator is None else generator.get_state()
    orders = [order(0), order(1), order(0)]
    assert orders[0] == orders[2] != orders[1]
    assert torch.equal(torch.random.get_rng_state(), before)
    if generator is not None and own is not None:
        assert torch.equal(generator.get_state(), own)


def test_a_batch_sampler_says_what_each_batch_holds():
    sampler = BatchSampler(SequentialSampler(range(7)), batch_size=3, drop_last=False)
    order = sampler_order(sampler, size=99, drop_last=False, of=7, keys=(0, 0))
    assert order.starts.tolist() == [0, 3, 6, 7]
    alone = sampler_order(SequentialSampler(range(7)), size=2, drop_last=True, of=7, keys=(0, 0))
    assert alone.starts.tolist() == [0, 2, 4, 6]


@pytest.mark.parametrize(
    ("given_by_it", "message"),
    [
        ([0, 20], r"Loader\.sampler: must stay in \[0, 19\], got 0 to 20"),
        ([-1], r"Loader\.sampler: must stay in \[0, 19\], got -1 to -1"),
        (["a"], r"Loader\.sampler: must give numbers of pictures, got 'a'"),
        ([2**80], r"Loader\.sampler: must give numbers of pictures"),
    ],
)
def test_a_sampler_that_gives_nonsense_is_an_error(given_by_it: list[Any], message: str):
    with pytest.raises(DataError, match=message):
        sampler_order(given_by_it, size=4, drop_last=False, of=20, keys=(0, 0))


def test_a_list_of_batches_is_the_whole_epoch():
    pictures = PictureSet(
        name="numbers", keys=tuple(map(str, range(12))), source=ArrayPixels(np.zeros((12, 2, 2, 3), np.uint8))
    )
    for batches in (
        [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]],
        [torch.tensor([0, 5]), torch.tensor([7])],
    ):
        loader = Loader(pictures, sampling=batches)
        assert len(loader) == len(batches)
        assert [batch.indices.tolist() for batch in loader] == [list(map(int, one)) for one in batches]

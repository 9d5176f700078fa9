"""Ops made of ops."""

from typing import Any

import numpy as np
import pytest

from vitral.augment import (
    Augmentation,
    Brightness,
    Discrete,
    Flip,
    FlipVertical,
    Invert,
    OneOf,
    Op,
    QuarterTurn,
    Rotate,
    Sequence,
    Shuffle,
    SomeOf,
    Sometimes,
    Translate,
)
from vitral.core import OptionError

SIDE, DOWN = Flip(p=1.0), FlipVertical(p=1.0)


def test_ops_are_added_into_one_sequence() -> None:
    assert SIDE + DOWN + Invert() == Sequence(ops=(SIDE, DOWN, Invert()))
    assert Op.from_json((SIDE + DOWN).to_json()) == SIDE + DOWN


def test_a_sequence_does_the_same_as_its_ops(changed, noise) -> None:
    pixels = noise(6, 8, 8)
    assert np.array_equal(changed(pixels, SIDE + DOWN), changed(pixels, SIDE, DOWN))
    assert np.allclose(changed(pixels, SIDE + DOWN), pixels[:, ::-1, ::-1])


STILL = Flip(p=0.0)


@pytest.fixture
def matrices(noise, batch_of):
    """A function that gives the matrices of a plan of some ops."""

    def of(*ops: Op) -> np.ndarray:
        augmentation = Augmentation(ops, height=8, width=8, mean=(0.0,) * 3, std=(1.0,) * 3)
        return augmentation.plan(batch_of(noise(20, 8, 8))).matrix

    return of


@pytest.mark.parametrize(
    "chain",
    [
        (Rotate(), STILL),
        (STILL, Rotate()),
        (Rotate() + STILL,),
        (STILL + Rotate(),),
        (Brightness(), STILL + Rotate() + Invert()),
        (Sequence(ops=(Rotate(),)),),
        (Sequence(ops=(Invert(), Sequence(ops=(Sequence(), Rotate())))),),
        (Sequence(ops=(STILL,)) + Sequence(ops=(Rotate(),)),),
        (Sometimes(ops=(Rotate(),), p=0.0), Rotate()),
    ],
    ids=str,
)
def test_ops_of_other_kinds_change_no_numbers_however_they_are_put_together(matrices, chain) -> None:
    assert np.array_equal(matrices(*chain), matrices(Rotate()))
    assert not np.array_equal(matrices(Rotate()), matrices(STILL))


def test_ops_of_a_kind_are_numbered_through_sequences(matrices) -> None:
    want = matrices(Rotate(), Rotate(), Rotate())
    assert not np.array_equal(want, matrices(Rotate(deg=(-60.0, 60.0))))
    assert np.array_equal(matrices(Rotate() + Rotate() + Rotate()), want)
    assert np.array_equal(matrices(Rotate(), Rotate() + STILL, Rotate()), want)
    assert np.array_equal(matrices(Sequence(ops=(Rotate(), Rotate() + STILL)), Rotate()), want)


@pytest.mark.parametrize("kind", [OneOf, SomeOf, Shuffle])
def test_a_sequence_to_choose_from_stays_one_and_may_grow_behind(matrices, kind) -> None:
    one, grown = (kind(ops=(Sequence(ops=ops), Translate())) for ops in ((Rotate(),), (Rotate(), STILL)))
    assert np.array_equal(matrices(one), matrices(grown))
    assert not np.array_equal(matrices(one), matrices(kind(ops=(Sequence(), Translate()))))


def test_of_a_sequence_to_choose_from_a_picture_gets_all_or_nothing(changed, noise) -> None:
    pixels = noise(60, 4, 4)
    made = changed(pixels, OneOf(ops=(SIDE + DOWN, Sequence())))
    both = (np.abs(made - pixels[:, ::-1, ::-1]) < 0.01).all(axis=(1, 2, 3))
    none = (np.abs(made - pixels) < 0.01).all(axis=(1, 2, 3))
    assert (both ^ none).all()
    assert 15 < both.sum() < 45


def test_sometimes_changes_as_many_as_it_says(changed, noise) -> None:
    pixels = noise(400, 4, 4)
    same = (np.abs(changed(pixels, Sometimes(ops=(SIDE, DOWN), p=0.25)) - pixels) < 0.01).all(axis=(1, 2, 3))
    assert 0.65 < same.mean() < 0.85


def test_one_of_gives_each_picture_one(changed, noise) -> None:
    pixels = noise(300, 4, 4)
    made = changed(pixels, OneOf(ops=(SIDE, DOWN), weights=(1.0, 2.0)))
    side = (np.abs(made - pixels[:, :, ::-1]) < 0.01).all(axis=(1, 2, 3))
    down = (np.abs(made - pixels[:, ::-1]) < 0.01).all(axis=(1, 2, 3))
    assert (side ^ down).all()
    assert 0.25 < side.mean() < 0.42


@pytest.mark.parametrize("count", [0, 1, 2])
def test_some_of_gives_as_many_as_it_says(changed, noise, count) -> None:
    pixels = noise(200, 4, 4)
    made = changed(pixels, SomeOf(ops=(SIDE, DOWN), count=float(count)))
    found = [
        (np.abs(made - want) < 0.01).all(axis=(1, 2, 3)).mean()
        for want in (pixels, pixels[:, :, ::-1], pixels[:, ::-1], pixels[:, ::-1, ::-1])
    ]
    if count == 1:
        assert found[1] + found[2] == 1
        assert min(found[1:3]) > 0.3
    else:
        assert found[0 if count == 0 else 3] == 1


def test_shuffle_does_all_in_another_order_for_each_picture(noise, batch_of) -> None:
    ops = (Rotate(deg=90.0), Translate(x=0.25, y=0.0))
    plan = Augmentation((Shuffle(ops=ops),), height=8, width=8, mean=(0.0,) * 3, std=(1.0,) * 3).plan(
        batch_of(noise(200, 8, 8))
    )
    orders = {tuple(np.round(matrix[:2, 2], 6)) for matrix in plan.matrix}
    assert len(orders) == 2


def test_pictures_that_get_no_turn_keep_their_canvas(noise, batch_of) -> None:
    some = Sometimes(ops=(QuarterTurn(turns=1.0), Translate(x=0.5, y=0.0)), p=0.5)
    plan = Augmentation((some,), height=6, width=10, mean=(0.0,) * 3, std=(1.0,) * 3).plan(
        batch_of(noise(60, 6, 10))
    )
    still = (plan.matrix == np.eye(3)).all(axis=(1, 2))
    assert 15 < still.sum() < 45


def test_branches_with_other_canvases_do_not_disturb_each_other(changed, noise) -> None:
    pixels = noise(60, 6, 6)
    made = changed(pixels, OneOf(ops=(QuarterTurn(turns=1.0), QuarterTurn(turns=3.0))))
    left, right = (np.rot90(pixels, k, axes=(1, 2)) for k in (1, 3))
    assert all(
        np.allclose(one, a) or np.allclose(one, b) for one, a, b in zip(made, left, right, strict=True)
    )


def test_two_ops_of_a_kind_draw_apart_and_the_first_keeps_its_numbers(noise, batch_of) -> None:
    def factors(*ops: Op) -> np.ndarray:
        plan = Augmentation(ops, height=4, width=4, mean=(0.0,) * 3, std=(1.0,) * 3).plan(
            batch_of(noise(50, 4, 4))
        )
        return plan.passes[0].tones[0].matrix[:, 0, 0]  # pyright: ignore[reportAttributeAccessIssue]

    one, both = factors(Brightness()), factors(Brightness(), Brightness())
    second = both / one
    assert not np.allclose(second, one)
    assert np.allclose(factors(Brightness(), Invert(p=0.0)), one)


def test_wrong_compositions_are_named() -> None:
    with pytest.raises(
        OptionError, match=r"OneOf\.weights: must hold 2 numbers, not all zero, got \(1\.0,\)"
    ):
        OneOf(ops=(SIDE, DOWN), weights=(1.0,))
    with pytest.raises(
        OptionError, match=r"^OneOf: options must be given by name, as in OneOf\(ops=\(\.\.\.\)\)"
    ):
        OneOf(SIDE, DOWN)  # pyright: ignore[reportCallIssue]
    alone: Any = SIDE
    with pytest.raises(
        OptionError,
        match=r"^Sometimes\.ops: must be a tuple of Op, got Flip\(.*\); did you mean \(Flip\(.*\),\)\?$",
    ):
        Sometimes(ops=alone)
    with pytest.raises(OptionError, match=r"Shuffle\.ops: must be 8 at most, got 9"):
        Shuffle(ops=(SIDE,) * 9)
    with pytest.raises(OptionError, match=r"SomeOf\.count: must lie in \[0, 1000\]"):
        SomeOf(ops=(SIDE,), count=Discrete(low=-1, high=2))

"""Policies: random ops out of a fixed set."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from vitral.augment import Augmentation, AutoAugment, RandAugment, TrivialAugment
from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.stages import Color, Curve, Filter, Stage, Warp

COUNT = 1400
ONCE = {"translate": 2, "shear": 2}  # along x and along y


def touched(stage: Stage) -> np.ndarray:
    """The pictures that a stage changes."""
    if isinstance(stage, Filter):
        return stage.chosen
    known: dict[type[Stage], Any] = {
        Warp: lambda s: (s.matrix, np.eye(3)),
        Color: lambda s: (s.matrix, np.eye(3, 4)),
        Curve: lambda s: (s.table, np.arange(256)),
    }
    value, same = known[type(stage)](stage)
    return (value != same).any(axis=(1, 2))


def ops_of_pictures(op, batch, *, side: int = 16) -> list[list[str]]:
    frame = Frame(canvas=np.full((len(batch), 2), float(side)), height=side, width=side, fit="crop")
    found: list[list[str]] = [[] for _ in range(len(batch))]
    for stage in op.lower(Draw(batch, ""), frame):
        for i in np.flatnonzero(touched(stage)):
            found[i].append(stage.op)
    return found


@pytest.mark.parametrize("op", [TrivialAugment(), RandAugment(n=1, magnitude=15.0)], ids=["trivial", "rand"])
def test_every_op_occurs_as_often_as_every_other(op, batch_of) -> None:
    found = ops_of_pictures(op, batch_of(np.zeros((COUNT, 1, 1, 3), np.uint8)))
    assert max(map(len, found)) == 1
    times = Counter(name for one in found for name in one)
    assert times.keys() == {
        "auto-contrast",
        "brightness",
        "contrast",
        "equalize",
        "gaussian-blur",
        "posterize",
        "rotate",
        "saturation",
        "sharpen",
        "shear",
        "solarize",
        "translate",
    }
    sharpness = times.pop("sharpen") + times.pop("gaussian-blur")
    shares = [times[name] / ONCE.get(name, 1) / COUNT for name in times] + [sharpness / COUNT]
    assert min(shares) > 0.03
    assert max(shares) < 0.11
    # The identity, and strengths that happen to be nothing.
    assert 0.04 < sum(not one for one in found) / COUNT < 0.13


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_rand_augment_gives_as_many_as_it_says(batch_of, n) -> None:
    op = RandAugment(n=n, magnitude=15.0)
    found = ops_of_pictures(op, batch_of(np.zeros((COUNT, 1, 1, 3), np.uint8)))
    assert max(map(len, found)) == n
    assert abs(np.mean([len(one) for one in found]) - n * 13 / 14) < 0.1
    if n == 2:  # also one op twice, and both orders of two
        assert ["rotate", "rotate"] in found
        assert ["rotate", "solarize"] in found
        assert ["solarize", "rotate"] in found


def test_trivial_augment_is_for_as_many_as_it_says(batch_of) -> None:
    found = ops_of_pictures(TrivialAugment(p=0.25), batch_of(np.zeros((COUNT, 1, 1, 3), np.uint8)))
    assert 0.18 < np.mean([len(one) for one in found]) < 0.28


def test_magnitude_zero_leaves_all_but_histograms(batch_of) -> None:
    found = ops_of_pictures(RandAugment(n=1, magnitude=0.0), batch_of(np.zeros((COUNT, 1, 1, 3), np.uint8)))
    names = {name for one in found for name in one}
    assert names <= {"auto-contrast", "equalize", "sharpen", "gaussian-blur"}


def test_more_magnitude_changes_more(changed) -> None:
    y, x = np.mgrid[0:24, 0:24] / 24
    one = np.stack([np.sin(2 * np.pi * (x + y)), np.cos(4 * np.pi * x), np.sin(4 * np.pi * y)], axis=2)
    # The full range of levels, so that stretching changes nothing and equalizing little.
    pixels = np.repeat(np.rint((one + 1) * 127.5).astype(np.uint8)[None], 300, axis=0)
    far = [
        np.abs(changed(pixels, RandAugment(n=2, magnitude=m)) - pixels).mean() for m in (0.0, 5.0, 15.0, 30.0)
    ]
    assert far[0] < 5
    assert far[0] < far[1] < far[2] < far[3]


def test_a_policy_of_one_op_costs_a_plan_of_few_passes(batch_of, noise) -> None:
    whole = Augmentation((TrivialAugment(),), height=8, width=8, mean=(0.0,) * 3, std=(1.0,) * 3)
    assert len(whole.plan(batch_of(noise(4, 8, 8))).passes) < 10


@pytest.mark.parametrize("end", [-1, 1])
def test_the_wide_space_reaches_its_ends(batch_of, end) -> None:
    frame = Frame(canvas=np.full((20000, 2), 224.0), height=224, width=224, fit="crop")
    batch = batch_of(np.zeros((20000, 1, 1, 3), np.uint8))
    stages = TrivialAugment().lower(Draw(batch, ""), frame)
    moves = [s.matrix[:, 0, 2] for s in stages if isinstance(s, Warp) and s.op == "translate"]
    gains = [s.matrix[:, 0, 0] for s in stages if isinstance(s, Color) and s.op == "brightness"]
    assert np.max(end * moves[0]) == pytest.approx(32, abs=0.5)
    assert np.max(end * (gains[0] - 1)) == pytest.approx(0.99, abs=0.02)


def test_auto_augment_gives_the_pairs_of_its_table(batch_of) -> None:
    found = ops_of_pictures(AutoAugment(), batch_of(np.zeros((5000, 1, 1, 3), np.uint8)))
    assert max(map(len, found)) == 2
    pairs = Counter(tuple(one) for one in found)
    # How often both ops of a row come, summed over the rows that have them.
    for pair, share in {
        ("invert", "equalize"): 2 * 0.6,
        ("saturation", "contrast"): 2 * 0.6,
        ("posterize", "rotate"): 0.4 * 0.6,
        ("rotate", "saturation"): 0.8,  # the other row's color has strength 0
        ("shear", "equalize"): 0.6,
        ("solarize", "auto-contrast"): 2 * 0.6 * 0.6,
        ("equalize", "solarize"): 2 * 0.4 * 0.2,
    }.items():
        assert pairs[pair] / 5000 == pytest.approx(share / 25, rel=0.35), pair
    # No row has this order, and none moves.
    assert ("rotate", "posterize") not in pairs
    assert "translate" not in {name for one in found for name in one}
    assert {"sharpen", "gaussian-blur"} <= {name for one in found for name in one}

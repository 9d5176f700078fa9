"""Chains by subject."""

import numpy as np
import pytest

from vitral.augment import PRESETS, Op, Sequence, preset
from vitral.core import OptionError

every = pytest.mark.parametrize("name", PRESETS)


def smooth(count: int) -> np.ndarray:
    """Pictures with something to see at every size of change."""
    y, x = np.mgrid[0:32, 0:32] / 32
    waves = [np.sin(2 * np.pi * (a * x + b * y)) for a, b in ((1, 2), (2, -1), (3, 1))]
    one = np.stack(waves, axis=2) * 80 + 128
    return np.repeat(np.rint(one).astype(np.uint8)[None], count, axis=0)


@every
def test_strength_zero_changes_nothing(changed, noise, name) -> None:
    pixels = noise(12, 9, 15)
    assert np.array_equal(changed(pixels, preset(name, 0.0)), changed(pixels))


@every
def test_it_is_a_plain_chain_that_survives_json(name) -> None:
    chain = preset(name)
    assert isinstance(chain, Sequence)
    assert not any(isinstance(op, Sequence) for op in chain.ops)
    assert Op.from_json(chain.to_json()) == chain
    assert repr(chain).startswith("Sequence(ops=(")


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "none"])
def test_more_strength_changes_more(changed, name) -> None:
    pixels = smooth(96)
    plain = changed(pixels)
    far = [np.abs(changed(pixels, preset(name, s)) - plain).mean() for s in (0.0, 0.02, 0.3, 1.0)]
    assert far[0] == 0
    assert 0 < far[1] < 8
    assert far[1] < far[2] < far[3]


@every
@pytest.mark.parametrize("strength", [0.001, 0.5, 1.0])
def test_levels_stay_levels(changed, noise, name, strength) -> None:
    made = changed(noise(16, 20, 33), preset(name, strength), size=(16, 16))
    assert np.isfinite(made).all()
    assert made.min() > -0.01
    assert made.max() < 255.01


@pytest.mark.parametrize("name", ["digits", "documents"])
def test_what_can_be_read_is_never_mirrored(name) -> None:
    assert {"flip", "flip-vertical", "quarter-turn"}.isdisjoint(op.kind for op in preset(name, 1.0).ops)


def test_none_is_nothing_at_any_strength() -> None:
    assert preset("none", 1.0) == Sequence()


def test_a_chain_can_be_added_to() -> None:
    both = Sequence(ops=(*preset("faces").ops, *preset("digits").ops))
    assert preset("faces") + preset("digits") == both


def test_an_unknown_name_is_told_the_nearest() -> None:
    with pytest.raises(OptionError, match=r"preset: must be one of .*, got 'photo'; did you mean 'photos'\?"):
        preset("photo")


@pytest.mark.parametrize("strength", [-0.1, 1.5, float("nan")])
def test_a_strength_outside_its_range_is_refused(strength) -> None:
    with pytest.raises(OptionError, match=r"preset\.strength: must lie in \[0, 1\]"):
        preset("photos", strength)

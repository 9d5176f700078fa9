"""The planner: what joins, what does not, and why."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vitral.augment import (
    Augmentation,
    Brightness,
    Contrast,
    Flip,
    Gamma,
    GaussianBlur,
    Grayscale,
    Hue,
    Invert,
    Op,
    RandomErasing,
    Rotate,
    Saturation,
    Scale,
    Translate,
)
from vitral.augment.engines.reference import render_tensor
from vitral.augment.engines.render import levels_to_inputs

UNIT: dict[str, Any] = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}


def plan_of(batch_of, noise, *ops: Op):
    return Augmentation(ops, height=24, width=24, **UNIT).plan(batch_of(noise(4, 30, 32)))


def test_geometry_and_color_matrices_are_one_pass_in_any_order(batch_of, noise) -> None:
    plan = plan_of(batch_of, noise, Brightness(), Rotate(), Saturation(), Flip(), Contrast(), Scale())
    assert len(plan.passes) == 1
    assert len(plan.passes[0].tones) == 1
    assert str(plan) == "pass 1: brightness, rotate, saturation, flip, contrast, scale, crop"


def test_a_turn_of_hue_before_geometry_needs_a_pass_of_its_own_and_says_so(batch_of, noise) -> None:
    plan = plan_of(batch_of, noise, Hue(turn=0.2), Rotate(deg=10.0))
    assert len(plan.passes) == 2
    assert "because rotate moves pixels, and hue (hue) must come before that" in str(plan)


def test_a_filter_has_the_picture_to_itself(batch_of, noise) -> None:
    plan = plan_of(batch_of, noise, Rotate(), GaussianBlur(p=1.0), Flip())
    assert len(plan.passes) == 2
    assert "because gaussian-blur (filter) needs the picture as a whole" in str(plan)


def test_geometry_that_moves_nothing_breaks_no_pass(batch_of, noise) -> None:
    plan = Augmentation((Gamma(), Flip(p=0.0)), height=30, width=32, **UNIT).plan(batch_of(noise(4, 30, 32)))
    assert len(plan.passes) == 1


def test_color_matrices_multiply_as_if_done_in_turn(changed, noise, batch_of) -> None:
    pixels = noise(5, 9, 9) // 4 + 90  # Nothing leaves the range on the way.
    ops = (Brightness(strength=0.2), Contrast(strength=0.2), Saturation(factor=1.2), Invert(p=1.0))
    want = pixels.astype(np.float64)
    for op in ops:
        # Each op alone draws the same numbers as in the chain.
        want = alone(batch_of, want, op)
    assert np.abs(changed(pixels, *ops) - want).max() < 1e-2


def alone(batch_of, values: np.ndarray, op: Op) -> np.ndarray:
    from vitral.augment.draw import Draw
    from vitral.augment.frame import Frame
    from vitral.augment.stages import Color

    frame = Frame(
        canvas=np.tile(np.array([values.shape[1:3]], float), (len(values), 1)), height=9, width=9, fit="crop"
    )
    batch = batch_of(values.astype(np.uint8))
    (color,) = op.lower(Draw(batch, str(op.kind)), frame)
    assert isinstance(color, Color)
    means = values.mean(axis=(1, 2))
    added = color.matrix[..., 3] + np.einsum("bij,bj->bi", color.of_means, means)
    return np.einsum("bij,bhwj->bhwi", color.matrix[..., :3], values) + added[:, None, None]


def test_clamping_at_the_end_differs_only_where_levels_left_the_range(changed, noise) -> None:
    """Brighter and then darker again: step by step white is lost, in one pass it is not."""
    pixels = np.full((1, 4, 4, 3), 200, np.uint8)
    made = changed(pixels, Invert(p=1.0), Invert(p=1.0))
    assert np.abs(made - 200).max() < 1e-3


@settings(max_examples=40)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    target=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    deg=st.floats(-360, 360),
    factor=st.floats(0.3, 3),
    turn=st.floats(-1, 1),
    power=st.floats(0.3, 3),
)
def test_both_engines_give_the_same_for_any_geometry_and_tones(
    batch_of, size, target, deg, factor, turn, power
) -> None:
    import torch
    from scipy.ndimage import gaussian_filter

    coarse = np.random.default_rng(2).integers(0, 256, (2, *size, 3)).astype(float)
    pixels = gaussian_filter(coarse, (0, 1, 1, 0)).round().astype(np.uint8)
    ops = (
        Rotate(deg=deg),
        Scale(factor=factor),
        Translate(),
        Grayscale(p=0.3),
        Gamma(power=power),
        Hue(turn=turn),
    )
    augmentation = Augmentation(ops, height=target[0], width=target[1], **UNIT)
    compiled = augmentation(batch_of(pixels)).inputs
    gain, offset = levels_to_inputs(**UNIT)
    exact = render_tensor(
        torch.from_numpy(pixels),
        augmentation.plan(batch_of(pixels)),
        gain=gain,
        offset=offset,
        dtype=torch.float64,
    )
    assert compiled is not None
    difference = (compiled.permute(0, 2, 3, 1) - exact).abs() * 255
    # Averaged levels are rounded to bytes in the compiled engine, and a steep curve spreads that.
    assert difference.mean() < 1.0
    assert difference.max() < 3 + 12 * max(power, 1 / power) ** 2


@pytest.mark.parametrize("engine", ["compiled", "tensor"])
def test_filters_run_on_both_engines(batch_of, noise, engine) -> None:
    import torch

    pixels = noise(3, 16, 16)
    augmentation = Augmentation((GaussianBlur(p=1.0, sigma_px=1.5), Flip(p=1.0)), height=16, width=16, **UNIT)
    given_ = pixels if engine == "compiled" else torch.from_numpy(pixels)
    made = augmentation(batch_of(given_)).inputs
    assert made is not None
    from scipy.ndimage import gaussian_filter

    want = gaussian_filter(pixels[:, :, ::-1].astype(float), (0, 1.5, 1.5, 0), mode="mirror", truncate=3.0)
    assert np.abs(made.permute(0, 2, 3, 1).numpy() * 255 - want).max() < 2.5


def test_tones_at_the_end_need_no_pass_of_their_own(batch_of, noise):
    ops = (Rotate(), Hue(), Gamma(), Brightness())
    plan = Augmentation(ops, height=20, width=30, mean=(0, 0, 0), std=(1, 1, 1)).plan(
        batch_of(noise(3, 40, 50))
    )
    assert len(plan.passes) == 1
    assert (plan.passes[0].canvas == (20, 30)).all()


def test_what_is_covered_is_covered_at_the_size_of_the_input(batch_of, noise):
    pixels = np.zeros((30, 40, 50, 3), np.uint8)
    ops, size = (RandomErasing(p=1.0),), {"height": 20, "width": 30}
    tones: dict[str, Any] = {"mean": (0, 0, 0), "std": (1, 1, 1)}
    whole = Augmentation(ops, height=40, width=50, **tones)(batch_of(pixels)).inputs
    for fit in ("crop", "squash"):
        augmentation = Augmentation(ops, **size, **tones, fit=fit)
        assert len(augmentation.plan(batch_of(pixels)).passes) == 1
        small = augmentation(batch_of(pixels)).inputs
        assert small is not None
        assert whole is not None
        seen = whole[:, :, 3:37] if fit == "crop" else whole
        shares = [(one > 0).any(1).float().mean((1, 2)) for one in (small, seen)]
        assert torch.allclose(shares[0], shares[1], atol=0.06)

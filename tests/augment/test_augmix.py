"""`augmix`: a mixture of short chains."""

import numpy as np
import pytest
from scipy.stats import kstest

from vitral.augment import Augmentation, AugMix, Blend, OneOf, Op, Rotate, Sometimes
from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.ops.augmix import _space
from vitral.augment.ops.branch import Branch
from vitral.augment.stages import Warp
from vitral.core import OptionError


def test_weights_are_those_of_the_paper(batch_of) -> None:
    draw = Draw(batch_of(np.zeros((4000, 1, 1, 3), np.uint8)), "augmix")
    weights = AugMix(chains=3).weights(draw).astype(float)
    assert weights.shape == (4000, 4)
    assert np.allclose(weights.sum(axis=1), 1)
    assert kstest(weights[:, 0], "uniform").pvalue > 0.01
    within = weights[:, 1:] / weights[:, 1:].sum(axis=1, keepdims=True)
    # One part of a flat Dirichlet over three is Beta(1, 2).
    for part in within.T:
        assert kstest(part, "beta", args=(1, 2)).pvalue > 0.01
    large = AugMix(alpha=50.0).weights(draw)
    assert large[:, 0].std() < 0.06
    assert large[:, 1:].std() < 0.06


def test_chains_have_from_one_to_three_ops(batch_of, monkeypatch) -> None:
    seen = []
    plain = Branch.__init__
    monkeypatch.setattr(
        Branch, "__init__", lambda self, stages, frame: (seen.append(stages), plain(self, stages, frame))[1]
    )
    batch = batch_of(np.zeros((900, 1, 1, 3), np.uint8))
    frame = Frame(canvas=np.full((900, 2), 32.0), height=32, width=32, fit="crop")
    AugMix(chains=2, severity=10.0).lower(Draw(batch, ""), frame)
    assert len(seen) == 2
    for stages in seen:
        warps = [s for s in stages if isinstance(s, Warp)]
        assert {s.op for s in stages} == {
            "auto-contrast", "equalize", "posterize", "rotate", "shear", "solarize", "translate"
        }  # fmt: skip
        assert all((s.canvas == 32).all() for s in warps)
        # Five of nine ops move pixels; on average there are two.
        moved = sum((s.matrix != np.eye(3)).any(axis=(1, 2)) for s in warps)
        assert np.max(moved) == 3
        assert np.mean(moved) == pytest.approx(2 * 5 / 9, abs=0.15)


def test_there_are_nine_ops_and_strengths_grow_with_severity() -> None:
    space = _space(3.0)
    assert len(space) == 9
    assert _space(1.0) != space
    turn = next(op for op in space if isinstance(op, Rotate))
    assert turn.deg == (-9.0, 9.0)
    assert len(_space(0.0)) == len(_space(10.0)) == 9


def test_more_severity_changes_more(changed) -> None:
    y, x = np.mgrid[0:32, 0:32] / 32
    one = np.stack([np.sin(2 * np.pi * (x + y)), np.cos(4 * np.pi * x), np.sin(4 * np.pi * y)], axis=2)
    pixels = np.repeat(np.rint((one + 1) * 127.5).astype(np.uint8)[None], 100, axis=0)
    far = [np.abs(changed(pixels, AugMix(severity=s)) - pixels).mean() for s in (0.0, 3.0, 10.0)]
    assert far[0] < far[1] < far[2]
    assert 1 < far[1] < 40


def test_a_flat_picture_mixed_of_itself_stays_near(changed) -> None:
    # Geometry changes nothing of it, and a mixture lies between its parts.
    pixels = np.full((60, 8, 8, 3), 128, np.uint8)
    made = changed(pixels, AugMix(severity=0.5))
    assert made.min() > 60
    assert made.max() <= 255.001
    assert (np.ptp(made, axis=(1, 2)) < 0.01).all()


def test_targets_stay_with_the_picture(noise, batch_of) -> None:
    box, mask = np.array([[2.0, 1.0, 6.0, 5.0]]), noise(1, 8, 8)[0, ..., 0]
    parts = {
        "boxes": [box],
        "masks": [mask],
        "box_labels": [np.zeros(1, np.int64)],
        "box_crowd": [np.zeros(1, bool)],
    }
    whole = Augmentation((AugMix(severity=10.0),), height=8, width=8, mean=(0.0,) * 3, std=(1.0,) * 3)
    made = whole(batch_of(noise(1, 8, 8), **parts))
    assert made.boxes is not None
    assert made.masks is not None
    assert np.array_equal(made.boxes[0], box)
    assert np.array_equal(made.masks[0], mask)


def test_only_some_pictures_are_mixed(changed, noise) -> None:
    pixels = noise(200, 6, 6)
    for op in (AugMix(p=0.4), Sometimes(ops=(AugMix(),), p=0.4), OneOf(ops=(AugMix(),) + 1 * (Sometimes(),))):
        still = (np.abs(changed(pixels, op) - pixels) < 0.01).all(axis=(1, 2, 3)).mean()
        assert 0.4 < still < 0.75


def test_it_can_be_blended(changed, noise) -> None:
    pixels = noise(20, 8, 8)
    blend = Blend(ops=(AugMix(),), weight=1.0)
    assert not np.allclose(changed(pixels, blend), pixels, atol=5)
    assert np.allclose(changed(pixels, Blend(ops=(AugMix(),), weight=0.0)), pixels, atol=1e-3)
    assert Op.from_json(blend.to_json()) == blend


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chains": 0}, r"AugMix\.chains: must lie in \[1, 10\]"),
        ({"severity": 11.0}, r"AugMix\.severity: must lie in \[0, 10\]"),
        ({"alpha": 0.0}, r"AugMix\.alpha: must lie in \[0\.05, 50\]"),
    ],
)
def test_wrong_options_are_named(options, message) -> None:
    with pytest.raises(OptionError, match=message):
        AugMix(**options)

"""The pass from decoded pictures to network inputs."""

import copy
import dataclasses
import pickle
from typing import Any

import numpy as np
import pytest
import torch

from vitral.augment import (
    Augmentation,
    Brightness,
    Contrast,
    CutMix,
    Flip,
    MixUp,
    RandomResizedCrop,
    Shift,
)
from vitral.core import Batch, OptionError, ShapeError

UNIT: dict[str, Any] = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}


def augmentation(ops=(), **rest: Any) -> Any:
    return Augmentation(ops, **rest)


def batch_of(pixels, *, epoch=0):
    count = len(pixels)
    return Batch(
        pixels=pixels,
        labels=torch.arange(count),
        indices=np.arange(count),
        keys=tuple(f"{i}.png" for i in range(count)),
        seed=1,
        epoch=epoch,
        position=0,
    )


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)


def bytes_of(batch):
    return (batch.inputs.permute(0, 2, 3, 1) * 255).round().to(torch.uint8).numpy()


def test_without_ops_a_fitting_picture_is_only_normalized():
    pixels = noise(2, 6, 8)
    batch = augmentation(height=6, width=8, mean=(0.1, 0.2, 0.3), std=(0.5, 0.4, 0.3))(batch_of(pixels))
    want = (pixels / 255 - (0.1, 0.2, 0.3)) / (0.5, 0.4, 0.3)
    assert np.allclose(batch.inputs.permute(0, 2, 3, 1), want, atol=1e-6)


def test_crop_takes_the_center_and_squash_the_whole():
    wide = np.zeros((1, 10, 20, 3), np.uint8)
    wide[:, :, 5:15] = 200
    assert (bytes_of(augmentation(height=10, width=10, **UNIT)(batch_of(wide))) == 200).all()
    squashed = bytes_of(augmentation(height=10, width=10, fit="squash", **UNIT)(batch_of(wide)))
    assert squashed[0, :, 0].max() == 0
    assert squashed[0, :, 5].min() == 200


def test_flip_mirrors_left_to_right():
    pixels = noise(3, 4, 5)
    batch = augmentation((Flip(p=1),), height=4, width=5, **UNIT)(batch_of(pixels))
    assert np.array_equal(bytes_of(batch), pixels[:, :, ::-1])


def test_alternating_flip_shows_each_picture_both_ways_in_two_epochs():
    flip = augmentation((Flip(alternate=True),), height=4, width=4, **UNIT)
    plans = [flip.plan(batch_of(noise(64, 4, 4), epoch=epoch)).matrix[:, 0, 0] < 0 for epoch in range(4)]
    assert np.array_equal(plans[0], ~plans[1])
    assert np.array_equal(plans[0], plans[2])
    assert 16 < plans[0].sum() < 48


def test_alternating_flip_has_no_probability():
    with pytest.raises(OptionError, match=r"Flip\.p: must be 0\.5 when alternate is on, got 0\.2"):
        Flip(alternate=True, p=0.2)


@pytest.mark.parametrize("px", [1, 3, 9])
def test_shift_reflects_at_the_border(px):
    pixels = noise(24, 5, 6)
    shift = augmentation((Shift(px=px),), height=5, width=6, **UNIT)
    start = shift.plan(batch_of(pixels)).matrix[:, :2, 2].astype(int)
    assert np.abs(start).max() == px
    padded = np.pad(pixels, ((0, 0), (px, px), (px, px), (0, 0)), mode="reflect")
    want = [p[y + px : y + px + 5, x + px : x + px + 6] for p, (x, y) in zip(padded, start, strict=True)]
    assert np.array_equal(bytes_of(shift(batch_of(pixels))), want)


def test_moving_all_at_once_equals_moving_one_by_one():
    pixels, ops = noise(32, 8, 8), (Flip(), Shift(px=3))
    once = augmentation(ops, height=8, width=8, **UNIT)(batch_of(pixels))
    single = augmentation(ops, height=8, width=8, **UNIT)(batch_of(list(pixels)))
    assert torch.equal(once.inputs, single.inputs)


def test_random_crops_stay_inside_at_their_ratio_and_share():
    crop = augmentation((RandomResizedCrop(scale=(0.2, 0.5), ratio=(0.5, 2)),), height=64, width=64, **UNIT)
    matrix = crop.plan(batch_of([noise(90, 100)] * 200)).matrix
    width, height = 64 * matrix[:, 0, 0], 64 * matrix[:, 1, 1]
    assert matrix[:, :2, 2].min() >= 0
    assert (matrix[:, 0, 2] + width).max() <= 100
    assert (matrix[:, 1, 2] + height).max() <= 90
    assert (width / height >= 0.5 - 1e-9).all()
    assert (width / height <= 2 + 1e-9).all()
    share = width * height / 9000
    assert share.max() <= 0.5
    assert np.quantile(share, 0.02) >= 0.2 - 1e-9
    assert share.std() > 0.05


@pytest.mark.parametrize("name", ["scale", "ratio"])
def test_a_range_upside_down_is_an_error(name):
    with pytest.raises(OptionError, match=rf"RandomResizedCrop\.{name}: must be \(low, high\)"):
        RandomResizedCrop(**{name: (0.9, 0.5)})


def test_brightness_multiplies_and_stops_at_white():
    pixels = np.full((200, 2, 2, 3), 200, np.uint8)
    light = bytes_of(augmentation((Brightness(strength=0.5),), height=2, width=2, **UNIT)(batch_of(pixels)))
    assert light.min() < 120
    assert light.max() == 255


def test_contrast_keeps_the_mean():
    pixels = np.clip(np.random.default_rng(0).normal(128, 20, (50, 16, 16, 3)), 1, 254).astype(np.uint8)
    changed = augmentation((Contrast(strength=0.5),), height=16, width=16, **UNIT)(batch_of(pixels)).inputs
    before = torch.from_numpy(pixels / 255).permute(0, 3, 1, 2)
    assert torch.allclose(changed.mean((1, 2, 3)).double(), before.mean((1, 2, 3)), atol=1e-3)
    ratio = changed.std((1, 2, 3)) / before.std((1, 2, 3))
    assert ratio.min() < 0.6
    assert ratio.max() > 1.4


def test_mixup_blends_pixels_and_labels_by_the_same_share():
    pixels = np.repeat(np.arange(16, dtype=np.uint8) * 16, 12).reshape(16, 2, 2, 3)
    batch = augmentation((MixUp(alpha=1),), height=2, width=2, **UNIT)(batch_of(pixels))
    value = pixels[:, 0, 0, 0] / 255
    want = batch.share.numpy() * value + (1 - batch.share.numpy()) * value[batch.other_labels]
    assert np.allclose(batch.inputs[:, 0, 0, 0], want, atol=1e-6)
    assert (batch.other_labels != batch.labels).all()


def test_cutmix_share_is_the_area_that_is_left():
    pixels = np.repeat(np.arange(32, dtype=np.uint8), 300).reshape(32, 10, 10, 3)
    batch = augmentation((CutMix(p=1),), height=10, width=10, **UNIT)(batch_of(pixels))
    own = (torch.from_numpy(bytes_of(batch))[..., 0] == batch.labels.view(-1, 1, 1)).float().mean((1, 2))
    assert torch.allclose(own, batch.share)
    assert 0.3 < batch.share.mean() < 0.8


def test_a_picture_is_mixed_once():
    both = augmentation((MixUp(p=0.5), CutMix(p=1)), height=8, width=8, **UNIT)
    plan = both.plan(batch_of(noise(100, 8, 8))).mix
    pasted = plan.pasted[:, 2] > plan.pasted[:, 0]
    assert plan.blended.any()
    assert pasted.any()
    assert not (plan.blended & pasted).any()


def test_show_draws_what_the_network_sees():
    pixels = noise(3, 6, 6)
    shown = augmentation(height=6, width=6, mean=(0.4, 0.4, 0.4), std=(0.2, 0.2, 0.2)).show(batch_of(pixels))
    assert np.array_equal([picture.pixels for picture in shown], pixels)
    assert [picture.title for picture in shown] == ["0.png", "1.png", "2.png"]
    mixed = augmentation((MixUp(),), height=6, width=6, **UNIT).show(batch_of(pixels))
    assert "of its label kept" in mixed[0].note


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"height": 0}, r"height: must be at least 1 px, got 0"),
        ({"height": 3.5}, r"^Augmentation\.height: must be a whole number, got 3\.5$"),
        ({"width": None}, r"^Augmentation\.width: must be a whole number, got None$"),
        ({"mean": 0.5}, r"^Augmentation\.mean: must be three numbers, got 0\.5$"),
        ({"mean": "abc"}, r"^Augmentation\.mean: must be three numbers, got 'abc'$"),
        ({"mean": ("1", "2", "3")}, r"^Augmentation\.mean: must be three numbers, got \('1', '2', '3'\)$"),
        ({"mean": None}, r"^Augmentation\.mean: must be three numbers, got None$"),
        ({"std": None}, r"^Augmentation\.std: must be three numbers above 0, got None$"),
        ({"fill": "red"}, r"^Augmentation\.fill: must be three levels in \[0, 255\], got 'red'$"),
        ({"min_visible": "all"}, r"^Augmentation\.min_visible: must lie in \[0, 1\], got 'all'$"),
        ({"fit": 3}, r"^Augmentation\.fit: must be one of crop, squash, got 3"),
        ({"heigt": 3}, r"^Augmentation: has no option 'heigt'; did you mean 'height'\?$"),
        ({"ops": None}, r"^Augmentation\.ops: must be an op or several, got None$"),
        ({"ops": "flip"}, r"^Augmentation\.ops: must be an op or several, got 'flip'$"),
        ({"ops": Flip}, r"^Augmentation\.ops: .* got the class Flip; did you mean Flip\(\)\?$"),
        ({"ops": (Flip,)}, r"^Augmentation\.ops: must be ops, got the class Flip; did you mean Flip\(\)\?$"),
        ({"mean": (0.5,)}, r"mean: must be three numbers, got \(0\.5,\)"),
        ({"std": (0.5, 0.0, 0.5)}, r"std: must be three numbers above 0"),
        ({"fit": "crap"}, r"fit: must be one of crop, squash, got 'crap'; did you mean 'crop'"),
    ],
)
def test_wrong_values_are_named(values, message):
    with pytest.raises(OptionError, match=message):
        augmentation(**({"height": 4, "width": 4, **UNIT} | values))


def test_one_op_is_a_chain_of_one_and_several_may_come_in_any_row():
    pixels, flip = noise(3, 4, 5), Flip(p=1)
    for ops in (flip, [flip], (flip,), iter([flip])):
        alone = augmentation(ops, height=4, width=5, **UNIT)
        assert alone.chain == (flip,)
        assert np.array_equal(bytes_of(alone(batch_of(pixels))), pixels[:, :, ::-1])
    with pytest.raises(
        OptionError, match=r"^Augmentation: .* several ops together, as in .*, got 2 without a"
    ):
        Augmentation(flip, flip, height=4, width=5, **UNIT)  # pyright: ignore[reportCallIssue]


def test_numbers_of_numpy_and_torch_are_numbers():
    made = augmentation(height=np.int64(4), width=5, mean=np.zeros(3), std=torch.ones(3))
    assert made(batch_of(noise(2, 4, 5))).inputs.shape == (2, 3, 4, 5)


def test_a_copy_of_an_augmentation_is_equal():
    made = augmentation(Flip() + Shift(), height=4, width=5, **UNIT)
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == made
    assert dataclasses.replace(made, height=6).height == 6


def test_an_op_that_does_not_exist_is_suggested():
    from vitral import augment

    for name, message in (
        ("Rotat", r"no attribute 'Rotat'; did you mean 'Rotate'\?$"),
        ("Wqxyz", "no attribute 'Wqxyz'$"),
        ("__wrapped__", "no attribute '__wrapped__'$"),
    ):
        with pytest.raises(AttributeError, match=message):
            getattr(augment, name)


def test_a_wrong_picture_is_named():
    with pytest.raises(ShapeError, match=r"1\.png: must be uint8 of h x w x 3, got uint8 of 4 x 4"):
        augmentation(height=4, width=4, **UNIT)(batch_of([noise(4, 4), np.zeros((4, 4), np.uint8)]))

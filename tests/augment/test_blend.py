"""`blend`, `with-channels`, and the masks of blends."""

import json
from typing import Any

import numpy as np
import pytest
import torch

from vitral.augment import (
    Augmentation,
    AutoAugment,
    Blend,
    BlendMask,
    CenterCrop,
    Checkerboard,
    Choice,
    CutMix,
    Elementwise,
    Equalize,
    Everywhere,
    Flip,
    FrequencyNoise,
    GaussianBlur,
    HorizontalGradient,
    InBoxes,
    Invert,
    MixUp,
    Normal,
    OneOf,
    Op,
    QuarterTurn,
    RegularGrid,
    Rotate,
    Saturation,
    Sequence,
    SmoothNoise,
    SomeColors,
    Sometimes,
    VerticalGradient,
    WithChannels,
)
from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.core import OptionError, members

NEGATIVE = (Invert(p=1.0),)
MASKS = [cls() for kind, cls in members("blend-mask").items() if kind != "in-boxes"]
each_mask = pytest.mark.parametrize("mask", MASKS, ids=lambda mask: mask.kind)


def weights_of(mask: Any, pixels: np.ndarray, batch_of) -> np.ndarray:
    """The weights of some pictures of one size, one for each pixel and channel."""
    count, height, width = pixels.shape[:3]
    frame = Frame(canvas=np.full((count, 2), (height, width), float), height=height, width=width, fit="crop")
    weigh = mask.prepared(Draw(batch_of(pixels), "mask"), frame)
    return np.stack([np.broadcast_to(weigh(one, i), one.shape) for i, one in enumerate(pixels)])


def test_weight_1_is_the_first_branch_and_weight_0_the_other(changed, noise) -> None:
    pixels, grey = noise(6, 9, 12), (Saturation(factor=0.0),)
    first, other = (changed(pixels, Blend(ops=grey, other=NEGATIVE, weight=w)) for w in (1.0, 0.0))
    assert np.ptp(first, axis=3).max() == 0
    # OpenCV multiplies colors of bytes in whole numbers: a level near a half may become either neighbor.
    assert np.allclose(first, changed(pixels, *grey), atol=0.6)
    assert np.allclose(other, 255 - pixels.astype(float), atol=1e-3)
    assert np.allclose(changed(pixels, Blend(ops=grey, weight=0.0)), pixels, atol=1e-3)
    assert np.allclose(changed(pixels, Blend(other=NEGATIVE, weight=1.0)), pixels, atol=1e-3)


def test_a_branch_does_what_its_ops_do(changed, noise) -> None:
    pixels = noise(4, 9, 12)
    chain = (Equalize(p=1.0), Invert(p=1.0), GaussianBlur(sigma_px=1.0, p=1.0))
    whole = changed(pixels, *chain)
    assert np.allclose(changed(pixels, Blend(ops=chain, weight=1.0)), whole, atol=1e-3)
    assert np.allclose(changed(pixels, Blend(other=chain, weight=0.0)), whole, atol=1e-3)


def test_weights_in_between_are_linear(changed, noise) -> None:
    pixels = noise(5, 8, 8).astype(np.float64)
    made = changed(pixels.astype(np.uint8), Blend(ops=NEGATIVE, weight=0.25))
    assert np.allclose(made, np.rint(pixels + 0.25 * (255 - 2 * pixels)), atol=0.51)


@each_mask
def test_a_picture_blended_with_itself_stays(changed, noise, mask) -> None:
    pixels = noise(8, 11, 13)
    same = Blend(ops=(Sequence(),), other=(Sequence(),), mask=mask)
    assert np.allclose(changed(pixels, same), pixels, atol=1e-3)
    twice = Blend(ops=NEGATIVE, other=NEGATIVE, mask=mask)
    assert np.allclose(changed(pixels, twice), 255 - pixels.astype(float), atol=1e-3)


@each_mask
def test_weights_lie_between_0_and_1_for_all_shapes(noise, batch_of, mask) -> None:
    for shape in ((1, 1), (1, 300), (300, 1), (20, 31)):
        made = weights_of(mask, noise(7, *shape), batch_of)
        assert made.dtype == np.float32
        assert made.min() >= 0
        assert made.max() <= 1


@each_mask
def test_a_blend_is_the_same_in_any_order_and_on_any_engine(noise, batch_of, mask) -> None:
    pixels = noise(6, 20, 24)
    ops = (Rotate(), Blend(ops=NEGATIVE, mask=mask))
    augmentation = Augmentation(ops, height=16, width=16, mean=(0.0,) * 3, std=(1.0,) * 3)
    whole = augmentation(batch_of(pixels)).inputs
    again = augmentation(batch_of(pixels)).inputs
    tensors = augmentation(batch_of(torch.from_numpy(pixels))).inputs
    later = augmentation(batch_of(pixels, epoch=1)).inputs
    assert whole is not None
    assert again is not None
    assert tensors is not None
    assert later is not None
    assert torch.equal(whole, again)
    assert not torch.equal(whole, later)
    # Where the engines round a level apart before the blend, it is apart behind it.
    assert (whole - tensors).abs().mean() < 0.5 / 255


@each_mask
def test_a_blend_with_a_mask_survives_json(mask) -> None:
    blend = Blend(ops=NEGATIVE, mask=mask, weight=(0.2, 0.7))
    assert Op.from_json(json.loads(json.dumps(blend.to_json()))) == blend
    assert BlendMask.from_json(mask.to_json()) == mask
    changed = Blend(ops=NEGATIVE).with_settings({"mask": str(mask.kind), "weight": 0.5})
    assert changed == Blend(ops=NEGATIVE, mask=mask, weight=0.5)


@pytest.mark.parametrize(("mask", "axis"), [(HorizontalGradient, 2), (VerticalGradient, 1)])
def test_a_gradient_runs_along_its_axis_from_low_to_high(noise, batch_of, mask, axis) -> None:
    made = weights_of(mask(start=0.25, end=0.75, low=0.1, high=0.9), noise(2, 16, 16), batch_of)
    assert np.ptp(made, axis=3 - axis).max() == 0
    line = np.moveaxis(made, axis, 1)[0, :, 0, 0]
    assert np.allclose(line[:4], 0.1)
    assert np.allclose(line[-4:], 0.9)
    assert (np.diff(line[4:12]) > 0).all()
    assert np.allclose(np.diff(line[5:11]), 0.1)
    back = weights_of(mask(start=0.75, end=0.25, low=0.1, high=0.9), noise(2, 16, 16), batch_of)
    assert np.allclose(np.flip(back, axis), made)


def test_a_gradient_over_no_distance_is_a_step(noise, batch_of) -> None:
    step = HorizontalGradient(start=0.5, end=0.5, low=0.0, high=1.0)
    line = weights_of(step, noise(1, 4, 8), batch_of)[0, 0, :, 0]
    assert line.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_a_checkerboard_has_two_values_in_turn(noise, batch_of) -> None:
    made = weights_of(Checkerboard(rows=3.0, columns=4.0), noise(40, 9, 16), batch_of)[..., 0]
    cells = made[:, 1::3, 2::4]
    assert set(np.unique(made)) == {0.0, 1.0}
    assert np.array_equal(np.repeat(np.repeat(cells, 3, axis=1), 4, axis=2), made)
    assert (cells[:, 1:] != cells[:, :-1]).all()
    assert (cells[:, :, 1:] != cells[:, :, :-1]).all()
    assert 0.2 < cells[:, 0, 0].mean() < 0.8


def test_a_regular_grid_has_one_value_in_each_cell(noise, batch_of) -> None:
    made = weights_of(RegularGrid(rows=5.0, columns=2.0), noise(3, 10, 8), batch_of)[..., 0]
    cells = made[:, ::2, ::4]
    assert np.array_equal(np.repeat(np.repeat(cells, 2, axis=1), 4, axis=2), made)
    assert len(np.unique(cells)) == 3 * 10


def test_each_pixel_has_its_own_weight(noise, batch_of) -> None:
    together = weights_of(Elementwise(), noise(2, 60, 60), batch_of)
    assert np.ptp(together, axis=3).max() == 0
    assert len(np.unique(together[0, ..., 0])) > 3500
    assert abs(together.mean() - 0.5) < 0.02
    apart = weights_of(Elementwise(apart=True), noise(2, 60, 60), batch_of)
    assert np.abs(np.corrcoef(apart[0].reshape(-1, 3).T) - np.eye(3)).max() < 0.1
    picked = weights_of(Elementwise(value=Choice(weights=(0.7, 0.3))), noise(2, 60, 60), batch_of)
    assert set(np.unique(picked)) == {0.0, 1.0}
    assert abs(picked.mean() - 0.3) < 0.03


@pytest.mark.parametrize("exponent", [-3.0, -1.5, 0.0, 1.0])
def test_the_spectrum_of_frequency_noise_is_a_power_of_the_frequency(noise, batch_of, exponent) -> None:
    mask = FrequencyNoise(exponent=exponent, steepness=0.0)
    made = weights_of(mask, noise(6, 64, 64), batch_of)[..., 0]
    assert np.allclose(made.min(axis=(1, 2)), 0)
    assert np.allclose(made.max(axis=(1, 2)), 1)
    power = (np.abs(np.fft.rfft2(made - made.mean(axis=(1, 2), keepdims=True))) ** 2).mean(axis=0)
    frequency = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.rfftfreq(64))
    inside = (frequency > 0.03) & (frequency < 0.45)
    slope = np.polyfit(np.log(frequency[inside]), 0.5 * np.log(power[inside]), 1)[0]
    assert slope == pytest.approx(exponent, abs=0.15)


def test_large_pictures_get_the_noise_of_a_smaller_one(noise, batch_of) -> None:
    made = weights_of(FrequencyNoise(exponent=0.0, steepness=0.0), noise(1, 16, 1024), batch_of)[0, ..., 0]
    assert np.abs(np.diff(made, axis=1)).mean() < np.abs(np.diff(made[:, ::4], axis=1)).mean() / 2


@pytest.mark.parametrize("mask", [SmoothNoise, FrequencyNoise])
def test_steep_noise_has_patches_of_both_branches(noise, batch_of, mask) -> None:
    soft, steep = (weights_of(mask(steepness=k), noise(8, 48, 48), batch_of) for k in (0.0, 100.0))
    middle = [((w > 0.1) & (w < 0.9)).mean() for w in (soft, steep)]
    assert middle[0] > 0.6
    assert middle[1] < 0.35
    assert np.array_equal(soft > 0.5, steep > 0.5)


def test_smooth_noise_is_smooth(noise, batch_of) -> None:
    made = weights_of(SmoothNoise(cells=2.0, octaves=1, steepness=0.0), noise(4, 64, 64), batch_of)
    assert np.abs(np.diff(made, axis=1)).max() < 0.1
    assert np.ptp(made[0]) == 1


def test_a_color_gets_one_weight_wherever_it_is(noise, batch_of) -> None:
    flat = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [250, 240, 10], [90, 90, 90]], np.uint8)
    pixels = np.broadcast_to(flat[np.arange(40) % 5].reshape(1, 5, 8, 3), (60, 5, 8, 3)).copy()
    made = weights_of(SomeColors(parts=4.0), pixels, batch_of)[..., 0].reshape(60, 8, 5)
    assert np.ptp(made, axis=1).max() == 0
    assert np.array_equal(made[..., 4], made[..., 0])
    assert len(np.unique(made[:, 0, :4], axis=0)) > 8


def test_parts_of_the_hue_circle_go_over_into_each_other(batch_of) -> None:
    import cv2

    hues = np.stack([np.arange(256), np.full(256, 255), np.full(256, 255)], axis=1).astype(np.uint8)[None]
    circle = np.repeat(np.asarray(cv2.cvtColor(hues, cv2.COLOR_HSV2RGB_FULL))[None], 20, axis=0)
    hard = weights_of(SomeColors(parts=6.0, soft=0.0), circle, batch_of)[:, 0, :, 0]
    assert set(np.unique(hard)) == {0.0, 1.0}
    assert ((hard[:, 1:] != hard[:, :-1]).sum(axis=1) <= 6).all()
    soft = weights_of(SomeColors(parts=6.0, soft=1.0), circle, batch_of)[:, 0, :, 0]
    assert np.abs(np.diff(soft, axis=1)).max() < 0.15
    assert np.abs(soft[:, 0] - soft[:, -1]).max() < 0.15


def test_boxes_are_found_where_geometry_took_them(noise, batch_of) -> None:
    pixels, box = noise(1, 8, 12), np.array([[1.0, 2.0, 4.0, 7.0]])
    count = {"boxes": [box], "box_labels": [np.zeros(1, np.int64)], "box_crowd": [np.zeros(1, np.bool_)]}
    ops = (Flip(p=1.0), Blend(ops=NEGATIVE, weight=1.0, mask=InBoxes()))
    made = Augmentation(ops, height=8, width=12, mean=(0.0,) * 3, std=(1.0,) * 3)(batch_of(pixels, **count))
    assert made.inputs is not None
    assert made.boxes is not None
    levels = made.inputs[0].permute(1, 2, 0).numpy() * 255
    want = pixels[0, :, ::-1].astype(float)
    x0, y0, x1, y1 = made.boxes[0][0].astype(int)
    assert (x0, y0, x1, y1) == (8, 2, 11, 7)
    want[y0:y1, x0:x1] = 255 - want[y0:y1, x0:x1]
    assert np.allclose(levels, want, atol=1e-3)


def test_without_boxes_nothing_is_in_them(changed, noise) -> None:
    pixels = noise(2, 6, 6)
    assert np.allclose(changed(pixels, Blend(ops=NEGATIVE, weight=1.0, mask=InBoxes())), pixels, atol=1e-3)


def test_a_blend_within_a_blend(changed, noise) -> None:
    pixels = noise(4, 8, 8)
    inner = Blend(ops=NEGATIVE, weight=1.0)
    assert np.allclose(
        changed(pixels, Blend(ops=(inner,), weight=1.0)), 255 - pixels.astype(float), atol=1e-3
    )
    assert np.allclose(changed(pixels, Blend(ops=(inner, inner), weight=1.0)), pixels, atol=1e-3)
    half = Blend(ops=(Blend(ops=NEGATIVE, weight=0.5),), weight=0.5)
    want = pixels + 0.25 * (255 - 2 * pixels.astype(float))
    assert np.allclose(changed(pixels, half), want, atol=1.01)


def test_two_blends_draw_apart(changed, noise) -> None:
    pixels = np.full((50, 2, 2, 3), 0, np.uint8)
    inside = Blend(ops=(Blend(ops=NEGATIVE),), other=(Blend(ops=NEGATIVE),), mask=HorizontalGradient())
    made = changed(pixels, inside)
    assert len(np.unique(np.rint(made[:, 0, 0, 0]))) > 30
    one, both = (changed(pixels, Blend(ops=NEGATIVE), *more) for more in ((), (Blend(ops=NEGATIVE, p=0.0),)))
    assert np.allclose(one, both)


def test_blends_for_some_pictures(changed, noise) -> None:
    pixels = noise(300, 4, 4)
    negative = 255 - pixels.astype(float)
    whole = Blend(ops=NEGATIVE, weight=1.0)
    for op in (Sometimes(ops=(whole,), p=0.5), Blend(ops=NEGATIVE, weight=1.0, p=0.5)):
        made = changed(pixels, op)
        turned = (np.abs(made - negative) < 0.01).all(axis=(1, 2, 3))
        kept = (np.abs(made - pixels) < 0.01).all(axis=(1, 2, 3))
        assert (turned ^ kept).all()
        assert 0.4 < turned.mean() < 0.6
    made = changed(pixels, OneOf(ops=(whole, QuarterTurn(turns=1.0))))
    turned = (np.abs(made - negative) < 0.01).all(axis=(1, 2, 3))
    rotated = (np.abs(made - np.rot90(pixels, -1, axes=(1, 2))) < 0.01).all(axis=(1, 2, 3))
    assert (turned ^ rotated).all()


def test_a_blend_stands_where_a_crop_left_a_part_of_a_pixel(changed, noise) -> None:
    pixels = noise(3, 11, 17)
    chain = (CenterCrop(share=0.77), Rotate(deg=20.0))
    made = changed(pixels, *chain, Blend(ops=NEGATIVE, weight=1.0), size=(8, 8))
    plain = changed(pixels, *chain, Invert(p=1.0), GaussianBlur(p=0.0), size=(8, 8))
    assert np.allclose(made, plain, atol=0.6)


def test_with_channels_keeps_the_others(changed, noise) -> None:
    pixels = noise(4, 6, 6)
    for channels, changes in (("g", [False, True, False]), ("rb", [True, False, True])):
        made = changed(pixels, WithChannels(ops=NEGATIVE, channels=channels))
        assert np.allclose(made, np.where(changes, 255 - pixels.astype(float), pixels), atol=1e-3)
    whole = changed(pixels, Equalize(p=1.0))
    assert np.allclose(
        changed(pixels, WithChannels(ops=(Equalize(p=1.0),)))[..., 0], whole[..., 0], atol=1e-3
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Blend(ops=(Rotate(),)), r"Blend\.ops: rotate moves pixels, and masks, boxes and points"),
        (lambda: Blend(other=(CenterCrop(),)), r"Blend\.other: center-crop moves pixels"),
        (lambda: Blend(ops=(Sometimes(ops=(Flip(),), p=0.0),)), r"Blend\.ops: flip moves pixels"),
        (lambda: Blend(ops=(AutoAugment(),)), r"Blend\.ops: \w+ moves pixels.* put it before or behind"),
        (lambda: Blend(ops=(Sequence(ops=(MixUp(),)),)), r"Blend\.ops: mixup needs another picture"),
        (lambda: WithChannels(ops=(CutMix(),)), r"WithChannels\.ops: cutmix needs another picture"),
        (lambda: WithChannels(ops=(Flip(),)), r"WithChannels\.ops: flip moves pixels"),
        (lambda: WithChannels(channels="rgb"), r"WithChannels\.channels: must be one of r, g, b, rg"),
        (lambda: Blend(weight=(0.5, 1.5)), r"Blend\.weight: must lie in \[0, 1\]"),
        (
            lambda: Blend(mask=Rotate()),  # pyright: ignore[reportArgumentType]
            r"Blend\.mask: must be a BlendMask",
        ),
        (lambda: RegularGrid(value=Normal()), r"RegularGrid\.value: must lie in \[0, 1\].*Truncated"),
        (lambda: VerticalGradient(low=(0.4, 0.2)), r"VerticalGradient\.low: must be \(low, high\)"),
        (lambda: Checkerboard(rows=0.0), r"Checkerboard\.rows: must lie in \[1, 500\]"),
        (lambda: BlendMask.from_json({"kind": "checkboard"}), r"blend-mask: must be a known kind.*checker"),
    ],
)
def test_what_cannot_be_blended_is_named(make, message) -> None:
    with pytest.raises(OptionError, match=message):
        make()


def test_everything_is_the_plain_mask() -> None:
    assert Blend().mask == Everywhere()


def test_the_engine_that_the_environment_asks_for_carries_branches_out(changed, noise, monkeypatch):
    from vitral.augment.ops import branch

    pixels, chain = noise(3, 9, 12), Blend(ops=(Saturation(factor=0.3), GaussianBlur(sigma_px=1.0, p=1.0)))
    compiled, called, real = changed(pixels, chain), [], branch.by_reference
    monkeypatch.setattr(branch, "by_reference", lambda *a: called.append(1) or real(*a))
    monkeypatch.setenv("VITRAL_AUGMENT_ENGINE", "reference")
    assert np.abs(changed(pixels, chain) - compiled).max() <= 1.01
    assert len(called) == 3

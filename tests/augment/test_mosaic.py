"""Mosaics: four pictures in one, and what is known of all four."""

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vitral.augment import (
    Augmentation,
    Brightness,
    CutMix,
    Flip,
    MixUp,
    Mosaic,
    OneOf,
    RandomResizedCrop,
    Rotate,
    Transform,
)
from vitral.augment.ops.blend import Blend
from vitral.core import Batch, OptionError

UNIT: dict[str, Any] = {"mean": (0.0, 0.0, 0.0), "std": (1 / 255, 1 / 255, 1 / 255)}
SIZE: dict[str, Any] = {"height": 40, "width": 48}
CHAIN = (RandomResizedCrop(), Flip(), Rotate(), Brightness(strength=0.3))


def levels(batch: Batch) -> np.ndarray:
    assert batch.inputs is not None
    return batch.inputs.permute(0, 2, 3, 1).numpy()


def scenes(count: int, size: int = 64, seed: int = 0) -> tuple[np.ndarray, dict[str, Any]]:
    """Black pictures, each with one filled rectangle of its own color, with its mask, box and center."""
    random = np.random.default_rng(seed)
    pixels, masks = np.zeros((count, size, size, 3), np.uint8), np.zeros((count, size, size), np.uint8)
    boxes, points = [], []
    for i in range(count):
        x0, y0 = random.integers(4, size // 2, 2)
        x1, y1 = x0 + random.integers(16, size // 2 - 4), y0 + random.integers(16, size // 2 - 4)
        pixels[i, y0:y1, x0:x1] = (10 * (i + 1), 0, 255)  # A mix with black is no other color.
        masks[i, y0:y1, x0:x1] = 10 * (i + 1)
        boxes.append(np.array([[x0, y0, x1, y1]], dtype=np.float64))
        points.append(np.array([[[(x0 + x1) / 2, (y0 + y1) / 2, 2.0]]]))
    labels = [np.array([10 * (i + 1)]) for i in range(count)]
    crowd = [np.array([i % 2 == 0]) for i in range(count)]
    return pixels, {
        "masks": list(masks),
        "boxes": boxes,
        "box_labels": labels,
        "box_crowd": crowd,
        "points": points,
    }


def picked(batch: Batch, order: list[int]) -> Batch:
    """The same batch in another order."""
    some: dict[str, Any] = {
        name: [getattr(batch, name)[k] for k in order]
        for name in ("masks", "boxes", "box_labels", "box_crowd", "points")
        if getattr(batch, name) is not None
    }
    return Batch(
        pixels=np.array(batch.pixels)[order],
        labels=batch.labels[order],
        indices=batch.indices[order],
        keys=tuple(batch.keys[k] for k in order),
        seed=batch.seed,
        epoch=batch.epoch,
        position=0,
        **some,
    )


@pytest.mark.parametrize("scale", [1.0, (0.5, 1.0)])
def test_each_part_shows_a_window_of_what_the_partner_would_be_alone(batch_of, noise, scale) -> None:
    batch = batch_of(noise(9, 64, 64))
    alone = levels(Augmentation(CHAIN, **SIZE, **UNIT)(batch))
    augmentation = Augmentation((*CHAIN, Mosaic(scale=scale)), **SIZE, **UNIT)
    made, tiles = levels(augmentation(batch)), augmentation.plan(batch).mix.tiles
    assert tiles is not None
    for i, k in itertools.product(range(9), range(4)):
        (x0, y0, x1, y1), (left, top, right, bottom) = tiles.source[i, k], tiles.target[i, k]
        window, shown = alone[tiles.partner[i, k], y0:y1, x0:x1], made[i, top:bottom, left:right]
        if scale == 1.0:
            assert np.array_equal(window, shown)
        else:
            assert shown.mean((0, 1)) == pytest.approx(window.mean((0, 1)), abs=1e-2)


def test_parts_fill_the_input_and_show_the_picture_itself_and_three_others(batch_of, noise) -> None:
    mix = Augmentation((Mosaic(),), **SIZE, **UNIT).plan(batch_of(noise(60, 8, 8))).mix
    assert mix.tiles is not None
    target, source = mix.tiles.target, mix.tiles.source
    areas = (target[..., 2:] - target[..., :2]).prod(axis=2)
    assert (areas.sum(axis=1) == 40 * 48).all()
    assert all(len(set(row)) == 4 and i in row for i, row in enumerate(mix.tiles.partner.tolist()))
    assert {row.index(i) for i, row in enumerate(mix.tiles.partner.tolist())} == {0, 1, 2, 3}
    assert (source >= 0).all()
    assert (source[..., 2:] <= (48, 40)).all()
    ratio = (source[..., 2:] - source[..., :2]) / (target[..., 2:] - target[..., :2])
    assert ratio.min() >= 1
    assert ratio.max() <= 2.1
    assert np.abs(ratio[..., 0] - ratio[..., 1]).max() < 0.15
    assert np.quantile(ratio, 0.9) > 1.5


def test_the_label_is_shared_with_the_partner_of_which_most_is_seen(batch_of, noise) -> None:
    batch = batch_of(noise(40, 8, 8))
    augmentation = Augmentation((Mosaic(),), **SIZE, **UNIT)
    made, tiles = augmentation(batch), augmentation.plan(batch).mix.tiles
    assert made.share is not None
    assert made.other_labels is not None
    assert tiles is not None
    areas = (tiles.target[..., 2:] - tiles.target[..., :2]).prod(axis=2)
    for i in range(40):
        own = tiles.partner[i] == i
        most = np.where(own, -1, areas[i]).argmax()
        assert made.other_labels[i] == tiles.partner[i, most]
        assert float(made.share[i]) == pytest.approx(areas[i, own][0] / (areas[i, own][0] + areas[i, most]))


@pytest.mark.parametrize(("scale", "wrong"), [(1.0, 0.0), ((0.5, 1.0), 0.04)])
def test_masks_are_the_classes_of_the_pixels(batch_of, scale, wrong) -> None:
    pixels, targets = scenes(16)
    made = Augmentation((Mosaic(scale=scale),), height=64, width=64, **UNIT)(batch_of(pixels, **targets))
    assert made.masks is not None
    assert (np.rint(levels(made)[..., 0]) != np.stack(made.masks)).mean() <= wrong
    assert len(np.unique(np.stack(made.masks))) > 8


def test_boxes_lie_around_what_is_painted_and_all_belongs_to_them(batch_of) -> None:
    pixels, targets = scenes(16)
    made = Augmentation((Mosaic(least=0.0),), height=64, width=64, **UNIT)(batch_of(pixels, **targets))
    assert made.boxes is not None
    assert made.box_labels is not None
    assert made.box_crowd is not None
    assert made.points is not None
    (shown, _, whole), visible = np.rint(levels(made)).transpose(3, 0, 1, 2), 0
    for i, boxes in enumerate(made.boxes):
        assert len(made.box_labels[i]) == len(made.box_crowd[i]) == len(made.points[i]) == len(boxes)
        for box, label, crowd, points in zip(
            boxes, made.box_labels[i], made.box_crowd[i], made.points[i], strict=True
        ):
            y, x = np.nonzero((shown[i] == label) & (whole[i] == 255))
            assert np.allclose(box, [x.min(), y.min(), x.max() + 1, y.max() + 1], atol=1.01)
            assert crowd == (label // 10 % 2 == 1)
            if points[0, 2] > 0:
                column, row = points[0, :2].astype(int)
                assert shown[i, row, column] == pytest.approx(label, abs=0.5)
                visible += 1
        assert set(shown[i, whole[i] == 255].tolist()) <= set(made.box_labels[i].tolist())
    assert visible > 20


def test_boxes_of_which_too_little_is_left_are_dropped(batch_of) -> None:
    pixels, targets = scenes(16)

    def count(own: float, everywhere: float) -> int:
        op = Mosaic(scale=1.0, least=own)
        chain = Augmentation((op,), height=64, width=64, min_visible=everywhere, **UNIT)
        boxes = chain(batch_of(pixels, **targets)).boxes
        assert boxes is not None
        return sum(map(len, boxes))

    assert count(0, 0) > count(0.5, 0) > count(1, 0) > 0
    assert count(0, 0.5) == count(0.5, 0) == count(0.5, 0.3)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_small_batch_shows_some_pictures_twice(batch_of, count) -> None:
    pixels, targets = scenes(count)
    made = Augmentation((Mosaic(scale=0.1, center=0.5),), height=64, width=64, **UNIT)(
        batch_of(pixels, **targets)
    )
    assert made.boxes is not None
    assert [len(boxes) for boxes in made.boxes] == [4] * count


def test_order_parts_and_lists_change_no_byte(batch_of) -> None:
    pixels, targets = scenes(11)
    batch, augmentation = batch_of(pixels, **targets), Augmentation((*CHAIN, Mosaic(p=0.7)), **SIZE, **UNIT)
    whole = augmentation(batch)
    order = [4, 2, 10, 0, 9, 1, 3, 8, 5, 7, 6]
    other = augmentation(picked(batch, order))
    assert np.array_equal(levels(other), levels(whole)[order])
    for name in ("masks", "boxes", "box_labels", "box_crowd", "points"):
        one, two = getattr(whole, name), getattr(other, name)
        assert all(np.array_equal(two[i], one[k]) for i, k in enumerate(order))
    work = augmentation.begin(batch, lambda shape: np.full(shape, np.nan, np.float32))
    for start, stop in ((7, 11), (0, 1), (1, 7)):
        work.part(start, stop)
    assert np.array_equal(levels(work.finish()), levels(whole))


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    center=st.floats(0, 1),
    scale=st.floats(0.1, 1),
    count=st.integers(1, 5),
)
def test_both_engines_make_the_same(batch_of, noise, height, width, center, scale, count) -> None:
    pixels = noise(count, 20, 24)
    chain = Augmentation((Mosaic(center=center, scale=scale),), height=height, width=width, **UNIT)
    compiled, tensors = chain(batch_of(pixels)), chain(batch_of(torch.from_numpy(pixels)))
    assert np.allclose(levels(compiled), levels(tensors), atol=2e-2)
    shares = [None if made.share is None else made.share.tolist() for made in (compiled, tensors)]
    assert shares[0] == shares[1]


def test_a_picture_is_mixed_once_and_the_plan_says_by_what(batch_of, noise) -> None:
    batch = batch_of(noise(60, 8, 8))
    ops = (MixUp(p=0.3), Mosaic(p=0.5), CutMix(p=1.0))
    plan = Augmentation(ops, height=8, width=8, **UNIT).plan(batch)
    assert plan.mix.tiles is not None
    pasted = (plan.mix.pasted[:, 2:] > plan.mix.pasted[:, :2]).all(axis=1)
    ways = np.stack([plan.mix.blended, plan.mix.tiles.tiled, pasted])
    assert (ways.sum(axis=0) <= 1).all()
    assert ways.any(axis=1).all()
    assert f"mixed: {plan.mix.chosen.sum()} of 60 by mixup, mosaic, cutmix" in str(plan)
    one = Augmentation((OneOf(ops=(Mosaic(), CutMix(p=1.0))),), height=8, width=8, **UNIT).plan(batch)
    assert one.mix.tiles is not None
    assert 15 < one.mix.tiles.tiled.sum() < 45


def test_a_partner_gives_what_it_was_before_it_was_mixed(batch_of) -> None:
    pixels = np.repeat(np.arange(10, 250, 10, dtype=np.uint8), 8 * 8 * 3).reshape(-1, 8, 8, 3)
    ops = (Mosaic(p=0.5), MixUp(p=1.0, alpha=10))
    augmentation = Augmentation(ops, height=8, width=8, **UNIT)
    made, tiles = levels(augmentation(batch_of(pixels))), augmentation.plan(batch_of(pixels)).mix.tiles
    assert tiles is not None
    for i in np.flatnonzero(tiles.tiled):
        shown = set(np.rint(made[i]).ravel().astype(int))
        assert shown <= {10 * (k + 1) for k in tiles.partner[i].tolist()}


def test_where_one_picture_stands_alone_mosaics_are_refused() -> None:
    with pytest.raises(OptionError, match=r"Transform\.ops: mosaic needs another picture"):
        Transform(Flip() + Mosaic())
    with pytest.raises(OptionError, match=r"mosaic needs another picture, and a branch sees one at a time"):
        Blend(ops=(Mosaic(),))


def test_wrong_values_are_named() -> None:
    with pytest.raises(OptionError, match=r"Mosaic\.scale: must"):
        Mosaic(scale=1.5)
    with pytest.raises(OptionError, match=r"Mosaic\.center: must be \(low, high\)"):
        Mosaic(center=(0.7, 0.2))

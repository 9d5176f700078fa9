"""Objects of one picture in another; and parts that cutmix pastes, with what is known of them."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from vitral.augment import Augmentation, CopyPaste, CutMix, Flip, MixUp, Mosaic, Rotate, Transform
from vitral.augment.ops.blend import Blend
from vitral.core import Batch, OptionError
from vitral.data import Loader

UNIT: dict[str, Any] = {"mean": (0.0, 0.0, 0.0), "std": (1 / 255, 1 / 255, 1 / 255)}
SIDE = 48
SQUARE: dict[str, Any] = {"height": SIDE, "width": SIDE}
NAMES = ("masks", "boxes", "box_labels", "box_crowd", "points")


def levels(batch: Batch) -> np.ndarray:
    assert batch.inputs is not None
    return batch.inputs.permute(0, 2, 3, 1).numpy()


def scenes(count: int, *, objects: int = 3, seed: int = 0) -> tuple[np.ndarray, dict[str, Any]]:
    """Black pictures with filled rectangles; the level of a pixel is its class, another for each."""
    random = np.random.default_rng(seed)
    masks = np.zeros((count, SIDE, SIDE), np.uint8)
    boxes, labels, points = [], [], []
    for i in range(count):
        # Side by side, so that none covers another.
        left = np.linspace(0, SIDE, objects, endpoint=False).astype(int)
        x0, y0 = left + random.integers(0, 5, objects), random.integers(0, 24, objects)
        x1, y1 = x0 + random.integers(6, 10, objects), y0 + random.integers(8, 22, objects)
        numbers = 1 + objects * i + np.arange(objects)
        for k in range(objects):
            masks[i, y0[k] : y1[k], x0[k] : x1[k]] = numbers[k]
        boxes.append(np.stack([x0, y0, x1, y1], axis=1).astype(np.float64))
        labels.append(numbers.astype(np.int64))
        points.append(np.stack([(x0 + x1) / 2, (y0 + y1) / 2, np.full(objects, 2.0)], axis=1)[:, None])
    crowd = [np.zeros(objects, dtype=np.bool_) for _ in range(count)]
    found = (list(masks), boxes, labels, crowd, points)
    return np.repeat(masks[..., None], 3, axis=3), dict(zip(NAMES, found, strict=True))


def some(targets: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: targets[name] for name in names}


@pytest.mark.parametrize(
    "names", [("masks",), ("masks", "boxes"), ("masks", "boxes", "box_labels", "box_crowd", "points")]
)
def test_masks_are_the_classes_of_the_pixels_everywhere(batch_of, names) -> None:
    pixels, targets = scenes(20)
    made = Augmentation((CopyPaste(p=1.0),), **SQUARE, **UNIT)(batch_of(pixels, **some(targets, *names)))
    assert made.masks is not None
    assert np.array_equal(np.rint(levels(made)[..., 0]), np.stack(made.masks))
    assert (np.stack(made.masks) != np.stack(targets["masks"])).any(axis=(1, 2)).all()


@pytest.mark.parametrize("op", [CopyPaste(p=1.0), CopyPaste(p=1.0, objects=0.1), CutMix(p=1.0)])
@pytest.mark.parametrize("masked", [True, False])
def test_boxes_lie_around_what_is_painted(batch_of, op, masked) -> None:
    pixels, targets = scenes(20)
    names = NAMES if masked else NAMES[1:]
    chain, batch = Augmentation((op,), **SQUARE, **UNIT), batch_of(pixels, **some(targets, *names))
    made, partner = chain(batch), chain.plan(batch).mix.partner
    assert made.boxes is not None
    assert made.box_labels is not None
    assert made.points is not None
    brought = 0
    for i, shown in enumerate(np.rint(levels(made)[..., 0]).astype(int)):
        assert len(made.boxes[i]) == len(made.box_labels[i]) == len(made.points[i])
        assert len(set(made.box_labels[i])) == len(made.box_labels[i])
        for box, label, points in zip(made.boxes[i], made.box_labels[i], made.points[i], strict=True):
            assert label in targets["box_labels"][i] or label in targets["box_labels"][partner[i]]
            brought += label in targets["box_labels"][partner[i]]
            y, x = np.nonzero(shown == label)
            around = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1])
            # Another may cover a corner and leave the box as it is.
            assert (box[:2] <= around[:2]).all()
            assert (box[2:] >= around[2:]).all()
            column, row = points[0, :2].astype(int)
            assert (points[0, 2] > 0) == (shown[row, column] == label)
        if isinstance(op, CutMix):
            assert set(np.unique(shown)) - {0} == set(made.box_labels[i])
    assert brought >= 18


def test_boxes_alone_bring_what_lies_in_them(batch_of, noise) -> None:
    pixels, (_, targets) = noise(12, SIDE, SIDE), scenes(12)
    chain = Augmentation((CopyPaste(p=1.0, objects=0.5),), **SQUARE, **UNIT)
    batch = batch_of(pixels, **some(targets, "boxes", "box_labels"))
    made, partner = chain(batch), chain.plan(batch).mix.partner
    assert made.boxes is not None
    assert made.box_labels is not None
    for i in range(12):
        pasted = np.zeros((SIDE, SIDE), np.bool_)
        for box, label in zip(targets["boxes"][partner[i]], targets["box_labels"][partner[i]], strict=True):
            if label in made.box_labels[i]:
                x0, y0, x1, y1 = box.astype(int)
                pasted[y0:y1, x0:x1] = True
        assert pasted.any()
        want = np.where(pasted[..., None], pixels[partner[i]], pixels[i])
        assert np.array_equal(np.rint(levels(made)[i]), want)


def test_own_boxes_that_are_covered_too_far_are_dropped_and_others_cut(batch_of, noise) -> None:
    boxes = [np.array([[10.0, 10, 30, 30], [20, 12, 32, 30], [28, 10, 40, 30]]), np.array([[8.0, 8, 30, 32]])]
    batch = batch_of(noise(2, SIDE, SIDE), boxes=boxes, box_labels=[np.array([1, 2, 3]), np.array([4])])
    made = Augmentation((CopyPaste(p=1.0, objects=1.0),), **SQUARE, **UNIT)(batch)
    assert made.boxes is not None
    assert made.box_labels is not None
    assert made.box_labels[0].tolist() == [3, 4]
    assert made.boxes[0].tolist() == [[30, 10, 40, 30], [8, 8, 30, 32]]
    # Into the other come all three; of its own one a rim of 24 % is left.
    assert made.box_labels[1].tolist() == [1, 2, 3]
    few = Augmentation((CopyPaste(p=1.0, objects=1.0, least=0.2),), **SQUARE, **UNIT)(batch)
    assert few.box_labels is not None
    assert few.box_labels[1].tolist() == [4, 1, 2, 3]


def test_what_may_not_be_pasted_is_not(batch_of) -> None:
    pixels, targets = scenes(10)
    targets["box_crowd"] = [np.array([True, False, False])] * 10
    chain = Augmentation((CopyPaste(p=1.0, objects=1.0),), **SQUARE, **UNIT)
    made = chain(batch_of(pixels, **targets))
    assert made.box_crowd is not None
    assert all(crowd.sum() <= 1 for crowd in made.box_crowd)
    only = CopyPaste(p=1.0, objects=1.0, classes=(2, 4))
    made = Augmentation((only,), **SQUARE, **UNIT)(batch_of(pixels, **some(targets, "masks")))
    assert made.masks is not None
    changed = [i for i in range(10) if (made.masks[i] != targets["masks"][i]).any()]
    assert len(changed) == 2
    every = Augmentation((CopyPaste(p=1.0, objects=1.0, background=-1),), **SQUARE, **UNIT)
    batch = batch_of(pixels, **some(targets, "masks"))
    made, partner = every(batch), every.plan(batch).mix.partner
    assert made.masks is not None
    assert all(np.array_equal(made.masks[i], targets["masks"][partner[i]]) for i in range(10))


def test_pixels_that_do_not_count_are_not_pasted(batch_of, noise) -> None:
    masks = [np.full((SIDE, SIDE), 255, np.uint8)] * 4
    batch = batch_of(noise(4, SIDE, SIDE), masks=masks)
    chain, plain = Augmentation((CopyPaste(p=1.0),), **SQUARE, **UNIT), Augmentation((), **SQUARE, **UNIT)
    assert np.array_equal(levels(chain(batch)), levels(plain(batch)))


def test_without_targets_nothing_changes(batch_of, noise) -> None:
    batch = batch_of(noise(6, SIDE, SIDE))
    chain, plain = Augmentation((CopyPaste(p=1.0),), **SQUARE, **UNIT), Augmentation((), **SQUARE, **UNIT)
    made = chain(batch)
    assert np.array_equal(levels(made), levels(plain(batch)))
    assert made.share is None
    assert made.other_labels is None


def test_a_soft_edge_blends_only_around_the_edge(batch_of) -> None:
    pixels, targets = scenes(8)
    pixels = np.where(pixels > 0, 200, 40).astype(np.uint8)
    batch = batch_of(pixels, **some(targets, "masks"))
    sharp, soft = (
        Augmentation((CopyPaste(p=1.0, soft_px=px),), **SQUARE, **UNIT)(batch) for px in (0.0, 1.0)
    )
    assert set(np.unique(np.rint(levels(sharp)))) == {40, 200}
    between = (levels(soft) > 45) & (levels(soft) < 195)
    assert 0.01 < between.mean() < 0.3
    assert np.abs(levels(soft) - levels(sharp)).max() < 100
    assert sharp.masks is not None
    assert soft.masks is not None
    assert (np.stack(sharp.masks) != np.stack(soft.masks)).mean() < 0.01


@pytest.mark.parametrize("op", [CopyPaste(p=0.7), CopyPaste(p=1.0, soft_px=1.5), CutMix(p=0.7)])
def test_order_parts_and_engine_change_nothing(batch_of, op) -> None:
    pixels, targets = scenes(11)
    augmentation = Augmentation((Flip(), Rotate(), op), **SQUARE, **UNIT)
    batch, order = batch_of(pixels, **targets), [4, 2, 10, 0, 9, 1, 3, 8, 5, 7, 6]
    whole = augmentation(batch)
    shuffled = batch_of(pixels[order], **{name: [targets[name][k] for k in order] for name in NAMES})
    shuffled.indices = shuffled.draws = np.array(order)
    other = augmentation(shuffled)
    work = augmentation.begin(batch, lambda shape: np.full(shape, np.nan, np.float32))
    for start, stop in ((7, 11), (0, 1), (1, 7)):
        work.part(start, stop)
    parts = work.finish()
    tensors = augmentation(batch_of(torch.from_numpy(pixels), **targets))
    assert np.array_equal(levels(other), levels(whole)[order])
    assert np.array_equal(levels(parts), levels(whole))
    assert np.allclose(levels(tensors), levels(whole), atol=2e-2)
    for name in NAMES:
        here, there = getattr(whole, name), getattr(other, name)
        assert all(np.array_equal(there[i], here[k]) for i, k in enumerate(order))
        for again in (parts, tensors):
            assert all(map(np.array_equal, getattr(again, name), here))


def test_threads_of_a_loader_change_no_byte(tmp_path) -> None:
    pixels, targets = scenes(12)
    for part, pictures in (("images", pixels), ("masks", targets["masks"])):
        (tmp_path / part).mkdir()
        for i, picture in enumerate(pictures):
            Image.fromarray(picture).save(tmp_path / part / f"{i:02}.png")
    chain = Augmentation((Flip(), Mosaic(p=0.5, scale=1.0), CopyPaste(p=1.0)), **SQUARE, **UNIT)
    runs = [
        list(Loader(tmp_path, batch_size=5, shuffle=True, seed=3, workers=workers, transform=chain))
        for workers in (0, 1, 4)
    ]
    for one, *others in zip(*runs, strict=True):
        assert one.masks is not None
        assert np.array_equal(np.rint(levels(one)[..., 0]), np.stack(one.masks))
        for other in others:
            assert other.masks is not None
            assert np.array_equal(levels(one), levels(other))
            assert all(map(np.array_equal, one.masks, other.masks))


def test_a_picture_is_mixed_once(batch_of) -> None:
    pixels, targets = scenes(40)
    chain = Augmentation((Mosaic(p=0.3), CopyPaste(p=0.5), MixUp(p=1.0)), **SQUARE, **UNIT)
    mix = chain.plan(batch_of(pixels % 128, **targets)).mix
    assert mix.tiles is not None
    assert mix.copies is not None
    ways = np.stack([mix.tiles.tiled, mix.copies.share > 0, mix.blended])
    assert (ways.sum(axis=0) == 1).all()
    assert ways.any(axis=1).all()
    assert mix.op == "mosaic, copy-paste, mixup"


def test_a_picture_gets_nothing_of_itself(batch_of) -> None:
    pixels, targets = scenes(1)
    made = Augmentation((CopyPaste(p=1.0), CutMix(p=1.0)), **SQUARE, **UNIT)(batch_of(pixels, **targets))
    assert made.boxes is not None
    assert np.array_equal(made.boxes[0], targets["boxes"][0])


def test_mixup_keeps_the_targets_of_the_picture(batch_of) -> None:
    pixels, targets = scenes(5)
    made = Augmentation((MixUp(p=1.0),), **SQUARE, **UNIT)(batch_of(pixels, **targets))
    for name in NAMES:
        assert all(map(np.array_equal, getattr(made, name), targets[name]))


def test_where_one_picture_stands_alone_it_is_refused() -> None:
    with pytest.raises(OptionError, match=r"Transform\.ops: copy-paste needs another picture"):
        Transform(Flip() + CopyPaste())
    with pytest.raises(OptionError, match=r"copy-paste needs another picture, and a branch"):
        Blend(ops=(CopyPaste(),))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"objects": 0.0}, r"CopyPaste\.objects: must"),
        ({"soft_px": -1.0}, r"CopyPaste\.soft_px: must"),
        ({"background": 256}, r"CopyPaste\.background: must"),
        ({"classes": (3, 300)}, r"CopyPaste\.classes: must"),
    ],
)
def test_wrong_values_are_named(options, message) -> None:
    with pytest.raises(OptionError, match=message):
        CopyPaste(**options)

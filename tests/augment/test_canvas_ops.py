"""Ops that pad and crop, against slices and NumPy's `pad`, and those that look at boxes."""

from typing import Any

import numpy as np
import pytest

from vitral.augment import (
    Augmentation,
    BoxSafeCrop,
    Constant,
    Crop,
    CropAroundBox,
    CropTo,
    Flip,
    Pad,
    PadTo,
    Rotate,
    Sometimes,
    Translate,
)
from vitral.augment.targets.moved import moved_boxes, moved_points
from vitral.core import OptionError

PLAIN: dict[str, Any] = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
COLOR = (250.0, 10.0, 90.0)


def canvases(batch_of, op, height: int, width: int, *, count: int = 1, size: Any = (20, 20)) -> np.ndarray:
    """The height and width that pictures of one size have after an op."""
    plan = Augmentation((op,), height=size[0], width=size[1], fit="squash", **PLAIN).plan(
        batch_of(np.zeros((count, height, width, 3), np.uint8))
    )
    corners = np.array([[0, 0, 1], [size[1], size[0], 1]]) @ plan.matrix[:, :2].transpose(0, 2, 1)
    return np.rint((corners[:, 1] - corners[:, 0])[:, ::-1]).astype(int)


def padded(pixels: np.ndarray, widths: Any, border: str) -> np.ndarray:
    """What NumPy makes of it."""
    if border == "fill":
        return np.stack(
            [np.pad(pixels[..., c], widths, "constant", constant_values=int(COLOR[c])) for c in range(3)],
            axis=-1,
        )
    return np.pad(pixels, (*widths, (0, 0)), "edge" if border == "edge" else "reflect")


@pytest.mark.parametrize("border", ["reflect", "edge", "fill"])
@pytest.mark.parametrize("kind", ["sides", "alike", "goal"])
def test_padding_is_that_of_numpy(changed, noise, border, kind) -> None:
    pixels = noise(3, 12, 17)
    ops, (top, bottom, left, right) = {
        "sides": ((Pad(px=3.0, sides="t"), Pad(px=5.0, sides="rb")), (3, 5, 0, 5)),
        "alike": ((Pad(px=(4.0, 4.4), apart=False),), (4, 4, 4, 4)),
        "goal": ((PadTo(height=18, width=27, spread=0.0),), (3, 3, 5, 5)),
    }[kind]
    want = padded(pixels, ((0, 0), (top, bottom), (left, right)), border)
    made = changed(pixels, *ops, size=want.shape[1:3], border=border, fill=COLOR)
    assert np.abs(made - want).max() < 1e-3


@pytest.mark.parametrize(
    ("ops", "rows", "columns"),
    [
        ((Crop(px=2.0),), slice(2, 10), slice(2, 15)),
        ((Crop(share=0.25, px=1.0, sides="lt"),), slice(4, 12), slice(5, 17)),
        ((Pad(px=-3.0, sides="b"),), slice(0, 9), slice(0, 17)),
        ((CropTo(height=6, spread=0.0),), slice(3, 9), slice(0, 17)),
        ((CropTo(multiple=5, spread=0.0),), slice(1, 11), slice(1, 16)),
        ((CropTo(power=2, spread=0.0),), slice(2, 10), slice(0, 16)),
        ((CropTo(aspect=1.0, spread=0.0),), slice(0, 12), slice(2, 14)),
        ((CropTo(aspect=3.0, spread=0.0),), slice(3, 9), slice(0, 17)),
    ],
)
def test_cropping_is_slicing(changed, noise, ops, rows, columns) -> None:
    pixels = noise(2, 12, 17)
    want = pixels[:, rows, columns]
    assert np.abs(changed(pixels, *ops, size=want.shape[1:3]) - want).max() < 1e-3


@pytest.mark.parametrize(
    ("op", "size"),
    [
        (PadTo(height=30), (30, 23)),
        (PadTo(height=10, width=40), (20, 40)),
        (PadTo(multiple=8), (24, 24)),
        (PadTo(power=3), (27, 27)),
        (PadTo(power=2), (32, 32)),
        (PadTo(aspect=1.0), (23, 23)),
        (PadTo(aspect=0.5), (46, 23)),
        (PadTo(), (50, 60)),
        (CropTo(), (20, 23)),
        (CropTo(multiple=7), (14, 21)),
        (CropTo(multiple=50), (20, 23)),
        (CropTo(power=3), (9, 9)),
        (CropTo(power=30), (20, 23)),
        (CropTo(aspect=2.0), (12, 23)),
        (CropTo(width=9), (20, 9)),
        (Crop(share=0.99), (1, 1)),
        (Pad(px=-1000.0), (1, 1)),
        (Pad(share=0.5, px=0.0, sides="lt"), (30, 35)),
    ],
)
def test_canvases_have_the_size_that_was_asked_for(batch_of, op, size) -> None:
    assert canvases(batch_of, op, 20, 23, size=(50, 60)).tolist() == [list(size)]


def test_a_power_that_is_reached_is_not_exceeded(batch_of) -> None:
    for base, exponent in ((2, 10), (3, 5), (5, 4), (10, 3), (7, 3)):
        side = base**exponent
        for op in (PadTo(power=base), CropTo(power=base)):
            assert canvases(batch_of, op, side, 30).tolist()[0][0] == side


@pytest.mark.parametrize("op", [CropTo(height=8, width=11), PadTo(height=20, width=25)])
def test_all_places_come_alike_and_the_middle_when_asked(batch_of, op) -> None:
    pixels = np.zeros((600, 12, 17, 3), np.uint8)
    plan = Augmentation((op,), height=op.height, width=op.width, **PLAIN).plan(batch_of(pixels))
    for axis, free in ((0, abs(op.width - 17)), (1, abs(op.height - 12))):
        places = np.abs(plan.matrix[:, axis, 2])
        values, counts = np.unique(places, return_counts=True)
        assert values.tolist() == list(range(free + 1))
        assert counts.min() > 300 / (free + 1)
    half = type(op)(height=op.height, width=op.width, spread=0.0)
    plan = Augmentation((half,), height=op.height, width=op.width, **PLAIN).plan(batch_of(pixels[:3]))
    assert np.abs(plan.matrix[0, :2, 2]).tolist() == [abs(op.width - 17) / 2, abs(op.height - 12) / 2]


def test_sides_are_drawn_apart_or_alike(batch_of) -> None:
    for apart in (True, False):
        op = Pad(share=(0.0, 0.5), apart=apart)
        plan = Augmentation((op,), height=20, width=20, fit="squash", **PLAIN).plan(
            batch_of(np.zeros((200, 20, 20, 3), np.uint8))
        )
        left, top = -plan.matrix[:, 0, 2], -plan.matrix[:, 1, 2]
        right = plan.matrix[:, 0, 0] * 20 - 20 - left
        assert (left == np.rint(left)).all()
        assert np.array_equal(left, np.rint(right)) == (not apart)
        assert np.array_equal(left, top) == (not apart)
        assert set(left.tolist()) == set(range(11))


def test_padding_before_a_rotation_keeps_its_corners(changed, batch_of) -> None:
    """The canvas grows, and what a rotation would turn out of it stays in view; one pass for both."""
    pixels = np.full((1, 40, 40, 3), 200, np.uint8)
    ops = (Pad(share=0.25), Rotate(deg=45.0))
    augmentation = Augmentation(ops, height=60, width=60, border="fill", **PLAIN)
    plan = augmentation.plan(batch_of(pixels))
    assert len(plan.passes) == 1
    corners = moved_points(np.array([[0.0, 0], [40, 0], [40, 40], [0, 40]]), plan.route(0))
    assert corners.min() > 1
    assert corners.max() < 59
    made = changed(pixels, *ops, size=(60, 60), border="fill")
    assert made.sum() / (200 * 3) == pytest.approx(1600, rel=0.02)


def test_targets_follow_a_padded_picture(batch_of) -> None:
    pixels = np.zeros((1, 20, 30, 3), np.uint8)
    pixels[0, 6:10, 12:18] = 255
    batch = batch_of(
        pixels,
        boxes=[np.array([[12.0, 6, 18, 10]])],
        box_labels=[np.array([3])],
        masks=[(pixels[0, ..., 0] // 255)],
        points=[np.array([[[15.0, 8, 2]]])],
    )
    ops = (PadTo(height=40, width=50), Flip(p=1.0), CropTo(height=38, width=44))
    made = Augmentation(ops, height=38, width=44, border="fill", fill=COLOR, **PLAIN)(batch)
    assert made.inputs is not None
    assert made.boxes is not None
    assert made.masks is not None
    assert made.points is not None
    seen = np.argwhere(made.inputs[0].numpy().min(axis=0) > 0.99)
    box = [*seen.min(axis=0)[::-1], *(seen.max(axis=0)[::-1] + 1)]
    assert made.boxes[0].tolist() == [box]
    assert made.points[0][0, 0, :2].tolist() == [box[0] + 3, box[1] + 2]
    mask = np.asarray(made.masks[0])
    assert np.array_equal(np.argwhere(mask == 1), seen)
    beyond = np.abs(made.inputs[0].numpy() * 255 - np.array(COLOR)[:, None, None]).max(axis=0) < 1e-3
    assert np.array_equal(mask == 255, beyond)


def test_pictures_that_are_not_padded_keep_their_canvas(batch_of) -> None:
    op = Sometimes(ops=(PadTo(height=40, width=50),), p=0.5)
    found = {tuple(size) for size in canvases(batch_of, op, 20, 30, count=40).tolist()}
    assert found == {(20, 30), (40, 50)}


BOXES = [
    np.array([[40.0, 30, 90, 60], [120, 10, 150, 50]]),
    np.array([[5.0, 90, 25, 99]]),
    np.array([[0.0, 0, 200, 100]]),
    np.array([[10.0, 45, 190, 55]]),
    np.zeros((0, 4)),
]


@pytest.mark.parametrize("fit", ["crop", "squash"])
@pytest.mark.parametrize("size", [(64, 64), (50, 90), (90, 50)])
@pytest.mark.parametrize("before", [(), (Rotate(deg=(-30.0, 30.0)), Flip()), (Pad(share=(0.0, 0.2)),)])
def test_a_safe_crop_holds_all_boxes(batch_of, fit, size, before) -> None:
    boxes = BOXES * 30
    batch = batch_of(np.zeros((len(boxes), 100, 200, 3), np.uint8), boxes=boxes)
    here = (
        Augmentation(before, height=100, width=200, **PLAIN).plan(batch)
        if before[:1] != (Pad(share=(0.0, 0.2)),)
        else None
    )
    plan = Augmentation((*before, BoxSafeCrop()), height=size[0], width=size[1], fit=fit, **PLAIN).plan(batch)
    for i, some in enumerate(boxes):
        moved = moved_boxes(some, plan.route(i))
        if here is not None:
            # What had left the canvas before cannot be held.
            first = moved_boxes(some, here.route(i))
            inside = (first >= 0).all(axis=1) & (first <= [200, 100, 200, 100]).all(axis=1)
            moved = moved[inside]
        assert (moved >= -1e-6).all()
        assert (moved <= np.tile(size[::-1], 2) + 1e-6).all()


def test_a_safe_crop_looks_beyond_the_picture_only_where_it_must(batch_of) -> None:
    boxes = BOXES * 40
    batch = batch_of(np.zeros((len(boxes), 100, 200, 3), np.uint8), boxes=boxes)
    plan = Augmentation((BoxSafeCrop(),), height=64, width=64, **PLAIN).plan(batch)
    corners = np.array([[0, 0, 1], [64, 64, 1]]) @ plan.matrix[:, :2].transpose(0, 2, 1)
    beyond = (corners.min(axis=(1, 2)) < -1e-6) | (corners[:, 1] > (200 + 1e-6, 100 + 1e-6)).any(axis=1)
    # Two boxes are 110 wide, one 200 and one 180, and a square of the picture 100.
    assert beyond.reshape(-1, 5).mean(axis=0).tolist() == [1, 0, 1, 1, 0]
    scale = plan.matrix[:, [0, 1], [0, 1]].reshape(-1, 5, 2)
    assert scale[..., 0] == pytest.approx(scale[..., 1])
    assert scale[:, 1].std() > 0.1


def test_a_crop_around_a_box_shows_one_with_what_is_around_it(batch_of) -> None:
    boxes = [BOXES[0]] * 100
    batch = batch_of(np.zeros((100, 100, 200, 3), np.uint8), boxes=boxes)
    op = CropAroundBox(context=0.0)
    plan = Augmentation((op,), height=60, width=60, fit="squash", **PLAIN).plan(batch)
    shown = [moved_boxes(np.array([[0.0, 0, 60, 60]]), np.linalg.inv(plan.matrix[i]))[0] for i in range(100)]
    first = np.abs(np.array(shown) - BOXES[0][0]).max(axis=1) < 1e-6
    second = np.abs(np.array(shown) - BOXES[0][1]).max(axis=1) < 1e-6
    assert (first | second).all()
    assert 30 < first.sum() < 70
    wide = CropAroundBox(context=Constant(value=0.5))
    plan = Augmentation((wide,), height=60, width=60, fit="squash", **PLAIN).plan(batch)
    found = {tuple(np.rint(plan.matrix[i, [0, 1, 0, 1], [2, 2, 0, 1]] * (1, 1, 60, 60))) for i in range(100)}
    assert found == {(15.0, 15.0, 100.0, 60.0), (105.0, 0.0, 60.0, 70.0)}


def test_pictures_without_boxes_are_cropped_at_random(batch_of) -> None:
    for op in (BoxSafeCrop(scale=(0.25, 0.25)), CropAroundBox(scale=(0.25, 0.25))):
        for boxes in (None, [np.zeros((0, 4))] * 50):
            batch = batch_of(np.zeros((50, 80, 80, 3), np.uint8), boxes=boxes)
            plan = Augmentation((op,), height=40, width=40, **PLAIN).plan(batch)
            assert plan.matrix[:, [0, 1], [0, 1]] == pytest.approx(np.ones((50, 2)))
            assert plan.matrix[:, :2, 2].min() >= 0
            assert plan.matrix[:, :2, 2].max() <= 40
            assert plan.matrix[:, :2, 2].std() > 8


def test_boxes_that_have_left_the_canvas_are_not_looked_for(batch_of) -> None:
    boxes = [np.array([[0.0, 0, 20, 20]])] * 4
    batch = batch_of(np.zeros((4, 80, 80, 3), np.uint8), boxes=boxes)
    op = CropAroundBox(scale=(1.0, 1.0))
    plan = Augmentation((Translate(x=-0.5, y=0.0), op), height=80, width=80, **PLAIN).plan(batch)
    assert plan.matrix[:, 0, 0] == pytest.approx(np.ones(4))


@pytest.mark.parametrize("sides", ["x", "ll", "left"])
def test_sides_that_are_none_are_named(sides) -> None:
    for cls in (Crop, Pad):
        with pytest.raises(OptionError, match=rf"{cls.__name__}\.sides: must be some of the letters lrtb"):
            cls(sides=sides)


def test_a_size_that_is_given_twice_is_refused() -> None:
    with pytest.raises(OptionError, match="CropTo: multiple and aspect cannot both say"):
        CropTo(multiple=3, aspect=1.0)
    with pytest.raises(OptionError, match="PadTo: power and height and width cannot both say"):
        PadTo(power=2, width=30)

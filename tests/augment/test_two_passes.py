"""What a second look at the pixels cannot see: targets end where the canvas between two passes does."""

from typing import Any

import numpy as np
import pytest

from vitral.augment import (
    Augmentation,
    CenterCrop,
    Crop,
    Elastic,
    Flip,
    Gamma,
    GaussianBlur,
    Perspective,
    RandomResizedCrop,
    Rotate,
    Scale,
    Transform,
    Translate,
    back_to_picture,
)
from vitral.augment.plan import BORDERS, Plan
from vitral.augment.route import Window, joined
from vitral.augment.targets.moved import moved_boxes, moved_mask, moved_masks, moved_points, moved_targets
from vitral.augment.targets.outlines import boxes_of_polygons, whole_polygons

LEVELS: dict[str, Any] = {"mean": (0.0, 0.0, 0.0), "std": (1 / 255, 1 / 255, 1 / 255)}
BLUR, TONE = GaussianBlur(sigma_px=0.3), Gamma()
SIDE, COUNT = 96, 8
CHAINS = {
    "crop and shrink": (Crop(share=0.35, apart=False), TONE, Scale(factor=0.4)),
    "crop, blur and shrink": (Crop(share=0.35, apart=False), BLUR, Scale(factor=0.4)),
    "away and back": (Translate(x=0.4, y=0.4), BLUR, Translate(x=-0.4, y=-0.4)),
    "crop and turn": (RandomResizedCrop(scale=(0.3, 0.6)), TONE, Rotate(deg=20.0)),
    "crop, blur and turn": (RandomResizedCrop(scale=(0.3, 0.6)), BLUR, Rotate(deg=20.0)),
    "perspective": (Translate(x=0.3, y=0.0), BLUR, Perspective(strength=0.2), Scale(factor=0.6)),
    "three passes": (Translate(x=0.3), BLUR, Translate(x=-0.4), TONE, Rotate(deg=30.0), Scale(factor=0.8)),
    "horizon": (Perspective(strength=0.45), BLUR, Scale(factor=0.3)),
    "bent": (Translate(x=0.3), BLUR, Translate(x=-0.4), Elastic()),
}


def chain(name: str) -> Any:
    return pytest.param(CHAINS[name], id=name)


def eroded(mask: np.ndarray, by: int = 3) -> np.ndarray:
    """The pixels around which all are so."""
    padded = np.pad(mask, by, constant_values=False)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2 * by + 1, 2 * by + 1))
    return np.asarray(windows.all(axis=(2, 3)))


def blocks() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 2, (6, 6), dtype=np.uint8).repeat(16, 0).repeat(16, 1)


def shown(batch: Any, ops: Any, **rest: Any) -> tuple[np.ndarray, Any]:
    made = Augmentation(ops, height=SIDE, width=SIDE, **LEVELS, **rest)(batch)
    assert made.inputs is not None
    return made.inputs[:, 0].numpy(), made


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("ops", [chain(name) for name in CHAINS])
def test_no_mask_contradicts_its_pixels(batch_of: Any, ops: Any, border: str) -> None:
    mask = blocks()
    pixels = np.repeat(mask[None, ..., None] * 255, 3, axis=3).repeat(COUNT, axis=0)
    levels, made = shown(batch_of(pixels, masks=[mask] * COUNT), ops, border=border, fill=(128.0,) * 3)
    compared = 0
    for picture, moved in zip(levels, made.masks, strict=True):
        white, black = eroded(moved == 1), eroded(moved == 0)
        assert (picture[white] > 165).all()
        assert (picture[black] < 90).all()
        compared += int(white.sum() + black.sum())
    assert compared > 100 * COUNT


@pytest.mark.parametrize("ops", [chain(name) for name in CHAINS])
def test_only_where_a_border_shows_nothing_is_counted(batch_of: Any, ops: Any) -> None:
    pixels, mask = np.full((COUNT, SIDE, SIDE, 3), 255, np.uint8), np.ones((SIDE, SIDE), np.uint8)
    levels, made = shown(batch_of(pixels, masks=[mask] * COUNT), ops, border="fill")
    hidden = 0
    for picture, moved in zip(levels, made.masks, strict=True):
        assert set(np.unique(moved)) <= {1, 255}
        assert (picture[eroded(moved == 1, 2)] > 200).all()
        assert (picture[eroded(moved == 255, 2)] < 55).all()
        hidden += int((moved == 255).sum())
    assert hidden > 100 * COUNT


@pytest.mark.parametrize("ops", [chain(name) for name in CHAINS])
def test_boxes_points_and_outlines_end_where_the_masks_do(noise: Any, ops: Any) -> None:
    picture, transform = noise(1, SIDE, SIDE)[0], Transform(ops)
    everything = np.array([[0.0, 0, SIDE, SIDE]])
    corners = np.array([[0.0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]])
    places = np.random.default_rng(0).uniform(0, SIDE, (300, 2))
    seen = np.concatenate([places, np.full((300, 1), 2.0)], axis=1)
    for index in range(4):
        made = transform(image=picture, index=index, mask=np.ones((SIDE, SIDE), np.uint8), bboxes=everything)
        (box,), mask = made["bboxes"], made["mask"] == 1
        y, x = np.nonzero(mask)
        tight = [x.min(), y.min(), x.max() + 1, y.max() + 1]
        assert np.abs(box - tight).max() < 1.6
        made = transform(
            image=picture, index=index, bboxes=everything, polygons=[corners], keypoints=seen, lines=[corners]
        )
        (polygon,) = made["polygons"]
        assert np.abs([*polygon.min(axis=0), *polygon.max(axis=0)] - np.array(tight)).max() < 1.6
        # Points are visible where the mask is; at its edge one may be either.
        rows, columns = np.clip(np.nan_to_num(made["keypoints"][:, 1::-1].T), 0, SIDE - 1).astype(int)
        visible, within = made["keypoints"][:, 2] > 0, eroded(mask, 2)
        assert mask[rows, columns][visible].mean() > 0.8
        assert not eroded(~mask, 2)[rows, columns][visible].any()
        inside = (made["keypoints"][:, :2] > 0).all(axis=1) & (made["keypoints"][:, :2] < SIDE).all(axis=1)
        assert visible[inside & within[rows, columns]].mean() > 0.9
        bare = transform(image=picture, index=index, keypoints=places)["keypoints"]
        np.testing.assert_array_equal(np.isfinite(bare[inside, 0]), visible[inside])
        for piece in made["lines"][0]:
            middle = (piece[:-1] + piece[1:]) / 2
            rows, columns = np.clip(middle[:, ::-1].T, 0, SIDE - 1).astype(int)
            assert not eroded(~mask, 3)[rows, columns].any()


def test_how_much_is_seen_of_a_box_is_a_share_of_all_of_it(batch_of: Any) -> None:
    pixels = np.zeros((1, 100, 100, 3), np.uint8)
    # The first pass leaves columns 0 to 59, of which the second brings in all that was beyond.
    ops = (Translate(x=0.4, y=0.0), BLUR, Translate(x=-0.4, y=0.0))
    boxes = [np.array([[40.0, 10, 80, 30], [70, 10, 90, 30], [0, 0, 20, 20]])]
    for least, wanted in ((0.0, [[40, 10, 60, 30], [0, 0, 20, 20]]), (0.6, [[0, 0, 20, 20]])):
        made = Augmentation(ops, height=100, width=100, min_visible=least, **LEVELS)(
            batch_of(pixels, boxes=boxes, box_labels=[np.array([5, 6, 7])])
        )
        assert made.boxes is not None
        assert made.box_labels is not None
        assert np.allclose(made.boxes[0], wanted)
        assert made.box_labels[0].tolist() == ([5, 7] if least == 0 else [7])
    (line,) = Transform(ops)(image=pixels[0], lines=[np.array([[10.0, 5], [90, 5]])])["lines"]
    assert np.allclose(line[0], [[10, 5], [60, 5]])
    polygon = np.array([[40.0, 10], [80, 10], [80, 30], [40, 30]])
    for least, stays in ((0.5, 1), (0.6, 0)):
        made = Transform(ops, min_visible=least)(image=pixels[0], bboxes=boxes[0][:1], polygons=[polygon])
        assert len(made["bboxes"]) == stays


def test_a_map_is_nan_where_no_pass_shows_it(noise: Any) -> None:
    for ops in CHAINS.values():
        made = Transform(ops, more={"depth": "map"})(
            image=noise(1, SIDE, SIDE)[0],
            mask=np.ones((SIDE, SIDE), np.uint8),
            depth=np.ones((SIDE, SIDE), np.float32),
            index=1,
        )
        np.testing.assert_array_equal(np.isfinite(made["depth"]), made["mask"] == 1)


def plan_of(batch_of: Any, ops: Any, count: int = COUNT) -> Plan:
    pixels = np.zeros((count, SIDE, SIDE, 3), np.uint8)
    return Augmentation(ops, height=SIDE, width=SIDE, **LEVELS).plan(batch_of(pixels))


def test_the_way_back_tells_what_no_pass_has_shown(batch_of: Any) -> None:
    plan = plan_of(batch_of, (Translate(x=0.25, y=0.0), BLUR, Translate(x=-0.25, y=0.0), Flip(p=1.0)))
    way = back_to_picture(plan, 0)
    seen = way.mask(np.ones((SIDE, SIDE), np.uint8))
    assert (seen[:, :72] == 1).all()
    assert (seen[:, 72:] == 255).all()
    assert np.isnan(way.map(np.ones((SIDE, SIDE), np.float32))[:, 72:]).all()
    # In what was made, mirrored, the 24 columns on the left show a border.
    assert np.isnan(way.points(np.array([[10.0, 5]]))).all()
    assert way.points(np.array([[30.0, 5]])) == pytest.approx(np.array([[66.0, 5]]))
    boxes = way.boxes(np.array([[10.0, 5, 40, 9], [2, 2, 9, 9]]))
    assert boxes[0] == pytest.approx([56, 5, 72, 9])
    assert (boxes[1, 2:] - boxes[1, :2] == 0).all()
    (line,) = way.lines([np.array([[10.0, 5], [40, 5]])])
    assert line[0] == pytest.approx(np.array([[72.0, 5], [56, 5]]))


@pytest.mark.parametrize("ops", [chain(name) for name in CHAINS])
def test_what_comes_back_is_what_was_seen(batch_of: Any, ops: Any) -> None:
    plan = plan_of(batch_of, ops)
    for i in range(3):
        forward = moved_mask(blocks(), plan.route(i), size=(SIDE, SIDE), height=SIDE, width=SIDE)
        again = back_to_picture(plan, i).mask(forward)
        known = again != 255
        assert known.mean() > 0.04
        assert (again == blocks())[known].mean() > 0.9


@pytest.mark.parametrize(
    "ops",
    [
        (RandomResizedCrop(), Flip(), BLUR),
        (RandomResizedCrop(), TONE, Flip()),
        (Rotate(deg=30.0), BLUR, CenterCrop(share=0.7), Flip()),
        (Scale(factor=0.7), TONE, Perspective(strength=0.2), TONE),
    ],
)
def test_a_second_pass_that_stays_inside_hides_nothing_and_costs_nothing(batch_of: Any, ops: Any) -> None:
    plan = plan_of(batch_of, ops)
    assert len(plan.passes) > 1
    assert not any(beyond.any() for beyond in plan.beyond)
    for i in range(COUNT):
        matrix = plan.route(i).matrix
        assert matrix is not None
        np.testing.assert_allclose(matrix, plan.matrix[i], rtol=1e-12)


def test_a_batch_tells_apart_which_pictures_look_beyond(batch_of: Any) -> None:
    ops = (RandomResizedCrop(), TONE, Scale(factor=(0.7, 1.4)))
    plan, masks = plan_of(batch_of, ops, 16), [blocks()] * 16
    (beyond,) = plan.beyond
    assert 3 < beyond.sum() < 13
    boxes = [np.random.default_rng(i).uniform(0, 40, (5, 4)) + np.array([0, 0, 40, 40]) for i in range(16)]
    points = [np.random.default_rng(i).uniform(0, SIDE, (7, 2, 3)) for i in range(16)]
    seen, _ = moved_targets(plan, boxes=boxes)
    _, moved = moved_targets(plan, points=points)
    assert seen is not None
    assert moved is not None
    for i, mask in enumerate(moved_masks(masks, plan)):
        route = plan.route(i)
        assert (route.matrix is None) == beyond[i]
        wanted = moved_mask(masks[i], route, size=(SIDE, SIDE), height=SIDE, width=SIDE)
        np.testing.assert_array_equal(mask, wanted)
        cut = np.clip(moved_boxes(boxes[i], route), 0, SIDE)[seen[i].kept]
        np.testing.assert_allclose(seen[i].boxes, cut, atol=1e-9)
        shapes = [np.stack([box[[0, 2, 2, 0]], box[[1, 1, 3, 3]]], axis=1) for box in boxes[i]]
        around = boxes_of_polygons(whole_polygons(shapes, route))
        np.testing.assert_allclose(np.clip(around, 0, SIDE)[seen[i].kept], cut, atol=1e-6)
        flat = points[i].reshape(-1, 3)
        places = moved_points(flat[:, :2], route)
        inside = ((places >= 0) & (places < SIDE)).all(axis=1)
        np.testing.assert_array_equal(moved[i].reshape(-1, 3)[:, 2], np.where(inside, flat[:, 2], 0))
        assert np.isfinite(moved[i]).all()


def test_a_route_ends_at_its_windows_both_ways() -> None:
    shift = np.array([[1.0, 0, 6], [0, 1, 0], [0, 0, 1]])
    route = joined((shift, Window(height=10, width=12), shift))
    points = np.array([[1.0, 1], [5.9, 1], [7, 1], [-7, 1], [1, 11]])
    there = route.there(points)
    assert np.isfinite(there[:, 0]).tolist() == [True, True, False, False, False]
    np.testing.assert_allclose(route.back(there)[:2], points[:2])
    centers = np.stack([np.arange(9) + 0.5] * 2, axis=1).astype(np.float64)
    np.testing.assert_allclose(route.places(1, 9)[0, 0], route.there(centers)[:, 0])
    assert route.whole.matrix is not None
    assert route.whole.matrix[0, 2] == 12
    assert route.whole.whole is route.whole


@pytest.mark.parametrize("ops", [chain(name) for name in CHAINS])
def test_nothing_stays_nothing(noise: Any, ops: Any) -> None:
    made = Transform(ops)(
        image=noise(1, SIDE, SIDE)[0],
        bboxes=np.zeros((0, 4)),
        keypoints=np.zeros((0, 2)),
        polygons=[],
        lines=[],
    )
    assert made["bboxes"].shape == (0, 4)
    assert made["keypoints"].shape == (0, 2)
    assert made["polygons"] == made["lines"] == []


def test_one_picture_gets_what_its_batch_gives_it(batch_of: Any) -> None:
    pixels = np.zeros((2, SIDE, SIDE, 3), np.uint8)
    batch = batch_of(pixels, masks=[blocks()] * 2)
    ops = (Crop(share=0.35, apart=False), BLUR, Scale(factor=0.4))
    made = Augmentation(ops, height=SIDE, width=SIDE, **LEVELS)(batch)
    assert made.masks is not None
    for i in range(2):
        alone = Transform(ops, seed=1)(image=pixels[i], mask=blocks(), index=i)
        np.testing.assert_array_equal(alone["mask"], made.masks[i])

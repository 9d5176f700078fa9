"""What may belong to a sample of `Transform` and `PairTransform`: shapes, maps, further pictures; sizes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from vitral.augment import (
    Augmentation,
    Brightness,
    CenterCrop,
    Contrast,
    Flip,
    GaussianNoise,
    Op,
    PairTransform,
    QuarterTurn,
    RandomCrop,
    Rotate,
    Scale,
    Transform,
    Translate,
    Transpose,
)
from vitral.augment.draw import Draw
from vitral.augment.frame import Frame, part_of_canvas
from vitral.augment.samples.made import boxes_of_masks
from vitral.augment.stages import Field, Stage
from vitral.core import OptionError, ShapeError

MIRROR = Flip(p=1.0)
AWAY = Translate(x=0.5, y=0.0)
GOOD = np.zeros((20, 30, 3), np.uint8)
DIAMOND = np.array([[9.0, 2], [16, 9], [9, 16], [2, 9]])


# Of no kind, so that tests over all kinds do not find them.
@dataclass(frozen=True, kw_only=True)
class Around(Op):
    """The canvas becomes the part around the first box, if there is one."""

    kind = "around"
    zero = {}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        boxes = [here[0] if len(here) else (0.0, 0, 30, 20) for here in frame.boxes_here()]
        x0, y0, x1, y1 = np.array(boxes, dtype=np.float64).T
        return (part_of_canvas(frame, x0, y0, x1 - x0, y1 - y0, op="around"),)


@dataclass(frozen=True, kw_only=True)
class Wave(Op):
    """Something bent."""

    kind = "wave"
    zero = {}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        nodes = np.tile(np.random.default_rng(0).normal(0, 1.0, (4, 5, 2)), (len(frame), 1, 1, 1))
        return (Field(op="wave", nodes=nodes, canvas=frame.canvas, smooth=True),)


def outline_of(mask: np.ndarray) -> list[float]:
    return boxes_of_masks(mask[None])[0].tolist()


def test_boxes_are_tight_around_polygons_where_there_are_some() -> None:
    turn = Rotate(deg=45.0)
    picture = np.zeros((18, 18, 3), np.uint8)
    corners = np.array([[2.0, 2, 16, 16]])
    loose = Transform(turn)(image=picture, bboxes=corners)["bboxes"][0]
    assert loose.tolist() == [0, 0, 18, 18]
    made = Transform(turn)(image=picture, bboxes=corners, polygons=[DIAMOND], labels=["tile"])
    half = 7 / np.sqrt(2)
    assert made["bboxes"][0] == pytest.approx([9 - half, 9 - half, 9 + half, 9 + half])
    assert made["labels"] == ["tile"]
    # An object whose polygon is not known keeps the box around its corners.
    made = Transform(turn)(
        image=picture, bboxes=np.tile(corners, (2, 1)), polygons=[DIAMOND, np.zeros((0, 2))]
    )
    assert made["bboxes"][1].tolist() == loose.tolist()
    assert made["polygons"][1].shape == (0, 2)


def test_boxes_are_tight_around_the_masks_of_objects() -> None:
    mask = np.zeros((2, 20, 30), np.uint8)
    mask[0, 2:6, 4:9] = 1
    boxes = [(0, 0, 20, 20), (20, 10, 30, 20)]
    made = Transform(MIRROR)(image=GOOD, masks=mask, bboxes=boxes)
    assert made["bboxes"] == [(21.0, 2.0, 26.0, 6.0), (0.0, 10.0, 10.0, 20.0)]
    np.testing.assert_array_equal(made["masks"], mask[:, :, ::-1])


def test_how_much_is_seen_is_a_share_of_the_shape() -> None:
    # Of the triangle a quarter lies right of the middle, of its box a half.
    triangle = np.array([[5.0, 0], [25, 0], [5, 20]])
    box = np.array([[5.0, 0, 25, 20]])
    masks = np.tril(np.ones((20, 20), np.uint8))[::-1]
    masks = np.pad(masks, ((0, 0), (5, 5)))[None]
    for least, stays in ((0.2, True), (0.3, False)):
        transform = Transform(Translate(x=-0.5, y=0.0), min_visible=least)
        assert len(transform(image=GOOD, bboxes=box)["bboxes"]) == 1
        made = transform(image=GOOD, bboxes=box, polygons=[triangle])
        assert len(made["bboxes"]) == len(made["polygons"]) == stays
        made = transform(image=GOOD, bboxes=box, masks=masks)
        assert len(made["bboxes"]) == len(made["masks"]) == stays
    whole = Transform(MIRROR, min_visible=1.0)
    assert len(whole(image=GOOD, bboxes=box, polygons=[triangle])["bboxes"]) == 1
    assert len(whole(image=GOOD, bboxes=box, masks=masks)["bboxes"]) == 1


def test_what_is_bent_takes_its_shapes_along() -> None:
    mask = np.zeros((1, 20, 30), np.uint8)
    mask[0, 5:15, 8:20] = 1
    polygon = np.array([[8.0, 5], [20, 5], [20, 15], [8, 15]])
    box = np.array([[8.0, 5, 20, 15]])
    shapes: list[dict[str, Any]] = [{"polygons": [polygon]}, {"masks": mask}]
    for given in shapes:
        made = Transform(Wave(), min_visible=0.9)(image=GOOD, mask=mask[0], bboxes=box, **given)
        assert np.abs(made["bboxes"][0] - outline_of(made["mask"] == 1)).max() < 1.0
        if "masks" in made:
            np.testing.assert_array_equal(made["masks"][0] == 1, made["mask"] == 1)


def test_shapes_without_boxes_all_stay() -> None:
    polygons = [[(1.0, 1.0), (4.0, 1.0), (4.0, 3.0)], torch.tensor([[20.0, 1], [28, 1], [28, 8]])]
    made = Transform(AWAY)(image=GOOD, polygons=polygons, lines=[np.array([[10, 5], [20, 5]])])
    assert made["polygons"][0] == [(16.0, 1.0), (19.0, 1.0), (19.0, 3.0)]
    assert isinstance(made["polygons"][1], torch.Tensor)
    assert made["polygons"][1].shape == (0, 2)
    assert made["lines"][0][0].tolist() == [[25, 5], [30, 5]]
    assert made["lines"][0][0].dtype == np.float32
    _, target = PairTransform(AWAY)(GOOD, {"polygons": polygons, "labels": [3, 4]})
    assert target["polygons"][0] == made["polygons"][0]
    assert target["labels"] == [3, 4]


def test_further_pictures_get_the_same_geometry_and_the_same_tones(noise: Any) -> None:
    before, after = noise(2, 20, 30)
    ops = MIRROR + Rotate() + Brightness() + GaussianNoise(p=1.0)
    transform = Transform(ops, more={"before": "image", "truth": "clean"})
    made = transform(image=after, before=before, truth=after, index=4)
    np.testing.assert_array_equal(made["before"], transform(image=before, index=4)["image"])
    moved = Transform(MIRROR + Rotate())(image=after, index=4)["image"]
    np.testing.assert_array_equal(made["truth"], moved)
    assert not np.array_equal(made["image"], moved)
    # What is not given is not there.
    assert set(transform(image=after, before=None)) == {"image"}


def test_frames_of_a_video_move_as_one(noise: Any) -> None:
    frames = list(noise(4, 20, 30))
    transform = Transform(MIRROR + Contrast(), more={"frames": "image", "edges": "mask"})
    edges = [frame[..., 0] // 2 for frame in frames[1:]]
    made = transform(image=frames[0], frames=frames[1:], edges=tuple(edges), index=0)
    assert len(made["frames"]) == 3
    assert isinstance(made["edges"], tuple)
    for frame, edge, shown, mask in zip(frames[1:], edges, made["frames"], made["edges"], strict=True):
        np.testing.assert_array_equal(shown, transform(image=frame, index=0)["image"])
        np.testing.assert_array_equal(mask, edge[:, ::-1])


def test_further_parts_of_a_pair_belong_to_its_target() -> None:
    depth = torch.arange(20 * 30).reshape(20, 30).float()
    flow = torch.stack([depth, -depth])
    pair = PairTransform(MIRROR, more={"depth": "map", "flow": "map"})
    _, target = pair(torch.zeros(3, 20, 30, dtype=torch.uint8), {"depth": depth, "flow": flow})
    assert torch.equal(target["depth"], depth.flip(1))
    assert torch.equal(target["flow"], flow.flip(2))
    with pytest.raises(
        ShapeError, match=r"target\.depth: must hold floats, got int64; class numbers are a mask"
    ):
        pair(GOOD, {"depth": depth.numpy().astype(np.int64)})


def test_a_map_may_have_another_resolution_and_is_nan_outside() -> None:
    depth = np.tile(np.arange(15, dtype=np.float64), (10, 1))
    made = Transform(AWAY, more={"depth": "map"})(image=GOOD, depth=depth)["depth"]
    assert (made.shape, made.dtype) == ((20, 30), np.float64)
    assert np.isnan(made[:, :15]).all()
    assert made[3, 15:].tolist() == [0, *(np.arange(14) / 2 + 0.25)]
    bright = Image.fromarray(depth.astype(np.float32))
    made = Transform(MIRROR, more={"depth": "map"})(image=GOOD, depth=bright)["depth"]
    assert (made.mode, made.size) == ("F", (30, 20))


@pytest.mark.parametrize("ops", [MIRROR, QuarterTurn(turns=1.0), Translate(x=0.25, y=0.0)])
@pytest.mark.parametrize(("tall", "wide"), [(2, 2), (2, 1), (1, 3)], ids=["finer", "taller", "wider"])
def test_masks_may_have_another_resolution_than_the_picture(ops: Op, tall: int, wide: int) -> None:
    coarse = np.random.default_rng(0).integers(0, 5, (20, 30), dtype=np.uint8)
    fine = coarse.repeat(tall, axis=0).repeat(wide, axis=1)
    objects = np.zeros((2, 20, 30), np.uint8)
    objects[0, 2:12, 4:16], objects[1, 14:, 20:] = 1, 1
    stack = objects.repeat(tall, axis=1).repeat(wide, axis=2)
    boxes, spots = [(4, 2, 16, 12), (20, 14, 30, 20)], [(4.5, 2.5), (21.0, 15.0)]
    transform = Transform(ops, min_visible=0.3, more={"edges": "mask"})
    wanted = transform(image=GOOD, mask=coarse, masks=objects, bboxes=boxes, keypoints=spots, edges=coarse)
    made = transform(image=GOOD, mask=fine, masks=stack, bboxes=boxes, keypoints=spots, edges=fine)
    for name in ("mask", "masks", "edges"):
        np.testing.assert_array_equal(made[name], wanted[name])
    assert (made["bboxes"], made["keypoints"]) == (wanted["bboxes"], wanted["keypoints"])


@pytest.mark.parametrize(
    ("ops", "shape"),
    [
        (QuarterTurn(turns=1.0), (30, 20)),
        (Transpose(p=1.0), (30, 20)),
        (CenterCrop(share=0.5), (10, 15)),
        (CenterCrop(share=0.77), (15, 23)),
        (Transpose(p=1.0) + CenterCrop(share=0.5), (15, 10)),
        (RandomCrop(), (20, 30)),
        (Rotate(), (20, 30)),
        ((), (20, 30)),
    ],
)
def test_a_result_may_have_the_size_of_the_canvas(ops: Any, shape: tuple[int, int], noise: Any) -> None:
    (pixels,) = noise(1, 20, 30)
    tones: dict[str, Any] = {"mean": (0.0, 0, 0), "std": (1.0, 1, 1)}
    for rest in ({}, tones):
        made = Transform(ops, size="canvas", **rest)(
            image=pixels, mask=pixels[..., 0] // 2, keypoints=[(14.5, 9.5)], index=0
        )
        assert made["image"].shape[:2] == made["mask"].shape == shape
        assert Transform(ops, **rest)(image=pixels)["image"].shape == (20, 30, 3)
    if shape == (30, 20):  # Pixels only moved.
        y, x = (int(place) for place in made["keypoints"][0][::-1])
        assert made["mask"][y, x] == pixels[9, 14, 0] // 2
        np.testing.assert_allclose(made["image"][y, x] * 255, pixels[9, 14], atol=1e-3)


def test_ops_see_the_boxes_of_a_sample(noise: Any) -> None:
    (pixels,) = noise(1, 20, 30)
    transform = Transform(MIRROR + Around(), size="canvas")
    made = transform(image=pixels, bboxes=[(4, 2, 9, 6)])
    np.testing.assert_array_equal(made["image"], pixels[2:6, 4:9][:, ::-1])
    assert made["bboxes"] == [(0.0, 0.0, 5.0, 4.0)]
    assert transform(image=pixels)["image"].shape == pixels.shape
    picture, target = PairTransform(Around(), size="canvas")(pixels, {"boxes": np.array([[4, 2, 9, 6]])})
    np.testing.assert_array_equal(picture, pixels[2:6, 4:9])
    assert target["boxes"].tolist() == [[0, 0, 5, 4]]


def test_what_lies_beyond_a_picture_is_as_the_transform_says() -> None:
    white = np.full((20, 30, 3), 255, np.uint8)
    made = Transform(AWAY, border="fill", fill=(10, 20, 30))(image=white, mask=white[..., 0] // 255)
    assert made["image"][:, :14].tolist() == [[[10, 20, 30]] * 14] * 20
    assert (made["mask"][:, :15] == 255).all()
    line = np.repeat(np.arange(30, dtype=np.uint8)[None, :, None] + 7, 3, axis=2).repeat(20, axis=0)
    assert (Transform(AWAY, border="edge")(image=line)["image"][:, :14] == 7).all()


def test_a_transform_tells_the_way_back() -> None:
    transform = Transform(MIRROR + Rotate(deg=(-20, 20)) + Scale(), height=40, width=60, seed=3)
    mask = np.zeros((20, 30), np.uint8)
    mask[4:14, 8:20] = 3
    made = transform(image=GOOD, mask=mask, keypoints=[(10.0, 8.0)], index=5, epoch=2)
    way = transform.back(GOOD, index=5, epoch=2)
    assert way.points(np.array(made["keypoints"]))[0] == pytest.approx([10, 8])
    again = way.mask(made["mask"])
    assert again.shape == (20, 30)
    assert (again == mask)[again != 255].mean() > 0.97
    assert transform.state == 0


def test_a_sample_still_gets_what_its_batch_gives_it(batch_of: Any, noise: Any) -> None:
    pixels, boxes = noise(3, 20, 30), [np.array([[4.0, 2, 9, 6], [1, 1, 29, 19]])] * 3
    points = [np.array([[[5.0, 3, 2]], [[28, 18, 1]]])] * 3
    ops = (Around(), Wave(), Rotate())
    unit: dict[str, Any] = {"mean": (0.0, 0, 0), "std": (1.0, 1, 1)}
    batch = batch_of(pixels, boxes=boxes, points=points, epoch=1)
    done = Augmentation(ops, height=16, width=24, min_visible=0.3, **unit)(batch)
    assert done.boxes is not None
    assert done.points is not None
    transform = PairTransform(ops, height=16, width=24, min_visible=0.3, seed=1, epoch=1)
    for i in range(3):
        _, target = transform(pixels[i], {"boxes": boxes[i], "keypoints": points[i]}, index=i)
        np.testing.assert_array_equal(target["boxes"], done.boxes[i])
        np.testing.assert_allclose(target["keypoints"], done.points[i], atol=1e-3)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"polygons": "square"}, "polygons: must be a list of outlines, n x 2 each, got str"),
        ({"polygons": [[(0, 0), (1, 1)]]}, r"polygons\[0\]: must have at least 3 points, got 2"),
        ({"polygons": [DIAMOND, DIAMOND[None]]}, r"polygons\[1\]: must be n x 2, got 3 axes"),
        ({"polygons": [[0, 0, 4, 0, 4, 4]]}, r"polygons\[0\]: must be x y of each point, n x 2, got 6"),
        ({"polygons": [DIAMOND * np.nan]}, r"polygons\[0\]: must be finite"),
        ({"lines": [[(0, 0)]]}, r"lines\[0\]: must have at least 2 points, got 1"),
        (
            {"bboxes": [(0, 0, 1, 1)], "polygons": []},
            "polygons: must be one for each of the 1 boxes, got 0",
        ),
        (
            {"masks": np.zeros((1, 0, 30), np.uint8)},
            "masks: must have pixels, got 0 x 30",
        ),
        (
            {"depht": np.zeros((20, 30))},
            r"depht: is not a part that is known.*'depth'.*more=\{\"depht\": ...\}",
        ),
        ({"depth": np.zeros((20, 30), np.uint8)}, "depth: must hold floats, got uint8; class numbers"),
        ({"depth": np.zeros(20)}, "depth: must be h x w, or that for each channel, got 20"),
        ({"depth": [np.zeros((20, 30)), "far"]}, r"depth\[1\]: must be a NumPy array, .* got str"),
        ({"depth": Image.new("L", (3, 3))}, "depth: a PIL picture must be of mode F, got L"),
        ({"before": GOOD[:, 1:]}, "before: must be of the picture's size, 20 x 30, got 20 x 29"),
        ({"edges": GOOD}, "edges: must be h x w, got 20 x 30 x 3"),
    ],
)
def test_a_part_that_is_wrong_is_named_and_does_not_count(part: dict[str, Any], message: str) -> None:
    transform = Transform(more={"depth": "map", "before": "image", "edges": "mask"})
    with pytest.raises(ShapeError, match=message):
        transform(image=GOOD, **part)
    assert transform.state == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": "canvass"}, "Transform.size: must be one of picture, canvas, .*did you mean 'canvas'"),
        (
            {"size": "canvas", "height": 4, "width": 4},
            'Transform.size: must be "picture" where height and width are given',
        ),
        ({"border": "reflct"}, "border: must be one of reflect, edge, fill.*did you mean 'reflect'"),
        ({"fill": (300, 0, 0)}, r"fill: must be three levels in \[0, 255\]"),
        ({"more": {"mask": "mask"}}, "Transform.more: must be new names that can be keywords, got 'mask'"),
        ({"more": {"a b": "mask"}}, "Transform.more: must be new names that can be keywords, got 'a b'"),
        (
            {"more": {"depth": "maps"}},
            "Transform.more: depth must be one of image, clean, mask, map, got 'maps'; did you mean 'map'",
        ),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Transform(**options)


def test_boxes_of_masks_are_tight() -> None:
    masks = np.zeros((3, 6, 7), np.uint8)
    masks[0, 2, 3], masks[1, 1:5, 0:7] = 9, 1
    boxes = boxes_of_masks(masks)
    assert boxes[:2].tolist() == [[3, 2, 4, 3], [0, 1, 7, 5]]
    assert np.isnan(boxes[2]).all()
    assert boxes_of_masks(masks[:0]).shape == (0, 4)

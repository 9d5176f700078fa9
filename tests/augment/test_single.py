"""One sample at a time: the same as in a batch, whatever kind the caller holds."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from vitral.augment import (
    Augmentation,
    Brightness,
    CutMix,
    Flip,
    FlipVertical,
    GaussianNoise,
    MixUp,
    PairTransform,
    Rotate,
    Sequence,
    Sometimes,
    Transform,
    Translate,
)
from vitral.core import Batch, OptionError, ShapeError

OPS = Flip() + Rotate() + Brightness() + GaussianNoise()
TONES: dict[str, Any] = {"mean": (0.5, 0.4, 0.3), "std": (0.2, 0.25, 0.3)}
MIRROR = Flip(p=1.0)

Noise = Callable[..., np.ndarray]
Batches = Callable[..., Batch]


def filled(mask_value: int = 3) -> np.ndarray:
    mask = np.zeros((20, 30), dtype=np.uint8)
    mask[2:6, 4:9] = mask_value
    return mask


def test_a_sample_gets_what_the_batch_gives_it(noise: Noise, batch_of: Batches) -> None:
    pixels = noise(5, 20, 30)
    boxes = [np.array([[4.0, 2, 9, 6], [0, 0, 30, 20]])] * 5
    batch = batch_of(
        pixels, epoch=7, seed=11, masks=[filled()] * 5, boxes=boxes, box_labels=[np.array([0, 1])] * 5
    )
    done = Augmentation((OPS,), height=16, width=24, **TONES)(batch)
    assert done.inputs is not None
    assert done.masks is not None
    assert done.boxes is not None
    assert done.box_labels is not None
    transform = Transform(OPS, height=16, width=24, seed=11, **TONES)
    for i in (3, 0, 4):
        made = transform(
            image=pixels[i],
            mask=filled(),
            bboxes=boxes[i],
            labels=np.array([0, 1]),
            index=i,
            epoch=7,
        )
        assert made["image"].dtype == np.float32
        np.testing.assert_array_equal(made["image"], done.inputs[i].permute(1, 2, 0).numpy())
        np.testing.assert_array_equal(made["mask"], done.masks[i])
        np.testing.assert_array_equal(made["bboxes"], done.boxes[i])
        np.testing.assert_array_equal(made["labels"], done.box_labels[i])


def test_levels_are_the_rounded_inputs_of_a_batch(noise: Noise, changed: Any) -> None:
    (pixels,) = noise(1, 20, 30)
    levels = Transform(OPS, height=16, width=24, seed=1)(image=pixels, index=0)["image"]
    assert levels.dtype == np.uint8
    assert np.abs(levels - changed(pixels[None], OPS, size=(16, 24))[0]).max() <= 0.5 + 1e-3


def test_without_a_size_pictures_keep_theirs_and_without_ops_all_stays(noise: Noise) -> None:
    for shape in ((20, 30), (7, 5)):
        (pixels,) = noise(1, *shape)
        np.testing.assert_array_equal(Transform()(image=pixels)["image"], pixels)
        assert Transform(OPS)(image=pixels)["image"].shape == pixels.shape


def test_each_call_takes_the_next_index_and_the_state_goes_back(noise: Noise) -> None:
    (pixels,) = noise(1, 8, 8)
    transform = Transform(OPS, seed=3)
    first = [transform(image=pixels)["image"] for _ in range(4)]
    assert transform.state == 4
    assert not np.array_equal(first[0], first[1])
    transform.state = 2
    np.testing.assert_array_equal(transform(image=pixels)["image"], first[2])
    np.testing.assert_array_equal(transform(image=pixels, index=1)["image"], first[1])
    assert transform.state == 3  # a call with an index does not count
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(transform))(image=pixels)["image"], first[3])


def test_seed_and_epoch_change_what_an_index_gets(noise: Noise) -> None:
    (pixels,) = noise(1, 8, 8)
    transform = Transform(OPS)
    made = [transform(image=pixels, index=5, epoch=epoch)["image"] for epoch in (0, 1)]
    assert not np.array_equal(*made)
    transform.epoch = 1
    np.testing.assert_array_equal(transform(image=pixels, index=5)["image"], made[1])
    assert not np.array_equal(Transform(OPS, seed=1)(image=pixels, index=5)["image"], made[0])


class Samples(torch.utils.data.Dataset):
    def __init__(self, transform: PairTransform, *, told: bool) -> None:
        self.transform, self.told = transform, told

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> torch.Tensor:
        picture = torch.full((3, 6, 6), 100, dtype=torch.uint8)
        return self.transform(picture, index=index) if self.told else self.transform(picture)


def loaded(samples: Samples, workers: int, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    loader = torch.utils.data.DataLoader(samples, batch_size=2, num_workers=workers)
    return torch.cat([torch.cat(list(loader)) for _ in range(2)])


def test_workers_change_nothing_when_the_index_is_given() -> None:
    samples = Samples(PairTransform(GaussianNoise(p=1.0)), told=True)
    assert torch.equal(loaded(samples, 0), loaded(samples, 2))


def test_without_an_index_no_two_workers_and_no_two_epochs_draw_the_same() -> None:
    samples = Samples(PairTransform(GaussianNoise(p=1.0)), told=False)
    made = loaded(samples, 2)
    assert len({picture.numpy().tobytes() for picture in made}) == 12
    assert torch.equal(loaded(samples, 2), made)
    assert not torch.equal(loaded(samples, 2, seed=1), made)


def test_targets_of_every_form_follow_a_mirror() -> None:
    (pixels,) = np.random.default_rng(0).integers(0, 256, (1, 20, 30, 3), dtype=np.uint8)
    made = Transform(MIRROR)(
        image=pixels, mask=filled(), bboxes=[(4, 2, 9, 6)], labels=["cat"], keypoints=[(4.5, 2.5), (40, 3)]
    )
    np.testing.assert_array_equal(made["image"], pixels[:, ::-1])
    np.testing.assert_array_equal(made["mask"], filled()[:, ::-1])
    assert made["bboxes"] == [(21.0, 2.0, 26.0, 6.0)]
    assert made["labels"] == ["cat"]
    assert made["keypoints"] == [(25.5, 2.5), (-10.0, 3.0)]
    assert set(Transform(MIRROR)(image=pixels)) == {"image"}


def test_a_box_that_leaves_takes_all_that_belongs_to_it() -> None:
    away = Translate(x=0.5, y=0.0)
    target = {
        "boxes": torch.tensor([[0, 2, 9, 6], [20, 2, 28, 6]]),
        "labels": torch.tensor([7, 8]),
        "masks": torch.stack([torch.from_numpy(filled(1)), torch.from_numpy(filled(1)[:, ::-1].copy())]),
        "keypoints": torch.tensor([[[4.5, 2.5, 2]], [[25.5, 2.5, 2]]]),
        "iscrowd": torch.tensor([0, 0]),
        "image_id": 12,
    }
    picture = torch.zeros(3, 20, 30, dtype=torch.uint8)
    _, made = PairTransform(away)(picture, target)
    assert made["labels"].tolist() == [7]
    assert made["boxes"].dtype == torch.float32
    assert made["boxes"].tolist() == [[19, 2, 24, 6]]  # the tight one of the mask
    assert made["keypoints"].tolist() == [[[19.5, 2.5, 2]]]
    assert made["iscrowd"].shape == (1,)
    moved = torch.zeros(1, 20, 30, dtype=torch.uint8)  # nothing from outside belongs to an object
    moved[0, 2:6, 19:24] = 1
    assert torch.equal(made["masks"], moved)
    assert made["image_id"] == 12
    assert len(target["labels"]) == 2  # the caller's own is left alone


def test_what_comes_in_from_outside_is_not_counted() -> None:
    pixels = np.zeros((20, 30, 3), np.uint8)
    transform = Transform(Translate(x=0.5, y=0.0))
    made = transform(image=pixels, mask=filled(), keypoints=np.array([[1.0, 1, 2], [29, 1, 2]]))
    assert (made["mask"] == 255).sum() == 300
    assert made["keypoints"].tolist() == [[16, 1, 2], [44, 1, 0]]
    number = transform(image=pixels, mask=filled().astype(np.int64))["mask"]
    assert number.dtype == np.int64
    truth = transform(image=pixels, mask=filled() > 0)["mask"]
    assert truth.dtype == np.bool_
    assert truth.sum() == 20


@pytest.mark.parametrize("boxes", [[], np.zeros((0, 4)), torch.zeros(0, 4), torch.zeros(0)])
def test_no_boxes_stay_no_boxes(boxes: Any) -> None:
    _, made = PairTransform(OPS)(np.zeros((9, 9, 3), np.uint8), {"boxes": boxes, "labels": boxes[:0]})
    assert type(made["boxes"]) is type(boxes)
    assert len(made["boxes"]) == len(made["labels"]) == 0
    if not isinstance(boxes, list):
        assert made["boxes"].shape == (0, 4)


def test_the_kind_of_a_picture_stays(noise: Noise) -> None:
    (pixels,) = noise(1, 20, 30)
    transform = PairTransform(FlipVertical(p=1.0), height=10, width=12)
    array = transform(pixels)
    tensor = transform(torch.from_numpy(pixels).permute(2, 0, 1))
    pil = transform(Image.fromarray(pixels))
    assert isinstance(array, np.ndarray)
    assert isinstance(tensor, torch.Tensor)
    assert isinstance(pil, Image.Image)
    assert (array.dtype, tensor.dtype, pil.mode) == (np.uint8, torch.uint8, "RGB")
    assert (tuple(tensor.shape), pil.size) == ((3, 10, 12), (12, 10))
    np.testing.assert_array_equal(tensor.permute(1, 2, 0).numpy(), array)
    np.testing.assert_array_equal(np.asarray(pil), array)
    assert PairTransform(height=4, width=4, **TONES)(tensor).dtype == torch.float32


def test_the_kind_of_a_mask_stays() -> None:
    picture = Image.new("RGB", (30, 20))
    palette = Image.fromarray(filled())
    palette.putpalette(list(range(256)) * 3)
    for mask in (Image.fromarray(filled()), palette, Image.fromarray(filled() > 0)):
        _, made = PairTransform(MIRROR)(picture, {"masks": mask})
        assert made["masks"].mode == mask.mode
        np.testing.assert_array_equal(np.asarray(made["masks"]), np.asarray(mask)[:, ::-1])
    _, made = PairTransform(MIRROR)(picture, {"masks": torch.from_numpy(filled()).long()})
    assert made["masks"].dtype == torch.int64


def test_a_class_or_nothing_as_target_comes_back() -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    assert PairTransform(OPS)(picture, 3)[1] == 3
    assert PairTransform(OPS)(picture, None)[1] is None


@pytest.mark.parametrize(
    "grey",
    [
        np.full((6, 7), 9, np.uint8),
        np.full((6, 7, 1), 9, np.uint8),
        torch.full((1, 6, 7), 9, dtype=torch.uint8),
        Image.new("L", (7, 6), 9),
    ],
)
def test_grey_pictures_are_refused_or_become_three_equal_channels(grey: Any) -> None:
    with pytest.raises(ShapeError, match='must have three channels, got a grey picture; or grey="replicate"'):
        PairTransform()(grey)
    made = PairTransform(grey="replicate")(grey)
    assert type(made) is (Image.Image if isinstance(grey, Image.Image) else type(grey))
    levels = made.numpy() if isinstance(made, torch.Tensor) else np.asarray(made)
    assert levels.size == 3 * 6 * 7
    assert (levels == 9).all()


GOOD = np.zeros((20, 30, 3), np.uint8)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"image": GOOD.astype(np.float32)}, "must be uint8 of h x w x 3, got float32 of 20 x 30 x 3"),
        (
            {"image": torch.zeros(20, 30, 3, dtype=torch.uint8)},
            "must be uint8 of 3 x h x w, got uint8",
        ),
        (
            {"image": Image.new("RGBA", (3, 3))},
            r'of mode RGB, got RGBA; try picture.convert\("RGB"\)',
        ),
        (
            {"image": np.zeros((0, 3, 3), np.uint8)},
            "must be uint8 of h x w x 3, got uint8 of 0 x 3 x 3",
        ),
        ({"image": "cat.jpg"}, "image: must be a NumPy array, a tensor or a PIL picture, got str"),
        ({"mask": np.zeros((0, 20), np.uint8)}, "mask: must have pixels, got 0 x 20"),
        ({"mask": np.zeros((1, 20, 30), np.uint8)}, "mask: must be h x w, got 1 x 20 x 30"),
        ({"mask": np.full((20, 30), 300)}, r"mask: must hold class numbers in \[0, 255\], got 300 to 300"),
        ({"mask": np.zeros((20, 30))}, "mask: must hold whole numbers up to 255, got float64"),
        (
            {"bboxes": [(10, 10, 5, 5)]},
            r"have x0 <= x1 and y0 <= y1, got \(10, 10, 5, 5\); not x y width",
        ),
        (
            {"bboxes": [(1, 2, 3, 4, "cat")]},
            "must be x0 y0 x1 y1 in pixels, n x 4, got rows of other",
        ),
        ({"bboxes": [(1, 2, 3)]}, "bboxes: must be x0 y0 x1 y1 in pixels, n x 4, got 1 x 3"),
        ({"bboxes": [(0, 0, float("nan"), 4)]}, "bboxes: must be finite"),
        ({"bboxes": [(0, 0, 1, 1)], "labels": []}, "labels: must be one for each of the 1 boxes, got 0"),
        ({"labels": [1]}, "labels: belong to boxes, and there are no bboxes"),
        ({"keypoints": [(1, 2, 3, 4)]}, "keypoints: must be x y, or x y and visibility, got 1 x 4"),
        ({"keypoints": np.zeros((1, 2, 2))}, "keypoints: must be k x 2 or k x 3, got 3 axes"),
    ],
)
def test_a_part_that_is_wrong_is_named_and_does_not_count(part: dict[str, Any], message: str) -> None:
    transform, parts = Transform(), {"image": GOOD, **part}
    with pytest.raises(ShapeError, match=message):
        transform(**parts)
    assert transform.state == 0


def test_pictures_of_pil_hold_no_normalized_floats() -> None:
    with pytest.raises(ShapeError, match="a PIL picture cannot hold normalized floats; give a tensor"):
        PairTransform(height=4, width=4, **TONES)(Image.new("RGB", (4, 4)))


class Written:
    name = "XYWH"


class Boxes(torch.Tensor):
    format = Written()


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ([1, 2], "target: must be a dictionary with boxes, labels, masks, .*, or a class number"),
        ({"bboxes": []}, "target: what becomes of 'bboxes' is not known.*did you mean 'boxes'"),
        (
            {"boxes": [(0, 0, 1, 1)], "masks": np.zeros((2, 20, 30), np.uint8)},
            "masks: must be one for each of the 1 boxes",
        ),
        ({"boxes": torch.zeros(1, 4).as_subclass(Boxes)}, r"must be x0 y0 x1 y1 \(XYXY\), got XYWH"),
        ({"masks": np.zeros(4, np.uint8)}, "target.masks: must be n x h x w, one for each object, or h x w"),
    ],
)
def test_a_target_that_is_wrong_is_told(target: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        PairTransform()(GOOD, target)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ops": MixUp()}, "Transform.ops: mixup needs another picture, and here is one at a time"),
        ({"ops": [Sequence(ops=(Sometimes(ops=(CutMix(),)),))]}, "Transform.ops: cutmix needs another"),
        ({"ops": ["flip"]}, "Transform.ops: must be ops, got 'flip'"),
        ({"ops": [Flip]}, r"^Transform\.ops: must be ops, got the class Flip; did you mean Flip\(\)\?$"),
        ({"ops": None}, r"^Transform\.ops: must be an op or several, got None$"),
        ({"heigt": 3}, r"^Transform: has no option 'heigt'; did you mean 'height'\?$"),
        ({"height": 3.5, "width": 4}, r"^Transform\.height: must be a whole number, got 3\.5$"),
        ({"mean": 0.5, "std": 1}, r"^Transform\.mean: must be three numbers, got 0\.5$"),
        ({"grey": 3}, r"^Transform\.grey: must be one of refuse, replicate, got 3"),
        ({"height": 4}, "Transform: height and width must be given together or not at all"),
        ({"height": 0, "width": 4}, "height: must be at least 1 px, got 0"),
        ({"mean": (0, 0, 0)}, "Transform: mean and std must be given together or not at all"),
        ({"grey": "replikate"}, "Transform.grey: must be one of refuse, replicate.*did you mean 'replicate'"),
        ({"seed": 0.5}, "Transform.seed: must be a whole number, got 0.5"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Transform(**options)


def test_several_ops_are_given_as_one() -> None:
    given: Any = (Flip(), Rotate())
    with pytest.raises(
        OptionError, match=r"^PairTransform: .* as in PairTransform\(\(Flip\(\), Rotate\(\)\)\)"
    ):
        PairTransform(*given)


def test_neither_rival_is_imported() -> None:
    code = "import sys, vitral.augment as a; a.Transform; print({'torchvision', 'kornia'} & {*sys.modules})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"

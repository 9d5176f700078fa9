"""Both engines of the pass, the compiled one and the one in tensors, give the same."""

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vitral.augment import Augmentation, Brightness, Contrast, CutMix, Flip, MixUp, RandomResizedCrop, Shift
from vitral.augment.engines.reference import axis_weights, render_tensor
from vitral.augment.engines.render import Rendering, levels_to_inputs
from vitral.augment.frame import Frame
from vitral.augment.plan import Plan, planned
from vitral.augment.stages import Color, Stage, Warp
from vitral.core import Batch

MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.3, 0.25)
ALL = (
    RandomResizedCrop(),
    Flip(),
    Shift(px=3),
    Brightness(strength=0.4),
    Contrast(strength=0.4),
    MixUp(p=0.3),
)
numbers = st.floats(-0.6, 1.6)


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)


def batch_of(pixels: Any) -> Batch:
    count = len(pixels)
    return Batch(
        pixels=pixels,
        labels=torch.arange(count),
        indices=np.arange(count),
        keys=tuple(f"{i}.png" for i in range(count)),
        seed=3,
        epoch=1,
        position=0,
    )


def plan_of(size: tuple[int, int], target: tuple[int, int], stages: list[Stage]) -> Plan:
    """The plan of one picture from stages that lead to the input's size."""
    frame = Frame(canvas=np.array([size], float), height=target[0], width=target[1], fit="squash")
    return planned(stages, frame, sizes=np.array([size]))


def region(size: Any, target: Any, box: list[float], mirrored: bool) -> Warp:
    x0, y0, x1, y1 = box
    wide, tall = (x1 - x0) / target[1], (y1 - y0) / target[0]
    start = (x1, -wide) if mirrored else (x0, wide)
    matrix = np.array([[[start[1], 0, start[0]], [0, tall, y0], [0, 0, 1.0]]])
    return Warp(op="region", matrix=matrix, canvas=np.array([target], float))


def toned(brightness: float, contrast: float) -> list[Color]:
    pulled = np.full((1, 3, 3), (1 - contrast) / 3)
    return [
        Color.of(brightness * np.eye(3, 4)[None], op="brightness"),
        Color(op="contrast", matrix=contrast * np.eye(3, 4)[None], of_means=pulled),
    ]


def rendered(pixels: np.ndarray, plan: Plan) -> np.ndarray:
    out = np.full((len(pixels), plan.height, plan.width, 3), np.nan, np.float32)
    Rendering(pixels, plan).part(0, len(pixels), *levels_to_inputs(MEAN, STD), out)
    return out


def exact(pixels: np.ndarray, plan: Plan) -> np.ndarray:
    gain, offset = levels_to_inputs(MEAN, STD)
    return render_tensor(
        torch.from_numpy(pixels), plan, gain=gain, offset=offset, dtype=torch.float64
    ).numpy()


@settings(max_examples=60)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    target=st.tuples(st.integers(1, 33), st.integers(1, 33)),
    corners=st.tuples(numbers, numbers, numbers, numbers),
    mirrored=st.booleans(),
    tone=st.sampled_from([(1.0, 1.0), (1.3, 1.0), (0.8, 1.5), (1.1, 0.0)]),
)
def test_any_region_is_what_the_definition_says(size, target, corners, mirrored, tone):
    pixels = noise(1, *size)
    (x0, x1), (y0, y1) = sorted(corners[:2]), sorted(corners[2:])
    box = [x0 * size[1], y0 * size[0], x1 * size[1] + 0.5, y1 * size[0] + 0.5]
    plan = plan_of(size, target, [region(size, target, box, mirrored), *toned(*tone)])
    assert np.allclose(rendered(pixels, plan), exact(pixels, plan), atol=2e-5)


@pytest.mark.parametrize("size", [(32, 32), (50, 41), (224, 300), (7, 90)])
def test_a_whole_augmentation_gives_the_same_on_a_tensor(size):
    pixels = noise(12, *size)
    augmentation = Augmentation((*ALL, CutMix(p=0.5)), height=24, width=28, mean=MEAN, std=STD)
    compiled, tensors = augmentation(batch_of(pixels)), augmentation(batch_of(torch.from_numpy(pixels)))
    assert compiled.inputs is not None
    assert tensors.inputs is not None
    assert torch.allclose(compiled.inputs, tensors.inputs, atol=1e-4)
    assert tensors.inputs.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(compiled.other_labels, tensors.other_labels)  # pyright: ignore[reportArgumentType]
    assert torch.equal(compiled.share, tensors.share)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("cuts", [(0, 12), (0, 1, 12), (0, 3, 4, 11, 12)])
def test_parts_make_the_same_as_the_whole(cuts):
    pixels = [noise(20 + i, 30 - i, seed=i) for i in range(12)]
    augmentation = Augmentation(ALL, height=16, width=16, mean=MEAN, std=STD)
    whole = augmentation(batch_of(pixels))
    work = augmentation.begin(batch_of(pixels), lambda shape: np.full(shape, np.nan, np.float32))
    for start, stop in reversed(list(itertools.pairwise(cuts))):
        work.part(start, stop)
    parts = work.finish()
    assert torch.equal(parts.inputs, whole.inputs)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("size", "target"), [((64, 48), (24, 20)), ((40, 61), (60, 80)), ((100, 100), (33, 33))]
)
def test_resampling_is_that_of_pillow_away_from_the_border(size, target):
    pixels = np.kron(noise(8, 8), np.ones((16, 16, 1), np.uint8))[: size[0], : size[1]]
    frame = Frame(canvas=np.array([size], float), height=target[0], width=target[1], fit="squash")
    plan = planned(frame.into_input(), frame, sizes=np.array([size]))
    out = rendered(pixels[None], plan)[0] * np.array(STD) + np.array(MEAN)
    shown = Image.fromarray(pixels).resize(target[::-1], Image.Resampling.BILINEAR)
    assert np.abs(out * 255 - np.asarray(shown))[3:-3, 3:-3].max() < 1.01


def test_weights_add_up_to_one_and_stay_where_nothing_is_scaled():
    low, high = np.array([0.0, 0.0, -2.0, 3.0]), np.array([9.0, 3.0, 7.0, 14.5])
    weights = axis_weights(
        low, high, size=9, count=9, dtype=torch.float64, device=torch.device("cpu")
    ).numpy()
    assert np.allclose(weights.sum(2), 1)
    assert np.array_equal(weights[0], np.eye(9))
    assert np.array_equal(weights[2].argmax(1), [2, 1, 0, 1, 2, 3, 4, 5, 6])


class Half:
    """A picture that is only known to be decoded at half its size."""

    shape = (40, 60, 3)

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels, self.asked = pixels, []

    def region(self, box, *, height, width):
        self.asked.append((box, height, width))
        x0, y0, x1, y1 = box
        return self.pixels, (x0 / 2, y0 / 2, x1 / 2, y1 / 2)


def test_only_the_region_of_an_undecoded_picture_is_asked_for():
    small = noise(20, 30)
    picture = Half(small)
    augmentation = Augmentation((), height=10, width=10, mean=MEAN, std=STD)
    inputs = augmentation(batch_of([picture])).inputs
    assert inputs is not None
    assert picture.asked == [((10.0, 0.0, 50.0, 40.0), 10, 10)]
    assert torch.equal(inputs, augmentation(batch_of([small])).inputs)  # pyright: ignore[reportArgumentType]

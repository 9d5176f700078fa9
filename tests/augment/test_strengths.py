"""`strengths`: every registered op goes from nothing to much, and only its strength differs."""

from typing import Any

import cv2
import numpy as np
import pytest
import torch

from vitral.augment import Augmentation, Op, Rotate
from vitral.augment.strengths import STEPS, at_strength, strengths
from vitral.core import Batch, OptionError, members

OPS: dict[str, Any] = dict(members("op"))
SIDE, LARGER = 48, 64


@pytest.fixture(scope="module")
def batch() -> Batch:
    """Pictures that are smooth in parts, with a box and a mask of it; larger than what is made of them."""
    pictures = []
    for number in range(4):
        noise = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        picture = np.asarray(cv2.resize(noise, (LARGER, LARGER), interpolation=cv2.INTER_CUBIC), np.uint8)
        picture[20:30, 8:40] = (40 * number, 200, 90)
        picture[30:44, 24:28] = 15
        pictures.append(picture)
    mask = np.zeros((LARGER, LARGER), np.uint8)
    mask[20:30, 8:40] = 1
    return Batch(
        pixels=np.stack(pictures),
        labels=torch.arange(4),
        indices=np.arange(4),
        keys=("a", "b", "c", "d"),
        seed=0,
        epoch=0,
        position=0,
        masks=[mask] * 4,
        boxes=[np.array([[8.0, 20, 40, 30]])] * 4,
        box_labels=[np.array([0])] * 4,
    )


def made(op: Op, batch: Batch) -> np.ndarray:
    levels: dict[str, Any] = {"mean": (0, 0, 0), "std": (1 / 255,) * 3}
    inputs = Augmentation((op,), height=SIDE, width=SIDE, border="fill", **levels)(batch).inputs
    assert inputs is not None
    return inputs.numpy()


@pytest.fixture(params=sorted(OPS))
def kind(request) -> str:
    return request.param


def test_the_first_changes_nothing_and_no_two_are_alike(kind: str, batch: Batch) -> None:
    ops = strengths(kind)
    assert 2 <= len(ops) <= STEPS
    assert all(type(op) is OPS[kind] for op in ops)
    assert len({repr(op) for op in ops}) == len(ops)
    zero = OPS[kind](**{**OPS[kind].example, **OPS[kind].zero})
    np.testing.assert_array_equal(made(ops[0], batch), made(zero, batch))


def test_more_strength_changes_pictures_more(kind: str, batch: Batch) -> None:
    start, *rest = (made(op, batch) for op in strengths(kind))
    changes = [float(np.abs(tile - start).mean()) for tile in rest]
    assert changes[-1] > 0.5
    # Geometry that goes on may bring like to like again.
    assert (np.array(changes) > 0.9 * np.maximum.accumulate(changes) - 0.2).all(), changes


def test_every_step_survives_json(kind: str) -> None:
    assert [Op.from_json(op.to_json()) for op in strengths(kind)] == strengths(kind)


def test_rotate_goes_to_the_end_of_its_range_and_as_far_again() -> None:
    assert strengths("rotate", 5) == [Rotate(deg=angle) for angle in (0.0, 10.0, 20.0, 30.0, 40.0)]
    assert at_strength(Rotate(deg=(0.0, 300.0)), 2.0) == Rotate(deg=360.0)  # as far as is allowed


def test_quality_falls_to_its_end() -> None:
    values = [op.to_json()["quality"] for op in strengths("jpeg-artifacts", 5)[1:]]
    assert values == [65.0, 30.0, 16.0, 1.0]


def test_a_mirror_has_two() -> None:
    assert [op.to_json()["p"] for op in strengths("flip")] == [0.0, 1.0]


def test_a_composition_passes_its_strength_on() -> None:
    both = Rotate(deg=(0.0, 10.0)) + Rotate(deg=(0.0, 40.0))
    assert at_strength(both, 0.5) == Rotate(deg=5.0) + Rotate(deg=20.0)


@pytest.mark.parametrize(
    ("kind", "steps", "message"),
    [
        ("rotat", 7, "must be a known kind, got 'rotat'.*did you mean 'rotate'"),
        ("rotate", 1, r"strengths\.steps: must be at least 2, got 1"),
    ],
)
def test_what_cannot_be_is_told(kind: str, steps: int, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        strengths(kind, steps)

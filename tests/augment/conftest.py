"""Batches and augmentations for tests of ops."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from vitral.augment import Augmentation, Op
from vitral.core import Batch

UNIT: dict[str, Any] = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}

Change = Callable[..., np.ndarray]


def made_batch(pixels: Any, *, epoch: int = 0, seed: int = 1, **targets: Any) -> Batch:
    count = len(pixels)
    return Batch(
        pixels=pixels,
        labels=torch.arange(count),
        indices=np.arange(count),
        keys=tuple(f"{i}.png" for i in range(count)),
        seed=seed,
        epoch=epoch,
        position=0,
        **targets,
    )


@pytest.fixture(scope="session")
def batch_of() -> Callable[..., Batch]:
    """A function that makes a batch of some pixels."""
    return made_batch


@pytest.fixture(scope="session")
def changed() -> Change:
    """A function that gives the levels of pictures of one size after some ops, at the same size."""

    def levels(pixels: np.ndarray, *ops: Op, size: Sequence[int] | None = None, **rest: Any) -> np.ndarray:
        height, width = pixels.shape[1:3] if size is None else size
        augmentation = Augmentation(ops, height=height, width=width, **UNIT, **rest)
        inputs = augmentation(made_batch(pixels)).inputs
        assert inputs is not None
        return inputs.permute(0, 2, 3, 1).double().numpy() * 255

    return levels


@pytest.fixture(scope="session")
def noise() -> Callable[..., np.ndarray]:
    """A function that makes random pictures of a shape."""
    return lambda *shape, seed=0: np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)

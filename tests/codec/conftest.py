"""Coder tables drawn at random, and latents that they fit more or less."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from vitral.codec import Tables

Made = Callable[..., Any]


def made_tables(
    seed: int, *, groups: tuple[int, ...] = (2, 3, 1), qualities: int = 16, tile: int = 8, tables: int = 9
) -> Tables:
    """Weights of any sign, and Laplace distributions from almost certain to wide."""
    random = np.random.default_rng(seed)
    channels = sum(groups)
    scales = np.geomspace(0.05, 20, tables)
    counts, lows = [], []
    for scale in scales:
        reach = int(random.integers(0, 4 * scale + 2))
        shape = np.exp(-np.abs(np.arange(-reach, reach + 2)) / scale)
        counts.append(np.maximum(1, (2**19 * shape / shape.sum()).astype(np.int32)))
        lows.append(-reach)

    def weights(*shape: int, most: int) -> NDArray[np.int32]:
        return random.integers(-most, most + 1, shape, dtype=np.int32)

    return Tables(
        stride=4,
        tile=tile,
        groups=groups,
        mean_bias=weights(qualities, channels, most=6000),
        mean_taps=weights(channels, 6, most=1500),
        mean_cross=weights(channels, channels, most=1500),
        scale_bias=np.abs(weights(qualities, channels, most=3000)),
        scale_taps=weights(channels, 6, most=1000),
        scale_cross=weights(channels, channels, most=1000),
        edges=np.round(np.sqrt(scales[1:] * scales[:-1]) * 4096).astype(np.int64),
        lows=np.array(lows, np.int32),
        counts=tuple(counts),
    )


def made_latents(seed: int, *shape: int, strength: float = 2.0) -> NDArray[np.int32]:
    """Whole numbers like those of a picture: most are small, channels differ."""
    random = np.random.default_rng(seed)
    each = strength * np.exp(random.normal(0, 1, (shape[0], 1, 1)))
    return np.round(random.laplace(0, 1, shape) * each).astype(np.int32)


@pytest.fixture(scope="session")
def tables_of() -> Made:
    """A function that makes tables from a seed."""
    return made_tables


@pytest.fixture(scope="session")
def latents_of() -> Made:
    """A function that makes latents from a seed and a shape."""
    return made_latents

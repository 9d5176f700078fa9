"""`clouds`: smooth noise of many sizes, for fog and liquids."""

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray


def clouds(
    generator: np.random.Generator,
    height: int,
    width: int,
    *,
    coarsest: int = 2,
    octaves: int = 6,
    rough: float = 0.5,
) -> Float[NDArray[np.float32], "h w"]:
    """Random grids, each twice as fine as the one before and weaker, added up.

    Args:
        generator: where the random numbers come from.
        height: in pixels.
        width: in pixels.
        coarsest: cells of the first grid along the longer side.
        octaves: grids at most; none is finer than the pixels.
        rough: strength of each grid against the one before.
    Returns:
        Numbers from 0 to 1, both of which occur; 0 where there is one pixel alone.
    Source:
        Perlin 1985, "An image synthesizer", for the sum of octaves. Departure: values at the points of
        the grids, with cubics between them, instead of slopes.
    """
    import cv2

    side = max(height, width)
    made = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        cells = coarsest * 2**octave
        if octave and cells > side:
            break
        rows, columns = (max(2, round(cells * size / side)) + 1 for size in (height, width))
        grid = generator.random((rows, columns), dtype=np.float32)
        fine = cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        made += np.float32(rough**octave) * np.asarray(fine, np.float32)
    made -= made.min()
    return made / max(float(made.max()), 1e-6)

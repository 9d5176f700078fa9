"""Made `latents-v1.vtl` and `tables-v1.json`, once, with Vitral 0.1.0. Never run again over the kept files.

A new version of the format gets a script and files of its own; these stay readable for ever.
"""

import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vitral.codec import Header, Tables, write_vtl

HEIGHT, WIDTH, QUALITY = 37, 50, 11


def weights(most: int, *shape: int) -> NDArray[np.int64]:
    """Whole numbers of both signs that look mixed."""
    return np.arange(1, 1 + np.prod(shape)).reshape(shape) * 7919 % (2 * most + 1) - most


def tables() -> Tables:
    """Five channels in three groups, 16 qualities, seven tables."""
    counts = []
    for number in range(7):
        steps = np.abs(np.arange(-3 * number - 1, 3 * number + 2))
        counts.append(np.append(1 + 2**18 // (1 + steps * (8 - number)) ** 2 // (number + 1), 1 + number))
    return Tables(
        stride=4,
        tile=6,
        groups=(1, 2, 2),
        mean_bias=weights(3000, 16, 5),
        mean_taps=weights(1200, 5, 6),
        mean_cross=weights(900, 5, 5),
        scale_bias=np.abs(weights(2500, 16, 5)),
        scale_taps=np.abs(weights(900, 5, 6)),
        scale_cross=weights(700, 5, 5),
        edges=np.array([1200, 2600, 5000, 9000, 17000, 60000]),
        lows=np.array([-3 * number - 1 for number in range(7)]),
        counts=tuple(counts),
    )


def latents(rows: int, columns: int) -> NDArray[np.int32]:
    """Small numbers, a few that no table holds, and the two ends of the range."""
    c, i, j = np.indices((5, rows, columns))
    found = (3 * c * c + 5 * i * j + 7 * i + j * j) % 11 // (c + 1) - 1
    found[(c + i + j) % 17 == 0] *= -40_000
    found[0, 0, :2] = -(2**31), 2**31 - 1
    return found.astype(np.int32)


def alpha() -> NDArray[np.uint8]:
    """A soft disk."""
    rows, columns = np.indices((HEIGHT, WIDTH))
    return np.clip(300 - (rows - 18) ** 2 - (columns - 25) ** 2, 0, 255).astype(np.uint8)


def main(folder: str) -> None:
    """Write the tables as JSON, and a file of four tiles with opacities."""
    made = tables()
    header = Header(digest=b"golden\0\1", height=HEIGHT, width=WIDTH, quality=QUALITY, grey=True, alpha=True)
    whole = latents(*made.grid(HEIGHT, WIDTH))
    tiles = (whole[:, *places] for places in made.tiles(HEIGHT, WIDTH))
    (Path(folder) / "latents-v1.vtl").write_bytes(write_vtl(header, made, tiles, alpha=alpha()))
    arrays = {name: array.tolist() for name, array in made.to_arrays().items()}
    (Path(folder) / "tables-v1.json").write_text(json.dumps(arrays) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])

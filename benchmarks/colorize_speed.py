"""Claim: a grey photograph of 50 megapixels is colored in under 30 seconds on 2 cores, and the whole process
needs at most 2 GB of memory.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/colorize_speed.py RUN   (about 1 minute)
RUN is a finished run of `vitral train colorize`. The photograph is one of `cid22`, enlarged and without its
colors; `vitral colorize` runs in a process of its own, its start, decoding and the PNG counted.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from compression_speed import measured
from machine import data_folder, write_result
from PIL import Image

from vitral.data import decode
from vitral.nn.color import levels_to_lab

WIDE, TALL = 8660, 5774
_SEEN_ROWS = 256


def lightness_change(before: Path, after: Path) -> float:
    """Largest difference of lightness, looked at in strips over the whole picture."""
    first, second = decode(before), decode(after)
    assert first.shape == second.shape == (TALL, WIDE, 3), second.shape
    strips = (slice(top, top + 8) for top in range(0, TALL, _SEEN_ROWS))
    return max(
        float(np.abs(levels_to_lab(first[rows])[..., 0] - levels_to_lab(second[rows])[..., 0]).max())
        for rows in strips
    )


def main() -> None:
    """Measure and write `results/colorize_speed.json`."""
    run, root = sys.argv[1], data_folder("cid22")
    with tempfile.TemporaryDirectory() as place:
        source, out = Path(place, "large.png"), Path(place, "out")
        first = sorted(root.glob("*.png"))[0]
        Image.open(first).convert("L").resize((WIDE, TALL), Image.Resampling.BICUBIC).save(
            source, compress_level=1
        )
        found = measured("colorize", run, str(source), "-o", str(out))
        change = lightness_change(source, out / "large.png")
    write_result(
        "colorize_speed",
        {
            "asked": {"seconds": 30, "peak_mb": 2000},
            "megapixels": WIDE * TALL / 1e6,
            "measured": found,
            "largest change of lightness, of 100": change,
        },
    )


if __name__ == "__main__":
    main()

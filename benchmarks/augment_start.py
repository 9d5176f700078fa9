"""Claim: from `import vitral` done, a first augmented batch takes at most 3 s when an earlier process has
compiled the loops, and at most 25 s when none has; a line says meanwhile what takes so long.

Run: .venv/bin/python benchmarks/augment_start.py [--quick]   (about 3 minutes)
Pictures: random pixels, 64 of 256 x 256, through a chain that needs every compiled pass: a displacement, a
warp, tones, curves, means, a filter, a crop, masks and levels. Each measurement is a fresh process; a cold
one has an empty folder for compiled code.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from machine import write_result
from rates import verdict

ASKED = {"cold_s": 25.0, "warm_s": 3.0}


def first_batch() -> dict[str, float | str]:
    """Seconds to the first batch of a chain that needs everything."""
    import numpy as np
    import torch

    import vitral.augment as V
    from vitral.core import Batch

    begun = time.perf_counter()
    tones = V.Brightness() + V.Contrast() + V.Saturation() + V.Hue() + V.Gamma()
    chain = V.Elastic(p=1.0) + V.Rotate() + tones + V.GaussianNoise(p=1.0) + V.RandomResizedCrop()
    size = {"height": 224, "width": 224, "mean": (0.5,) * 3, "std": (0.25,) * 3}
    pixels = np.random.default_rng(0).integers(0, 256, (64, 256, 256, 3), dtype=np.uint8)

    def batch() -> Batch:
        return Batch(
            pixels=pixels,
            labels=torch.zeros(64, dtype=torch.long),
            indices=np.arange(64),
            keys=[""] * 64,
            seed=0,
            epoch=0,
            position=0,
            masks=[np.zeros((256, 256), np.uint8)] * 64,
        )

    made = V.Augmentation((chain,), **size)(batch())
    assert made.inputs is not None
    for ops in ((V.Rotate(), V.Hue()), (V.Flip(),), (V.RandomResizedCrop(), V.Hue())):
        V.Augmentation(ops, **size)(batch())
    next(V.Augmentation((V.Gamma(),), **size).levels(batch()))
    return {"seconds": time.perf_counter() - begun}


def measured(cache: str) -> tuple[float, str]:
    """Seconds in a fresh process, and what it said meanwhile."""
    run = subprocess.run(
        [sys.executable, __file__, "first"],
        env=os.environ | {"NUMBA_CACHE_DIR": cache, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)["seconds"], run.stderr


def main() -> None:
    """Measure cold and warm processes and write `results/augment_start.json`."""
    if sys.argv[1:] == ["first"]:
        print(json.dumps(first_batch()))
        return
    quick, cold, warm, said = "--quick" in sys.argv, [], [], ""
    for number in range(1 if quick else 5):
        with tempfile.TemporaryDirectory() as cache:
            seconds, said = measured(cache)
            cold.append(seconds)
            warm.append(measured(cache)[0])
        print(f"round {number + 1}: cold {cold[-1]:.1f} s, warm {warm[-1]:.2f} s", flush=True)
    print("said when cold:", said.strip() or "nothing")
    found = {"cold_s": statistics.median(cold), "warm_s": statistics.median(warm)}
    verdict(found, ASKED, at_most=tuple(ASKED))
    if not quick:
        write_result("augment_start", {"asked": ASKED, **found, "cold": cold, "warm": warm, "said": said})


if __name__ == "__main__":
    main()

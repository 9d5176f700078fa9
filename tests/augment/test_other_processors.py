"""Code that is compiled for a processor without wide registers gives the same pictures."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

CODE = """
import sys
import numpy as np, torch
import vitral.augment as V
from vitral.core import Batch

pixels = np.random.default_rng(0).integers(0, 256, (4, 75, 90, 3), dtype=np.uint8)
numbers = {"labels": torch.zeros(4), "indices": np.arange(4), "seed": 0, "epoch": 0, "position": 0}
batch = Batch(pixels=pixels, keys="abcd", **numbers)
size = {"height": 80, "width": 96, "mean": (0.5,) * 3, "std": (0.25,) * 3}
tones = V.Brightness() + V.Contrast() + V.Hue()
chains = (V.Rotate() + tones, V.RandomResizedCrop() + tones)
made = [V.Augmentation((chain,), **size)(batch).inputs.numpy() for chain in chains]
levels = [*V.Augmentation((V.Gamma(),), **size | {"height": 75, "width": 90}).levels(batch)]
np.savez(sys.argv[1], *made, *levels)
"""


def test_the_plainest_processor_makes_the_same(tmp_path: Path):
    found = []
    for number, settings in enumerate(({}, {"NUMBA_CPU_NAME": "generic", "NUMBA_CACHE_DIR": str(tmp_path)})):
        file = tmp_path / f"{number}.npz"
        subprocess.run([sys.executable, "-c", CODE, str(file)], env=os.environ | settings, check=True)
        with np.load(file) as arrays:
            found.append([arrays[name] for name in arrays.files])
    here, there = found
    assert len(here) == 6
    for one, other in zip(here[:2], there[:2], strict=True):
        # Between two passes a level near a half may be rounded to either side.
        assert np.abs(one - other).max() < 1.1 / 255 / 0.25
        assert (np.abs(one - other) > 1e-4).mean() < 0.01
    for one, other in zip(here[2:], there[2:], strict=True):
        assert np.array_equal(one, other)

"""Claim: ten epochs of `clothing` from its files grow the process by at most 20 MB after the first one.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/loader_growth.py [--quick]   (about 1 minute)
Resident memory of the process after each epoch; random crops of 224 px, batches of 64, two threads.
"""

import gc
import os
import sys
from pathlib import Path

from machine import data_folder, write_result
from rates import verdict

import vitral as vt
from vitral.augment import Augmentation, Flip, RandomResizedCrop

ASKED = {"growth_mb": 20.0}


def main() -> None:
    """Run ten epochs and write `results/loader_growth.json`."""
    quick = "--quick" in sys.argv
    pictures = vt.open(data_folder("clothing") / "train", validation=0.0, test=0.0)
    transform = Augmentation(
        (RandomResizedCrop(), Flip()), height=224, width=224, mean=(0.5,) * 3, std=(0.25,) * 3
    )
    loader = vt.Loader(pictures, batch_size=64, shuffle=True, workers=2, transform=transform)
    after = []
    for epoch in range(3 if quick else 10):
        for batch in loader:
            assert batch.inputs is not None
            batch.inputs[0, 0, 0, 0].item()
            del batch
        gc.collect()
        after.append(resident_mb())
        print(f"after epoch {epoch + 1}: {after[-1]:.1f} MB", flush=True)
    measured = {"growth_mb": max(after[1:]) - after[0]}
    verdict(measured, ASKED, at_most=ASKED)
    if not quick:
        write_result("loader_growth", {"asked": ASKED, **measured, "resident_mb": after})


def resident_mb() -> float:
    """Memory of this process that is in RAM."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()

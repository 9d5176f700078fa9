"""Claim: from a folder of full-size JPEGs, two threads make normalized 224 x 224 float batches at least 3.0x
as fast as `torch.utils.data.DataLoader` with two workers, and at 0.85 of the rate at which two threads
of `simplejpeg` only decode the same bytes.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/loader_files.py [--quick]   (about 2 minutes)
Pictures: `photos/original`, 250 photographs of about 500 x 375. All sides: random resized crop of 35 % to
all, mirror, normalize, batches of 64. The claim is about the rival of the tutorials; the ratio to a lean
one is published too (see `rival_dataloader.py`). Rounds alternate within one process; the ratios are
medians of those within a round. Files are in the system's cache, and after the warm-up all are known to
be sound, as they are in every epoch but the first.
"""

import sys

import cv2
import torch
from machine import data_folder, write_result
from rates import batches_per_second, decodes_per_second, in_rounds, medians, verdict
from rival_dataloader import MEAN, STD, Photographs, TutorialPhotographs, loader

import vitral as vt
from vitral.augment import Augmentation, Flip, RandomResizedCrop

BATCH, SIZE = 64, 224
ASKED = {"over_rival": 3.0, "over_decoding": 0.85}

RATIOS = {
    "over_rival": ("ours", "rival"),
    "over_lean_rival": ("ours", "lean"),
    "over_decoding": ("ours", "decoding"),
}


def main() -> None:
    """Measure in rounds and write `results/loader_files.json`."""
    quick = "--quick" in sys.argv
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    pictures = vt.open(data_folder("photos") / "original", validation=0.0, test=0.0)
    files = [path for i in range(len(pictures)) if (path := pictures.path(i)) is not None]
    transform = Augmentation((RandomResizedCrop(), Flip()), height=SIZE, width=SIZE, mean=MEAN, std=STD)
    ours = vt.Loader(pictures, batch_size=BATCH, shuffle=True, workers=2, drop_last=True, transform=transform)
    rival, lean = (loader(of(files, SIZE), BATCH) for of in (TutorialPhotographs, Photographs))
    contents, seconds = [path.read_bytes() for path in files], 1.0 if quick else 4.0
    rows = in_rounds(
        {
            "decoding": lambda: decodes_per_second(contents, seconds),
            "ours": lambda: batches_per_second(lambda: (b.inputs for b in ours), BATCH, seconds),
            "rival": lambda: batches_per_second(lambda: rival, BATCH, seconds),
            "lean": lambda: batches_per_second(lambda: lean, BATCH, seconds),
        },
        rounds=2 if quick else 7,
    )
    measured = medians(rows, RATIOS)
    verdict(measured, ASKED)
    if not quick:
        write_result("loader_files", {"asked": ASKED, **measured, "rounds": rows})


if __name__ == "__main__":
    main()

"""Claim: pictures of 32 x 32 that are kept in memory are mirrored, shifted and normalized into batches of
512 at 400,000 pictures/s and more on two threads, at least 30x as fast as
`torch.utils.data.DataLoader` with two workers and the same changes.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/loader_memory.py [--quick]   (about 2 minutes)
Pictures: `cifar10`, 50,000 to train. Two rivals hold the same array in memory: the one of the
tutorials, whose pictures go through Pillow as in torchvision, and a lean one, which works on
tensors alone and has fewer steps. The claim is about the first; the ratio to the second is published too.
"""

import sys

import numpy as np
import torch
from machine import data_folder, write_result
from rates import batches_per_second, in_rounds, medians, verdict
from rival_dataloader import MEAN, STD, SmallPictures, TutorialPictures, loader

import vitral as vt
from vitral.augment import Augmentation, Flip, Shift
from vitral.data import scan

BATCH = 512
ASKED = {"ours_per_s": 400_000.0, "over_rival": 30.0}


def main() -> None:
    """Measure in rounds and write `results/loader_memory.json`."""
    quick = "--quick" in sys.argv
    torch.set_num_threads(1)
    pictures = scan(
        vt.open(data_folder("cifar10") / "train", validation=0.0, test=0.0), short_side=None
    ).pictures
    assert pictures.array is not None
    transform = Augmentation((Flip(), Shift(px=2)), height=32, width=32, mean=MEAN, std=STD)
    ours = vt.Loader(pictures, batch_size=BATCH, shuffle=True, workers=2, drop_last=True, transform=transform)
    rival, lean = (loader(of(np.array(pictures.array)), BATCH) for of in (TutorialPictures, SmallPictures))
    seconds = 1.0 if quick else 4.0
    rows = in_rounds(
        {
            "ours": lambda: batches_per_second(lambda: (b.inputs for b in ours), BATCH, seconds),
            "rival": lambda: batches_per_second(lambda: rival, BATCH, seconds),
            "lean": lambda: batches_per_second(lambda: lean, BATCH, seconds),
        },
        rounds=2 if quick else 7,
    )
    measured = medians(rows, {"over_rival": ("ours", "rival"), "over_lean_rival": ("ours", "lean")})
    verdict(measured, ASKED)
    if not quick:
        write_result("loader_memory", {"asked": ASKED, **measured, "rounds": rows})


if __name__ == "__main__":
    main()

"""Claim: from `clothing` packed at 256 px, two threads make normalized 224 x 224 float batches at 0.80 of
the rate at which two threads of `simplejpeg` only decode the packed bytes, and at least 4x as fast as
`torch.utils.data.DataLoader` with two workers on the loose files.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/loader_packed.py [--quick]   (about 2 minutes)
Packed by `vitral pack --max-side 256`, with the defaults. Crops, mirrors, rivals and rounds as in
`loader_files.py`.
"""

import sys
import tempfile
from pathlib import Path

import cv2
import torch
from machine import data_folder, write_result
from rates import batches_per_second, decodes_per_second, in_rounds, medians, verdict
from rival_dataloader import MEAN, STD, Photographs, TutorialPhotographs, loader

import vitral as vt
from vitral.augment import Augmentation, Flip, RandomResizedCrop
from vitral.data.packed import pack

BATCH, SIZE = 64, 224
ASKED = {"over_rival": 4.0, "over_decoding": 0.80}

RATIOS = {
    "over_rival": ("ours", "rival"),
    "over_lean_rival": ("ours", "lean"),
    "over_decoding": ("ours", "decoding"),
}


def main() -> None:
    """Pack, measure in rounds and write `results/loader_packed.json`."""
    quick = "--quick" in sys.argv
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    loose = vt.open(data_folder("clothing") / "train", validation=0.0, test=0.0)
    files = [path for i in range(len(loose)) if (path := loose.path(i)) is not None]
    transform = Augmentation((RandomResizedCrop(), Flip()), height=SIZE, width=SIZE, mean=MEAN, std=STD)
    rival, lean = (loader(of(files, SIZE), BATCH) for of in (TutorialPhotographs, Photographs))
    seconds = 1.0 if quick else 4.0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "clothing.arrow"
        packing = pack(loose, place, max_side=256, threads=2)
        packed = vt.open(place, validation=0.0, test=0.0)
        contents = [bytes(packed.source.encoded(i) or b"") for i in range(len(packed))]
        ours = vt.Loader(
            packed, batch_size=BATCH, shuffle=True, workers=2, drop_last=True, transform=transform
        )
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
            size = {"packed_bytes": packing.size_bytes}
            write_result("loader_packed", {"asked": ASKED, **measured, **size, "rounds": rows})


if __name__ == "__main__":
    main()

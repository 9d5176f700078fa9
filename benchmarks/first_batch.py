"""Claim: from `import vitral` done to the first batch of a folder of 50,000 files takes at most 1.5 s
with a warm cache, and at most a fifth of what `torch.utils.data.DataLoader` with two `spawn` workers
takes.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/first_batch.py [--quick]   (about 2 minutes)
Pictures: `cifar10/train`. Each measurement is a fresh process; ours opens the folder, the rival lists it
itself; batches of 512 with the same changes. Spawn is what DataLoader uses on Windows and macOS, and what
programs with threads need on Linux.
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from machine import data_folder, write_result
from rates import verdict

ASKED = {"ours_s": 1.5, "share_of_rival": 0.2}


def ours(root: Path) -> float:
    """Seconds to our first batch."""
    import vitral as vt

    begun = time.perf_counter()
    from vitral.augment import Augmentation, Flip, Shift

    pictures = vt.open(root)
    transform = Augmentation((Flip(), Shift(px=2)), height=32, width=32, mean=(0.5,) * 3, std=(0.25,) * 3)
    loader = vt.Loader(pictures, batch_size=512, shuffle=True, workers=2, transform=transform)
    batch = next(iter(loader))
    assert batch.inputs is not None
    batch.inputs[0, 0, 0, 0].item()
    seconds = time.perf_counter() - begun
    loader.close()
    return seconds


def rival(root: Path) -> float:
    """Seconds to the rival's first batch."""
    from rival_dataloader import Photographs
    from torch.utils.data import DataLoader

    begun = time.perf_counter()
    files = sorted(root.glob("*/*.jpg"))
    batches = DataLoader(
        Photographs(files, 32), 512, shuffle=True, num_workers=2, multiprocessing_context="spawn"
    )
    next(iter(batches))[0, 0, 0, 0].item()
    return time.perf_counter() - begun


def main() -> None:
    """Alternate fresh processes and write `results/first_batch.json`."""
    root = data_folder("cifar10") / "train"
    if len(sys.argv) > 1 and sys.argv[1] in ("ours", "rival"):
        print(json.dumps({"ours": ours, "rival": rival}[sys.argv[1]](root)))
        return
    quick = "--quick" in sys.argv
    rows = []
    for number in range(3 if quick else 8):
        row = {side: _fresh(side) for side in ("ours", "rival")}
        print(("warm-up" if number == 0 else f"round {number}"), row, flush=True)
        if number:
            rows.append(row)
    measured = {f"{side}_s": statistics.median(row[side] for row in rows) for side in ("ours", "rival")}
    measured["share_of_rival"] = statistics.median(row["ours"] / row["rival"] for row in rows)
    verdict(measured, ASKED, at_most=ASKED)
    if not quick:
        write_result("first_batch", {"asked": ASKED, **measured, "rounds": rows})


def _fresh(side: str) -> float:
    done = subprocess.run([sys.executable, __file__, side], stdout=subprocess.PIPE, check=True, text=True)
    return float(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()

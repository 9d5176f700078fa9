"""Claim: on a GPU a batch of 256 pictures of 256 x 256 is mirrored, rotated, scaled, moved, cropped, toned
and normalized to 224 x 224 at least 5x as fast as by kornia.

Run: .venv/bin/pip install -c constraints.txt '.[rivals]', then .venv/bin/python benchmarks/augment_gpu.py
[--quick]   (about 2 minutes; needs CUDA)
Pictures: random pixels, uint8 on the GPU already; both sides end in normalized floats there. Rounds alternate
within one process, after a warm-up that compiles. The share of the copy bandwidth is that of the bytes read
and written at least (256 x 256 x 3 bytes in, 224 x 224 x 3 floats out) against a copy of the floats.
"""

import statistics
import sys
import time
from collections.abc import Callable

import torch
from augment_chain import AFFINE, MEAN, SIZE, STD, kornia
from machine import write_result
from rates import verdict

from vitral.augment import Augmentation
from vitral.core import Batch

ASKED = {"over_kornia": 5.0}
COUNT, SIDE = 256, 256


def seconds(run: Callable[[], object], least: float) -> float:
    """Of one run, the median; the GPU is waited for."""
    times, end = [], time.perf_counter() + least
    while len(times) < 3 or time.perf_counter() < end:
        torch.cuda.synchronize()
        begun = time.perf_counter()
        run()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def main() -> None:
    """Measure in rounds and write `results/augment_gpu.json`."""
    if not torch.cuda.is_available():
        print("no CUDA GPU here; nothing is measured")
        return
    quick, epoch = "--quick" in sys.argv, iter(range(10**9))
    pixels = torch.randint(0, 256, (COUNT, SIDE, SIDE, 3), dtype=torch.uint8, device="cuda")
    augmentation = Augmentation(AFFINE, height=SIZE, width=SIZE, mean=MEAN, std=STD)

    def ours() -> None:
        augmentation(
            Batch(
                pixels=pixels,
                labels=torch.zeros(COUNT, dtype=torch.long, device="cuda"),
                indices=torch.arange(COUNT).numpy(),
                keys=[""] * COUNT,
                seed=0,
                epoch=next(epoch),
                position=0,
            )
        )

    floats = torch.empty((COUNT, SIZE, SIZE, 3), device="cuda")
    contenders = {"ours": ours, "kornia": kornia(pixels), "copy": lambda: floats.clone()}
    for run in contenders.values():
        run()
    rows = []
    for _ in range(2 if quick else 7):
        rows.append({name: seconds(run, 0.5 if quick else 2.0) for name, run in contenders.items()})
        print({name: f"{1e3 * value:.2f} ms" for name, value in rows[-1].items()}, flush=True)
    least = COUNT * (SIDE * SIDE * 3 + SIZE * SIZE * 3 * 4)
    shares = [(least / row["ours"]) / (2 * 4 * floats.numel() / row["copy"]) for row in rows]
    measured = {
        "over_kornia": statistics.median(row["kornia"] / row["ours"] for row in rows),
        "share_of_copy_bandwidth": statistics.median(shares),
        "pictures_per_s": statistics.median(COUNT / row["ours"] for row in rows),
    }
    verdict(measured, ASKED)
    print(f"{measured['share_of_copy_bandwidth']:.0%} of the bandwidth of a copy")
    if not quick:
        write_result("augment_gpu", {"asked": ASKED, **measured, "rounds": rows})


if __name__ == "__main__":
    main()

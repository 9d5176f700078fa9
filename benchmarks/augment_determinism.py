"""Claim: what a picture becomes is equal in every byte for any number of threads, size of batches and order.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/augment_determinism.py [--quick]   (about 2 minutes)
Pictures: 24 photographs of different sizes from `photos/original`, at most 160 pixels long, to 64 x 64. Every
registered op, with the options of its contract test, and every preset: as one batch; in another order; in
batches of 1, 5 and 18; by four threads in parts of 1 to 5. Ops that mix pictures need the same batch, so they
are compared over orders and threads only.
"""

import itertools
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from machine import data_folder, write_result
from PIL import Image
from rates import verdict

from vitral.augment import PRESETS, Augmentation, Op, preset
from vitral.augment.ops.mix_op import MixOp
from vitral.core import Batch, members

ASKED = {"share_equal": 1.0}
COUNT = 24


def batch_of(pictures: list[np.ndarray], numbers: list[int]) -> Batch:
    """Some of the pictures, with a box and a mask each."""
    boxes = [np.array([[8.0, 8, 40, 40]])] * len(numbers)
    return Batch(
        pixels=[pictures[i] for i in numbers],
        labels=torch.tensor(numbers),
        indices=np.array(numbers),
        keys=[str(i) for i in numbers],
        seed=3,
        epoch=2,
        position=0,
        masks=[np.ones(pictures[i].shape[:2], np.uint8) for i in numbers],
        boxes=boxes,
        box_labels=[np.zeros(1, np.int64)] * len(numbers),
    )


def inputs(augmentation: Augmentation, batch: Batch) -> np.ndarray:
    """The batch at once."""
    made = augmentation(batch).inputs
    assert made is not None
    return made.numpy()


def in_parts(augmentation: Augmentation, batch: Batch, threads: int) -> np.ndarray:
    """The batch by several threads, in parts of different sizes."""
    work, stop, parts = augmentation.begin(batch, lambda shape: np.empty(shape, np.float32)), 0, []
    for size in itertools.cycle((3, 1, 5, 2)):
        if stop >= COUNT:
            break
        parts.append((stop, min(stop + size, COUNT)))
        stop += size
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda part: work.part(*part), reversed(parts)))
    made = work.finish().inputs
    assert made is not None
    return made.numpy()


def compared(ops: tuple[Op, ...], pictures: list[np.ndarray], *, mixing: bool) -> list[bool]:
    """Whether each other way of making the batch gives the same bytes."""
    augmentation = Augmentation(ops, height=64, width=64, mean=(0.4,) * 3, std=(0.2,) * 3)
    numbers = list(range(COUNT))
    whole = inputs(augmentation, batch_of(pictures, numbers))
    order = np.random.default_rng(1).permutation(COUNT).tolist()
    found = [np.array_equal(inputs(augmentation, batch_of(pictures, order)), whole[order])]
    found += [
        np.array_equal(in_parts(augmentation, batch_of(pictures, numbers), n), whole) for n in (1, 2, 4)
    ]
    if not mixing:
        for size in (1, 5, 18):
            groups = [numbers[start : start + size] for start in range(0, COUNT, size)]
            made = [inputs(augmentation, batch_of(pictures, group)) for group in groups]
            found.append(np.array_equal(np.concatenate(made), whole))
    return found


def main() -> None:
    """Compare and write `results/augment_determinism.json`."""
    quick = "--quick" in sys.argv
    paths = sorted(data_folder("photos").joinpath("original").glob("*.jpg"))[:COUNT]
    pictures = []
    for path in paths:
        with Image.open(path) as opened:
            small = opened.convert("RGB")
        small.thumbnail((160, 160))
        pictures.append(np.asarray(small))
    kinds: dict[str, Any] = dict(members("op"))
    chains = {kind: (cls(**cls.example),) for kind, cls in sorted(kinds.items())}
    if quick:
        chains = dict(list(chains.items())[::10])
    chains |= {f"preset {name}": (preset(name),) for name in PRESETS}
    differing, equal, total = [], 0, 0
    for name, ops in chains.items():
        found = compared(ops, pictures, mixing=any(isinstance(op, MixOp) for op in ops))
        equal, total = equal + sum(found), total + len(found)
        if not all(found):
            differing.append(name)
    print(f"{equal} of {total} comparisons equal in every byte, {len(chains)} chains")
    print(f"differing: {', '.join(differing) or 'none'}")
    measured = {"share_equal": equal / total}
    verdict(measured, ASKED)
    if not quick:
        result = {
            "asked": ASKED,
            **measured,
            "comparisons": total,
            "chains": len(chains),
            "differing": differing,
        }
        write_result("augment_determinism", result)


if __name__ == "__main__":
    main()

"""Claim: a loader stopped at any batch goes on, with any number of threads, with batches equal to the
last byte: 100 of 100 random stops.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/resume_mid_epoch.py [--quick]   (about 2 minutes)
Pictures: `clothing/test` from its files, random crops of 96 px, mirror, mixup, batches of 32. At each
stop the state (three integers) goes through JSON into a new loader with another number of threads, whose
next batches are compared with those of one uninterrupted run.
"""

import hashlib
import json
import random
import sys

from machine import data_folder, write_result
from rates import verdict

import vitral as vt
from vitral.augment import Augmentation, Flip, MixUp, RandomResizedCrop
from vitral.core import Batch

ASKED = {"equal_stops": 100.0}
EPOCHS, COMPARED = 3, 3


def main() -> None:
    """Stop and go on, and write `results/resume_mid_epoch.json`."""
    quick = "--quick" in sys.argv
    stops = 10 if quick else 100
    pictures = vt.open(data_folder("clothing") / "test", validation=0.0, test=0.0)
    ops = (RandomResizedCrop(), Flip(), MixUp(p=0.3))
    transform = Augmentation(ops, height=96, width=96, mean=(0.5,) * 3, std=(0.25,) * 3)

    def loader(threads: int) -> vt.Loader:
        return vt.Loader(pictures, batch_size=32, shuffle=True, workers=threads, seed=11, transform=transform)

    whole: list[str] = []
    states: list[str] = []
    uninterrupted = loader(2)
    for _ in range(EPOCHS):
        for batch in uninterrupted:
            whole.append(digest(batch))
            states.append(json.dumps(uninterrupted.state_dict()))
    draw, equal = random.Random(0), 0
    for number in range(stops):
        at = draw.randrange(len(whole) - COMPARED)
        threads = (0, 1, 2, 4, 8)[number % 5]
        resumed = loader(threads)
        resumed.load_state_dict(json.loads(states[at]))
        found: list[str] = []
        while len(found) < COMPARED:
            for batch in resumed:
                found.append(digest(batch))
                if len(found) == COMPARED:
                    break
        resumed.close()
        equal += found == whole[at + 1 : at + 1 + COMPARED]
    measured = {"equal_stops": float(equal)}
    verdict(measured, {"equal_stops": float(stops)})
    if not quick:
        write_result(
            "resume_mid_epoch", {"asked": ASKED, **measured, "stops": stops, "compared_batches": COMPARED}
        )


def digest(batch: Batch) -> str:
    """All of a batch that a network may see."""
    assert batch.inputs is not None
    parts = [batch.inputs.numpy().tobytes(), batch.labels.numpy().tobytes(), batch.indices.tobytes()]
    if batch.other_labels is not None and batch.share is not None:
        parts += [batch.other_labels.numpy().tobytes(), batch.share.numpy().tobytes()]
    return hashlib.blake2b(b"".join(parts)).hexdigest()


if __name__ == "__main__":
    main()

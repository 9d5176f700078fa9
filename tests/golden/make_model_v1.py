"""Made `model-v1.safetensors`, once, with Vitral 0.1.0. Never run again over the kept file.

A new version of the format gets a script and a file of its own; this one stays readable for ever.
"""

import sys

import numpy as np

import vitral as vt
from vitral.data import ArrayPixels, PictureSet
from vitral.nn import FastNet


def striped(number: int) -> np.ndarray:
    """A 16 x 16 picture with stripes along (even numbers) or across (odd)."""
    rows = np.add.outer(np.arange(16) * (number % 2 == 0), np.arange(16) * (number % 2)) + number
    return np.repeat(np.where(rows % 4 < 2, 230, 20).astype(np.uint8)[..., None], 3, axis=2)


def main(path: str) -> None:
    """Train the smallest model and write it."""
    pictures = PictureSet(
        name="stripes",
        keys=tuple(map(str, range(32))),
        source=ArrayPixels(np.stack([striped(n) for n in range(32)])),
        classes=("across", "along"),
        labels=np.arange(32) % 2,
        splits=np.asarray(["train"] * 24 + ["val"] * 8),
        split_by="table",
    )
    task = vt.Classify(size=16, flip=False, network=FastNet(widths=(4, 4, 4)))
    run = vt.train(
        task, pictures, out=path + ".run", epochs=30, batch=8, threads=1, precision="float32", device="cpu"
    )
    assert run.model is not None
    run.model.save(path)


if __name__ == "__main__":
    main(sys.argv[1])

"""Claim: on dynamically binarized digits the importance-weighted bound (k = 500) of `vitral train
generate` is at least 5 nats better than that of pythae's VAE with its convolutional MNIST networks,
trained on the same pictures for the same wall-clock, both in one run.

Run: VITRAL_DATA=... PYTHONPATH=RIVALS .venv/bin/python benchmarks/mnist_binarized.py [--minutes 20]
The rival comes with `pip install -c constraints.txt '.[rivals]'`, or apart from Vitral's own libraries with
`pip install --target RIVALS --no-deps pythae==0.1.2` (it needs pydantic, imageio, tqdm and cloudpickle).
Both learn without classes from numbers 0-7999, binarized anew in every epoch, choose by 8000-8999 and
are judged once on 9000-9999, all binarized by one draw: seed 0, epoch 0, position in its split. Ours goes
through the command line; the rival's bound is the same formula on its encoder and decoder.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from command import vitral
from machine import write_result
from mnist_table import digit_files, write_table
from PIL import Image
from rival_pythae import bound, train_rival
from torch import Tensor

from vitral.nn import Bernoulli
from vitral.saved import Model

ASKED_NATS, SAMPLES = 5.0, 500


def main() -> None:
    """Train both, judge both, write `results/mnist_binarized.json`."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--minutes", type=float, default=20.0)
    words.add_argument("--set", action="append", default=[], help="passed on to our training")
    asked = words.parse_args()
    ours = train_ours(asked.minutes, asked.set)
    print("ours:", {name: ours[name] for name in ("nats", "iw_nats", "seconds")}, flush=True)
    grey, likelihood = pictures(), Bernoulli(binarize="dynamic")

    def binarized(numbers: Tensor, epoch: int) -> Tensor:
        return likelihood.seen(grey["train"][numbers], seed=0, epoch=epoch, indices=numbers.numpy())

    val, test = (
        likelihood.seen(grey[split], seed=0, epoch=0, indices=np.arange(len(grey[split])))
        for split in ("val", "test")
    )
    model, rival = train_rival(binarized, train=len(grey["train"]), val=val, seconds=ours["seconds"])
    rival |= {"nats": float(bound(model, test, k=1).mean())}
    rival |= {"iw_nats": float(bound(model, test, k=SAMPLES).mean()), "iw_k": SAMPLES}
    better = rival["iw_nats"] - ours["iw_nats"]
    word = "reached" if better >= ASKED_NATS else "missed"
    print(f"better by {better:.2f} nats, asked {ASKED_NATS:g}: {word}")
    write_result(
        "mnist_binarized",
        {"asked": {"better_by_nats": ASKED_NATS}, "better_by_nats": better, "vitral": ours, "pythae": rival},
    )


def train_ours(minutes: float, settings: list[str]) -> dict[str, Any]:
    """Figures of our model through the command line, with the seconds that its training took."""
    with tempfile.TemporaryDirectory() as place:
        table, run = write_table(Path(place)), Path(place) / "run"
        wanted = ("likelihood.kind=bernoulli", "conditional=false", f"k={SAMPLES}", *settings)
        begin = time.perf_counter()
        vitral(
            "train", "generate", str(table), "--minutes", f"{minutes:g}", "--out", str(run),
            *(word for setting in wanted for word in ("--set", setting)),
        )  # fmt: skip
        seconds = time.perf_counter() - begin
        figures: dict[str, Any] = vitral("evaluate", str(run), str(table), "--split", "test")
        model = Model.load(run)
    trained = {"epochs": model.record["epochs"], "seconds": round(seconds, 1), "task": model.task.to_json()}
    return trained | {"weights": sum(w.numel() for w in model.module.parameters())} | figures


def pictures() -> dict[str, Tensor]:
    """Grey pictures on [0, 1] of each split, n x 1 x 28 x 28, in the order of their numbers."""
    found: dict[str, list[np.ndarray]] = {"train": [], "val": [], "test": []}
    for path, _, split in digit_files():
        found[split].append(np.asarray(Image.open(path).convert("L")))
    return {
        split: torch.from_numpy(np.stack(some)[:, None] / np.float32(255)) for split, some in found.items()
    }


if __name__ == "__main__":
    main()

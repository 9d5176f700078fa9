"""Claim: a linear classifier on the means that a variational autoencoder gives digits is right for at
least 96 % of 1,000 others; it is fitted to 8,000, and the autoencoder was never told a class of those
it is asked about.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/latent_probe.py RUN
RUN is the run folder of `vitral train generate` on the table that `mnist_table.py` writes; its probe was
fitted when its training ended. The figures come from the saved model through the command line. Means
are those without any class told. The same probe on the pixels themselves stands beside it.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import torch
from command import vitral
from machine import write_result
from mnist_table import write_table

from vitral.data import open_pictures
from vitral.nn import LatentProbe
from vitral.saved import Model

ASKED = {"probe_accuracy": 0.96}


def main() -> None:
    """Evaluate through the command line, write `results/latent_probe.json`."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("run", type=Path, help="a finished run folder of `vitral train generate`")
    asked = words.parse_args()
    model = Model.load(asked.run)
    with tempfile.TemporaryDirectory() as place:
        table = write_table(Path(place))
        figures: dict[str, Any] = vitral("evaluate", str(asked.run), str(table), "--split", "test")
        pixels = on_pixels(table)
    told = {name: figures[name] for name in ("probe_accuracy", "knn_accuracy", "bits_per_dim", "latents")}
    record = {name: model.record[name] for name in ("epochs", "seconds", "pictures")}
    for name, bound in ASKED.items():
        word = "reached" if told[name] >= bound else "missed"
        print(f"{name:16} asked {bound:>8.2%}   measured {told[name]:>8.2%}   {word}")
    ours = told | record | {"task": model.task.to_json()}
    write_result("latent_probe", {"asked": ASKED, "means": ours, "pixels": pixels})


def on_pixels(table: Path) -> dict[str, float]:
    """The same probe on the grey levels of the pictures."""
    pictures = open_pictures(str(table))
    sides = {}
    for split in ("train", "test"):
        part = pictures.of_split(split)
        levels = torch.stack([torch.from_numpy(part.pixels(n)[:, :, 0].copy()) for n in range(len(part))])
        sides[split] = levels.flatten(1).float() / 255, torch.from_numpy(part.labels.copy())
    latents, labels = sides["train"]
    probe = LatentProbe(latents.shape[1], len(pictures.classes), len(labels))
    probe.fit(latents, labels)
    return probe.figures(*sides["test"])


if __name__ == "__main__":
    main()

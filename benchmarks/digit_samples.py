"""Claim: of 1,000 digits drawn class by class at the default temperature, a classifier that was trained on
real digits alone (and is right on at least 98 % of others) finds the asked class in at least 95 %; and digits
of one class differ among themselves at least 80 % as much as real ones do.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/digit_samples.py RUN   (about 6 minutes)
RUN is a finished run of `vitral train generate` on the table of `mnist_table.py`. Everything goes through
the command line. Difference within a class: the mean Euclidean distance of all pairs of pictures, on
[0, 1], averaged over the classes; real ones are the 1,000 of the test part.
"""

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from command import vitral
from machine import write_result
from mnist_table import digit_files, write_table
from PIL import Image
from scipy.spatial.distance import pdist

ASKED = {"agreement": 0.95, "classifier": 0.98, "diversity": 0.8}
SAMPLES, SEED = 1000, 1


def spread(by_class: dict[str, list[Path]]) -> float:
    """Mean distance of pairs of one class, averaged over the classes."""
    means = []
    for files in by_class.values():
        pixels = np.stack([np.asarray(Image.open(file).convert("L"), np.float32) for file in files]) / 255
        means.append(pdist(pixels.reshape(len(pixels), -1)).mean())
    return float(np.mean(means))


def predicted(run: Path, files: list[Path]) -> list[str]:
    """The classifier's answers."""
    words = [sys.executable, "-m", "vitral", "predict", str(run), *map(str, files), "--json"]
    answer = json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True, text=True).stdout)
    return [row["label"] for row in answer["predictions"]]


def main() -> None:
    """Train the judge, draw, judge, write `results/digit_samples.json`."""
    run = sys.argv[1]
    with tempfile.TemporaryDirectory() as place:
        table = write_table(Path(place))
        judge = Path(place) / "judge"
        settings = ("--no-flip", "--epochs", "20", "--out", str(judge))
        vitral("train", "classify", str(table), *settings)
        accuracy = float(str(vitral("evaluate", str(judge), str(table))["accuracy"]))
        real: dict[str, list[Path]] = defaultdict(list)
        for file, digit, split in digit_files():
            if split == "test":
                real[str(digit)].append(file)
        found: dict[str, dict[str, object]] = {}
        for prior in ("standard", "mixture"):
            out = Path(place) / prior
            words = ("-n", str(SAMPLES), "--seed", str(SEED), "--prior", prior, "--out", str(out))
            answer = vitral("sample", run, *words)
            drawn: list[dict[str, str]] = answer["drawn"]  # pyright: ignore[reportAssignmentType]
            files = [Path(row["picture"]) for row in drawn]
            agrees = [
                label == row["class"] for label, row in zip(predicted(judge, files), drawn, strict=True)
            ]
            by_class: dict[str, list[Path]] = defaultdict(list)
            for file, row in zip(files, drawn, strict=True):
                by_class[row["class"]].append(file)
            found[prior] = {
                "agreement": float(np.mean(agrees)),
                "diversity": spread(by_class) / spread(real),
                "temperature": answer["temperature"],  # pyright: ignore[reportAssignmentType]
            }
    result = {"asked": ASKED, "samples": SAMPLES, "seed": SEED, "classifier": accuracy}
    write_result("digit_samples", result | found)


if __name__ == "__main__":
    main()

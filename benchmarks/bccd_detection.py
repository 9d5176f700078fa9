"""Claim: `vitral train detect bccd` finds red cells, white cells and platelets on the 72 test pictures of
BCCD with AP50 of at least 0.80 and mAP of at least 0.45, after at most 30 minutes of training on 2 cores,
from random weights.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/bccd_detection.py [RUN] [--minutes 29]   (about 32 minutes)
A finished run folder of the same command spares the training; its recorded time counts then. The folder
has Pascal VOC's split files: 205 pictures to learn from, 87 to choose by, 72 to test. Training and judging
go through the command line. Blood cells have no above and below, so training turns them.
"""

import argparse
import tempfile
from pathlib import Path

from command import vitral
from machine import data_folder, write_result

from vitral.saved import Model

MINUTES = 29
ASKED = {"ap50": 0.80, "map": 0.45, "seconds": 1800}
LEFT_OUT = ("curves", "left_out")


def main() -> None:
    """Train, evaluate, write `results/bccd_detection.json`."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("run", nargs="?", type=Path)
    words.add_argument("--minutes", type=float, default=MINUTES)
    asked = words.parse_args()
    root = data_folder("bccd")
    with tempfile.TemporaryDirectory() as place:
        out = asked.run or Path(place) / "run"
        if asked.run is None:
            options = ("--minutes", f"{asked.minutes:g}", "--set", "upright=false", "--out", str(out))
            vitral("train", "detect", str(root), *options)
        model = Model.load(out)
        figures = vitral("evaluate", str(out), str(root), "--split", "test")
    record = model.record
    trained = {name: record[name] for name in ("seconds", "epochs", "steps")} | {
        "size": model.task.to_json()["size"]
    }
    measured = {name: value for name, value in figures.items() if name not in LEFT_OUT}
    write_result("bccd_detection", {"asked": ASKED, "trained": trained, "measured": measured})


if __name__ == "__main__":
    main()

"""Claim: `vitral train generate` on 8,000 grey digits, levels as they are and without augmentation,
reaches a negative ELBO of at most 1.45 bits per dimension on 1,000 others, after at most 60 minutes
on 2 cores; PNG, WebP lossless and xz of the raw set need more for the same 1,000.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/mnist_bits.py [--minutes 55] [--run RUN] [--set X=Y]
A finished run folder of the same table spares the training; its recorded time counts then. All figures
come from the saved model through the command line. A picture pays log 10 nats for its class.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from command import vitral
from machine import write_result
from mnist_table import write_table

from vitral.saved import Model

ASKED = {"bits_per_dim": 1.45, "seconds": 3600}


def main() -> None:
    """Train and evaluate through the command line, write `results/mnist_bits.json`."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--minutes", type=float, default=55.0)
    words.add_argument("--run", type=Path, help="a finished run folder")
    words.add_argument("--set", action="append", default=[], help="passed on to the training")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as place:
        table, run = write_table(Path(place)), asked.run or Path(place) / "run"
        begin = time.perf_counter()
        if asked.run is None:
            settings = [word for setting in asked.set for word in ("--set", setting)]
            minutes = ("--minutes", f"{asked.minutes:g}")
            vitral("train", "generate", str(table), *minutes, "--out", str(run), *settings)
        seconds = time.perf_counter() - begin
        model = Model.load(run)
        figures: dict[str, Any] = vitral("evaluate", str(run), str(table), "--split", "test")
    seconds = max(seconds, float(model.record["seconds"]))
    trained = {"epochs": model.record["epochs"], "seconds": round(seconds, 1), "task": model.task.to_json()}
    for name, bound in ASKED.items():
        value = seconds if name == "seconds" else figures[name]
        word = "reached" if value <= bound else "missed"
        print(f"{name:16} asked {bound:>10,.3f}   measured {value:>10,.3f}   {word}")
    write_result("mnist_bits", {"asked": ASKED, "vitral": trained | figures})


if __name__ == "__main__":
    main()

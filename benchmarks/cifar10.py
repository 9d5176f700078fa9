"""Claim: `vitral train classify cifar10` with no other flag reaches 92 % on the 10,000 test
pictures within 30 minutes on 2 cores (CIFAR-10 as JPEG: a little under the published figures).

Run: VITRAL_DATA=... .venv/bin/python benchmarks/cifar10.py   (about 30 minutes)
"""

import tempfile
import time
from pathlib import Path

from command import vitral
from machine import data_folder, write_result


def main() -> None:
    """Train and evaluate through the command line, write `results/cifar10.json`."""
    root = data_folder("cifar10")
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "run"
        begin = time.perf_counter()
        trained = vitral("train", "classify", str(root), "--out", str(out))
        seconds = time.perf_counter() - begin
        figures = vitral("evaluate", str(out), str(root / "test"))
    ours = {"accuracy": figures["accuracy"], "seconds": round(seconds, 1), "epochs": trained["epochs"]}
    write_result("cifar10", {"asked": {"accuracy": 0.92, "seconds": 1800}, "vitral": ours})


if __name__ == "__main__":
    main()

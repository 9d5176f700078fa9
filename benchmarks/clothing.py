"""Claim: `vitral train classify clothing` with no other flag reaches 0.78 on the test pictures
within 15 minutes on 2 cores; a plain PyTorch ResNet-18 given the same wall-clock stays below.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/clothing.py [RUN]   (about 25 minutes)
A finished run folder of the same command spares the training; its recorded time counts then.
Both train on `train/` (ours selects by `val/`) and are judged once on `test/`; ours through the
command line and the saved file.
"""

import sys
import tempfile
import time
from pathlib import Path

from command import vitral
from machine import data_folder, write_result
from rival_resnet18 import train_rival

from vitral.saved import Model


def main() -> None:
    """Train, evaluate, train the rival, write `results/clothing.json`."""
    root = data_folder("clothing")
    with tempfile.TemporaryDirectory() as place:
        begin = time.perf_counter()
        out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(place) / "run"
        if len(sys.argv) == 1:
            vitral("train", "classify", str(root), "--out", str(out))
        seconds = time.perf_counter() - begin
        record = Model.load(out).record
        figures = vitral("evaluate", str(out), str(root / "test"))
    seconds = max(seconds, float(record["seconds"]))
    ours = {"accuracy": figures["accuracy"], "seconds": round(seconds, 1), "epochs": record["epochs"]}
    print("ours:", ours, flush=True)
    rival = train_rival(root, seconds=seconds)
    write_result(
        "clothing", {"asked": {"accuracy": 0.78, "seconds": 900}, "vitral": ours, "plain_resnet18": rival}
    )


if __name__ == "__main__":
    main()

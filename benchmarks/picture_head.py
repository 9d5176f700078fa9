"""Claim: pictures classified through the U-Net's picture head (`--network unet`) are right within 2 points as
often as with the classifier of `vitral train classify`, given the same time, on `mnist10k` and `clothing`.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/picture_head.py [--mnist-minutes 4] [--clothing-minutes 14]
(about 40 minutes). Both networks learn from the same split and choose by the same validation pictures; each
is judged once on the test pictures, from its saved file.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from command import vitral
from machine import data_folder, write_result
from mnist_table import write_table

from vitral.saved import Model

ASKED_POINTS = 2.0
NETWORKS = {"classifier": (), "unet": ("--network", "unet")}


def judged(pictures: Path, minutes: float, options: tuple[str, ...], run: Path) -> dict[str, Any]:
    """Accuracy on the test pictures, and what it took."""
    vitral("train", "classify", str(pictures), "--minutes", f"{minutes:g}", *options, "--out", str(run))
    figures, record = vitral("evaluate", str(run), str(pictures), "--split", "test"), Model.load(run).record
    return {"accuracy": figures["accuracy"], "pictures": figures["pictures"]} | {
        name: record[name] for name in ("seconds", "epochs", "steps")
    }


def main() -> None:
    """Train four models, judge them, write `results/picture_head.json`."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--mnist-minutes", type=float, default=4)
    words.add_argument("--clothing-minutes", type=float, default=14)
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        sets = {
            "mnist": (write_table(place), asked.mnist_minutes, ("--no-flip",)),
            "clothing": (data_folder("clothing"), asked.clothing_minutes, ()),
        }
        found = {
            name: {
                network: judged(pictures, minutes, (*options, *more), place / f"{name}-{network}")
                for network, more in NETWORKS.items()
            }
            for name, (pictures, minutes, options) in sets.items()
        }
    behind = {
        name: 100 * (row["classifier"]["accuracy"] - row["unet"]["accuracy"]) for name, row in found.items()
    }
    write_result(
        "picture_head", {"asked": {"points_behind": ASKED_POINTS}, "points_behind": behind, "measured": found}
    )


if __name__ == "__main__":
    main()

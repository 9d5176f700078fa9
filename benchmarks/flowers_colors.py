"""Claim: a colorizer trained for at most an hour on 2 cores by `vitral train colorize flowers` is at least
3 points of rebalanced AuC ahead of the same network trained with L2 in the same time, its pictures are
0.85 to 1.15 times as colorful as the originals, and a classifier that learned color flowers wins back at
least half of what it loses on grey ones. Judged on the tenth of the pictures that a hash of their paths
holds out; nothing of it is seen in training, and there is no validation split.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/flowers_colors.py [RUNS] [--minutes 58]
     [--classify-minutes 20] [--size 64]   (about 2 hours 30 minutes)
RUNS is a folder for the three runs `colorize`, `l2` and `classify`; those that are finished there are not
trained again. It also draws every n-th test picture for docs/how-to/colorize.md. Training, coloring and
judging go through the command line.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from color_sheet import color_sheet
from command import vitral
from machine import data_folder, write_result
from PIL import Image

from vitral.data import open_pictures
from vitral.saved import Model
from vitral.tasks.colorize.tints import grey_of

MINUTES, CLASSIFY_MINUTES = 58, 20
TEST, SIZE_PX = 0.1, 64
# Nine tenths are learned from: nothing is left for validation.
SPLIT = ("--set", "validation=0", "--set", f"test={TEST}")
ASKED = {
    "auc_rebalanced_ahead_points": 3.0,
    "colorfulness_ratio": [0.85, 1.15],
    "recognition": 0.5,
}
SHOWN = 24
GALLERY = Path(__file__).parent.parent / "docs/how-to/pictures/flowers-colorized.jpg"
FIGURES = (
    "auc", "auc_rebalanced", "delta_e_ab", "delta_e_rebalanced", "colorfulness_ratio",
    "psnr_db", "psnr_flat_db", "psnr_grey_db", "beside", "recognition", "recognized", "pictures",
)  # fmt: skip


def trained(place: Path, *words: str) -> Path:
    """A finished run: the one that lies there, or a new one."""
    if not (place / "model.safetensors").exists():
        vitral("train", *words, *SPLIT, "--out", str(place))
    return place


def gallery(root: Path, colorizers: list[Path]) -> Image.Image:
    """Every n-th test picture: grey, as each model colors it, and as it was."""
    pictures = open_pictures(str(root), validation=0.0, test=TEST).of_split("test")
    every, models = len(pictures) // SHOWN, [Model.load(run) for run in colorizers]
    rows = []
    for index in range(0, SHOWN * every, every):
        pixels = np.asarray(pictures.pixels(index))
        made = [model.predict(pixels).pixels for model in models]
        rows.append([Image.fromarray(one) for one in (grey_of(pixels), *made, pixels)])
    return color_sheet(rows, columns=3, tall_px=128)


def main() -> None:
    """Train, evaluate, recognize, write `results/flowers_colors.json`."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("runs", nargs="?", type=Path)
    words.add_argument("--minutes", type=float, default=MINUTES, help="for each of the two colorizers")
    words.add_argument("--classify-minutes", type=float, default=CLASSIFY_MINUTES)
    words.add_argument("--size", type=int, default=SIZE_PX, help="of the squares that both learn from")
    asked = words.parse_args()
    root = data_folder("flowers")
    with tempfile.TemporaryDirectory() as folder:
        runs = asked.runs or Path(folder)
        minutes = ("--minutes", f"{asked.minutes:g}", "--size", f"{asked.size}")
        ours = trained(runs / "colorize", "colorize", str(root), *minutes)
        twin = trained(runs / "l2", "colorize", str(root), *minutes, "--set", "regression=true")
        judge = trained(runs / "classify", "classify", str(root), "--minutes", f"{asked.classify_minutes:g}")
        judged = {
            name: vitral("evaluate", str(run), str(root), "--judge", str(judge))
            for name, run in (("ours", ours), ("l2", twin))
        }
        gallery(root, [ours, twin]).save(GALLERY, quality=88)
        records = {run.name: Model.load(run).record for run in (ours, twin, judge)}
    ahead = 100 * (judged["ours"]["auc_rebalanced"] - judged["l2"]["auc_rebalanced"])
    measured = {
        "auc_rebalanced_ahead_points": ahead,
        "colorfulness_ratio": judged["ours"]["colorfulness_ratio"],
        "recognition": judged["ours"]["recognition"],
    }
    spent: dict[str, Any] = {
        name: {key: record[key] for key in ("seconds", "epochs", "steps")} for name, record in records.items()
    }
    spent |= {"size_px": asked.size}
    figures = {name: {key: row[key] for key in FIGURES} for name, row in judged.items()}
    write_result(
        "flowers_colors",
        {"asked": ASKED, "measured": measured, "trained": spent} | figures,
    )


if __name__ == "__main__":
    main()

"""Claim: `vitral train colorize` makes a model of at most 120 minutes on 2 cores that gives plausible colors
to photographs of kinds it never saw. That is for people to judge: this writes the gallery of 24 unpicked
pictures that stands in docs/how-to/colorize.md, and the figures of the same three sets.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/general_colorizer.py [RUN] [--minutes 115]
A finished run folder spares the training; its recorded time counts then. It learns from `photos` and from
300 pictures of each class of `tiny32`, the photographs linked 15 times, so that they make a fifth of what
is seen. The gallery takes every n-th file of `clothing` (test), `camvid` (test) and `cid22`, 8 of each.
"""

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
from color_sheet import color_sheet
from command import vitral
from machine import data_folder, write_result
from PIL import Image

from vitral.saved import Model
from vitral.tasks.colorize.tints import grey_of

SIZE_PX, PHOTOS_TIMES, TINY_EACH, USUAL = 64, 15, 300, 0.4
OF_EACH, TALL_PX, COLUMNS = 8, 150, 3
GALLERY = Path(__file__).parent.parent / "docs/how-to/pictures/colorized.jpg"
FIGURES = ("auc", "auc_rebalanced", "delta_e_ab", "delta_e_rebalanced", "colorfulness_ratio")


def joined(place: Path) -> Path:
    """A folder of links to what the model learns from."""
    for path in sorted(data_folder("photos").glob("*/*.jpg")):
        for time in range(PHOTOS_TIMES):
            _link(path, place / "photos" / f"{time:02d}" / path.name)
    for folder in sorted((data_folder("tiny32") / "train").iterdir()):
        for path in sorted((folder / "images").iterdir())[:TINY_EACH]:
            _link(path, place / "tiny32" / folder.name / path.name)
    return place


def _link(path: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    os.symlink(path.resolve(), place)


def unpicked() -> list[Path]:
    """Every n-th picture of each set, in the order of their names."""
    sets = (
        sorted(data_folder("clothing").glob("test/*/*.jpg")),
        sorted(data_folder("camvid").glob("test/images/*.jpg")),
        sorted(data_folder("cid22").glob("*.png")),
    )
    return [path for found in sets for path in found[:: len(found) // OF_EACH][:OF_EACH]]


def gallery(run: Path) -> Image.Image:
    """Grey, colorized and original of each, side by side."""
    with tempfile.TemporaryDirectory() as folder:
        grey, made = Path(folder, "grey"), Path(folder, "made")
        grey.mkdir()
        originals = [Image.open(path).convert("RGB") for path in unpicked()]
        for number, original in enumerate(originals):
            Image.fromarray(grey_of(np.asarray(original))).save(grey / f"{number:02d}.png")
        vitral("colorize", str(run), str(grey), "-o", str(made))
        trios = [
            [Image.open(grey / name), Image.open(made / name), original]
            for original, name in ((one, f"{number:02d}.png") for number, one in enumerate(originals))
        ]
        return color_sheet(trios, columns=COLUMNS, tall_px=TALL_PX)


def main() -> None:
    """Train, draw the gallery, evaluate, write `results/general_colorizer.json`."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("run", nargs="?", type=Path)
    words.add_argument("--minutes", type=float, default=115)
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = asked.run or Path(folder, "run")
        if not (run / "model.safetensors").exists():
            pictures = joined(Path(folder, "pictures"))
            vitral(
                "train", "colorize", str(pictures), "--size", str(SIZE_PX), "--out", str(run),
                "--minutes", f"{asked.minutes:g}", "--set", f"usual={USUAL}",
                # Copies of one photograph would come to lie on both sides of a split.
                "--set", "validation=0", "--set", "test=0",
            )  # fmt: skip
        gallery(run).save(GALLERY, quality=88)
        figures = {
            name: vitral("evaluate", str(run), str(data_folder(name)), "--split", split)
            for name, split in (("clothing", "test"), ("camvid", "test"), ("cid22", "all"))
        }
        record = Model.load(run).record
    trained = {name: record[name] for name in ("seconds", "epochs", "steps")}
    judged = {name: {key: row[key] for key in FIGURES} for name, row in figures.items()}
    write_result("general_colorizer", {"asked": {"seconds": 7200}, "trained": trained, "judged": judged})


if __name__ == "__main__":
    main()

"""Claim: with 100 labeled digits a classifier that starts from a variational autoencoder's encoder, which
learned from 8,000 digits without their labels, is right at least 10 points more often than the same
command from scratch; the study goes on to 8,000 labels.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/few_labels.py RUN [--seeds 3] [--labels 100 300 ...]
RUN is the run folder of `vitral train generate` with `--no-conditional` on the table that `mnist_table.py`
writes; a run that was told classes is refused. Every training is one command: as many labels of each
digit, the same epochs for all three, no validation pictures (so that no further label is used), no
mirroring, judged on the 1,000 test pictures. Seeds change the labeled pictures and the training.
"""

import argparse
import csv
import random
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from command import vitral
from machine import write_result
from mnist_table import digit_files, write_table

from vitral.report import Page
from vitral.saved import Model

ASKED_POINTS, ASKED_AT = 10.0, 100
# As many pictures in total as a training sees at most, and the bounds on epochs.
PICTURES, LEAST_EPOCHS, MOST_EPOCHS = 60_000, 12, 100
WAYS = ("from scratch", "fine-tuned", "frozen")


def main() -> None:
    """Train and evaluate through the command line, write `results/few_labels.json` and a page."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("run", type=Path, help="a finished run folder of `vitral train generate`")
    words.add_argument("--seeds", type=int, default=3)
    words.add_argument("--labels", type=int, nargs="+", default=[100, 300, 1000, 3000, 8000])
    words.add_argument("--ways", nargs="+", default=list(WAYS), choices=WAYS)
    words.add_argument("--threads", type=int)
    words.add_argument("--page", type=Path, help="where to write the plot")
    asked = words.parse_args()
    model = Model.load(asked.run)
    if model.module.network.classes:
        sys.exit(f"{asked.run}: was told the classes; train one with --no-conditional")
    rows = []
    with tempfile.TemporaryDirectory() as place:
        write_table(Path(place))
        for count in asked.labels:
            for way in asked.ways:
                found = [
                    accuracy(Path(place), asked.run, way, count, seed, asked.threads)
                    for seed in range(asked.seeds)
                ]
                rows.append(row_of(way, count, found))
                print(rows[-1], flush=True)
    gains = gains_of(rows)
    for way, points in gains.items():
        word = "reached" if points >= ASKED_POINTS else "missed"
        print(
            f"{way:12} at {ASKED_AT} labels: asked +{ASKED_POINTS:g} points, measured {points:+.1f}   {word}"
        )
    result = {"asked": {"points": ASKED_POINTS, "labels": ASKED_AT}, "gains_points": gains, "rows": rows}
    write_result("few_labels", result | {"encoder": model.task.to_json(), "trained": model.record["seconds"]})
    page_of(rows).write(asked.page or Path(__file__).parent / "results" / "few_labels.html")


def accuracy(place: Path, run: Path, way: str, count: int, seed: int, threads: int | None) -> float:
    """Share of right answers on the test pictures after one training."""
    table = labeled(place, count, seed)
    with tempfile.TemporaryDirectory(dir=place) as folder:
        out = str(Path(folder) / "run")
        start = [] if way == "from scratch" else ["--encoder", str(run)]
        start += ["--frozen"] if way == "frozen" else []
        start += [] if threads is None else ["--threads", str(threads)]
        epochs = str(epochs_for(count))
        vitral(
            "train", "classify", str(table), "--no-flip", "--epochs", epochs, "--seed", str(seed),
            "--out", out, "--set", "validation=0", *start,
        )  # fmt: skip
        figures: dict[str, Any] = vitral("evaluate", out, str(table), "--split", "test")
    return float(figures["accuracy"])


def epochs_for(count: int) -> int:
    """The same for every way to begin: few labels are seen more often."""
    return max(LEAST_EPOCHS, min(MOST_EPOCHS, PICTURES // count))


def labeled(place: Path, count: int, seed: int) -> Path:
    """A table with some training pictures, as many of each digit where there are, and the test ones."""
    by_digit: dict[int, list[Path]] = {}
    for path, digit, split in digit_files():
        if split == "train":
            by_digit.setdefault(digit, []).append(path)
    pool: list[tuple[Path, int]] = []
    for digit, paths in sorted(by_digit.items()):
        random.Random(f"{seed} {digit}").shuffle(paths)
        pool += [(path, digit) for path in paths]
    # One of each digit in turn, until there are enough: all 8,000 in the end.
    position = {path: n for paths in by_digit.values() for n, path in enumerate(paths)}
    chosen = sorted(pool, key=lambda one: (position[one[0]], one[1]))[:count]
    rows = [(f"mnist/{path.name}", digit, "train") for path, digit in chosen]
    rows += [(f"mnist/{path.name}", digit, split) for path, digit, split in digit_files() if split == "test"]
    table = place / f"labels-{count}-{seed}.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("path", "label", "split"), *rows])
    return table


def row_of(way: str, count: int, found: list[float]) -> dict[str, Any]:
    """Mean, and every seed."""
    return {
        "labels": count,
        "start": way,
        "epochs": epochs_for(count),
        "accuracy": statistics.mean(found),
        "least": min(found),
        "most": max(found),
        "each": found,
    }


def gains_of(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Points above the training from scratch at 100 labels, for each other way to begin."""
    there = {row["start"]: row["accuracy"] for row in rows if row["labels"] == ASKED_AT}
    scratch = there.pop(WAYS[0], None)
    return {} if scratch is None else {way: 100 * (value - scratch) for way, value in there.items()}


def page_of(rows: list[dict[str, Any]]) -> Page:
    """Accuracy against the number of labels, and the table."""
    page = Page("Accuracy against the number of labels", subtitle="digits; judged on 1,000 others")
    series = {
        way: [(float(row["labels"]), 100 * row["accuracy"]) for row in rows if row["start"] == way]
        for way in WAYS
    }
    few = {way: [point for point in points if point[0] <= 1000] for way, points in series.items()}
    for title, lines in (("up to 1,000 labels", few), ("all", series)):
        page.curves(
            {way: points for way, points in lines.items() if points},
            title=title, x_label="labeled pictures", y_label="right answers, %",
        )  # fmt: skip
    shown = ("labels", "start", "epochs", "accuracy", "least", "most")
    return page.table([{name: row[name] for name in shown} for row in rows], title="Means over seeds")


if __name__ == "__main__":
    main()

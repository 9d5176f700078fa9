"""A table of the 10,000 digits below `$VITRAL_DATA/mnist`, split by their numbers."""

import csv
from pathlib import Path

from machine import data_folder

_VALIDATION, _TEST = 8000, 9000


def split_of(number: int) -> str:
    """Numbers 0-7999 train, 8000-8999 validate, 9000-9999 test."""
    return "train" if number < _VALIDATION else "val" if number < _TEST else "test"


def digit_files() -> list[tuple[Path, int, str]]:
    """File, digit and split of each picture, by number; files are called NNNNNN-numK.png."""
    found = []
    for path in sorted(data_folder("mnist").glob("*-num?.png")):
        number, digit = int(path.name[:6]), int(path.stem[-1])
        found.append((path, digit, split_of(number)))
    return found


def write_table(folder: Path) -> Path:
    """Write `mnist.csv` into a folder, beside a link to the pictures; tables name files below them."""
    (folder / "mnist").symlink_to(data_folder("mnist").resolve(), target_is_directory=True)
    table = folder / "mnist.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("path", "label", "split"))
        rows.writerows((f"mnist/{path.name}", digit, split) for path, digit, split in digit_files())
    return table

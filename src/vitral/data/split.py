"""Which pictures train, which validate, which test: by folders, by a table, or by a hash."""

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike, NDArray

SPLIT_WORDS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
"""How people write the names of splits, in lower case, and what each means."""

CARVED_SHARE = 0.05
"""Largest share of given training pictures that becomes validation when none is given."""


def unit_hash(key: str) -> float:
    """A number in [0, 1) that depends on the key alone, uniformly distributed over keys.

    The key is hashed in Unicode form NFC, so that one name gives one number on every system.
    """
    text = key if key.isascii() else unicodedata.normalize("NFC", key)
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest, "little") >> 11) * 2.0**-53


def hash_split(keys: Sequence[str], labels: ArrayLike, *, validation: float, test: float) -> NDArray[np.str_]:
    """Split by `unit_hash`, so that adding pictures never moves the others.

    u < test -> test, u < test + validation -> val, else train. Two exceptions: a class always
    keeps one picture in train (the one of highest hash); and when val would be empty for the
    whole set, each class gives it the lowest hash of its train pictures when it has two or more
    there, or, when no class has, its lowest hash of all when it has two or more pictures.

    Args:
        keys: relative paths with "/" separators.
        labels: class number of each; pictures without class count as one class.
        validation: share of the pictures, in [0, 1).
        test: share of the pictures, in [0, 1); both together below 1.
    """
    units = np.array([unit_hash(key) for key in keys])
    splits = np.full(len(keys), "train", dtype="<U5")
    splits[units < test + validation] = "val"
    splits[units < test] = "test"
    classes = _by_hash(np.asarray(labels), units)
    for members in classes:
        if not (splits[members] == "train").any():
            splits[members[-1]] = "train"
    if validation > 0 and not (splits == "val").any():
        spare = [m[splits[m] == "train"] for m in classes]
        givers = [m for m in spare if len(m) >= 2] or [m for m in classes if len(m) >= 2]
        splits[[members[0] for members in givers]] = "val"
    return splits


def carve_validation(
    keys: Sequence[str], labels: ArrayLike, splits: NDArray[np.str_], *, share: float
) -> NDArray[np.str_]:
    """Give a set with train pictures and no val pictures some, by hash, out of train.

    Args:
        keys: relative paths with "/" separators.
        labels: class number of each.
        splits: "train", "val", "test" or "" of each.
        share: share of the train pictures to take; above `CARVED_SHARE` counts as that.
    Returns:
        The splits, changed where needed; the exceptions of `hash_split` hold.
    """
    rows = np.flatnonzero(splits == "train")
    if not len(rows) or (splits == "val").any() or share <= 0:
        return splits
    carved = splits.copy()
    some_keys, some_labels = [keys[i] for i in rows.tolist()], np.asarray(labels)[rows]
    carved[rows] = hash_split(some_keys, some_labels, validation=min(share, CARVED_SHARE), test=0.0)
    return carved


def split_folders(folders: Iterable[str]) -> dict[str, str] | None:
    """Top folder -> split, when top folders are splits: one is train, or all are split names."""
    folders = set(folders)
    found = {folder: SPLIT_WORDS[folder.lower()] for folder in folders if folder.lower() in SPLIT_WORDS}
    return found if found and ("train" in found.values() or len(found) == len(folders)) else None


def _by_hash(
    labels: Int[NDArray[np.int64], " b"], units: Float[NDArray[np.float64], " b"]
) -> list[Int[NDArray[np.int64], " n"]]:
    """For each class the numbers of its pictures, in the order of their hash."""
    order = np.lexsort((units, labels))
    edges = np.flatnonzero(np.diff(labels[order])) + 1
    return [members for members in np.split(order, edges) if len(members)]

"""Which members of an archive belong together, and what they say of a picture."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from vitral.core import IGNORE, DataError
from vitral.data.objects import Objects
from vitral.data.one_line import one_line
from vitral.data.sources.label_words import label_space
from vitral.data.sources.listing import SUFFIXES, is_junk
from vitral.data.sources.object_lists import ObjectLists, label_of, shown
from vitral.data.sources.tar_headers import TarMember, TarReader

_MASKS = ("seg.png", "mask.png")
_LONGEST_TEXT, _LONGEST_JSON = 2**16, 2**24
_LONGEST_NAME = 64
_CLASS_KEYS = ("label", "class", "class_name", "category", "cls")
_BOX_KEYS = ("boxes", "bboxes", "bbox")
_BOX_LABEL_KEYS = ("box_labels", "labels", "categories", "classes")


@dataclass(kw_only=True, slots=True)
class TarSample:
    """The members of one sample, and what was read of it."""

    key: str
    shard: str
    picture: TarMember | None = None
    mask: TarMember | None = None
    cls: int | str | None = None
    said: dict[str, Any] | None = None
    text: str | None = None
    endings: list[str] = field(default_factory=list)

    @property
    def where(self) -> str:
        """The sample, for an error."""
        return f"{self.shard}: sample {one_line(self.key)!r}"


@dataclass(frozen=True, kw_only=True)
class TarLabels:
    """What all samples say together."""

    classes: tuple[str, ...]
    labels: Int[NDArray[np.int64], " b"]
    objects: Objects | None
    notes: list[str]


def samples_of(reader: TarReader) -> list[TarSample]:
    """The samples of one archive, in its order; small members with text are read on the way.

    Raises:
        DataError: the archive is damaged, or two members of a sample have the same name.
    """
    samples: list[TarSample] = []
    known = (None, False)
    for member in reader.members():
        folder, slash, name = member.name.rpartition("/")
        if folder != known[0]:
            known = (folder, any(is_junk(part) for part in folder.split("/") if part))
        if known[1] or is_junk(name):
            continue
        base, _, ending = name.partition(".")
        key, ending = folder + slash + base, ending.lower()
        if not samples or samples[-1].key != key:
            samples.append(TarSample(key=key, shard=reader.name))
        sample = samples[-1]
        if ending in sample.endings:
            raise DataError(f"{sample.where}: has two members that end in .{one_line(ending)}")
        sample.endings.append(ending)
        _take(reader, sample, member, ending)
    return samples


def labels_of(samples: Sequence[TarSample], where: str) -> TarLabels:
    """Classes and boxes of the samples.

    A sample's class is its `cls`, a class number as text (or a name), else what `label`, `class`,
    `class_name` or `category` is in its `json`, else its `txt`. Texts are class names when no
    sample has a class otherwise and when they are short and repeat: on average, each occurs twice
    at least; else they are captions, which are passed over. `boxes` in the `json` is a list of
    x0 y0 x1 y1 in pixels, `box_labels` their names or numbers.

    Args:
        samples: those with a picture.
        where: the archives, for an error.
    Raises:
        DataError: a label or a box is none.
    """
    notes = []
    values = [_class_of(sample) for sample in samples]
    texts = [sample.text for sample in samples]
    if all(value is None for value in values) and any(texts):
        if _are_names(texts):
            values = [text or None for text in texts]
        else:
            notes.append("the .txt members differ too much to be classes; as captions they are passed over")
    lists = _objects_of(samples)
    said = [value for value in values if value is not None]
    classes, number = label_space([*said, *(lists.labels if lists else [])], where)
    return TarLabels(
        classes=classes,
        labels=np.array([IGNORE if v is None else number[v] for v in values], dtype=np.int64),
        objects=None if lists is None else lists.objects(where, number),
        notes=notes,
    )


def _take(reader: TarReader, sample: TarSample, member: TarMember, ending: str) -> None:
    if ending in _MASKS:
        sample.mask = sample.mask or member
    elif ending.rpartition(".")[2] in SUFFIXES:
        # A name like 1.left.jpg gives the picture only when there is no plain 1.jpg.
        if sample.picture is None or ("." not in ending and "." in sample.endings[0]):
            sample.picture = member
    elif ending == "cls":
        word = _text(reader, sample, member).strip()
        sample.cls = int(word) if word.lstrip("+-").isdecimal() and len(word) < 19 else word or None
    elif ending == "txt":
        sample.text = _text(reader, sample, member).strip()
    elif ending == "json":
        sample.said = _json(reader, sample, member)


def _text(reader: TarReader, sample: TarSample, member: TarMember) -> str:
    if member.size > _LONGEST_TEXT:
        raise DataError(f"{sample.where}: a label of {member.size:,} bytes is too long")
    try:
        return reader.read(member.offset, member.size).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{sample.where}: a label must be UTF-8 text, but byte {error.start} is not"
        ) from error


def _json(reader: TarReader, sample: TarSample, member: TarMember) -> dict[str, Any] | None:
    if member.size > _LONGEST_JSON:
        raise DataError(f"{sample.where}: its JSON of {member.size:,} bytes is too long")
    try:
        said = json.loads(reader.read(member.offset, member.size))
    except (ValueError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{sample.where}: holds no valid JSON ({one_line(error)[:100]})") from error
    if not isinstance(said, dict):
        raise DataError(f"{sample.where}: its JSON must be an object, got {shown(said)}")
    return {key: said[key] for key in (*_CLASS_KEYS, *_BOX_KEYS, *_BOX_LABEL_KEYS, "points") if key in said}


def _class_of(sample: TarSample) -> int | str | None:
    if sample.cls is not None:
        return sample.cls
    for key in _CLASS_KEYS:
        value = (sample.said or {}).get(key)
        if value is not None and value != "" and not isinstance(value, list | dict):
            return label_of(sample.where, value)
    return None


def _are_names(texts: Sequence[str | None]) -> bool:
    given = [text for text in texts if text]
    short = all(len(text) <= _LONGEST_NAME and text.isprintable() for text in given)
    return short and 2 * len(set(given)) <= len(given)


def _objects_of(samples: Sequence[TarSample]) -> ObjectLists | None:
    """The boxes in the JSON of the samples; None when no sample has any."""
    if not any(sample.said and any(key in sample.said for key in _BOX_KEYS) for sample in samples):
        return None
    lists = ObjectLists()
    for sample in samples:
        said = sample.said or {}
        boxes = next((said[key] for key in _BOX_KEYS if said.get(key) is not None), [])
        labels = next((said[key] for key in _BOX_LABEL_KEYS if isinstance(said.get(key), list)), None)
        lists.add(sample.where, boxes, labels, said.get("points"))
    return lists

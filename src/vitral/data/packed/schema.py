"""The columns of a packed set, what its header says, and the checksum of a row."""

import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitral.core import IGNORE, FileFormatError
from vitral.data.objects import Objects
from vitral.data.one_line import one_line

FORMAT = "vitral packed set"
VERSION = 1
SUFFIX = ".arrow"
HEADER = b"vitral"
HEADER_SUM = b"vitral crc-32"

# The two columns of bytes come first, so that their place in a file follows from its layout.
BYTES = ("picture", "mask")
RAW = "raw"
_MOST_SHARDS = 100_000


@dataclass(frozen=True, kw_only=True)
class Row:
    """One picture of a packed set.

    Args:
        key: its relative path.
        picture: the bytes of its file, or its pixels when `format` is "raw".
        format: what the bytes are: "jpeg", "png", "raw" ...
        size: height and width, upright.
        label: class number, `core.IGNORE` without.
        name: the name of its class, "" without.
        split: "train", "val", "test" or "".
        weight: how often it should come; None without weights.
        mask: a grey PNG of class numbers; None without.
        objects: what is marked in it; None without.
        restarts: in a JPEG with a restart marker at each row of blocks: where its height is written,
            where each row of blocks begins, and where the last one ends; empty for all others.
    """

    key: str
    picture: bytes | memoryview = field(repr=False)
    format: str
    size: tuple[int, int]
    label: int = IGNORE
    name: str = ""
    split: str = ""
    weight: float | None = None
    mask: bytes | memoryview | None = field(default=None, repr=False)
    objects: Objects | None = None
    restarts: tuple[int, ...] = ()

    def checksum(self) -> int:
        """CRC-32 of everything in the row.

        Of the picture, the mask, the texts key, format, name and split each ended by a zero byte, the
        numbers height, width, label (int32) and weight (float64, NaN without), the restarts (uint32),
        and of each object its box, label, crowd flag, points and rings; all little-endian.
        """
        sum_ = zlib.crc32(self.mask or b"", zlib.crc32(self.picture))
        texts = "\0".join((self.key, self.format, self.name, self.split, "")).encode("utf-8", "surrogatepass")
        weight = float("nan") if self.weight is None else self.weight
        numbers = struct.pack("<iiid", *self.size, self.label, weight)
        sum_ = zlib.crc32(numbers, zlib.crc32(texts, sum_))
        sum_ = zlib.crc32(np.array(self.restarts, dtype="<u4").tobytes(), sum_)
        return sum_ if self.objects is None else zlib.crc32(_objects_bytes(self.objects), sum_)


def arrow_schema(header: dict[str, Any]) -> Any:
    """The Arrow schema of a shard with this header."""
    import pyarrow as pa

    box = pa.list_(pa.float64(), 4)
    columns = [
        pa.field("picture", pa.large_binary(), nullable=False),
        pa.field("mask", pa.large_binary()),
        pa.field("key", pa.string(), nullable=False),
        pa.field("format", pa.string(), nullable=False),
        pa.field("height", pa.int32(), nullable=False),
        pa.field("width", pa.int32(), nullable=False),
        pa.field("label", pa.int32()),
        pa.field("class", pa.string()),
        pa.field("split", pa.string(), nullable=False),
        pa.field("weight", pa.float64()),
        pa.field("boxes", pa.list_(box)),
        pa.field("box_labels", pa.list_(pa.int32())),
        pa.field("box_crowd", pa.list_(pa.bool_())),
        pa.field("points", pa.list_(pa.list_(pa.float64()))),
        pa.field("outlines", pa.list_(pa.list_(pa.list_(pa.float64())))),
        pa.field("restarts", pa.list_(pa.uint32())),
        pa.field("checksum", pa.uint32(), nullable=False),
    ]
    text = json.dumps(header).encode()
    return pa.schema(columns, metadata={HEADER: text, HEADER_SUM: str(zlib.crc32(text)).encode()})


def record_batch(rows: Sequence[Row], schema: Any) -> Any:
    """Some rows as an Arrow record batch."""
    import pyarrow as pa

    columns = [_columns(row) for row in rows]
    return pa.RecordBatch.from_pylist(columns, schema=schema)


def read_header(schema: Any, place: str) -> dict[str, Any]:
    """What the schema of a shard says of the set, checked.

    Raises:
        FileFormatError: the file is no packed set, of a newer version, or its header is damaged.
    """
    where = one_line(place)
    text = (schema.metadata or {}).get(HEADER)
    if text is None:
        raise FileFormatError(f"{where}: is an Arrow file, but no packed set; `vitral pack` makes them")
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{where}: has a damaged header") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise FileFormatError(f"{where}: is no packed set; `vitral pack` makes them")
    version = header.get("version")
    if version != VERSION:
        raise FileFormatError(
            f"{where}: is a packed set of version {one_line(version)}; this Vitral reads version {VERSION}"
        )
    if schema.metadata.get(HEADER_SUM) != str(zlib.crc32(text)).encode():
        raise FileFormatError(f"{where}: is damaged: the checksum of its header is wrong")
    _check_header(header, where)
    expected = arrow_schema(header)
    if schema.names != expected.names:
        raise FileFormatError(
            f"{where}: must have the columns of a packed set, got {one_line(', '.join(schema.names))}"
        )
    for is_, must in zip(schema, expected, strict=True):
        if not is_.equals(must):
            raise FileFormatError(
                f"{where}: must hold {must.type} in the column {must.name!r}, got {one_line(is_.type)}"
            )
    return header


def _check_header(header: dict[str, Any], where: str) -> None:
    """What others read of the header is of the kind they expect."""
    for name in ("classes", "mask_classes"):
        words = header.get(name)
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise FileFormatError(f"{where}: has a damaged header: {name!r} must be a list of texts")
    shard, shards = header.get("shard", 0), header.get("shards", 1)
    if not (type(shard) is type(shards) is int and 0 <= shard < shards <= _MOST_SHARDS):
        raise FileFormatError(f"{where}: has a damaged header: it must be a shard of some, got {shard!r}")
    broken = header.get("broken", [])
    if not isinstance(broken, list) or not all(_is_pair(one) for one in broken):
        raise FileFormatError(f"{where}: has a damaged header: 'broken' must be a list of pairs")


def _is_pair(one: Any) -> bool:
    return isinstance(one, list) and len(one) == 2 and all(isinstance(part, str) for part in one)


def _columns(row: Row) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "picture": row.picture,
        "mask": row.mask,
        "key": row.key,
        "format": row.format,
        "height": row.size[0],
        "width": row.size[1],
        "label": None if row.label == IGNORE else row.label,
        "class": row.name or None,
        "split": row.split,
        "weight": row.weight,
        "restarts": list(row.restarts) or None,
        "checksum": row.checksum(),
    }
    objects = row.objects
    if objects is not None:
        columns |= {
            "boxes": objects.boxes.tolist(),
            "box_labels": objects.labels.tolist(),
            "box_crowd": objects.crowd.tolist(),
        }
        if objects.points is not None:
            columns["points"] = [one.reshape(-1).tolist() for one in objects.points]
        if objects.outlines is not None:
            columns["outlines"] = [[ring.reshape(-1).tolist() for ring in one] for one in objects.outlines]
    return columns


def _objects_bytes(objects: Objects) -> bytes:
    parts: list[NDArray[Any]] = [
        objects.boxes.astype("<f8"),
        objects.labels.astype("<i4"),
        objects.crowd.astype("u1"),
    ]
    if objects.points is not None:
        parts.append(objects.points.astype("<f8"))
    if objects.outlines is not None:
        parts += [ring.astype("<f8") for outline in objects.outlines for ring in outline]
    return b"".join(part.tobytes() for part in parts)

"""`fingerprint`: whether a packing would give what an earlier one gave, told without decoding files."""

import hashlib
import json
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from vitral.core import ImageError
from vitral.data.crew import Crew
from vitral.data.packed.row_of import Packer
from vitral.data.packed.schema import VERSION
from vitral.data.picture_set import PictureSet

_CHUNK = 1024


def fingerprint(pictures: PictureSet, packer: Packer, shard_bytes: int, *, threads: int = 2) -> str:
    """Changes when the pictures, their files, their targets or the options change.

    Files are told by size and time; what has no file of its own, by its bytes or pixels.
    """
    digest = hashlib.blake2b(digest_size=16)
    words = [VERSION, asdict(packer), shard_bytes, pictures.classes, pictures.mask_classes, pictures.split_by]
    digest.update(json.dumps(words).encode())
    for array in (pictures.labels, pictures.rows, pictures.weights):
        digest.update(b"-" if array is None else array.tobytes())
    _add_objects(digest, pictures)

    def stamps(start: int) -> bytes:
        numbers = range(start, min(start + _CHUNK, len(pictures)))
        return "".join(_stamp(pictures, number) for number in numbers).encode("utf-8", "surrogatepass")

    starts = range(0, len(pictures), _CHUNK)
    crew = Crew(stamps, starts, workers=threads, ahead=4 * threads, name="stamps")
    try:
        for some in crew:
            digest.update(some)
    finally:
        crew.close()
    return digest.hexdigest()


def _add_objects(digest: Any, pictures: PictureSet) -> None:
    objects = pictures.objects
    if objects is None:
        return
    for array in (objects.starts, objects.boxes, objects.labels, objects.crowd, objects.points):
        digest.update(b"-" if array is None else np.ascontiguousarray(array).tobytes())
    for outline in objects.outlines or ():
        for ring in outline:
            digest.update(len(ring).to_bytes(8, "little") + np.ascontiguousarray(ring).tobytes())
        digest.update(b";")


def _stamp(pictures: PictureSet, index: int) -> str:
    row = int(pictures.rows[index])
    path = pictures.source.path(row)
    parts = [pictures.keys[index], str(pictures.splits[index])]
    try:
        parts.append(_of_file(path) if path is not None else _of_picture(pictures, row))
        if pictures.masks is not None:
            beside = pictures.masks.path(row)
            if beside is not None:
                parts.append(_of_file(beside))
            elif path is None:  # Masks of pictures in files that have none are drawn from the objects.
                parts.append(str(zlib.crc32(pictures.masks.read(row).tobytes())))
    except (ImageError, OSError):  # Reading it will say why.
        parts.append("broken")
    return "\0".join(parts) + "\n"


def _of_file(path: Path) -> str:
    known = path.stat()
    return f"{known.st_size} {known.st_mtime_ns}"


def _of_picture(pictures: PictureSet, row: int) -> str:
    data = pictures.source.encoded(row)
    return str(zlib.crc32(pictures.source.read(row).tobytes() if data is None else data))

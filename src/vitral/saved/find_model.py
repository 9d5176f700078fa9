"""Which model file a compressed picture belongs to: by the first bytes of its digest."""

import contextlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from vitral.core import VitralError, atomic_write
from vitral.core.cache_folder import cache_file
from vitral.saved.model import FILE_NAME

DIGEST_BYTES = 8
_SUFFIX = ".safetensors"
_LIST_NAME = "compress-models.json"
_MOST_REMEMBERED = 256
_MOST_LIST_BYTES = 2**20
_MOST_HEADER_BYTES = 64 * 2**20


def short_digest(digest: str) -> bytes:
    """The first 8 bytes of a model file's digest, which its compressed pictures name."""
    return bytes.fromhex(digest)[:DIGEST_BYTES]


def remember_model(digest: str, path: str | Path) -> None:
    """Note in the user's cache folder where a model file lies; of many, the last 256 are kept.

    Args:
        digest: of the file, 64 hexadecimal characters.
        path: the file, or the run folder that holds it.
    """
    place = cache_file(_LIST_NAME)
    if place is None:
        return
    path = Path(path)
    file = path / FILE_NAME if path.is_dir() else path
    key = short_digest(digest).hex()
    known = _remembered(place)
    known.pop(key, None)
    last = dict([*known.items(), (key, str(file.resolve()))][-_MOST_REMEMBERED:])
    with contextlib.suppress(VitralError):  # It only saves a person from naming the model.
        atomic_write(place, json.dumps(last))


def find_model(digest: bytes, folders: Iterable[Path]) -> Path | None:
    """The model file with a digest that begins with these bytes; None: it was not found.

    Looked at are the file that was remembered, the files `*.safetensors` in the folders, and the
    models of the runs below the current folder. Only their heads are read; `Model.load` checks.

    Args:
        digest: 8 bytes.
        folders: where compressed pictures lie.
    """
    seen: set[Path] = set()
    for file in _candidates(digest, folders):
        if file not in seen and _digest_in(file).startswith(digest.hex()):
            return file
        seen.add(file)
    return None


def _candidates(digest: bytes, folders: Iterable[Path]) -> Iterator[Path]:
    place = cache_file(_LIST_NAME)
    known = {} if place is None else _remembered(place)
    if digest.hex() in known:
        yield Path(known[digest.hex()])
    for folder in folders:
        yield from sorted(folder.glob("*" + _SUFFIX))
    yield from sorted(Path("runs").glob("*/" + FILE_NAME))


def _remembered(place: Path) -> dict[str, str]:
    try:
        with place.open("rb") as file:
            found = json.loads(file.read(_MOST_LIST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: path for key, path in found.items() if isinstance(path, str)}


def _digest_in(file: Path) -> str:
    """The digest that a model file states; empty: it is none, or cannot be read."""
    if not file.is_file():  # A pipe would keep us waiting.
        return ""
    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            if length > min(_MOST_HEADER_BYTES, file.stat().st_size):
                return ""
            digest = json.loads(json.loads(opened.read(length))["__metadata__"]["vitral"])["digest"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
    return digest if isinstance(digest, str) else ""

"""Tensors and JSON in one safetensors file whose every byte is covered by a checksum.

The file is ordinary safetensors, so any tool can read it. Its metadata has one entry, `vitral`:
JSON with `digest`, `format`, `version` and the caller's `content`. The digest is the SHA-256 of
the whole file with the digest's own 64 characters replaced by zeros. A file that was cut short,
or in which any byte changed, is refused before a single tensor is used.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from vitral.core import FileFormatError, atomic_write

_NO_DIGEST = "0" * 64
_MOST_HEADER_BYTES = 64 * 2**20


def write_tensors(
    path: str | Path, tensors: Mapping[str, Tensor], content: Mapping[str, Any], *, format: str, version: int
) -> str:
    """Write tensors and JSON values to one file, atomically.

    Args:
        path: the file to create or replace.
        tensors: any dtype and device; stored contiguous, from the CPU.
        content: plain JSON values that belong to the tensors.
        format: what the file is, for example `vitral.model`.
        version: version of that format.
    Returns:
        The file's digest, 64 hexadecimal characters.
    Raises:
        VitralError: the file cannot be written (the old one is kept).
    """
    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # The digest comes first, so that its place is the first where its characters stand. One entry,
    # because safetensors writes several in no fixed order and equal content must give equal bytes.
    about = {"digest": _NO_DIGEST, "format": format, "version": version, "content": content}
    text = json.dumps(about, ensure_ascii=True, allow_nan=False)
    data = bytearray(safetensors.torch.save(ready, {"vitral": text}))
    place = data.find(_NO_DIGEST.encode())
    digest = hashlib.sha256(data).hexdigest()
    data[place : place + 64] = digest.encode()
    atomic_write(path, bytes(data))
    return digest


def read_tensors(
    path: str | Path, *, format: str, version: int
) -> tuple[dict[str, Tensor], dict[str, Any], str]:
    """Read what `write_tensors` wrote, after checking every byte of it.

    Returns:
        The tensors on the CPU, the content, and the digest.
    Raises:
        FileFormatError: no such file, cut short, changed, of another format, or of a version
            newer than this program knows.
    """
    path = Path(path)
    try:
        data = bytearray(path.read_bytes())
    except FileNotFoundError as error:
        raise FileFormatError(f"{path}: there is no such file") from error
    except OSError as error:
        raise FileFormatError(f"{path}: could not be read ({error.strerror or error})") from error
    about = _about(data, path)
    if about["format"] != format:
        raise FileFormatError(f"{path}: must be a {format} file, got {about['format']!r}")
    _verify(data, about["digest"], path)
    if about["version"] > version:
        raise FileFormatError(
            f"{path}: has version {about['version']} of {format}, "
            f"this Vitral reads up to {version}; update Vitral"
        )
    try:
        tensors = safetensors.torch.load(bytes(data))
    except SafetensorError as error:  # unreachable with a right digest, unless the writer was not Vitral
        raise FileFormatError(f"{path}: is not a readable safetensors file ({error})") from error
    return tensors, about["content"], about["digest"]


def _about(data: bytearray, path: Path) -> dict[str, Any]:
    try:
        length = int.from_bytes(data[:8], "little")
        if len(data) < 8 or length > min(len(data) - 8, _MOST_HEADER_BYTES):
            raise ValueError("the file ends inside its header")
        about = json.loads(json.loads(bytes(data[8 : 8 + length]))["__metadata__"]["vitral"])
        kinds = {"digest": str, "format": str, "version": int, "content": dict}
        if not all(isinstance(about[key], kind) for key, kind in kinds.items()):
            raise ValueError("the header has values of the wrong type")
        return about
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileFormatError(f"{path}: is damaged, cut short, or not a file that Vitral wrote") from error


def _verify(data: bytearray, digest: str, path: Path) -> None:
    place = data.find(digest.encode())
    if len(digest) == 64 and place >= 0:
        data[place : place + 64] = _NO_DIGEST.encode()
        found = hashlib.sha256(data).hexdigest()
        data[place : place + 64] = digest.encode()
        if found == digest:
            return
    raise FileFormatError(
        f"{path}: is damaged: its bytes do not match its digest; copy it again from its source"
    )

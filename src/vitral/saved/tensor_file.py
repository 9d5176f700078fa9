"""Tensors and JSON in one safetensors file whose every byte is covered by a checksum.

The file is ordinary safetensors, so any tool can read it. Its metadata holds `format`,
`version`, the caller's JSON under `content`, and `digest`: the SHA-256 of the whole file with
the digest's own 64 characters replaced by zeros. A file that was cut short, or in which any
byte changed, is refused before a single tensor is used.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
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
    text = json.dumps(content, ensure_ascii=True, sort_keys=True, allow_nan=False)
    metadata = {"format": format, "version": str(version), "digest": _NO_DIGEST, "content": text}
    data = bytearray(safetensors.torch.save(ready, metadata))
    place = _digest_place(data)
    digest = hashlib.sha256(data).hexdigest()
    data[place : place + 64] = digest.encode()
    atomic_write(path, bytes(data))
    return digest


def read_tensors(path: str | Path, *, format: str, version: int) -> tuple[dict[str, Tensor], dict[str, Any], str]:
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
    metadata = _metadata(data, path)
    if metadata.get("format") != format:
        raise FileFormatError(f"{path}: must be a {format} file, got {metadata.get('format', 'no format')!r}")
    _verify(data, metadata, path)
    if int(metadata["version"]) > version:
        raise FileFormatError(
            f"{path}: has version {metadata['version']} of {format}, this Vitral reads up to {version}; update Vitral"
        )
    try:
        tensors = safetensors.torch.load(bytes(data))
    except SafetensorError as error:  # unreachable with a right digest, unless the writer was not Vitral
        raise FileFormatError(f"{path}: is not a readable safetensors file ({error})") from error
    return {name: torch.as_tensor(tensor) for name, tensor in tensors.items()}, json.loads(metadata["content"]), metadata["digest"]


def _metadata(data: bytearray, path: Path) -> dict[str, str]:
    try:
        length = int.from_bytes(data[:8], "little")
        if len(data) < 8 or length > min(len(data) - 8, _MOST_HEADER_BYTES):
            raise ValueError("the file ends inside its header")
        found = json.loads(bytes(data[8 : 8 + length]))["__metadata__"]
        if not all(isinstance(found[key], str) for key in ("format", "version", "digest", "content")):
            raise ValueError("the header has values of the wrong type")
        return found
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileFormatError(f"{path}: is damaged, cut short, or not a file that Vitral wrote") from error


def _verify(data: bytearray, metadata: dict[str, str], path: Path) -> None:
    digest = metadata["digest"].encode()
    place = data.find(b'"' + digest + b'"') + 1
    if len(digest) != 64 or place == 0:
        raise FileFormatError(f"{path}: is damaged: its digest cannot be found")
    data[place : place + 64] = _NO_DIGEST.encode()
    if hashlib.sha256(data).hexdigest().encode() != digest:
        raise FileFormatError(f"{path}: is damaged: its content does not match its digest; copy it again from its source")


def _digest_place(data: bytearray) -> int:
    place = data.find(b'"' + _NO_DIGEST.encode() + b'"')
    return place + 1

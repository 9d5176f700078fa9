"""`pack`: write a set of pictures as a packed set, in parts that survive a kill."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from vitral.core import DataError, FileFormatError, ImageError, OptionError, VitralError, atomic_write
from vitral.data.byte_file import byte_file
from vitral.data.crew import Crew
from vitral.data.one_line import one_line
from vitral.data.packed.row_of import Packer
from vitral.data.packed.schema import FORMAT, SUFFIX, VERSION, Row, arrow_schema, record_batch
from vitral.data.packed.shard import Shard
from vitral.data.picture_set import PictureSet
from vitral.data.scan import BROKEN_SHARE, Broken

_PART_ROWS = 256
_BATCH_BYTES = 8 * 2**20
_DEFAULT_SHARD_BYTES = 2**30
_MANIFEST = "manifest.json"


@dataclass(frozen=True, kw_only=True)
class Packing:
    """What a packing left behind.

    Args:
        place: the file, or the folder of shards.
        pictures: rows in it.
        size_bytes: of all shards.
        shards: files.
        broken: pictures that were left out, and why.
        resumed: pictures that an earlier, interrupted packing had done already.
        already: whether it was there before and nothing was done.
    """

    place: Path
    pictures: int
    size_bytes: int
    shards: int
    broken: tuple[Broken, ...] = field(repr=False)
    resumed: int = 0
    already: bool = False


def pack(
    pictures: PictureSet,
    out: str | Path,
    *,
    max_side: int | None = None,
    quality: int = 90,
    raw: bool = False,
    shard_bytes: int = _DEFAULT_SHARD_BYTES,
    threads: int = 2,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Packing:
    """Write a set as one Arrow file, or as a folder of them when one would be too large.

    Finished parts lie in a hidden folder beside `out` until all are done, each written as a whole;
    a packing that was interrupted, even killed, goes on after them when source and options are the
    same. The result is the same to the last byte for any number of threads and interruptions.

    Args:
        pictures: what to pack; best opened without shares for validation and test, so that the
            packed set is split by hash just as the loose one is.
        out: a name ending in .arrow.
        max_side: longer side to which pictures are shrunk; smaller ones keep their bytes.
        quality: of JPEGs that are written anew, 1 to 100.
        raw: pixels instead of files: large, but nothing to decode.
        shard_bytes: size of a file above which another one is begun.
        threads: that read, decode and encode.
        overwrite: replace what is there.
        progress: called in this thread with (pictures done, pictures in all).
    Raises:
        OptionError: a number is out of its range, or the name does not end in .arrow.
        DataError: there is nothing to pack, more than 5 % is broken, or something is in the way.
        VitralError: the disk is full.
    """
    out, packer = Path(out), Packer(max_side=max_side, quality=quality, raw=raw)
    _check(pictures, out, threads, shard_bytes)
    print_ = fingerprint(pictures, packer, shard_bytes)
    done = _already(out, print_)
    if done is not None and not overwrite:
        return done
    if os.path.lexists(out) and not overwrite:
        raise DataError(
            f"{one_line(out)}: is there already, and from other pictures or options; --overwrite replaces it"
        )
    work = out.parent / f".{out.name}.packing"
    resumed = _resumable(work, print_)
    header = _header(pictures, packer, print_)
    parts = _write_parts(pictures, packer, work, header, threads, progress)
    broken = tuple(one for part in parts for one in part.broken)
    shards = _join(parts, work, out, header, shard_bytes)
    shutil.rmtree(work, ignore_errors=True)
    return Packing(
        place=out,
        pictures=sum(part.rows for part in parts),
        size_bytes=sum(path.stat().st_size for path in shards),
        shards=len(shards),
        broken=broken,
        resumed=resumed,
    )


def fingerprint(pictures: PictureSet, packer: Packer, shard_bytes: int) -> str:
    """Changes when the pictures, their files or the options change."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps([VERSION, asdict(packer), shard_bytes, pictures.classes]).encode())
    digest.update(pictures.labels.tobytes() + pictures.rows.tobytes())
    for index, key in enumerate(pictures.keys):
        path = pictures.path(index)
        try:
            known = None if path is None else path.stat()
        except OSError:  # Reading it will say why.
            known = None
        stamp = "" if known is None else f"{known.st_size} {known.st_mtime_ns}"
        digest.update(f"{key}\0{pictures.splits[index]}\0{stamp}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


@dataclass(frozen=True, kw_only=True)
class _Part:
    path: Path
    rows: int
    broken: tuple[Broken, ...]


def _check(pictures: PictureSet, out: Path, threads: int, shard_bytes: int) -> None:
    if out.suffix != SUFFIX:
        raise OptionError(f"{one_line(out)}: the name of a packed set must end in {SUFFIX}")
    if threads < 1:
        raise OptionError(f"pack.threads: must be at least 1, got {threads}")
    if shard_bytes < 1:
        raise OptionError(f"pack.shard_bytes: must be at least 1, got {shard_bytes}")
    if len(pictures) == 0:
        raise DataError(f"{one_line(pictures.name)}: must hold at least one picture to pack")


def _already(out: Path, print_: str) -> Packing | None:
    """What is there, when it is the finished packing of the same pictures."""
    places = sorted(out.glob(f"*{SUFFIX}")) if out.is_dir() else [out]
    if not places or not all(place.is_file() for place in places):
        return None
    try:
        shards = [Shard(byte_file(place)) for place in places]
    except (FileFormatError, DataError):
        return None
    if any(shard.header.get("source") != print_ for shard in shards):
        return None
    if len(shards) != shards[0].header.get("shards"):
        return None
    return Packing(
        place=out,
        pictures=sum(len(shard) for shard in shards),
        size_bytes=sum(shard.file.size for shard in shards),
        shards=len(shards),
        broken=tuple(Broken(*one) for one in shards[0].header.get("broken", [])),
        already=True,
    )


def _resumable(work: Path, print_: str) -> int:
    """Pictures that are done already; a folder of another packing is emptied."""
    manifest = work / _MANIFEST
    try:
        same = json.loads(manifest.read_text(encoding="utf-8")).get("source") == print_
    except (OSError, ValueError, AttributeError):
        same = False
    if not same:
        shutil.rmtree(work, ignore_errors=True)
        atomic_write(manifest, json.dumps({"source": print_}))
        return 0
    return _PART_ROWS * len(list(work.glob(f"part-*{SUFFIX}")))


def _header(pictures: PictureSet, packer: Packer, print_: str) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": pictures.name,
        "origin": pictures.origin,
        "classes": list(pictures.classes),
        "mask_classes": list(pictures.mask_classes),
        "masks": pictures.masks is not None,
        "objects": pictures.objects is not None,
        "options": asdict(packer),
        "source": print_,
    }


def _write_parts(
    pictures: PictureSet,
    packer: Packer,
    work: Path,
    header: dict[str, Any],
    threads: int,
    progress: Callable[[int, int], None] | None,
) -> list[_Part]:
    total = len(pictures)
    parts: list[_Part] = []

    def made(index: int) -> Row | Broken:
        try:
            return packer.row(pictures, index)
        except ImageError as error:
            key = pictures.keys[index]
            return Broken(key=key, reason=str(error).removeprefix(f"{one_line(key)}: "))

    for start in range(0, total, _PART_ROWS):
        stop = min(start + _PART_ROWS, total)
        path = work / f"part-{start // _PART_ROWS:07d}{SUFFIX}"
        part = _finished(path)
        if part is None:
            crew = Crew(made, range(start, stop), workers=threads, ahead=4 * threads, name="pack")
            try:
                part = _write_part(path, header, crew, lambda n, s=start: progress and progress(s + n, total))
            finally:
                crew.close()
        parts.append(part)
        broken = sum(len(one.broken) for one in parts)
        if broken > BROKEN_SHARE * total:
            first = next(one for part in parts for one in part.broken)
            raise DataError(
                f"{one_line(pictures.name)}: {broken} of the first {stop} pictures are broken, and at most "
                f"{BROKEN_SHARE:.0%} of all {total} may be: {first}"
            )
        if progress is not None:
            progress(stop, total)
    return parts


def _write_part(
    path: Path, header: dict[str, Any], crew: Iterator[Row | Broken], told: Callable[[int], Any]
) -> _Part:
    broken: list[Broken] = []
    rows = 0

    def sound() -> Iterator[Row]:
        """The rows that could be made; those that could not are noted."""
        nonlocal rows
        for number, one in enumerate(crew, start=1):
            told(number)
            if isinstance(one, Broken):
                broken.append(one)
            else:
                rows += 1
                yield one

    def write(file: BinaryIO) -> None:
        batches = list(_batches(sound(), header))
        found = header | {"broken": [[one.key, one.reason] for one in broken]}
        _write_file(file, found, iter(batches))

    atomic_write(path, write)
    return _Part(path=path, rows=rows, broken=tuple(broken))


def _batches(rows: Iterator[Row], header: dict[str, Any]) -> Iterator[Any]:
    """Record batches whose extent depends on the rows alone."""
    schema, some, size = arrow_schema(header), [], 0
    for row in rows:
        some.append(row)
        size += len(row.picture)
        if size >= _BATCH_BYTES:
            yield record_batch(some, schema)
            some, size = [], 0
    if some:
        yield record_batch(some, schema)


def _write_file(file: BinaryIO, header: dict[str, Any], batches: Iterator[Any]) -> None:
    import pyarrow as pa

    schema = arrow_schema(header)
    with pa.ipc.new_file(pa.PythonFile(file, "w"), schema) as writer:
        for batch in batches:
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))


def _finished(path: Path) -> _Part | None:
    """A part that an earlier packing finished; None when there is none, or it cannot be read."""
    if not path.exists():
        return None
    try:
        shard = Shard(byte_file(path))
        broken = tuple(Broken(key, reason) for key, reason in shard.header["broken"])
    except (VitralError, KeyError, TypeError, ValueError):
        return None
    return _Part(path=path, rows=len(shard), broken=broken)


def _join(parts: list[_Part], work: Path, out: Path, header: dict[str, Any], shard_bytes: int) -> list[Path]:
    """Write the shards and put them into place at once; gives their paths."""
    broken = [[one.key, one.reason] for part in parts for one in part.broken]
    groups = _grouped(parts, shard_bytes)
    ready = work / "ready"
    shutil.rmtree(ready, ignore_errors=True)
    names = [out.name] if len(groups) == 1 else [f"{number:05d}{SUFFIX}" for number in range(len(groups))]
    for number, (name, group) in enumerate(zip(names, groups, strict=True)):
        whole = header | {"broken": broken, "shard": number, "shards": len(groups)}
        atomic_write(ready / name, lambda file, w=whole, g=group: _write_file(file, w, _read_batches(g)))
    if out.is_dir():
        os.replace(out, work / "replaced")
    if len(groups) == 1:
        os.replace(ready / out.name, out)
        return [out]
    if out.exists():
        out.unlink()
    os.replace(ready, out)
    return [out / name for name in names]


def _grouped(parts: list[_Part], shard_bytes: int) -> list[list[_Part]]:
    groups: list[list[_Part]] = [[]]
    size = 0
    for part in parts:
        if groups[-1] and size + part.path.stat().st_size > shard_bytes:
            groups.append([])
            size = 0
        groups[-1].append(part)
        size += part.path.stat().st_size
    return groups


def _read_batches(parts: list[_Part]) -> Iterator[Any]:
    import pyarrow as pa

    for part in parts:
        with pa.memory_map(os.fspath(part.path)) as file:
            reader = pa.ipc.open_file(file)
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)

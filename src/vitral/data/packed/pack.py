"""`pack`: write a set of pictures as a packed set, in parts that survive a kill."""

import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from vitral.core import (
    DataError,
    FileFormatError,
    ImageError,
    OptionError,
    VitralError,
    atomic_write,
    put_in_place,
)
from vitral.data.byte_file import byte_file
from vitral.data.crew import Crew
from vitral.data.one_line import one_line
from vitral.data.packed.fingerprint import fingerprint
from vitral.data.packed.row_of import Packer
from vitral.data.packed.schema import FORMAT, SUFFIX, VERSION, Row, arrow_schema, record_batch
from vitral.data.packed.shard import Shard
from vitral.data.packed.work_folder import held, remove_left_over
from vitral.data.picture_set import PictureSet
from vitral.data.scan import BROKEN_SHARE, Broken

_PART_ROWS = 256
_BATCH_BYTES = 8 * 2**20
_DEFAULT_SHARD_BYTES = 2**30
_MANIFEST = "manifest.json"
_NAMED = 3


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
        DataError: there is nothing to pack, more than 5 % is broken, something is in the way, or
            another process is packing to the same place.
        VitralError: the disk is full, or the place cannot be written.
    """
    out, packer = Path(out), Packer(max_side=max_side, quality=quality, raw=raw)
    _check(pictures, out, threads, shard_bytes)
    print_ = fingerprint(pictures, packer, shard_bytes, threads=threads)
    done = _already(out, print_, overwrite=overwrite)
    if done is not None:
        remove_left_over(out)
        return done
    with held(out) as work:
        done = _already(out, print_, overwrite=overwrite)  # Another process may have ended just now.
        if done is None:
            header = _header(pictures, packer, print_)
            _make_ready(work, print_)
            parts = _write_parts(pictures, packer, work, header, threads, progress)
            shards = _join(parts, work, out, header, shard_bytes)
            done = _packing(out, parts, shards)
        shutil.rmtree(work, ignore_errors=True)
    return done


@dataclass(frozen=True, kw_only=True)
class _Part:
    path: Path
    rows: int
    broken: tuple[Broken, ...]
    resumed: bool = False


def _packing(out: Path, parts: list[_Part], shards: list[Path]) -> Packing:
    return Packing(
        place=out,
        pictures=sum(part.rows for part in parts),
        size_bytes=sum(path.stat().st_size for path in shards),
        shards=len(shards),
        broken=tuple(one for part in parts for one in part.broken),
        resumed=sum(part.rows + len(part.broken) for part in parts if part.resumed),
    )


def _check(pictures: PictureSet, out: Path, threads: int, shard_bytes: int) -> None:
    if out.suffix != SUFFIX:
        raise OptionError(f"{one_line(out)}: the name of a packed set must end in {SUFFIX}")
    if threads < 1:
        raise OptionError(f"pack.threads: must be at least 1, got {threads}")
    if shard_bytes < 1:
        raise OptionError(f"pack.shard_bytes: must be at least 1, got {shard_bytes}")
    if len(pictures) == 0:
        raise DataError(f"{one_line(pictures.name)}: must hold at least one picture to pack")


def _already(out: Path, print_: str, *, overwrite: bool) -> Packing | None:
    """What is there, when it is the finished packing of the same; None: nothing, or to be replaced.

    Raises:
        DataError: something else is in the way.
    """
    if not os.path.lexists(out):
        return None
    if overwrite:
        if out.is_dir() and any(not name.endswith(SUFFIX) for name in os.listdir(out)):
            raise DataError(f"{one_line(out)}: is a folder with other things than a packed set; it is kept")
        return None
    done = _finished(out, print_)
    if done is None:
        raise DataError(
            f"{one_line(out)}: is there already, and from other pictures or options; --overwrite replaces it"
        )
    return done


def _finished(out: Path, print_: str) -> Packing | None:
    places = sorted(out.glob(f"*{SUFFIX}")) if out.is_dir() else [out]
    try:
        shards = [Shard(byte_file(place)) for place in places]
    except (FileFormatError, DataError):
        return None
    if not shards or any(shard.header.get("source") != print_ for shard in shards):
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


def _make_ready(work: Path, print_: str) -> None:
    """Keep the parts of an earlier packing of the same; a folder of another one is emptied."""
    manifest = work / _MANIFEST
    try:
        same = json.loads(manifest.read_text(encoding="utf-8")).get("source") == print_
    except (OSError, ValueError, AttributeError):
        same = False
    for path in work.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif not same or path.name.startswith("."):  # What was being written when it was killed.
            path.unlink(missing_ok=True)
    if not same:
        atomic_write(manifest, json.dumps({"source": print_}))


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
            return Broken.of(pictures.keys[index], error)

    for start in range(0, total, _PART_ROWS):
        stop = min(start + _PART_ROWS, total)
        path = work / f"part-{start // _PART_ROWS:07d}{SUFFIX}"
        part = _read_part(path, stop - start)
        if part is None:
            crew = Crew(made, range(start, stop), workers=threads, ahead=4 * threads, name="pack")
            try:
                part = _write_part(path, header, crew, lambda n, s=start: progress and progress(s + n, total))
            finally:
                crew.close()
        parts.append(part)
        _check_broken(pictures, parts, stop, work)
        if progress is not None:
            progress(stop, total)
    return parts


def _check_broken(pictures: PictureSet, parts: list[_Part], done: int, work: Path) -> None:
    total, broken = len(pictures), [one for part in parts for one in part.broken]
    if len(broken) <= BROKEN_SHARE * total:
        return
    shutil.rmtree(work, ignore_errors=True)  # To go on would end here again.
    first = "; ".join(map(str, broken[:_NAMED]))
    more = "; ..." if len(broken) > _NAMED else ""
    raise DataError(
        f"{one_line(pictures.root or pictures.name)}: {len(broken)} of the first {done} pictures are "
        f"broken, and at most {BROKEN_SHARE:.0%} of all {total} may be: {first}{more}"
    )


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
        _write_file(file, header, _batches(sound(), header))
        # Before the part has its name, so that a part that is there is never without.
        atomic_write(_broken_of(path), json.dumps([[one.key, one.reason] for one in broken]))

    atomic_write(path, write)
    return _Part(path=path, rows=rows, broken=tuple(broken))


def _broken_of(part: Path) -> Path:
    return part.with_suffix(".json")


def _batches(rows: Iterator[Row], header: dict[str, Any]) -> Iterator[Any]:
    """Record batches whose extent depends on the rows alone."""
    schema, some, size = arrow_schema(header), [], 0
    for row in rows:
        some.append(row)
        size += len(row.picture) + len(row.mask or b"")
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


def _read_part(path: Path, count: int) -> _Part | None:
    """A part that an earlier packing finished; None when there is none, or it cannot be read."""
    if not path.exists():
        return None
    try:
        shard = Shard(byte_file(path))
        said = json.loads(_broken_of(path).read_text(encoding="utf-8"))
        broken = tuple(Broken(key, reason) for key, reason in said)
    except (VitralError, OSError, TypeError, ValueError):
        return None
    if len(shard) + len(broken) != count:
        return None
    return _Part(path=path, rows=len(shard), broken=broken, resumed=True)


def _join(parts: list[_Part], work: Path, out: Path, header: dict[str, Any], shard_bytes: int) -> list[Path]:
    """Write the shards and put them into place at once; gives their paths."""
    broken = [[one.key, one.reason] for part in parts for one in part.broken]
    groups = _grouped(parts, shard_bytes)
    ready = work / "ready"
    names = [out.name] if len(groups) == 1 else [f"{number:05d}{SUFFIX}" for number in range(len(groups))]
    for number, (name, group) in enumerate(zip(names, groups, strict=True)):
        whole = header | {"broken": broken, "shard": number, "shards": len(groups)}
        atomic_write(ready / name, lambda file, w=whole, g=group: _write_file(file, w, _read_batches(g)))
    if out.is_dir() or (len(groups) > 1 and os.path.lexists(out)):
        put_in_place(out, work / "replaced")
    if len(groups) == 1:
        put_in_place(ready / out.name, out)
        return [out]
    put_in_place(ready, out)
    return [out / name for name in names]


_Batch = tuple[Path, int]
"""A part, and the number of a record batch in it."""


def _grouped(parts: list[_Part], shard_bytes: int) -> list[list[_Batch]]:
    """Which batches go into which shard: another one is begun where the next would make it too large."""
    groups: list[list[_Batch]] = [[]]
    size = 0
    for part in parts:
        for number, batch in enumerate(_batches_of(part.path)):
            if groups[-1] and size + batch.nbytes > shard_bytes:
                groups.append([])
                size = 0
            groups[-1].append((part.path, number))
            size += batch.nbytes
    return groups


def _read_batches(group: list[_Batch]) -> Iterator[Any]:
    for path, members in itertools.groupby(group, key=lambda member: member[0]):
        wanted = {number for _, number in members}
        yield from (batch for number, batch in enumerate(_batches_of(path)) if number in wanted)


def _batches_of(path: Path) -> Iterator[Any]:
    import pyarrow as pa

    with pa.memory_map(os.fspath(path)) as file:
        reader = pa.ipc.open_file(file)
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number)

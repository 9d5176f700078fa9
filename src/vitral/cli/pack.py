"""`vitral pack SOURCE OUT`: a set of pictures as one file that is mapped, not read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitral.cli.say import Reading, answer, line, people
from vitral.core import OptionError
from vitral.data import open_pictures

if TYPE_CHECKING:
    from vitral.data.packed import Packing

_MOST_NAMED = 10


def pack(
    source: Annotated[
        str,
        typer.Argument(
            help="Folder, table or archive of pictures; with --check a packed set.", metavar="SOURCE"
        ),
    ],
    out: Annotated[
        Path | None, typer.Argument(help="The packed set, a name ending in .arrow.", metavar="OUT")
    ] = None,
    max_side: Annotated[
        int | None,
        typer.Option("--max-side", min=1, help="Shrink pictures until their longer side has this many px"),
    ] = None,
    quality: Annotated[int, typer.Option(min=1, max=100, help="Of JPEGs that are written anew")] = 90,
    raw: Annotated[bool, typer.Option("--raw", help="Store pixels: large, but nothing to decode")] = False,
    shard_mb: Annotated[
        int, typer.Option("--shard-mb", min=1, help="Begin another file above this size")
    ] = 1024,
    threads: Annotated[int, typer.Option(min=1, help="Processor threads")] = 2,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Compare every row of a packed set with its checksum")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout")] = False,
) -> int:
    """Pack pictures, masks and boxes into one Arrow file; goes on where it was interrupted."""
    if check:
        if out is not None:
            raise OptionError("pack --check: takes one packed set, got a second place")
        return _check(source, threads=threads, json=json)
    if out is None:
        raise OptionError("pack: needs a name for the packed set, for example photos.arrow")
    return _pack(
        source,
        out,
        json=json,
        max_side=max_side,
        quality=quality,
        raw=raw,
        shard_bytes=shard_mb * 2**20,
        threads=threads,
        overwrite=overwrite,
    )


def _pack(source: str, out: Path, *, json: bool, **options: Any) -> int:
    from vitral.data.packed import pack as pack_set

    console = people()
    # No shares: the packed set is split by hash when it is opened, as the loose one would be.
    pictures = open_pictures(source, validation=0.0, test=0.0)
    line(console, "found", pictures.found, style="dim")
    reading = Reading(console, "packing pictures")
    try:
        done = pack_set(pictures, out, progress=reading, **options)
    except BaseException as stop:
        if not isinstance(stop, Exception):  # Ctrl-C or SIGTERM.
            stop.args = ("what is done is kept; the same command goes on after it",)
        raise
    finally:
        reading.close()
    _tell(console, done)
    if json:
        answer(
            {
                "place": str(done.place),
                "pictures": done.pictures,
                "bytes": done.size_bytes,
                "shards": done.shards,
                "skipped": len(done.broken),
                "left_out": [str(one) for one in done.broken],
                "resumed": done.resumed,
                "already": done.already,
            }
        )
    return 0


def _tell(console: Any, done: "Packing") -> None:
    for broken in done.broken[:_MOST_NAMED]:
        line(console, "left out", str(broken), style="yellow")
    if len(done.broken) > _MOST_NAMED:
        line(console, "left out", f"and {len(done.broken) - _MOST_NAMED:,} more", style="yellow")
    if done.resumed:
        line(console, "resumed", f"after {done.resumed:,} pictures that were done before")
    files = "one file" if done.shards == 1 else f"{done.shards:,} files"
    left_out = f", {len(done.broken):,} left out" if done.broken else ""
    text = f"{done.place}: {done.pictures:,} pictures{left_out}, {done.size_bytes / 1e6:,.1f} MB in {files}"
    if done.already:
        text += "; it was there already, from the same pictures and options"
    line(console, "packed", text)


def _check(source: str, *, threads: int, json: bool) -> int:
    from vitral.data.packed import check
    from vitral.data.places import named_place
    from vitral.data.sources.packed_set import open_shards

    console = people()
    shards = open_shards(named_place(source))
    reading = Reading(console, "checking rows")
    try:
        found = check(shards, threads=threads, progress=reading)
    finally:
        reading.close()
    for sentence in found.damaged[:_MOST_NAMED]:
        line(console, "damaged", sentence, style="red")
    if len(found.damaged) > _MOST_NAMED:
        line(console, "damaged", f"and {len(found.damaged) - _MOST_NAMED:,} more", style="red")
    line(console, "checked", f"{found.pictures:,} rows, {len(found.damaged):,} damaged")
    if json:
        answer({"place": source, "pictures": found.pictures, "damaged": list(found.damaged)})
    return 1 if found.damaged else 0

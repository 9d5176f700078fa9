"""What `compress`, `decompress` and `colorize` share: which files, their new names, a bar, and a count."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from vitral.cli.free_places import check_free, check_out_folder
from vitral.cli.say import line
from vitral.core import DataError, ImageError, VitralError, atomic_write
from vitral.data import one_line

_MOST_NAMED = 10


@dataclass(frozen=True, kw_only=True)
class Job:
    """A file to read, and the file to write, which may be replaced or not."""

    source: Path
    target: Path
    overwrite: bool

    def write(self, content: bytes | Callable[[BinaryIO], None]) -> None:
        """Write the target, in one step.

        Raises:
            DataError: it has come to be there since its name was chosen, and must not be replaced.
        """
        check_free([self.target], overwrite=self.overwrite)
        atomic_write(self.target, content)


def jobs(
    places: Iterable[str], out: Path, *, listed: Callable[[Path], Iterable[str]], suffix: str, overwrite: bool
) -> list[Job]:
    """What is to be read and written; the folders below a folder are kept.

    A file is named after the one it comes from, with another suffix; where two would get one name
    (a.png and a.jpg), the suffix is put behind the old one.

    Args:
        places: files and folders.
        out: the folder to write to.
        listed: the relative names of the files in a folder.
        suffix: of the files to write.
        overwrite: replace files that are there.
    Raises:
        DataError: `out` is a file, two files would have to be written under one name, or one is there.
    """
    check_out_folder(out)
    # Names below the target folder; a file that is named twice is read once.
    names: dict[str, tuple[Path, Path]] = {}
    own = Path(os.path.realpath(out))
    for source, name in _found(places, listed):
        # Of a folder that holds the target folder, what was written there before is not meant.
        if len(name.parts) > 1 and own in Path(os.path.realpath(source)).parents:
            continue
        names.setdefault(os.path.realpath(source), (source, name))
    short = {real: _renamed(name, suffix) for real, (_, name) in names.items()}
    often = Counter(str(name).casefold() for name in short.values())
    final = {
        real: short[real] if often[str(short[real]).casefold()] == 1 else name.with_name(name.name + suffix)
        for real, (_, name) in names.items()
    }
    ready = [
        Job(source=source, target=out / final[real], overwrite=overwrite)
        for real, (source, _) in names.items()
    ]
    _check_names(ready)
    check_free([job.target for job in ready], overwrite=overwrite)
    return ready


def _found(places: Iterable[str], listed: Callable[[Path], Iterable[str]]) -> Iterator[tuple[Path, Path]]:
    for place in places:
        path = Path(place)
        if path.is_dir():
            yield from ((path / name, Path(name)) for name in listed(path))
        else:
            yield path, Path(path.name)


def _renamed(name: Path, suffix: str) -> Path:
    # What was a.png once, and then a.png.vtl, becomes a.png again.
    return name.with_name(name.stem if name.stem.lower().endswith(suffix) else name.stem + suffix)


def _check_names(ready: list[Job]) -> None:
    taken: dict[str, Job] = {}
    for job in ready:
        first = taken.setdefault(str(job.target).casefold(), job)
        if first is not job:
            raise DataError(
                f"{one_line(first.source)} and {one_line(job.source)} would both be written to "
                f"{one_line(job.target)}; name the folder that holds both, or write them to two folders"
            )


def why_failed(job: Job, error: Exception) -> str:
    """One line with the name of the file, which an `ImageError` says itself."""
    return one_line(error if isinstance(error, ImageError) else f"{job.source}: {error}")


def tell_failed(console: Any, failed: list[str]) -> None:
    """Print what failed, and how many more did."""
    for reason in failed[:_MOST_NAMED]:
        line(console, "failed", reason, style="red")
    if len(failed) > _MOST_NAMED:
        line(console, "failed", f"and {len(failed) - _MOST_NAMED:,} more", style="red")


@dataclass(kw_only=True)
class Tally:
    """What was done so far.

    Args:
        console: where people read.
        total: files there are.
        verb: what is done with them, for the bar.
        backwards: pictures come out instead of going in.
    """

    console: Any
    total: int
    verb: str
    backwards: bool = False
    failed: list[str] = field(default_factory=list)
    done: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    pixels: int = 0
    _begun: float = field(default_factory=time.perf_counter)
    _ended: float | None = None
    _bar: Any = None
    _task: Any = None

    def run(self, ready: Iterable[Job], each: Callable[[Job], tuple[int, int]]) -> None:
        """Do something with every file; what fails is named and counted, and the rest goes on.

        Args:
            ready: the files.
            each: reads one file and writes the other; gives height and width of the picture.
        """
        try:
            for job in ready:
                self._show()
                try:
                    height, width = each(job)
                    self.bytes_in += job.source.stat().st_size
                    self.bytes_out += job.target.stat().st_size
                    self.pixels += height * width
                    self.done += 1
                except (VitralError, OSError) as error:
                    self.failed.append(why_failed(job, error))
        except BaseException as stop:
            if not isinstance(stop, Exception):  # Ctrl-C or SIGTERM.
                stop.args = (f"{self.done:,} of {self.total:,} files are done and kept",)
            raise
        finally:
            self._ended = time.perf_counter()
            self._close()

    @property
    def ratio(self) -> float:
        """How many times smaller compressed pictures are than the other files."""
        large, small = (self.bytes_out, self.bytes_in) if self.backwards else (self.bytes_in, self.bytes_out)
        return large / max(small, 1)

    @property
    def bits_per_pixel(self) -> float:
        """Of the compressed files, whole."""
        return 8 * (self.bytes_in if self.backwards else self.bytes_out) / max(self.pixels, 1)

    @property
    def seconds(self) -> float:
        """The time so far."""
        return max(1e-9, (self._ended or time.perf_counter()) - self._begun)

    @property
    def megabytes_per_s(self) -> float:
        """Of pixels, three bytes each, whatever the files hold."""
        return 3e-6 * self.pixels / self.seconds

    def to_json(self) -> dict[str, Any]:
        """The count as plain JSON values."""
        return {
            "pictures": self.done,
            "failed": len(self.failed),
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "ratio": self.ratio,
            "bits_per_pixel": self.bits_per_pixel,
            "pixel_mb_per_s": self.megabytes_per_s,
            "seconds": self.seconds,
            "left_out": self.failed,
        }

    def tell(self, name: str, out: Path) -> None:
        """Print what failed, and one line about all the rest."""
        tell_failed(self.console, self.failed)
        if not self.done:
            return
        pictures = "1 picture" if self.done == 1 else f"{self.done:,} pictures"
        text = (
            f"{pictures} to {out}: {_size(self.bytes_in)} to {_size(self.bytes_out)}, "
            f"ratio {self.ratio:.1f}, {self.bits_per_pixel:.3f} bits per pixel, "
            f"{self.megabytes_per_s:.1f} MB/s of pixels"
        )
        line(self.console, name, text)

    def _show(self) -> None:
        if not self.console.is_terminal:
            return
        if self._bar is None:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(
                TextColumn("  " + self.verb),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                console=self.console,
                transient=True,
            )
            self._task = self._bar.add_task("", total=self.total, rate="")
            self._bar.start()
        rate = f"{self.megabytes_per_s:.1f} MB/s, ratio {self.ratio:.1f}" if self.done else ""
        self._bar.update(self._task, completed=self.done + len(self.failed), rate=rate)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _size(size_bytes: int) -> str:
    return f"{size_bytes:,} bytes" if size_bytes < 10_000 else f"{size_bytes / 1e6:,.2f} MB"

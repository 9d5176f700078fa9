"""`vitral colorize RUN PICTURES -o OUT`: grey photographs and videos in color."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from vitral.cli.free_places import check_free
from vitral.cli.many_files import Job, jobs, tell_failed, why_failed
from vitral.cli.model_for import model_for
from vitral.cli.say import Reading, answer, line, people
from vitral.core import DataError, OptionError, VitralError, require
from vitral.data import one_line
from vitral.train import use_threads

if TYPE_CHECKING:
    from vitral.tasks.colorize import Colorize, ColorizeModel, Hint

_MOST_NAMED = 10
_MOST_PROPOSALS = 16
_BITS_PER_SAMPLE = 258  # a tag of TIFF


def colorize(
    run: Annotated[Path, typer.Argument(help="Run folder or model file.", metavar="RUN")],
    pictures: Annotated[
        list[str], typer.Argument(help="Picture or video files, or folders of pictures.", metavar="PICTURES")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the pictures, as PNG")],
    vividness: Annotated[
        float | None, typer.Option(min=0, max=3, help="1: as colorful as photographs [default: the model's]")
    ] = None,
    proposals: Annotated[
        int, typer.Option(min=1, max=_MOST_PROPOSALS, help="Several ways to color each picture")
    ] = 1,
    hint: Annotated[
        list[str] | None,
        typer.Option(help="A point with its color, in pixels; may come again", metavar="X,Y,#RRGGBB"),
    ] = None,
    strip: Annotated[bool, typer.Option("--strip", help="Also write before and after, side by side")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads [default: all]")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout")] = False,
) -> int:
    """Color grey pictures and videos; what has colors gets others, on the same lightness."""
    from vitral.data.sources.listing import list_pictures
    from vitral.tasks.colorize import Colorize, ColorizeModel, Hint
    from vitral.tasks.colorize.video import VIDEO_SUFFIXES

    console = people()
    use_threads(threads)
    hints = [Hint.read(text) for text in hint or []]
    model, task = model_for(run, Colorize, does="colors pictures")
    assert isinstance(model.module, ColorizeModel)
    videos = [place for place in pictures if Path(place).suffix.lower() in VIDEO_SUFFIXES]
    videos = [place for place in videos if not Path(place).is_dir()]
    still = [place for place in pictures if place not in videos]
    ready = jobs(still, out, listed=lambda at: list_pictures(at).keys, suffix=".png", overwrite=overwrite)
    moving = jobs(videos, out, listed=lambda _: (), suffix=".mp4", overwrite=overwrite)
    work = _Work(
        console=console,
        task=task,
        model=model.module,
        vividness=vividness,
        count=proposals,
        hints=hints,
        strip=strip,
    )
    work.check(ready, moving)
    _check_more_names(ready, proposals=proposals, strip=strip, overwrite=overwrite)
    tally = _Tally(console=console, total=len(ready) + len(moving))
    tally.run(ready, work.picture, words="coloring pictures")
    tally.run(moving, work.video)
    tally.tell(out, deep=work.deep, notes=work.notes)
    if json:
        answer({"task": task.kind, "out": str(out)} | tally.to_json())
    return 1 if tally.failed else 0


@dataclass(kw_only=True)
class _Work:
    """What is done with each file, how many had more bits than are kept, and what else was not kept."""

    console: Any
    task: "Colorize"
    model: "ColorizeModel"
    vividness: float | None
    count: int
    hints: "list[Hint]"
    strip: bool
    deep: int = 0
    notes: list[str] = field(default_factory=list)

    def check(self, ready: list[Job], moving: list[Job]) -> None:
        """Refuse what cannot be done, before anything is.

        Raises:
            MissingExtra: PyAV is not installed.
            OptionError: an option does not go with the files or with the model.
        """
        if moving:
            require("av", extra="video", what="Coloring a video")
            if self.hints or self.count > 1 or self.strip:
                name = one_line(moving[0].source)
                raise OptionError(f"--hint, --proposals and --strip: are for pictures, got {name}")
        files = len(ready) + len(moving)
        if self.hints and files != 1:
            raise OptionError(f"--hint: is for one picture at a time, got {files:,}")
        if self.task.regression and self.count > 1:
            raise OptionError(
                f"--proposals: must be 1 for a model that learned by regression, got {self.count}"
            )

    def picture(self, job: Job) -> dict[str, Any]:
        """Color one picture; its opacities are kept."""
        from vitral.data.decode import read_file
        from vitral.data.layers import read_layers
        from vitral.tasks.colorize.files import png_bytes

        name = str(job.source)
        data = read_file(job.source, name=name)
        layers = read_layers(data, name=name)
        deep = _has_16_bits(data)
        del data
        made = self.task.colorize(
            self.model, layers.pixels, vividness=self.vividness, count=self.count, hints=self.hints
        )
        for place, pixels in zip(_places(job, self.count), (made.pixels, *made.others), strict=True):
            place.write(png_bytes(pixels, layers.alpha))
        if self.strip:
            _strip_of(job).write(png_bytes(made.strip(layers.pixels)))
        self.deep += deep
        return made.to_json()

    def video(self, job: Job) -> dict[str, Any]:
        """Color one video, with a bar of its own."""
        from vitral.tasks.colorize.video import Filmed, color_video

        bar, far = Reading(self.console, f"coloring {one_line(job.source.name)}"), Filmed(frames=0)

        def write(file: BinaryIO) -> None:
            """All frames, into a file that gets its name at the end."""
            nonlocal far
            for far in color_video(self.task, self.model, job.source, file, vividness=self.vividness):
                bar(far.frames, max(far.of, far.frames + 1))

        try:
            job.write(write)
        finally:
            bar.close()
        name = one_line(job.source)
        if far.sound_left_out:
            self.notes.append(f"{name}: the sound ({far.sound_left_out}), which MP4 cannot hold as it is")
        if far.frames < far.of:
            self.notes.append(f"{name}: {far.of - far.frames:,} of {far.of:,} frames, which cannot be read")
        return {"frames": far.frames, "of": far.of or far.frames, "sound_left_out": far.sound_left_out}


@dataclass(kw_only=True)
class _Tally:
    """What was done so far, what failed, and a bar."""

    console: Any
    total: int
    failed: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    def run(self, ready: list[Job], each: Callable[[Job], dict[str, Any]], *, words: str = "") -> None:
        """Do the same with many files; what fails is named and counted, and the rest goes on.

        Args:
            ready: the files.
            each: does the work.
            words: beside a bar; without words there is none.
        """
        begun = time.perf_counter()
        bar = Reading(self.console, words)
        try:
            for number, job in enumerate(ready):
                if words:
                    bar(number, len(ready))
                try:
                    self.rows.append({"picture": str(job.source), "to": str(job.target)} | each(job))
                except (VitralError, OSError) as error:
                    self.failed.append(why_failed(job, error))
        except BaseException as stop:
            if not isinstance(stop, Exception):  # Ctrl-C or SIGTERM.
                stop.args = (f"{len(self.rows):,} of {self.total:,} files are done and kept",)
            raise
        finally:
            self.seconds += time.perf_counter() - begun
            bar.close()

    def tell(self, out: Path, *, deep: int, notes: list[str]) -> None:
        """Print what failed, and one line about all the rest."""
        tell_failed(self.console, self.failed)
        if deep:
            words = "1 picture has" if deep == 1 else f"{deep:,} pictures have"
            line(self.console, "rounded", f"{words} levels of 16 bits; 8 bits are written", style="yellow")
        for note in notes[:_MOST_NAMED]:
            line(self.console, "left out", note, style="yellow")
        if self.rows:
            files = "1 file" if len(self.rows) == 1 else f"{len(self.rows):,} files"
            line(self.console, "colorized", f"{files} to {out} in {self.seconds:.1f} s")

    def to_json(self) -> dict[str, Any]:
        """The count and every answer as plain JSON values."""
        counts = {"pictures": len(self.rows), "failed": len(self.failed), "seconds": self.seconds}
        return counts | {"colorized": self.rows, "left_out": self.failed}


def _places(job: Job, count: int) -> Iterator[Job]:
    """Where the proposals go: a.png, a.2.png, a.3.png ..."""
    yield job
    for number in range(2, count + 1):
        yield _beside(job, f".{number}")


def _strip_of(job: Job) -> Job:
    return _beside(job, ".strip")


def _beside(job: Job, ending: str) -> Job:
    target = job.target.with_name(f"{job.target.stem}{ending}{job.target.suffix}")
    return Job(source=job.source, target=target, overwrite=job.overwrite)


def _check_more_names(ready: list[Job], *, proposals: int, strip: bool, overwrite: bool) -> None:
    """See that the further files have names of their own, and that none of them is there."""
    taken = {str(job.target).casefold() for job in ready}
    more = [place for job in ready for place in (*_places(job, proposals),)[1:]]
    more += [_strip_of(job) for job in ready] if strip else []
    for place in more:
        key = str(place.target).casefold()
        if key in taken:
            raise DataError(
                f"{one_line(place.source)} and another picture would both be written to "
                f"{one_line(place.target)}; write them to two folders"
            )
        taken.add(key)
    check_free([place.target for place in more], overwrite=overwrite)


def _has_16_bits(data: bytes) -> bool:
    """Whether a picture that was decoded before has levels of 16 bits."""
    from vitral.data.decode import MAX_PIXELS
    from vitral.data.pillow_pixels import opened

    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return data[24] == 16
    if data[:3] == b"\xff\xd8\xff":
        return False
    with opened(data, MAX_PIXELS) as picture:
        bits = getattr(picture, "tag_v2", {}).get(_BITS_PER_SAMPLE, ())
        return picture.mode.startswith("I;16") or 16 in (bits if isinstance(bits, tuple) else (bits,))

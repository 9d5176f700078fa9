"""Answers for picture files one after another, and what is told of each before the next one comes."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitral.cli.free_places import check_free
from vitral.cli.say import line, people
from vitral.core import DataError, ImageError, Picture, atomic_write
from vitral.data import decode, one_line
from vitral.report import Page, as_shown
from vitral.saved import Model
from vitral.tasks import Answered, Task, WritesAnswers, WritesTogether, without_ending

# Answers may hold whole pictures: of large ones few are decoded and answered at once.
_AT_ONCE, _PIXELS_AT_ONCE = 64, 16_000_000
_MOST_SHOWN = 500
_WIDEST_NAME = 60


def predicted(model: Model, names: Mapping[Path, str], broken: list[str]) -> Iterator[tuple[Path, Answered]]:
    """Decode and answer pictures, each once; at most 64 or 16 megapixels (or one) are answered together.

    Args:
        model: gives the answers.
        names: the name under which its answer is written, of each file.
        broken: takes the reason of each file that cannot be decoded; people are told at once.
    """
    for some in _batches(names, broken):
        answers = deque(model.predict([pixels for _, pixels in some]))
        while some:  # What was handed out is held no longer.
            file, pixels = some.popleft()
            yield file, Answered(name=names[file], pixels=pixels, answer=answers.popleft())
            del pixels


def _batches(files: Iterable[Path], broken: list[str]) -> Iterator[deque[tuple[Path, NDArray[np.uint8]]]]:
    some: deque[tuple[Path, NDArray[np.uint8]]] = deque()
    total = 0
    for file in files:
        try:
            pixels = decode(file, name=str(file))
        except ImageError as error:
            broken.append(str(error))
            line(people(), "left out", error, style="yellow")
            continue
        size = pixels.shape[0] * pixels.shape[1]
        if some and (len(some) == _AT_ONCE or total + size > _PIXELS_AT_ONCE):
            yield some
            some, total = deque(), 0
        some.append((file, pixels))
        total += size
        del pixels
    if some:
        yield some


class Told:
    """What is told of answers as they come: rows of a table or of JSON, and pictures of a page.

    Args:
        files: all that will be answered, for the width of the table.
        json: keep rows for JSON instead of printing them.
        page: keep what a page shows.
    """

    def __init__(self, files: Iterable[Path], *, json: bool, page: bool) -> None:
        from rich.console import Console

        self.count = 0
        self.rows: list[dict[str, Any]] = []
        self._shown: list[Picture] = []
        self._json, self._page = json, page
        self._width = min(_WIDEST_NAME, max((len(one_line(file)) for file in files), default=0))
        # A table is the command's result, so it goes to stdout and into pipes.
        self._console = Console()

    def tell(self, file: Path, one: Answered) -> None:
        """Print a row or keep it, and keep a small picture; the answer itself is not kept."""
        self.count += 1
        if self._json:
            self.rows.append({"picture": str(file)} | one.answer.to_json())
        else:
            self._print(file, one.answer)
        if self._page and len(self._shown) < _MOST_SHOWN:
            self._shown.append(as_shown(one.answer.drawn(one.pixels, file.name)))

    def page(self, title: str) -> Page:
        """A page with the first 500 answers."""
        page = Page(title)
        if self.count > len(self._shown):
            page.text(f"The first {len(self._shown)} of {self.count:,}.")
        return page.gallery(self._shown)

    def _print(self, file: Path, one: Any) -> None:
        from rich.markup import escape

        name = one_line(file)
        padding = " " * max(0, self._width - len(name))
        words = (
            f"[bold]{escape(one_line(one.headline()))}[/bold]  [dim]{escape(one_line(one.detail()))}[/dim]"
        )
        self._console.print(f"{escape(name)}{padding}  {words}", highlight=False, soft_wrap=True)


def write_files(model: Model, answers: Iterable[Answered], out: Path, format: str, *, overwrite: bool) -> int:
    """Write answers as files of a format as they come, and count the files.

    Raises:
        DataError: a file is there already and must not be replaced.
    """
    assert isinstance(model.task, WritesAnswers)
    done: set[str] = set()
    for name, content in model.task.written(model.module, answers, format):
        target = out / name
        check_free([target], overwrite=overwrite)
        target.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(target, content)
        done.add(name)
    return len(done)


def check_names(task: Task, format: str, names: Iterable[str]) -> None:
    """Refuse pictures whose answers would get one name, before any work is done.

    Raises:
        DataError: two names are alike; for a format with files for each picture, but for their
            endings or their case.
    """
    together = isinstance(task, WritesTogether) and format in task.together
    taken: dict[str, str] = {}
    for name in names:
        key = name if together else without_ending(name).casefold()
        if key in taken:
            raise DataError(
                f"--format: the answers for {one_line(taken[key])} and {one_line(name)} would get one name; "
                f"give one of them to another --out"
            )
        taken[key] = name

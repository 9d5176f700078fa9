"""Two channels: one JSON object for programs on stdout, text for people on stderr."""

import json
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from vitral.data import one_line


def people() -> Console:
    """The console for people: the standard error stream."""
    return Console(stderr=True)


def answer(values: dict[str, Any]) -> None:
    """Print one JSON object on stdout; what cannot be written as JSON is a bug, not a `NaN`."""
    # ASCII: a file name that is no UTF-8 must not break the answer.
    sys.stdout.write(json.dumps(values, allow_nan=False) + "\n")
    sys.stdout.flush()


def line(console: Console, name: str, text: object, *, style: str = "bold") -> None:
    """Print a name and a text in two columns; the text is printed as it is, on one line."""
    console.print(Text.assemble((f"{name:>10}", style), "  ", one_line(text)), soft_wrap=True)


class Reading:
    """A progress bar for the first pass over the pictures; silent when not on a terminal."""

    def __init__(self, console: Console, words: str = "reading pictures") -> None:
        self._console, self._words = console, words
        self._bar: Any = None
        self._task: Any = None

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` pictures are read; the bar goes away at the end."""
        if not self._console.is_terminal:
            return
        if self._bar is None:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(
                TextColumn("  " + self._words),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
            )
            self._task = self._bar.add_task("", total=total)
            self._bar.start()
        self._bar.update(self._task, completed=done, total=total)
        if done >= total:
            self.close()

    def close(self) -> None:
        """Take the bar away; safe to call twice."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

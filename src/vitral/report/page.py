"""`Page`: one self-contained HTML file with words, numbers, drawings and pictures."""

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Self

from vitral.core import Picture, atomic_write
from vitral.report.bars import bars
from vitral.report.confusion import confusion
from vitral.report.curves import Point, curves
from vitral.report.facts import facts
from vitral.report.gallery import gallery
from vitral.report.table import table
from vitral.report.words import escaped

# Nothing may be loaded and nothing may run, whatever a class or a file is called.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


class Page:
    """A page that grows from top to bottom; every method adds one thing and returns the page.

    All texts are escaped. The file needs nothing but itself: no script, no font, no request.

    Args:
        title: what the page is about.
        subtitle: a second, quieter line.
    """

    def __init__(self, title: str, subtitle: str = "") -> None:
        self.title, self.subtitle = title, subtitle
        self._parts: list[tuple[str, str]] = []

    def heading(self, text: str) -> Self:
        """Begin a new section."""
        return self._add("words", f"<h2>{escaped(text)}</h2>")

    def text(self, text: str) -> Self:
        """Add one paragraph."""
        return self._add("words", f"<p>{escaped(text)}</p>")

    def facts(self, values: Mapping[str, object]) -> Self:
        """Add a few named values, large; see `report.facts`."""
        return self._add("facts", facts(values))

    def table(
        self, rows: Sequence[Mapping[str, object]], *, title: str = "", bars: Sequence[str] = ()
    ) -> Self:
        """Add rows of values; see `report.table`."""
        return self._add("table", table(rows, title=title, bars=bars))

    def curves(
        self, series: Mapping[str, Sequence[Point]], title: str, x_label: str = "", y_label: str = ""
    ) -> Self:
        """Add lines over a common axis; neighbors stand side by side. See `report.curves`."""
        return self._add("chart", curves(series, title=title, x_label=x_label, y_label=y_label))

    def bars(self, values: Mapping[str, float | Mapping[str, float]], title: str, unit: str = "") -> Self:
        """Add one horizontal bar per name; see `report.bars`."""
        return self._add("chart", bars(values, title=title, unit=unit))

    def confusion(
        self, matrix: Sequence[Sequence[int]], classes: Sequence[str], title: str = "Confusion"
    ) -> Self:
        """Add a confusion matrix; see `report.confusion`."""
        return self._add("confusion", confusion(matrix, classes, title=title))

    def gallery(self, pictures: Iterable[Picture], *, size: int = 128, title: str = "") -> Self:
        """Add pictures side by side; see `report.gallery`."""
        return self._add("gallery", gallery(pictures, size=size, title=title))

    def html(self) -> str:
        """The whole page as text."""
        subtitle = f'<p class="subtitle">{escaped(self.subtitle)}</p>' if self.subtitle else ""
        style = files("vitral.report").joinpath("page.css").read_text(encoding="utf-8")
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<meta name="color-scheme" content="light dark">'
            f"<title>{escaped(self.title)}</title>\n<style>\n{style}</style></head>\n"
            f"<body><header><h1>{escaped(self.title)}</h1>{subtitle}</header>\n"
            f"<main>\n{self._body()}\n</main></body></html>\n"
        )

    def write(self, path: str | Path) -> None:
        """Write the page to a file in one step.

        Raises:
            VitralError: the place cannot be written.
        """
        atomic_write(path, self.html())

    def _add(self, kind: str, part: str) -> Self:
        self._parts.append((kind, part))
        return self

    def _body(self) -> str:
        lines: list[str] = []
        for i, (kind, part) in enumerate(self._parts):
            if kind == "chart":
                first = i == 0 or self._parts[i - 1][0] != "chart"
                last = i + 1 == len(self._parts) or self._parts[i + 1][0] != "chart"
                part = ('<div class="charts">' if first else "") + part + ("</div>" if last else "")
            lines.append(part)
        return "\n".join(lines)

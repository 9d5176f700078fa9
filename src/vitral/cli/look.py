"""`vitral look FOLDER`: what is in this folder, before anything is trained on it."""

from pathlib import Path
from typing import Annotated

import typer


def look(
    folder: Annotated[
        str, typer.Argument(help="Folder or table of pictures, or `digits` / `scenes`.", metavar="FOLDER")
    ],
    page: Annotated[Path, typer.Option("--page", help="Where to write the HTML page")] = Path("look.html"),
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads [default: all]")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout")] = False,
) -> int:
    """Look at a folder of pictures: classes, sizes, broken files, duplicates, leaks between splits."""
    raise NotImplementedError

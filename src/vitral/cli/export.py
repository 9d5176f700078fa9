"""`vitral export RUN`: the model as an ONNX file, for programs that do not know Vitral."""

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from vitral.cli.say import answer, line, people
from vitral.core import OptionError
from vitral.saved.exports import Exported
from vitral.train import use_threads


def export(
    run: Annotated[Path, typer.Argument(help="Run folder or model file.", metavar="RUN")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The ONNX file [default: beside the model file]")
    ] = None,
    part: Annotated[
        str | None, typer.Option("--part", help="encoder or decoder, of models that have both")
    ] = None,
    size: Annotated[
        str | None, typer.Option("--size", help="Take pictures of this size only, such as 224x320: h x w")
    ] = None,
    dynamic: Annotated[
        bool, typer.Option("--dynamic", help="Fail if not any size can be taken [default: if possible]")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there")] = False,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads [default: all]")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout")] = False,
) -> int:
    """Write a model as an ONNX file, and compare its outputs with the model's."""
    from vitral.saved import FILE_NAME
    from vitral.saved import export as export_model

    asked = _size(size, dynamic=dynamic)
    use_threads(threads)
    if out is None:
        file = run / FILE_NAME if run.is_dir() else run
        out = file.with_suffix(".onnx")
    console = people()
    made = export_model(run, out, part=part, size=asked, overwrite=overwrite)
    line(console, "written", f"{made.path}: {made.part}, {made.bytes / 1e6:,.1f} MB")
    for port in made.about["inputs"]:
        line(console, "in", _shown(port), style="dim")
    for port in made.about["outputs"]:
        line(console, "out", _shown(port), style="dim")
    if any(axis in ("h", "w") for port in made.about["inputs"] for axis in port["axes"]):
        line(console, "size", _size_words(made))
    tried = ", ".join(" x ".join(map(str, shape)) for shape in made.compared.shapes)
    line(console, "compared", f"differs by {made.compared.difference:.1e} at most ({tried})")
    if json:
        answer(
            {
                "out": str(made.path),
                "bytes": made.bytes,
                "difference": made.compared.difference,
                "compared": [list(shape) for shape in made.compared.shapes],
            }
            | {name: made.about[name] for name in ("part", "inputs", "outputs", "size", "digest")}
            | {"task": made.about["task"]["kind"]}
        )
    return 0


def _size(text: str | None, *, dynamic: bool) -> tuple[int, int] | Literal["any"] | None:
    """What was asked for, as `vitral.export` takes it.

    Raises:
        OptionError: no size, or both flags.
    """
    if text is None:
        return "any" if dynamic else None
    if dynamic:
        raise OptionError("--size: cannot go with --dynamic; give one of them")
    found = re.fullmatch(r"(\d{1,6})x(\d{1,6})", text.strip().lower())
    if found is None:
        raise OptionError(f"--size: must be HEIGHTxWIDTH such as 224x320, got {text!r}")
    return int(found[1]), int(found[2])


def _size_words(made: Exported) -> str:
    size = made.about["size"]
    learned = f"{size['height']} x {size['width']}"
    if size["any"]:
        return "any" + (f", {size['least']} at least" if size["least"] > 1 else "") + f"; learned {learned}"
    return f"{learned} only" + (f", because {made.fixed_because}" if made.fixed_because else "")


def _shown(port: dict[str, object]) -> str:
    axes = port["axes"]
    shape = " x ".join(map(str, axes)) if isinstance(axes, list) and axes else "any shape"
    return f"{port['name']}: {port['type']} {shape}, {port['holds']}"

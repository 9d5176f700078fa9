"""`export`: a trained model as an ONNX file that gives the same answers without Vitral."""

import copy
import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from torch import nn

from vitral.core import VERSION, DataError, OptionError, VitralError, atomic_write, did_you_mean, require
from vitral.data import one_line
from vitral.saved.exports.agreement import (
    LARGEST_DIFFERENCE,
    Compared,
    compared,
    least_that_agrees,
    session_of,
)
from vitral.saved.exports.traced import EXTRA, MOST_BYTES, NotTraced, Traced, traced
from vitral.saved.model import Model
from vitral.tasks.exporting import Graph, Port, graphs_of

FORMAT = "vitral.onnx"
FORMAT_VERSION = 1
METADATA_KEY = "vitral"
_WHAT = "`vitral export`"
_LONGEST_SIDE = 16_384


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written.

    Args:
        path: the file.
        part: of the model that it holds.
        bytes: its size.
        about: what the file says of itself, plain JSON: task, facts, digest, inputs, outputs, size.
        compared: how far its outputs lie from those of the model.
        fixed_because: why it takes one size only; empty where it takes any or this one was asked for.
    """

    path: Path
    part: str
    bytes: int
    about: dict[str, Any]
    compared: Compared
    fixed_because: str = ""


def export(
    model: Model | str | Path,
    path: str | Path,
    *,
    part: str | None = None,
    size: tuple[int, int] | Literal["any"] | None = None,
    overwrite: bool = False,
) -> Exported:
    """Write a model as an ONNX file, after its outputs were compared with the model's.

    Normalization is inside: pictures go in as a decoder gives them. The file holds plain operations,
    which run nothing else, and JSON about itself in its metadata under `vitral`.

    Args:
        model: a loaded model, a model file, or a run folder.
        path: the file to write.
        part: of models that have several, such as the decoder of a generator; None: the first.
        size: height and width that the graph takes; `any` of them; None: any where that is possible.
        overwrite: replace a file that is there.
    Raises:
        MissingExtra: onnx, onnxscript or onnxruntime is not installed.
        OptionError: there is no such part, or the model does not take the size.
        DataError: the place cannot be written, or this model cannot leave as a graph.
        VitralError: file and model differ by more than 1e-4; nothing is written then.
    """
    path = Path(path)
    check_place(path, overwrite=overwrite)
    for module in ("onnx", "onnxscript", "onnxruntime"):
        require(module, extra=EXTRA, what=_WHAT)
    model = model if isinstance(model, Model) else Model.load(model)
    name, graph = _graph(model, part)
    made, graph, why = _traced(graph, size, f"{model.task.kind} ({name})")
    least = made.assumed_side
    if least > 1:
        least = least_that_agrees(session_of(made.model.SerializeToString()), graph, least)
    about = _about(model, name, graph, least)
    content = _content(made, about)
    found = compared(session_of(content), graph, _tried(graph, least))
    if not found.difference <= LARGEST_DIFFERENCE:
        raise VitralError(
            f"{one_line(path)}: not written, because {found.output} differs from the model's by "
            f"{found.difference:.1e}, and must not by more than {LARGEST_DIFFERENCE:.0e}"
        )
    # Once more: tracing takes long enough for someone else to write there.
    check_place(path, overwrite=overwrite)
    atomic_write(path, content)
    return Exported(path=path, part=name, bytes=len(content), about=about, compared=found, fixed_because=why)


def check_place(path: Path, *, overwrite: bool) -> None:
    """See that the file can be written.

    Raises:
        DataError: it is a folder, its folder is not there, or it is there and must not be replaced.
    """
    if os.path.isdir(path):
        raise DataError(f"--out {one_line(path)}: must be a file, got a folder")
    if not os.path.isdir(path.parent):
        raise DataError(f"--out {one_line(path)}: there is no folder {one_line(path.parent)}; make it first")
    if not overwrite and os.path.lexists(path):
        raise DataError(f"{one_line(path)} is there already; --overwrite replaces it")


def _graph(model: Model, part: str | None) -> tuple[str, Graph]:
    # A copy, which is not trained any more: the model may be on a GPU, and goes on as it is.
    module = copy.deepcopy(model.module).cpu().eval().requires_grad_(False)
    graphs = graphs_of(model.task, module)
    name = next(iter(graphs)) if part is None else part
    if name not in graphs:
        raise OptionError(
            f"--part: must be one of {', '.join(graphs)} for {model.task.kind}, "
            f"got {name!r}{did_you_mean(name, graphs)}"
        )
    graph = graphs[name]
    graph.module.eval().requires_grad_(False)
    check_weight(graph.module)
    return name, graph


def _traced(
    graph: Graph, size: tuple[int, int] | Literal["any"] | None, where: str
) -> tuple[Traced, Graph, str]:
    """The traced graph, the graph as it was traced, and why it takes one size only."""
    if isinstance(size, tuple):
        graph = _resized(graph, size, where)
        return _fixed(graph, where), graph, ""
    why = "it was made for this size"
    if graph.any_size:
        try:
            return traced(graph, any_size=True), graph, ""
        except NotTraced as error:
            why = str(error)
    if size == "any":
        raise OptionError(
            f"--dynamic: {where} takes {graph.height}x{graph.width} only ({why}); leave the flag out"
        )
    graph = dataclasses.replace(graph, any_size=False)
    return _fixed(graph, where), graph, why if _has_sides(graph) else ""


def _fixed(graph: Graph, where: str) -> Traced:
    try:
        return traced(graph, any_size=False)
    except NotTraced as error:
        raise DataError(f"{where}: cannot leave as a graph: {error}") from error


def _resized(graph: Graph, size: tuple[int, int], where: str) -> Graph:
    height, width = size
    if not (1 <= height <= _LONGEST_SIDE and 1 <= width <= _LONGEST_SIDE):
        raise OptionError(f"--size: must lie in [1, {_LONGEST_SIDE}] on each side, got {height}x{width}")
    if not graph.any_size and size != (graph.height, graph.width):
        raise OptionError(
            f"--size: must be {graph.height}x{graph.width} for {where}, which was made for it, "
            f"got {height}x{width}"
        )
    return dataclasses.replace(graph, height=height, width=width, any_size=False)


def _has_sides(graph: Graph) -> bool:
    return any(axis in ("h", "w") for port in graph.inputs for axis in port.axes)


def check_weight(module: nn.Module) -> None:
    """See that the numbers of a module fit into one file.

    Raises:
        DataError: they do not.
    """
    total = sum(one.numel() * one.element_size() for one in (*module.parameters(), *module.buffers()))
    if total > MOST_BYTES:
        raise DataError(f"the model has {total / 1e9:.1f} GB, and one ONNX file holds 2 GB at most")


def _tried(graph: Graph, least: int) -> tuple[tuple[int, int, int], ...]:
    """Batch, height and width of what is compared: the learned size, an odd one, and the smallest."""
    height, width = graph.height, graph.width
    if not graph.any_size:
        return (1, height, width), (3, height, width)
    odd = (max(height, least) | 1, (max(width, least) | 1) + 4)
    return (
        (1, height, width),
        (3, *odd),
        (2, max(least, height // 2), max(least, width + 1)),
        (1, least, least),
    )


def _about(model: Model, part: str, graph: Graph, least: int) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "vitral": VERSION,
        "part": part,
        "inputs": [_port(one) for one in graph.inputs],
        "outputs": [_port(one) for one in graph.outputs],
        "size": {
            "height": graph.height,
            "width": graph.width,
            "any": graph.any_size,
            "least": least if graph.any_size else None,
        },
        "task": model.task.to_json(),
        "facts": model.facts.to_json(),
        "digest": model.digest,
    }


def _port(port: Port) -> dict[str, Any]:
    return {"name": port.name, "type": port.dtype, "axes": list(port.axes), "holds": port.holds}


def _content(made: Traced, about: Mapping[str, Any]) -> bytes:
    entry = made.model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, json.dumps(about, ensure_ascii=True, allow_nan=False)
    return made.model.SerializeToString(deterministic=True)

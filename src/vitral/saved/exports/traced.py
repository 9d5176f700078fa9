"""From a graph to the bytes of an ONNX file: traced, named, and without a trace of this machine."""

import contextlib
import logging
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from vitral.core import VERSION, VitralError
from vitral.saved.exports.examples import example_inputs
from vitral.tasks.exporting import Graph, Port

EXTRA = "export"
MOST_BYTES = 2**31 - 2**20
"""An ONNX file is one message of protobuf, which cannot be longer than 2 GiB."""

_AXES = {"b": "batch", "h": "height", "w": "width"}
_BATCH = 2
# Not alike, odd, and past what a network might treat in its own way: no branch of a tiny picture is traced.
_LEAST_TRACED = 33


class NotTraced(VitralError):
    """The module does something that cannot be written as a graph, for these lengths of its axes."""


@dataclass(frozen=True, kw_only=True)
class Traced:
    """The bytes of an ONNX file that says nothing about itself yet.

    Args:
        model: the file as an `onnx.ModelProto`.
        assumed_side: shortest side under what tracing assumed of the sides; 1 where it assumed nothing.
    """

    model: Any = field(repr=False)
    assumed_side: int


def traced(graph: Graph, *, any_size: bool) -> Traced:
    """Trace a graph; the number of pictures is always left open.

    Args:
        graph: what to trace.
        any_size: leave heights and widths open, too.
    Raises:
        NotTraced: the module cannot be traced like that.
    """
    height, width = graph.height, graph.width
    if any_size:
        height = max(height, _LEAST_TRACED) | 1
        width = (max(width, _LEAST_TRACED) | 1) + 2
    inputs = example_inputs(graph, batch=_BATCH, height=height, width=width)
    open_axes = {"b", "h", "w"} if any_size else {"b"}
    shapes = tuple(
        {n: torch.export.Dim.DYNAMIC for n, axis in enumerate(port.axes) if axis in open_axes}
        for port in graph.inputs
    )
    with _quiet(), torch.no_grad():
        try:
            program = torch.export.export(graph.module, inputs, dynamic_shapes=shapes, strict=False)
            made = torch.onnx.export(
                program,
                dynamo=True,
                input_names=[port.name for port in graph.inputs],
                output_names=[port.name for port in graph.outputs],
                verbose=False,
            )
        # Torch raises errors of many kinds here, and of its own; all mean that there is no graph.
        except Exception as error:
            raise NotTraced(_first_line(error)) from error
    assert made is not None
    model = made.model_proto
    _name(model, graph, any_size=any_size)
    return Traced(model=model, assumed_side=_assumed_side(program) if any_size else 1)


def _name(model: Any, graph: Graph, *, any_size: bool) -> None:
    """Give the axes their names, and take out where on this machine the code lies."""
    sizes = {} if any_size else {"h": graph.height, "w": graph.width}
    for values, ports in ((model.graph.input, graph.inputs), (model.graph.output, graph.outputs)):
        for value, port in zip(values, ports, strict=True):
            _name_axes(value, port, sizes)
    del model.graph.value_info[:]
    del model.functions[:]
    model.graph.name, model.graph.doc_string = "vitral", ""
    model.producer_name, model.producer_version = "vitral", VERSION
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for one in (*model.graph.initializer, *model.graph.input, *model.graph.output):
        one.doc_string = ""
        del one.metadata_props[:]


def _name_axes(value: Any, port: Port, sizes: dict[str, int]) -> None:
    dims = value.type.tensor_type.shape.dim
    for n, dim in enumerate(dims):
        axis = port.axes[n] if n < len(port.axes) else f"axis {n}"
        if n == 0 and not port.axes:
            axis = "b"
        if not dim.HasField("dim_value"):
            dim.dim_param = _AXES.get(str(axis), str(axis))
    assert not port.axes or len(port.axes) == len(dims), port.name


def _assumed_side(program: Any) -> int:
    """The shortest side under the conditions that tracing met, which always assumes two at least."""
    lows = [1]
    for bounds in program.range_constraints.values():
        with contextlib.suppress(TypeError, ValueError, OverflowError):  # Infinite, or an expression.
            lows.append(int(bounds.lower))
    return max(lows) if max(lows) > 2 else 1


def _first_line(error: BaseException) -> str:
    """What went wrong, of a message of pages."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = re.sub(r"\x1b\[[0-9;]*m", "", lines[0] if lines else type(error).__name__)
    return text[:300]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's remarks: on deprecated calls of its own, on libraries that are not there."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")]
    before = [one.level for one in loggers]
    try:
        for one in loggers:
            one.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for one, level in zip(loggers, before, strict=True):
            one.setLevel(level)

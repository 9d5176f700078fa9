"""Does an ONNX file give what the model gives: both are asked about the same random inputs."""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vitral.core import VitralError, require
from vitral.saved.exports.examples import example_inputs
from vitral.saved.exports.traced import EXTRA
from vitral.tasks.exporting import Graph

LARGEST_DIFFERENCE = 1e-4
_FATAL_ONLY = 4
_MOST_TRIED = 64


@dataclass(frozen=True, kw_only=True)
class Compared:
    """How far the outputs of file and model lie apart.

    Args:
        difference: the largest |file - model| / max(1, |model|) over all numbers.
        output: in which it was found.
        shapes: batch, height and width of all inputs that were compared.
    """

    difference: float
    output: str
    shapes: tuple[tuple[int, int, int], ...]


def session_of(content: bytes) -> Any:
    """A session of onnxruntime on the processor.

    Raises:
        MissingExtra: onnxruntime is not installed.
        VitralError: onnxruntime does not take the file.
    """
    runtime = require("onnxruntime", extra=EXTRA, what="`vitral export`")
    _send_nothing(runtime)
    options = runtime.SessionOptions()
    options.log_severity_level = _FATAL_ONLY
    options.intra_op_num_threads = torch.get_num_threads()
    try:
        return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    # onnxruntime's errors share no parent but Exception.
    except Exception as error:
        raise VitralError(f"onnxruntime does not take the exported graph: {error}") from error


@torch.inference_mode()
def compared(session: Any, graph: Graph, shapes: tuple[tuple[int, int, int], ...]) -> Compared:
    """Ask file and model about the same random inputs.

    Args:
        session: of onnxruntime.
        graph: what was written.
        shapes: batch, height and width of each try.
    Raises:
        VitralError: onnxruntime fails, or an output has another shape.
    """
    largest, where = 0.0, graph.outputs[0].name
    for batch, height, width in shapes:
        inputs = example_inputs(graph, batch=batch, height=height, width=width)
        right = graph.module(*inputs)
        given = {port.name: one.numpy() for port, one in zip(graph.inputs, inputs, strict=True)}
        try:
            found = session.run(None, given)
        # onnxruntime's errors share no parent but Exception.
        except Exception as error:
            text = f"onnxruntime fails on {batch} x {height} x {width}: {error}"
            raise VitralError(text) from error
        expected = (right,) if isinstance(right, torch.Tensor) else tuple(right)
        for port, one, other in zip(graph.outputs, found, expected, strict=True):
            apart = _difference(one, other.numpy(), f"{port.name} of {batch} x {height} x {width}")
            if apart > largest:
                largest, where = apart, port.name
    return Compared(difference=largest, output=where, shapes=shapes)


def least_that_agrees(session: Any, graph: Graph, assumed: int) -> int:
    """The shortest side from which on file and model agree.

    Tracing notes what it assumed of the sides, and mostly assumes more than needs to hold.

    Args:
        session: of onnxruntime.
        graph: what was traced.
        assumed: the shortest side under the assumptions.
    """
    least, long = assumed, 2 * assumed + 1
    for side in reversed(range(max(1, assumed - _MOST_TRIED), assumed)):
        shapes = (1, side, side), (1, side, long), (1, long, side)
        try:
            found = compared(session, graph, shapes)
        except (VitralError, RuntimeError):  # One of the two cannot answer for this size.
            break
        if not found.difference <= LARGEST_DIFFERENCE:
            break
        least = side
    return least


def _difference(found: NDArray[Any], right: NDArray[Any], where: str) -> float:
    if found.shape != right.shape:
        raise VitralError(f"{where}: must have the shape {right.shape}, onnxruntime gives {found.shape}")
    if not right.size:
        return 0.0
    right, found = right.astype(np.float64), found.astype(np.float64)
    apart = np.abs(found - right) / np.maximum(1, np.abs(right))
    # What is not a number in both is equal, and in one of them as far apart as can be.
    apart[~np.isfinite(apart)] = np.inf
    apart[(found == right) | (np.isnan(found) & np.isnan(right))] = 0
    return float(apart.max())


def _send_nothing(runtime: ModuleType) -> None:
    """Builds for Windows report to their maker unless they are told not to."""
    if hasattr(runtime, "disable_telemetry_events"):
        runtime.disable_telemetry_events()

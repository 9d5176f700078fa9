"""What every task must hold when its model leaves as an ONNX file: equal outputs, and plain words."""

import json

import numpy as np
import pytest
import torch
from torch import nn

import vitral as vt
from vitral.core import available, members
from vitral.data import ArrayPixels, DataFacts, Masks, Objects, PictureSet, scan
from vitral.saved import Model
from vitral.tasks import Task
from vitral.tasks.exporting import Graph, graphs_of

pytestmark = pytest.mark.skipif(
    not (available("onnx") and available("onnxruntime") and available("onnxscript")),
    reason="needs the packages of the extra `export`",
)
TASKS = [pytest.param(kind, id=name) for name, kind in members("task").items()]
MOST = 1e-4


class Squares(Masks):
    """1 where the square of every picture is, 0 elsewhere."""

    def read(self, row: int):
        mask = np.zeros((40, 48), np.uint8)
        mask[8:24, 8:24] = 1
        return mask


@pytest.fixture(scope="module")
def marked():
    """Eight pictures of noise with a class, a mask and a box each, and their facts."""
    labels = np.arange(8) % 2
    pictures = PictureSet(
        name="marked",
        keys=tuple(str(n) for n in range(8)),
        source=ArrayPixels(np.random.default_rng(5).integers(0, 256, (8, 40, 48, 3), dtype=np.uint8)),
        classes=("even", "odd"),
        labels=labels,
        masks=Squares(),
        mask_classes=("ground", "square"),
        objects=Objects(starts=np.arange(9), boxes=np.tile([8.0, 8, 24, 24], (8, 1)), labels=labels),
    )
    return pictures, scan(pictures, short_side=None).facts


def model_of(kind: type[Task], pictures, facts: DataFacts) -> Model:
    """A model that nobody trained, in which no norm and no last layer stands at its start."""
    torch.manual_seed(3)
    task, _ = kind().decide(pictures, facts)
    module = task.build(facts).eval()
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d) and part.running_mean is not None:
            assert part.running_var is not None
            part.running_mean.normal_(std=0.3)
            part.running_var.uniform_(0.5, 2)
    for parameter in module.parameters():
        if parameter.requires_grad and parameter.ndim <= 1:
            parameter.data.add_(0.05 * torch.randn_like(parameter))
    return Model(task=task, module=module)


def drawn(graph: Graph, batch: int, height: int, width: int) -> list[torch.Tensor]:
    lengths, random = {"b": batch, "h": height, "w": width}, torch.Generator().manual_seed(batch + height)
    inputs = []
    for port in graph.inputs:
        shape = [lengths[axis] if isinstance(axis, str) else axis for axis in port.axes]
        whole = torch.randint(0, port.below, shape, generator=random)
        inputs.append(
            torch.rand(shape, generator=random)
            if port.dtype == "float32"
            else whole.to(getattr(torch, port.dtype))
        )
    return inputs


@pytest.mark.slow
@pytest.mark.parametrize("kind", TASKS)
def test_every_part_of_a_task_gives_the_same_outside(kind, marked, tmp_path):
    import onnxruntime

    model = model_of(kind, *marked)
    graphs = graphs_of(model.task, model.module)
    assert graphs
    for part, graph in graphs.items():
        place = tmp_path / f"{part}.onnx"
        made = vt.export(model, place, part=part)
        session = onnxruntime.InferenceSession(place, providers=["CPUExecutionProvider"])
        about = json.loads(session.get_modelmeta().custom_metadata_map["vitral"])
        assert about == made.about
        assert about["task"] == model.task.to_json()
        assert about["facts"] == model.facts.to_json()
        sizes = [(graph.height, graph.width)]
        sizes += [(67, 41), (about["size"]["least"], 83)] if about["size"]["any"] else []
        for batch, (height, width) in enumerate(sizes, start=1):
            inputs = drawn(graph, batch, height, width)
            with torch.inference_mode():
                right = graph.module(*inputs)
            given = {one["name"]: value.numpy() for one, value in zip(about["inputs"], inputs, strict=True)}
            found = session.run([one["name"] for one in about["outputs"]], given)
            for one, other in zip(found, right if isinstance(right, tuple) else (right,), strict=True):
                np.testing.assert_allclose(np.asarray(one), other.numpy(), rtol=MOST, atol=MOST)


@pytest.mark.parametrize("kind", TASKS)
def test_what_goes_in_and_comes_out_is_named_and_told_in_words(kind, marked):
    model = model_of(kind, *marked)
    for part, graph in graphs_of(model.task, model.module).items():
        names = [port.name for port in graph.inputs] + [port.name for port in graph.outputs]
        assert len(set(names)) == len(names)
        assert part.isidentifier()
        assert all(port.holds and port.axes[0] == "b" for port in (*graph.inputs, *graph.outputs))
        right = graph.module(*drawn(graph, 2, graph.height, graph.width))
        for port, one in zip(graph.outputs, right if isinstance(right, tuple) else (right,), strict=True):
            fixed = {n: axis for n, axis in enumerate(port.axes) if isinstance(axis, int)}
            assert len(port.axes) == one.ndim
            assert {n: one.shape[n] for n in fixed} == fixed

"""Exporting to ONNX: what is written, what is refused, and that nothing bad is ever left behind."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import vitral as vt
from vitral.core import DataError, MissingExtra, OptionError, VitralError, available
from vitral.data import DataFacts
from vitral.nn import FastNet
from vitral.saved import Model
from vitral.saved.exports.agreement import compared, least_that_agrees, session_of
from vitral.saved.exports.export import check_weight
from vitral.saved.exports.traced import NotTraced, traced
from vitral.tasks.exporting import PICTURES, FromLevels, Graph, Port
from vitral.tasks.task import TaskModel

pytestmark = pytest.mark.skipif(
    not (available("onnx") and available("onnxruntime") and available("onnxscript")),
    reason="needs the packages of the extra `export`",
)
FACTS = DataFacts(
    classes=("blue", "red"), counts=(4, 4), pictures=8, height_px=(20, 20, 20), width_px=(24, 24, 24),
    mean=(0.4, 0.5, 0.6), std=(0.2, 0.25, 0.3), grey=False,
)  # fmt: skip
OUT = (Port(name="out", axes=("b", 3, "h", "w"), holds="levels"),)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Model:
    """A small classifier with a file of its own."""
    torch.manual_seed(1)
    task = vt.Classify(size=20, network=FastNet(widths=(8, 8)), mixup=0.0, cutmix=0.0, shifted=True)
    made = Model(task=task, module=task.build(FACTS))
    made.save(tmp_path_factory.mktemp("run") / "model.safetensors")
    return made


@pytest.fixture(scope="module")
def exported(model, tmp_path_factory):
    return vt.export(model, tmp_path_factory.mktemp("onnx") / "m.onnx")


class Scaled(nn.Module):
    """Levels times a number."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, pictures: Tensor) -> Tensor:
        return self.factor * pictures.float()


class OneSize(nn.Module):
    """Something is known of every place of 20 x 24 pixels, as in a transformer."""

    def __init__(self) -> None:
        super().__init__()
        self.places = nn.Parameter(torch.ones(1, 3, 20, 24))

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures.float() * self.places


class Noisy(nn.Module):
    """A network that nothing can agree with: it answers anew each time."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.rand_like(inputs[:, :2]).mean((2, 3)) * self.weight


class Far(nn.Module):
    """Each pixel and the one five to the right, which takes six columns at least."""

    def forward(self, pictures: Tensor) -> Tensor:
        return nn.functional.conv2d(pictures.float(), torch.ones(3, 1, 1, 6), groups=3)


def graph_of(module: nn.Module) -> Graph:
    return Graph(module=module.eval(), inputs=(PICTURES,), outputs=OUT, height=20, width=24)


def session(path: Path) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def test_the_file_answers_as_predict_does_with_pictures_of_the_learned_size(model, exported):
    pixels = np.random.default_rng(0).integers(0, 256, (3, 20, 20, 3), dtype=np.uint8)
    (found,) = session(exported.path).run(["probabilities"], {"pictures": pixels.transpose(0, 3, 1, 2)})
    for row, answer in zip(found, model.predict(list(pixels)), strict=True):
        assert {
            name: pytest.approx(row[k], abs=1e-4) for k, name in enumerate(FACTS.classes)
        } == answer.scores


def test_axes_have_names_and_the_metadata_is_plain_json(model, exported):
    opened = session(exported.path)
    (taken,) = opened.get_inputs()
    assert (taken.name, taken.type, taken.shape) == (
        "pictures", "tensor(uint8)", ["batch", 3, "height", "width"],
    )  # fmt: skip
    assert [(one.name, one.shape) for one in opened.get_outputs()] == [
        ("probabilities", ["batch", 2]), ("scores", ["batch", 2]),
    ]  # fmt: skip
    about = json.loads(opened.get_modelmeta().custom_metadata_map["vitral"])
    assert about == exported.about
    assert about["digest"] == model.digest
    assert about["vitral"] == vt.__version__
    assert DataFacts.from_json(about["facts"]) == FACTS
    assert vt.Classify.from_json(about["task"]) == model.task


def test_the_file_says_nothing_of_the_machine_it_was_made_on(exported):
    content = exported.path.read_bytes()
    for trace in (str(Path(vt.__file__).parent), os.path.expanduser("~"), "site-packages", ".py"):
        assert trace.encode() not in content


def test_exporting_again_gives_equal_bytes_and_leaves_the_model_as_it_was(model, exported, tmp_path):
    model.module.train()
    before = {name: one.clone() for name, one in model.module.state_dict().items()}
    again = vt.export(model, tmp_path / "again.onnx")
    assert again.path.read_bytes() == exported.path.read_bytes()
    assert model.module.training
    assert any(parameter.requires_grad for parameter in model.module.parameters())
    assert all(torch.equal(one, before[name]) for name, one in model.module.state_dict().items())


def test_only_operations_of_the_standard_are_used(exported):
    import onnx

    made = onnx.load(exported.path, load_external_data=False)
    onnx.checker.check_model(made, full_check=True)
    assert {node.domain for node in made.graph.node} == {""}
    assert not made.functions
    assert [path.name for path in exported.path.parent.iterdir()] == ["m.onnx"]


def test_levels_are_normalized_as_the_augmentation_does_it():
    ready = FromLevels((0.4, 0.5, 0.6), (0.2, 0.25, 0.3))
    levels = torch.arange(256, dtype=torch.uint8).repeat(1, 3, 1, 1)
    right = (levels / 255 - torch.tensor([0.4, 0.5, 0.6])[:, None, None]) / torch.tensor([0.2, 0.25, 0.3])[
        :, None, None
    ]
    torch.testing.assert_close(ready(levels), right)


def test_a_fixed_size_is_written_from_the_command_line(model, tmp_path, vitral):
    model.save(tmp_path / "small.safetensors")
    code, out, err = vitral("export", "small.safetensors", "--size", "16x24", "--json", "--threads", "1")
    assert code == 0, err
    told = json.loads(out)
    assert told["out"] == "small.onnx"
    assert told["difference"] <= 1e-4
    assert told["size"] == {"height": 16, "width": 24, "any": False, "least": None}
    assert "16 x 24 only" in err
    opened = session(tmp_path / "small.onnx")
    assert opened.get_inputs()[0].shape == ["batch", 3, 16, 24]
    code, _, err = vitral("export", "small.safetensors")
    assert code == 1
    assert "small.onnx is there already; --overwrite replaces it" in err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--size", "16"], "--size: must be HEIGHTxWIDTH such as 224x320, got '16'"),
        (["--size", "16x16", "--dynamic"], "--size: cannot go with --dynamic; give one of them"),
        (["--size", "0x16"], "--size: must lie in [1, 16384] on each side, got 0x16"),
        (["--part", "clasifier"], "--part: must be one of classifier for classify, got 'clasifier'; did you"),
    ],
)
def test_what_cannot_be_asked_for_is_a_usage_error(model, tmp_path, vitral, words, sentence):
    model.save(tmp_path / "m.safetensors")
    code, _, err = vitral("export", "m.safetensors", *words)
    assert code == 2
    assert sentence in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.safetensors"]


def test_no_other_size_is_promised_for_a_model_that_was_made_for_one(tmp_path):
    task = vt.Generate(size=8, channels=1, conditional=False, flip=False).with_settings(
        {"network": "ladder", "likelihood": "discretized-logistics"}
    )
    model = Model(task=task, module=task.build(FACTS))
    with pytest.raises(
        OptionError, match=r"--dynamic: generate \(encoder\) takes 8x10 only \(it was made for"
    ):
        vt.export(model, tmp_path / "m.onnx", size="any")
    with pytest.raises(OptionError, match=r"--size: must be 8x10 for generate \(encoder\), .* got 8x8"):
        vt.export(model, tmp_path / "m.onnx", size=(8, 8))


def test_a_place_that_cannot_be_written_is_told_before_any_work(model, tmp_path):
    with pytest.raises(DataError, match="must be a file, got a folder"):
        vt.export(model, tmp_path)
    with pytest.raises(DataError, match=r"there is no folder .*nowhere; make it first"):
        vt.export(model, tmp_path / "nowhere" / "m.onnx")
    (tmp_path / "link.onnx").symlink_to(tmp_path / "gone")
    with pytest.raises(DataError, match=r"link.onnx is there already; --overwrite replaces it"):
        vt.export(model, tmp_path / "link.onnx")


def test_a_file_that_disagrees_is_not_written_and_the_old_one_stays(model, tmp_path):
    noisy = Model(task=model.task, module=TaskModel(Noisy(), FACTS))
    (tmp_path / "m.onnx").write_bytes(b"old")
    with pytest.raises(VitralError, match=r"m.onnx: not written, because \w+ differs from the model's by"):
        vt.export(noisy, tmp_path / "m.onnx", overwrite=True)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("m.onnx", b"old")]


@pytest.mark.parametrize("package", ["onnx", "onnxscript", "onnxruntime"])
def test_a_missing_package_names_the_extra(model, tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    sentence = rf"`vitral export` needs the package '{package}', .*pip install 'vitral\[export\]'"
    with pytest.raises(MissingExtra, match=sentence):
        vt.export(model, tmp_path / "m.onnx")


def test_a_module_for_one_size_is_not_traced_for_all_but_for_its_own():
    graph = graph_of(OneSize())
    with pytest.raises(NotTraced, match="size"):
        traced(graph, any_size=True)
    opened = session_of(traced(graph, any_size=False).model.SerializeToString())
    assert opened.get_inputs()[0].shape == ["batch", 3, 20, 24]


def test_the_comparison_sees_a_difference():
    graph = graph_of(Scaled(2.0))
    opened = session_of(traced(graph, any_size=True).model.SerializeToString())
    shapes = (1, 20, 24), (3, 7, 5)
    assert compared(opened, graph, shapes).difference == 0
    # A thousandth of what is above 1.
    other = compared(opened, graph_of(Scaled(2.002)), shapes)
    assert other.difference == pytest.approx(1e-3, rel=0.01)
    assert other.output == "out"


def test_the_shortest_side_is_the_one_from_which_on_both_answer():
    outputs = (Port(name="out", axes=("b", 3, "h", "columns"), holds="sums"),)
    graph = Graph(module=Far(), inputs=(PICTURES,), outputs=outputs, height=20, width=24)
    opened = session_of(traced(graph, any_size=True).model.SerializeToString())
    assert least_that_agrees(opened, graph, 9) == 6


def test_a_model_beyond_one_file_is_refused():
    with torch.device("meta"):
        large = nn.Linear(2**15, 2**15)
    with pytest.raises(DataError, match=r"the model has 4.3 GB, and one ONNX file holds 2 GB at most"):
        check_weight(large)

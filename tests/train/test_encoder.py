"""A training that starts from what another one learned: once, wholly, and without it afterwards."""

import shutil
from typing import Any

import pytest
import torch

import vitral as vt
from vitral.core import OptionError
from vitral.core.record import Chosen, read_records
from vitral.nn import AutoencoderEncoder, EncodedNet, FastNet, GeneratorEncoder, Ladder, TrunkEncoder
from vitral.tasks import Compress, Generate
from vitral.train import begin, fit
from vitral.train.stop import Stop

PLAIN = {"epochs": 2, "batch": 8, "threads": 1, "device": "cpu", "precision": "float32"}
TINY = {"network.latents": 8, "network.widths": (8, 8, 8), "network.blocks": (1, 1, 1)}
TASKS = {
    "generate": Generate(network=Ladder(width=8, latents=4, channels=2), size=16),
    "compress": Compress(size=32).with_settings(TINY),
    "classify": vt.Classify(size=16, network=FastNet(widths=(8, 8))),
}
ENCODERS = {"generate": GeneratorEncoder, "compress": AutoencoderEncoder, "classify": TrunkEncoder}


def run_of(task, **options):
    return vt.Run(task=task).with_settings(PLAIN | options)


def trained(task, pictures, out, **start) -> Any:
    """The model of a finished training, of whatever task it is."""
    return vt.train(run_of(task), pictures, out=out, **start).model


@pytest.fixture(scope="module")
def digits():
    return vt.open("digits").subset(range(120))


@pytest.fixture(scope="module", params=list(TASKS))
def learned(request, digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param) / "run"
    vt.train(run_of(TASKS[request.param]), digits, out=folder)
    return request.param, folder


class StopAfter(Stop):
    """Asks to stop after some steps, as a signal would."""

    def __init__(self, steps):
        super().__init__()
        self.left = steps

    @property
    def asked(self):
        self.left -= 1
        return self.left <= 0


def encoder_of(model):
    return dict(model.module.network.encoder.network.state_dict())


def test_a_frozen_encoder_is_that_of_the_run_and_is_said_to_be(learned, digits, tmp_path):
    name, source = learned
    model = trained(vt.Classify(), digits, tmp_path / "run", encoder=source, frozen=True)
    network = model.task.network
    assert isinstance(network, EncodedNet)
    assert isinstance(network.encoder, ENCODERS[name])
    weights = vt.load(source).module.network.state_dict()
    assert all(torch.equal(value, weights[key]) for key, value in encoder_of(model).items())
    chosen = {e.name: e for e in read_records(tmp_path / "run" / "metrics.jsonl") if isinstance(e, Chosen)}
    assert chosen["normalize"].used == "scale"
    assert ("size" in chosen) is True
    assert name != "generate" or chosen["size"].used == "16 px"


def test_a_finer_encoder_learns_on(learned, digits, tmp_path):
    _, source = learned
    model = trained(vt.Classify(), digits, tmp_path / "run", encoder=vt.load(source))
    weights = vt.load(source).module.network.state_dict()
    assert any(not torch.equal(value, weights[key]) for key, value in encoder_of(model).items())


def test_the_model_answers_and_a_stopped_training_goes_on_exactly_without_the_run(learned, digits, tmp_path):
    _, source = learned
    copy = tmp_path / "source"
    shutil.copytree(source, copy)
    whole = trained(vt.Classify(size=16), digits, tmp_path / "whole", encoder=copy)
    from vitral.train.encoder import with_encoder

    run, weights = with_encoder(run_of(vt.Classify(size=16)), copy, frozen=False)
    session = begin(run, digits, out=tmp_path / "parts", weights=weights)
    untouched = begin(run, digits, out=tmp_path / "killed", weights=weights)
    assert not fit(session, StopAfter(3)).finished
    shutil.rmtree(copy)
    # The second was killed before its first step.
    del untouched
    for part in ("parts", "killed"):
        assert vt.resume(tmp_path / part, pictures=digits).finished
        one, two = whole.module.state_dict(), vt.load(tmp_path / part).module.state_dict()
        assert [key for key in one if not torch.equal(one[key], two[key])] == []
    picture = digits.pixels(0)
    answers = vt.load(tmp_path / "whole").predict(picture), whole.predict(picture)
    assert answers[0].label == answers[1].label
    assert answers[0].confidence == pytest.approx(answers[1].confidence, abs=1e-5)


def test_what_stands_on_an_encoder_can_be_the_start_of_another(digits, tmp_path):
    vt.train(run_of(TASKS["classify"]), digits, out=tmp_path / "one")
    vt.train(run_of(vt.Classify()), digits, out=tmp_path / "two", encoder=tmp_path / "one", frozen=True)
    third = trained(vt.Classify(), digits, tmp_path / "three", encoder=tmp_path / "two", frozen=True)
    assert isinstance(third.task.network.encoder, TrunkEncoder)
    weights = vt.load(tmp_path / "one").module.network.state_dict()
    assert all(torch.equal(value, weights[key]) for key, value in encoder_of(third).items())


def test_a_trunk_gives_what_the_head_of_its_classifier_was_given(digits, tmp_path):
    source = trained(TASKS["classify"], digits, tmp_path / "one")
    spec, weights = source.task.encoder(source.module)
    torch.manual_seed(0)
    net = EncodedNet(encoder=spec).build(inputs=3, classes=2).eval()
    net.take(weights)
    levels = torch.rand(4, 3, 16, 16)
    plan = source.task.augmentation(source.facts, train=False)
    mean, std = (torch.tensor(one)[:, None, None] for one in (plan.mean, plan.std))
    wanted = source.task.points(source.module, (levels - mean) / std)
    # The head of a fast network is scaled as a whole.
    assert torch.allclose(net.encoder(levels), wanted * source.module.network.scale, atol=1e-5)


def test_a_network_on_an_encoder_does_not_begin_with_random_weights(digits, tmp_path):
    with pytest.raises(OptionError, match=r"must be given the weights .* name its run with --encoder RUN"):
        vt.train(run_of(vt.Classify(network=EncodedNet())), digits, out=tmp_path / "run")


def test_what_cannot_be_is_refused(digits, tmp_path):
    with pytest.raises(OptionError, match="--frozen: must go with --encoder RUN"):
        vt.train(run_of(vt.Classify()), digits, out=tmp_path / "run", frozen=True)
    with pytest.raises(OptionError, match="--encoder: must go with a task that takes one, got 'generate'"):
        vt.train(run_of(TASKS["generate"]), digits, out=tmp_path / "run", encoder=tmp_path)
    with pytest.raises(vt.VitralError, match="holds no model"):
        vt.train(run_of(vt.Classify()), digits, out=tmp_path / "run", encoder=tmp_path)
    assert not (tmp_path / "run").exists()

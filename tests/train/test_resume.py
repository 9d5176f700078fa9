"""Stopping, killing, resuming: nothing is lost and nothing changes."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch

import vitral as vt
from vitral.core import TrainingError
from vitral.core.record import Chosen, Epoch, Step, read_records, without_repeats
from vitral.nn import FastNet
from vitral.train import begin, fit, pick_up
from vitral.train.folder import restore, save_checkpoint
from vitral.train.stop import Stop

WORDS = [
    "--epochs", "30", "--batch", "64", "--size", "16", "--no-flip", "--threads", "1", "--device", "cpu",
    "--set", "save_s=0.1", "--network", "fast", "--set", "network.widths=16,24,24",
]  # fmt: skip


def small_run(**options):
    task = vt.Classify(size=16, flip=True, mixup=0.2, network=FastNet(widths=(16, 16, 16)))
    settings = {
        "epochs": 3,
        "batch": 64,
        "threads": 1,
        "device": "cpu",
        "precision": "float32",
        "save_s": 0.0,
    }
    return vt.Run(task=task).with_settings(settings | options)


class StopAfter(Stop):
    """Asks to stop after some steps, as a signal would."""

    def __init__(self, steps):
        super().__init__()
        self.left = steps

    @property
    def asked(self):
        self.left -= 1
        return self.left <= 0


@pytest.fixture(scope="module")
def digits():
    return vt.open("digits")


def finished(folder):
    return vt.load(folder).module.state_dict()


def assert_equal(one, two):
    assert one.keys() == two.keys()
    assert [name for name in one if not torch.equal(one[name], two[name])] == []


@pytest.mark.parametrize("steps", [1, 7, 22, 23, 45])
def test_stopping_after_any_step_and_going_on_changes_no_bit(tmp_path, digits, steps):
    whole = vt.train(small_run(), digits, out=tmp_path / "whole")
    session = begin(small_run(), digits, out=tmp_path / "parts")
    assert not fit(session, StopAfter(steps)).finished
    resumed = vt.resume(tmp_path / "parts", pictures=digits)
    assert resumed.finished
    assert whole.finished
    assert_equal(finished(tmp_path / "whole"), finished(tmp_path / "parts"))


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer.kind": "adam"},
        {"optimizer.kind": "nesterov", "accumulate": 3},
        {"optimizer.kind": "rmsprop", "average": 0.0},
        {"clip": 1.0, "task.cutmix": 1.0},
    ],
    ids=lambda options: "-".join(map(str, options)),
)
def test_resume_is_exact_with_other_options(tmp_path, digits, options):
    run = small_run(epochs=2, **options)
    vt.train(run, digits, out=tmp_path / "whole")
    session = begin(run, digits, out=tmp_path / "parts")
    fit(session, StopAfter(11))
    vt.resume(tmp_path / "parts", pictures=digits)
    assert_equal(finished(tmp_path / "whole"), finished(tmp_path / "parts"))


def test_a_checkpoint_holds_the_whole_state(tmp_path, digits):
    session = begin(small_run(), digits, out=tmp_path / "run")
    fit(session, StopAfter(30))
    save_checkpoint(session)
    again = pick_up(tmp_path / "run", pictures=digits)
    assert again.step == session.step
    assert again.loader.state_dict() == session.loader.state_dict()
    assert again.plan == session.plan
    assert_equal(again.model.state_dict(), session.model.state_dict())
    assert again.average is not None
    assert session.average is not None
    assert_equal(again.average.weights, session.average.weights)
    assert restore(again)


def test_a_checkpoint_of_another_network_is_refused(tmp_path, digits):
    session = begin(small_run(), digits, out=tmp_path / "run")
    fit(session, StopAfter(3))
    path = tmp_path / "run" / "run.json"
    content = json.loads(path.read_text())
    content["run"]["task"]["network"]["widths"] = [16, 8, 16]
    path.write_text(json.dumps(content))
    with pytest.raises(vt.VitralError, match="does not fit this run"):
        pick_up(tmp_path / "run", pictures=digits)


def test_other_pictures_are_refused(tmp_path, digits):
    begin(small_run(), digits, out=tmp_path / "run")
    with pytest.raises(TrainingError, match="the pictures have changed"):
        pick_up(tmp_path / "run", pictures=digits.subset(range(1000)))


def test_pictures_from_memory_must_be_given_again(tmp_path, digits):
    begin(small_run(), digits, out=tmp_path / "run")
    with pytest.raises(TrainingError, match=r"came from memory; give the same ones with vitral.resume"):
        pick_up(tmp_path / "run")


def test_a_loss_that_is_not_finite_stops_before_the_update_and_names_the_files(tmp_path, digits, monkeypatch):
    honest = vt.Classify.augmentation

    def poisoning(self, facts, *, train, progress=1.0):
        augment = honest(self, facts, train=train, progress=progress)

        def poisoned(batch):
            batch = augment(batch)
            if batch.position == 2:
                assert batch.inputs is not None
                batch.inputs[0, 0, 0, 0] = float("nan")
            return batch

        return poisoned if train else augment

    session = begin(small_run(), digits, out=tmp_path / "run")
    monkeypatch.setattr(vt.Classify, "augmentation", poisoning)
    with pytest.raises(
        TrainingError, match=r"the loss became nan in epoch 1, batch 3 \(.*and 60 more\)"
    ) as error:
        fit(session, Stop())
    assert session.step == 2
    assert all(torch.isfinite(weight).all() for weight in session.model.parameters())
    assert "not updated" in str(error.value)


def test_patience_ends_a_training_that_no_longer_improves(tmp_path, digits):
    run = small_run(epochs=40, patience=2, **{"optimizer.kind": "gradient-descent", "optimizer.lr": 1e-12})
    trained = vt.train(run, digits, out=tmp_path / "run")
    assert trained.finished
    assert trained.epochs < 40
    assert "no better score for 2 epochs" in trained.why


def test_the_record_of_a_run_tells_its_story(tmp_path, digits):
    vt.train(small_run(epochs=2), digits, out=tmp_path / "run")
    events = without_repeats(read_records(tmp_path / "run" / "metrics.jsonl"))
    kinds = [event.kind for event in events]
    assert kinds[0] == "start"
    assert kinds[-1] == "end"
    assert [e.epoch for e in events if isinstance(e, Epoch)] == [0, 1]
    chosen = {e.name for e in events if isinstance(e, Chosen)}
    assert {"device", "precision", "optimizer", "schedule"} <= chosen
    assert any(isinstance(e, Step) for e in events)


def command(*words):
    return [sys.executable, "-m", "vitral", *map(str, words)]


def quietly(words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def wait_for_epoch(folder, process, epoch):
    until = time.monotonic() + 90
    while time.monotonic() < until:
        record = folder / "metrics.jsonl"
        if record.exists() and any(isinstance(e, Epoch) and e.epoch >= epoch for e in read_records(record)):
            return
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    raise AssertionError("the training made no progress")


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_everything_and_says_how_to_go_on(tmp_path, sent, code):
    folder = tmp_path / "run"
    words = command("train", "classify", "digits", "--out", folder, *WORDS, "--json")
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for_epoch(folder, process, 0)
    process.send_signal(sent)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    answer = json.loads(out)
    assert answer["finished"] is False
    assert answer["resume"] == f"vitral resume {folder}"
    assert f"vitral resume {folder}" in err
    assert (folder / "checkpoint" / "state.safetensors").exists()


def test_killed_at_random_moments_and_resumed_the_weights_are_the_same(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    quietly(command("train", "classify", "digits", "--out", whole, *WORDS))
    words = command("train", "classify", "digits", "--out", broken, *WORDS)
    for pause in (0.0, 0.33, 0.71):
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        before = (broken / "metrics.jsonl").stat().st_size if (broken / "metrics.jsonl").exists() else 0
        until = time.monotonic() + 60
        while time.monotonic() < until and process.poll() is None:
            if (broken / "metrics.jsonl").exists() and (broken / "metrics.jsonl").stat().st_size > before:
                break
            time.sleep(0.01)
        time.sleep(pause)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        words = command("resume", broken)
    quietly(command("resume", broken))
    assert_equal(finished(whole), finished(broken))

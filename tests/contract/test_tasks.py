"""What every task must do: learn eight pictures by heart, survive a file, draw what it found."""

import json

import numpy as np
import pytest
import torch

import vitral as vt
from vitral.core import Batch, Picture, members
from vitral.core.record import Epoch, read_records
from vitral.data import ArrayPixels, Masks, Objects, PictureSet, scan
from vitral.tasks import Task

TASKS = [pytest.param(kind, id=name) for name, kind in members("task").items()]


class Squares(Masks):
    """1 where the square of every picture is, 0 elsewhere."""

    def read(self, row: int):
        mask = np.zeros((20, 24), np.uint8)
        mask[4:12, 4:12] = 1
        return mask


def eight_pictures():
    """Four with a red and four with a blue square and a little noise: train and val hold the same eight.

    Each has a class, a mask, and a box around its square.
    """
    random = np.random.default_rng(5)
    pixels = random.integers(0, 8, (8, 20, 24, 3), dtype=np.uint8)
    pixels[:4, 4:12, 4:12, 0] = 250
    pixels[4:, 4:12, 4:12, 2] = 250
    twice = np.concatenate([pixels, pixels])
    labels = np.asarray([1, 1, 1, 1, 0, 0, 0, 0] * 2)
    squares = Objects(starts=np.arange(17), boxes=np.tile([4.0, 4.0, 12.0, 12.0], (16, 1)), labels=labels)
    return PictureSet(
        name="eight",
        keys=tuple(f"{part}/{n}" for part in ("train", "val") for n in range(8)),
        source=ArrayPixels(twice),
        classes=("blue", "red"),
        labels=labels,
        splits=np.asarray(["train"] * 8 + ["val"] * 8),
        split_by="folders",
        masks=Squares(),
        mask_classes=("background", "square"),
        objects=squares,
    )


def run_of(kind: type[Task], **settings) -> vt.Run:
    plain = {"device": "cpu", "precision": "float32", "threads": 1, "epochs": 60, "batch": 8}
    return vt.Run(task=kind()).with_settings(plain | settings)


@pytest.fixture(scope="module", params=TASKS)
def trained(request, tmp_path_factory):
    pictures = eight_pictures()
    folder = tmp_path_factory.mktemp("eight") / "run"
    return vt.train(run_of(request.param), pictures, out=folder), pictures


def test_it_learns_eight_pictures_by_heart(trained):
    run, _ = trained
    assert run.finished
    score = run.model.task.score
    if score.unit == "share":
        assert score.better(run.figures, 0.99)
    else:
        epochs = [event for event in read_records(run.folder / "metrics.jsonl") if isinstance(event, Epoch)]
        first = epochs[0].scores | {"loss": epochs[0].validation_loss or 0.0}
        assert score.better(run.figures, 0.7 * first[score.name])


def test_it_answers_the_same_after_save_and_load(trained, tmp_path):
    run, pictures = trained
    run.model.save(tmp_path / "m.safetensors")
    again = vt.load(tmp_path / "m.safetensors")
    inputs = [pictures.pixels(i) for i in range(8)]
    assert again.predict(inputs) == run.model.predict(inputs)
    assert again.task == run.model.task
    assert again.facts == run.model.facts


def test_an_answer_does_not_depend_on_its_neighbors(trained):
    run, pictures = trained
    inputs = [pictures.pixels(i) for i in range(8)]
    together = [answer.to_json() for answer in run.model.predict(inputs)]
    alone = [run.model.predict(one).to_json() for one in inputs]
    for one, other in zip(together, alone, strict=True):
        for name, value in one.items():
            if isinstance(value, int | float):
                assert value == pytest.approx(other[name], rel=1e-3, abs=1e-4), name
            elif isinstance(value, str):
                assert value == other[name]


def test_an_answer_is_words_json_and_a_picture(trained):
    run, pictures = trained
    answer = run.model.predict(pictures.pixels(0))
    assert answer.headline()
    assert isinstance(answer.detail(), str)
    assert json.loads(json.dumps(answer.to_json())) == answer.to_json()
    drawn = answer.drawn(pictures.pixels(0), "name")
    assert isinstance(drawn, Picture)
    assert drawn.title


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 300, 3), (67, 41, 3)])
def test_any_size_is_answered(trained, shape):
    run, _ = trained
    assert run.model.predict(np.zeros(shape, np.uint8)) is not None


def test_pixels_of_a_wrong_kind_are_refused(trained):
    run, _ = trained
    with pytest.raises(vt.VitralError, match=r"must be uint8 of h x w x 3, got float32 of \(4, 4, 3\)"):
        run.model.predict(np.zeros((4, 4, 3), np.float32))


def test_it_draws_pictures_for_a_person(trained):
    run, pictures = trained
    batch = Batch(
        pixels=[pictures.pixels(i) for i in range(8)],
        labels=torch.as_tensor(pictures.labels[:8].copy()),
        indices=np.arange(8),
        keys=pictures.keys[:8],
        seed=0,
        epoch=0,
        position=0,
    )
    drawn = run.model.task.pictures(run.model.module, batch)
    assert len(drawn) >= 8
    assert all(isinstance(one, Picture) for one in drawn)


@pytest.mark.parametrize("kind", TASKS)
def test_a_decision_leaves_nothing_open_and_is_stable(kind):
    found = scan(eight_pictures(), short_side=None)
    task, choices = kind().decide(found.pictures, found.facts)
    assert all(getattr(task, name) is not None for name in task.options())
    assert choices
    assert all(choice.why for choice in choices)
    assert task.decide(found.pictures, found.facts) == (task, ())
    assert Task.from_json(task.to_json()) == task


@pytest.mark.parametrize("kind", TASKS)
def test_a_task_has_its_command_and_its_first_line(kind, capsys):
    from vitral.cli import main

    with pytest.raises(SystemExit) as end:
        main(["train", kind.kind, "--help"])
    assert end.value.code == 0
    assert kind.summary() in capsys.readouterr().out

"""`evaluate`: how many pictures are in memory at once."""

import numpy as np
import pytest
import torch

from vitral.data import ArrayPixels, Objects, PictureSet, scan
from vitral.nn import FastNet, ResidualPyramid, UNet
from vitral.saved import Model
from vitral.tasks import Classify, Detect
from vitral.train import evaluate_model

COUNT = 34
TASKS = {
    "detect": Detect(
        size=32, network=UNet(encoder=ResidualPyramid(stem=8, widths=(8, 8), depths=(1, 1)), widths=(8, 8))
    ),
    "classify": Classify(size=16, network=FastNet(widths=(8, 8))),
}


def pictures():
    return PictureSet(
        name="squares",
        keys=tuple(f"{n}.png" for n in range(COUNT)),
        source=ArrayPixels(np.random.default_rng(0).integers(0, 256, (COUNT, 24, 32, 3), dtype=np.uint8)),
        classes=("cell", "dot"),
        labels=np.arange(COUNT) % 2,
        objects=Objects(
            starts=np.arange(COUNT + 1),
            boxes=np.tile([4.0, 4.0, 14.0, 14.0], (COUNT, 1)),
            labels=np.arange(COUNT) % 2,
        ),
    )


@pytest.mark.parametrize(
    ("kind", "steps"), [("detect", [*range(4, COUNT, 4), COUNT]), ("classify", [32, COUNT])]
)
def test_of_whole_pictures_few_are_judged_at_once(kind, steps):
    torch.manual_seed(0)
    found = scan(pictures(), short_side=None)
    task, _ = TASKS[kind].decide(found.pictures, found.facts)
    model = Model(task=task, module=task.build(found.facts))
    told: list[tuple[int, int]] = []
    judged = evaluate_model(model, pictures(), threads=1, judging=lambda *step: told.append(step))
    assert told == [(step, COUNT) for step in steps]
    assert len(judged.pictures) == COUNT

"""A task is not kept waiting for masks and objects that it does not look at."""

from dataclasses import replace

import numpy as np
import pytest

import vitral as vt
from vitral.data import Masks, open_pictures
from vitral.tasks import Classify, Colorize, Detect, Segment
from vitral.train import Run, evaluate_model
from vitral.train.needed import needed


class Unreadable(Masks):
    """Masks that nobody may read."""

    def read(self, row: int):
        raise AssertionError(f"the mask of picture {row} was read")


@pytest.mark.parametrize(
    ("task", "masks", "objects"),
    [
        (Classify(), False, False),
        (Colorize(), False, False),
        (Segment(), True, False),
        (Detect(), False, True),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_a_task_gets_what_it_is_judged_by_and_no_other_targets(task, masks, objects):
    scenes = open_pictures("scenes").subset(range(12))
    found = needed(task, scenes)
    assert (found.masks is not None, found.objects is not None) == (masks, objects)
    assert (found.keys, found.labels.tolist()) == (scenes.keys, scenes.labels.tolist())
    assert found.found == scenes.found


def test_a_classifier_reads_no_mask_and_learns_the_same_with_masks_and_boxes_as_without(tmp_path):
    scenes = open_pictures("scenes").subset(range(40))
    run = Run(task=Classify(size=16), epochs=1, batch=16, threads=1)
    marked = vt.train(run, replace(scenes, masks=Unreadable()), out=tmp_path / "marked")
    plain = vt.train(run, replace(scenes, masks=None, objects=None), out=tmp_path / "plain")
    assert marked.model is not None
    assert plain.model is not None
    for one, other in zip(marked.model.module.parameters(), plain.model.module.parameters(), strict=True):
        assert np.array_equal(one.detach().numpy(), other.detach().numpy())
    judged = evaluate_model(marked.model, replace(scenes, masks=Unreadable()), split="all", threads=1)
    assert (
        judged.figures["loss"] == evaluate_model(plain.model, scenes, split="all", threads=1).figures["loss"]
    )

"""What segmentation promises beyond the contract of tasks."""

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn import functional

from vitral.core import Batch, DataError, OptionError
from vitral.data import ArrayPixels, Masks, PictureSet, scan
from vitral.nn import ResidualPyramid, UNet
from vitral.tasks import Segment
from vitral.tasks.segment.choosing import class_weights, training_frame
from vitral.tasks.segment.whole import classes_of_pixels, strips

SMALL = UNet(encoder=ResidualPyramid(stem=8, widths=(8, 12), depths=(1, 1)), widths=(8, 8))


class Halves(Masks):
    """The left three quarters are 0, the rest 1; the first row does not count."""

    def read(self, row: int):
        mask = np.zeros((24, 40), np.uint8)
        mask[:, 30:] = 1
        mask[0] = 255
        return mask


def halves(**changed) -> PictureSet:
    pixels = np.random.default_rng(0).integers(0, 255, (4, 24, 40, 3), dtype=np.uint8)
    made = PictureSet(
        name="halves",
        keys=tuple("abcd"),
        source=ArrayPixels(pixels),
        splits=np.asarray(["train"] * 3 + ["val"]),
        split_by="folders",
        masks=Halves(),
        mask_classes=("left", "right"),
    )
    return dataclasses.replace(made, **changed)


def model_of(task: Segment):
    found = scan(halves(), short_side=None)
    decided, _ = task.decide(found.pictures, found.facts)
    torch.manual_seed(0)
    return decided, decided.build(found.facts).eval()


def test_rare_classes_weigh_more_by_the_square_root_of_their_share():
    weights = class_weights(halves(), 2, 0.5)
    assert weights[1] / weights[0] == pytest.approx(3**0.5, rel=0.01)
    assert class_weights(halves(), 2, 0.0) == (1.0, 1.0)


def test_a_class_that_never_occurs_weighs_as_one_of_usual_share():
    assert class_weights(halves(mask_classes=("left", "right", "none")), 3, 1.0)[2] == 1.0


@pytest.mark.parametrize(
    ("changed", "options", "error", "told"),
    [
        ({"masks": None}, {}, DataError, "needs a mask for each picture, but there are none"),
        ({"mask_classes": ("one",)}, {}, DataError, "at least 2 classes in the masks, got 1"),
        ({}, {"classes": ("a", "b", "c")}, OptionError, r"Segment.classes: must be one for each of the 2"),
        ({}, {"weights": (1.0,)}, OptionError, r"Segment.weights: must be one for each of the 2 .*got 1"),
    ],
)
def test_what_cannot_be_learned_is_refused(changed, options, error, told):
    facts = scan(halves(), short_side=None).facts
    with pytest.raises(error, match=told):
        Segment(**options).decide(halves(**changed), facts)


def test_parts_keep_the_shape_of_pictures_that_are_all_alike():
    facts = scan(halves(), short_side=None).facts
    assert training_frame(facts, 19) == (19, 32)
    assert training_frame(facts, 64) == (64, 96)
    mixed = dataclasses.replace(facts, width_px=(30, 40, 50))
    assert training_frame(mixed, 64) == (64, 64)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (7, 9), (31, 64), (100, 3)])
def test_strips_are_the_whole_brought_to_its_size(height, width, monkeypatch):
    coarse = torch.randn(3, 5, 6)
    whole = functional.interpolate(coarse[None], (height, width), mode="bilinear", align_corners=False)[0]
    monkeypatch.setattr("vitral.tasks.segment.whole._MOST_NUMBERS", 3 * width * 4)
    assert torch.allclose(torch.cat(list(strips(coarse, height, width)), 1), whole, atol=1e-5)
    assert np.array_equal(classes_of_pixels(coarse, height, width), whole.argmax(0).numpy())


def test_a_picture_larger_than_a_tile_is_answered_nearly_as_at_once(monkeypatch):
    task, model = model_of(Segment(network=SMALL, size=256))
    picture = np.random.default_rng(1).integers(0, 255, (256, 300, 3), dtype=np.uint8)
    whole = task.scores(model, picture)
    monkeypatch.setattr("vitral.tasks.segment.task._TILE_PX", 128)
    monkeypatch.setattr("vitral.tasks.segment.task._OVERLAP_PX", 64)
    tiles = task.scores(model, picture)
    assert tiles.shape == whole.shape
    assert (tiles.exp() - whole.exp()).abs().mean() < 0.02


def test_large_pictures_are_shrunk_for_the_network_and_answered_at_their_own_size():
    task, model = model_of(Segment(network=SMALL, size=24))
    (answer,) = task.predict(model, [np.zeros((240, 480, 3), np.uint8)])
    assert answer.mask.shape == (240, 480)
    assert answer.probabilities.shape == (2, 12, 24)
    assert answer.probabilities.sum(0) == pytest.approx(1, abs=0.01)
    assert sum(answer.shares().values()) == pytest.approx(1)


def test_prediction_looks_at_the_mirrored_picture_too():
    task, model = model_of(Segment(network=SMALL))
    picture = np.random.default_rng(1).integers(0, 255, (24, 40, 3), dtype=np.uint8)
    one, other = task.predict(model, [picture, picture[:, ::-1].copy()])
    assert np.allclose(one.probabilities, other.probabilities[:, :, ::-1], atol=2e-3)
    alone = dataclasses.replace(task, flip=False)
    assert not np.allclose(alone.predict(model, [picture])[0].probabilities, one.probabilities, atol=1e-4)


def test_pixels_that_do_not_count_change_no_figure():
    task, model = model_of(Segment(network=SMALL))
    pixels = halves().pixels(0)
    masks = [Halves().read(0), np.full((24, 40), 255, np.uint8)]
    figures = []
    for some in (masks[:1], masks):
        metrics = task.metrics(model.facts)
        batch = Batch.loose([pixels] * len(some))
        batch.masks = some
        metrics.update(model, batch)
        figures.append(metrics.result())
    assert figures[0]["mean_iou"] == figures[1]["mean_iou"]
    assert sum(map(sum, figures[1]["confusion"])) == 23 * 40


def test_judging_without_masks_is_refused():
    task, model = model_of(Segment(network=SMALL))
    with pytest.raises(DataError, match="have no masks to be judged by"):
        task.metrics(model.facts).update(model, Batch.loose([halves().pixels(0)]))

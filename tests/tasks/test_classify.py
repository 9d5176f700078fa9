"""The classification task: what it chooses, what it minimizes, what it shows."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

import vitral as vt
from vitral.core import IGNORE, Batch, DataError, OptionError
from vitral.data import ArrayPixels, PictureSet, scan
from vitral.nn import CrossEntropy, ResidualNet


def pictures_of(height, width, *, classes=("a", "b"), labels=None):
    random = np.random.default_rng(1)
    pixels = random.integers(0, 255, (8, height, width, 3), dtype=np.uint8)
    return PictureSet(
        name="some",
        keys=tuple(map(str, range(8))),
        source=ArrayPixels(pixels),
        classes=classes,
        labels=np.asarray([0, 1] * 4) if labels is None else np.asarray(labels),
        splits=np.asarray(["train"] * 8),
    )


def decided(pictures, task=None):
    found = scan(pictures, short_side=None)
    return (task or vt.Classify()).decide(found.pictures, found.facts)[0]


@pytest.mark.parametrize(
    ("height", "width", "size", "network"),
    [
        (8, 8, 16, "fast"),
        (28, 28, 28, "fast"),
        (64, 90, 64, "fast"),
        (100, 80, 80, "residual"),
        (300, 500, 128, "residual"),
    ],
)
def test_size_and_network_follow_the_pictures(height, width, size, network):
    task = decided(pictures_of(height, width))
    assert task.size == size
    assert task.network is not None
    assert task.network.kind == network


def test_what_a_person_set_is_kept():
    asked = vt.Classify(size=96, network=ResidualNet(), mixup=0.0, cutmix=0.5, shifted=True)
    assert decided(pictures_of(20, 20), asked) == asked


def test_one_class_is_not_enough():
    with pytest.raises(DataError, match=r"needs at least two classes, got one \(cat\)"):
        decided(pictures_of(20, 20, classes=("cat",), labels=[0] * 8))


def test_pictures_without_classes_are_refused():
    with pytest.raises(DataError, match="needs a class for each picture"):
        decided(pictures_of(20, 20, classes=(), labels=[IGNORE] * 8))


def test_an_open_network_is_not_built():
    found = scan(pictures_of(20, 20), short_side=None)
    with pytest.raises(OptionError, match=r"Classify.network: is still open"):
        vt.Classify().build(found.facts)


def test_pictures_grow_with_progress_and_are_not_mixed_at_the_end():
    pictures = pictures_of(300, 300)
    facts = scan(pictures, short_side=None).facts
    task = decided(pictures)
    sides = [task.augmentation(facts, train=True, progress=p).height for p in (0.0, 0.34, 0.35, 1.0)]
    assert sides == [96, 96, 128, 128]
    assert task.augmentation(facts, train=False, progress=0.0).height == 128
    kinds = [{op.kind for op in task.augmentation(facts, train=True, progress=p).chain} for p in (0.5, 0.9)]
    assert {"mixup", "cutmix"} <= kinds[0]
    assert not {"mixup", "cutmix"} & kinds[1]
    still = dataclasses.replace(task, grow=False)
    assert still.augmentation(facts, train=True, progress=0.0).height == 128


@pytest.mark.parametrize("normalize", ["standardize", "scale"])
def test_inputs_are_normalized_as_asked(normalize):
    pictures = pictures_of(16, 16)
    facts = scan(pictures, short_side=None).facts
    task = decided(pictures, vt.Classify(normalize=normalize, size=16))
    batch = Batch(
        pixels=np.stack([pictures.pixels(i) for i in range(8)]), labels=torch.zeros(8, dtype=torch.long),
        indices=np.arange(8), keys=pictures.keys, seed=0, epoch=0, position=0,
    )  # fmt: skip
    inputs = task.augmentation(facts, train=False)(batch).inputs
    assert inputs is not None
    if normalize == "scale":
        assert 0.0 <= float(inputs.min()) < 0.1
        assert 0.9 < float(inputs.max()) <= 1.0
    else:
        assert torch.allclose(inputs.mean((0, 2, 3)), torch.zeros(3), atol=1e-3)
        assert torch.allclose(inputs.std((0, 2, 3)), torch.ones(3), atol=1e-2)


def test_pictures_without_any_variation_do_not_divide_by_zero():
    pixels = np.zeros((4, 16, 16, 3), np.uint8)
    pictures = PictureSet(
        name="black", keys=tuple("abcd"), source=ArrayPixels(pixels), classes=("x", "y"),
        labels=np.asarray([0, 1, 0, 1]), splits=np.asarray(["train"] * 4),
    )  # fmt: skip
    facts = scan(pictures, short_side=None).facts
    task = decided(pictures)
    answers = task.predict(task.build(facts).eval(), [pictures.pixels(0)])
    assert np.isfinite(answers[0].confidence)


class Fixed(nn.Module):
    """Gives the same logits whatever it sees."""

    def __init__(self, scores):
        super().__init__()
        self.scores = scores

    def forward(self, inputs):
        return self.scores


def test_the_loss_of_mixed_pictures_weighs_both_labels():
    scores = torch.tensor([[2.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    batch = Batch(
        pixels=[],
        labels=torch.tensor([0, 1]),
        indices=np.arange(2),
        keys=("a", "b"),
        seed=0,
        epoch=0,
        position=0,
        inputs=torch.zeros(2, 3, 4, 4),
        other_labels=torch.tensor([1, 1]),
        share=torch.tensor([0.25, 1.0]),
    )
    task = vt.Classify(loss=CrossEntropy(smoothing=0.0))
    log = scores.log_softmax(1)
    expected = -(0.25 * log[0, 0] + 0.75 * log[0, 1] + log[1, 1]) / 2
    assert torch.isclose(task.losses(Fixed(scores), batch)["loss"], expected)


def test_prediction_averages_a_picture_and_its_mirror():
    pictures = pictures_of(16, 16)
    facts = scan(pictures, short_side=None).facts
    task = decided(pictures, vt.Classify(shifted=False))
    model = task.build(facts).eval()
    one = pictures.pixels(0)
    answers = task.predict(model, [one, np.ascontiguousarray(one[:, ::-1])])
    assert answers[0].confidence == pytest.approx(answers[1].confidence, abs=1e-5)
    assert sum(answers[0].scores.values()) == pytest.approx(1.0, abs=1e-5)
    assert list(answers[0].scores.values()) == sorted(answers[0].scores.values(), reverse=True)


def test_a_shifted_prediction_is_the_mean_over_the_shifted_views():
    class Corner(nn.Module):
        def forward(self, inputs):
            return inputs[:, :1, 0, 0]

    inputs = torch.arange(16.0).reshape(1, 1, 4, 4).expand(1, 3, 4, 4)
    task = vt.Classify(flip=False, shifted=True)
    # The view moved down and right repeats the corner (0); the one moved up and left begins at 5.
    assert task.scores(Corner(), inputs).item() == 0 / 2 + (0 + 5) / 4  # pyright: ignore[reportArgumentType]

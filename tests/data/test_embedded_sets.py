"""The two sets that are there without a file: digits and drawn scenes."""

import hashlib

import numpy as np
import pytest
import torch

from vitral.core import OptionError
from vitral.data.scan import scan
from vitral.data.sources.digits import Digits
from vitral.data.sources.scene_drawing import draw_scene
from vitral.data.sources.scene_figures import SHAPES
from vitral.data.sources.scenes import Scenes


def test_digits_are_the_grey_pictures_of_scikit_learn():
    from sklearn.datasets import load_digits

    digits = Digits().open()
    ink, labels = load_digits(return_X_y=True)
    assert digits.array is not None
    assert digits.array.shape == (1797, 8, 8, 3)
    assert np.array_equal(np.rint(digits.array[..., 1] / 255 * 16), ink.reshape(-1, 8, 8))
    assert (digits.array.min(), digits.array.max()) == (0, 255)
    assert digits.labels.tolist() == labels.tolist()
    assert digits.classes == tuple("0123456789")
    assert scan(digits, short_side=None).facts.grey


@pytest.mark.parametrize("pictures", [Digits().open(), Scenes(count=600).open()], ids=["digits", "scenes"])
def test_embedded_sets_are_split_by_hash(pictures):
    shares = [(pictures.splits == split).mean() for split in ("train", "val", "test")]
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.04)
    assert pictures.split_by == "hash"
    for split in ("train", "val", "test"):
        assert set(pictures.of_split(split).labels) == set(range(len(pictures.classes)))


def test_shares_of_an_embedded_set_can_be_chosen():
    assert (Digits(test=0.3, validation=0).open().splits == "test").mean() == pytest.approx(0.3, abs=0.04)
    assert set(Digits(test=0, validation=0).open().splits) == {"train"}


def test_scenes_are_the_drawn_ones():
    scenes = Scenes(count=8, size=32, seed=3).open()
    assert (len(scenes), scenes.classes) == (8, SHAPES)
    drawn = draw_scene(5, seed=3, size=32)
    assert np.array_equal(scenes.pixels(5), drawn.pixels)
    assert scenes.labels[5] == drawn.label
    assert scenes.sizes().tolist() == [[32, 32]] * 8


def test_scenes_have_masks_and_boxes_of_every_shape():
    scenes = Scenes(count=20, seed=1).open()
    assert scenes.mask_classes == ("background", *SHAPES)
    assert scenes.masks is not None
    assert scenes.objects is not None
    for row in range(len(scenes)):
        drawn, marked = draw_scene(row, seed=1), scenes.objects.of(row)
        for _ in range(2):
            assert np.array_equal(scenes.masks.read(row), drawn.mask)
        assert np.array_equal(marked.boxes, drawn.boxes)
        assert marked.labels.tolist() == drawn.box_labels.tolist()
        assert marked.labels[0] == scenes.labels[row]
        assert set(np.unique(drawn.mask)) == {0, *(marked.labels + 1)}


def test_whoever_writes_into_a_mask_changes_only_his_own():
    masks = Scenes(count=1).open().masks
    assert masks is not None
    before = masks.read(0)
    masks.read(0)[:] = 7
    assert np.array_equal(masks.read(0), before)


def test_an_item_of_the_scenes_knows_all_targets():
    pixels, known = Scenes(count=3).open()[1]
    assert isinstance(known, dict)
    assert pixels.shape == (3, 64, 64)
    assert known["mask"].shape == (64, 64)
    assert known["boxes"].shape == (len(known["labels"]), 4)
    assert known["labels"].dtype == torch.int64


def test_keys_labels_and_splits_of_the_scenes_are_the_ones_they_always_were():
    scenes = Scenes().open()
    known = repr((scenes.keys, scenes.labels.tolist(), scenes.splits.tolist()))
    assert hashlib.blake2b(known.encode(), digest_size=16).hexdigest() == "44bf735a300905999ae082d9f828aa4e"


def test_more_scenes_begin_with_the_same_ones_in_the_same_splits():
    few, many = Scenes(count=60).open(), Scenes(count=90).open()
    assert many.keys[:60] == few.keys
    assert many.labels[:60].tolist() == few.labels.tolist()
    assert many.splits[:60].tolist() == few.splits.tolist()


def test_found_says_what_the_set_is():
    assert Scenes(count=6).open().found.startswith("drawn scenes, 6 pictures, 6 classes, split by a hash")


@pytest.mark.parametrize("options", [{"count": 0}, {"size": 8}])
def test_scenes_that_cannot_be_drawn_are_refused(options):
    with pytest.raises(OptionError, match=r"Scenes\.\w+: must (be at least|lie in)"):
        Scenes(**options)

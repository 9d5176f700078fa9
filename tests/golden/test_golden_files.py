"""Files written by earlier versions: they are opened, for ever, and answer as they did."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vitral as vt
from vitral.codec import read_tiles
from vitral.data import open_pictures
from vitral.data.packed import check
from vitral.data.sources.packed_set import open_shards
from vitral.tasks.compress import CompressModel

HERE = Path(__file__).parent


def striped(number):
    rows = np.add.outer(np.arange(16) * (number % 2 == 0), np.arange(16) * (number % 2)) + number
    return np.repeat(np.where(rows % 4 < 2, 230, 20).astype(np.uint8)[..., None], 3, axis=2)


def test_a_model_of_version_1_answers_as_it_did():
    model = vt.load(HERE / "model-v1.safetensors")
    assert model.task.kind == "classify"
    assert model.facts.classes == ("across", "along")
    answers = model.predict([striped(n) for n in range(4)])
    assert [answer.label for answer in answers] == ["across", "along", "across", "along"]
    assert [answer.confidence for answer in answers] == pytest.approx(CONFIDENCES, abs=1e-4)


CONFIDENCES = [0.557237, 0.797801, 0.557254, 0.797718]


def ramp(height, width):
    picture = np.full((height, width, 3), 90, dtype=np.uint8)
    picture[..., 0] = np.linspace(0, 255, width)
    picture[..., 1] = np.linspace(0, 255, height)[:, None]
    return picture


def test_a_packed_set_of_version_1_holds_what_it_held():
    place = HERE / "packed-v1.arrow"
    assert check(open_shards(place)).damaged == ()
    pictures = open_pictures(place)
    objects = pictures.objects
    assert pictures.masks is not None
    assert pictures.weights is not None
    assert objects is not None
    assert objects.points is not None
    assert objects.outlines is not None
    assert pictures.keys == ("cat/1.jpg", "dog/2.png", "dog/ä3.jpg")
    assert pictures.classes == ("cat", "dog")
    assert pictures.labels.tolist() == [0, 1, 1]
    assert pictures.splits.tolist() == ["train", "val", "train"]
    assert pictures.weights.tolist() == [1, 2.5, 1]
    assert pictures.mask_classes == ("left", "right")
    for index, size in enumerate(((24, 32), (12, 10), (20, 32))):
        pixels, mask = pictures.pixels(index), pictures.masks.read(index)
        assert pictures.source.size(index) == mask.shape == pixels.shape[:2] == size
        assert np.abs(pixels.astype(int) - ramp(*size)).max() <= (0 if index == 1 else 8)
        assert np.unique(mask[2:, : size[1] // 2]).tolist() == [0]
        assert np.unique(mask[2:, size[1] // 2 :]).tolist() == [1]
        assert mask[0].tolist() == [255] * size[1]
    rows, box = pictures.undecoded(0).region((0, 11, 32, 13), height=2, width=32)
    assert box == (0, 3, 32, 5)
    assert np.array_equal(rows, pictures.pixels(0)[8:16])
    assert objects.starts.tolist() == [0, 2, 2, 3]
    assert objects.boxes.tolist() == [[0, 0, 8, 12], [0.5, 1, 1.5, 2], [0.5, 1, 2, 3]]
    assert objects.labels.tolist() == [0, 1, 1]
    assert objects.crowd.tolist() == [False, True, False]
    assert objects.points[0].tolist() == [[0, 0.5, 2], [0, 0.5, 2]]
    assert objects.points[2].tolist() == [[0, 1, 2], [0, 1, 2]]
    assert [[ring.tolist() for ring in outline] for outline in objects.outlines] == [
        [[[0, 0], [8, 0], [8, 12]], [[0.5, 0.5], [8.5, 0.5], [8.5, 12.5]]],
        [],
        [],
    ]


def test_a_compressed_picture_of_version_1_comes_back_as_it_did():
    model = vt.load(HERE / "compress-v1.safetensors")
    data = (HERE / "compress-v1.vtl").read_bytes()
    module = model.module
    assert isinstance(model.task, vt.Compress)
    assert isinstance(module, CompressModel)
    back = model.task.decode(model.module, data, digest=bytes.fromhex(model.digest)[:8])
    expected = np.asarray(Image.open(HERE / "compress-v1.png"))
    assert back.pixels.shape == (40, 52, 3)
    # Floats may round another way on another machine; the latents may not.
    assert np.abs(back.pixels.astype(int) - expected).max() <= 1
    tiles = list(read_tiles(data, module.tables(), bytes.fromhex(model.digest)[:8]))
    latents = np.concatenate([tile.latents.reshape(-1) for tile in tiles if tile.latents is not None])
    assert hashlib.sha256(latents.astype("<i4").tobytes()).hexdigest()[:16] == LATENTS


LATENTS = "250dc5d557fd2f53"

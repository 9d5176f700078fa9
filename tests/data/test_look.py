"""`look`: counts, formats, broken files, duplicates, leaks and contradictions."""

import json
import time

import cv2
import numpy as np
import pytest
from PIL import Image

from vitral.core import DataError, OptionError
from vitral.data import ArrayPixels, Objects, PictureSet, open_pictures
from vitral.data.likeness import Fingerprint, near_groups
from vitral.data.look import look
from vitral.data.packed import pack


def drawing(seed, *, height=60, width=80):
    """Smooth random colors: no two seeds are alike."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def put(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


@pytest.fixture
def folder(tmp_path):
    for number, place in enumerate(("train/cat", "train/dog", "test/cat", "test/dog", "val/cat", "val/dog")):
        for copy in range(3):
            put(tmp_path / place / f"{copy}.png", drawing(10 * number + copy))
    return tmp_path


def found(folder, **options):
    return look(open_pictures(folder), **options)


def keys(groups):
    return [group.keys for group in groups]


def test_pictures_are_counted_by_class_and_split(folder):
    put(folder / "train/cat/wide.jpg", drawing(99, height=20, width=90))
    result = found(folder)
    assert result.pictures == 19
    assert {name: row["test"] for name, row in result.counts.items()} == {"cat": 3, "dog": 3}
    assert result.formats == {"PNG": 18, "JPEG": 1}
    assert (result.height_px, result.width_px) == ((20, 60, 60), (80, 80, 90))
    assert result.sizes == (((60, 80), 18), ((20, 90), 1))
    assert result.alike == result.broken == result.blank == ()


def marked(**known):
    """Three pictures with three, none and two objects, the last one in the test split."""
    return PictureSet(
        name="marked",
        keys=("a", "b", "c"),
        source=ArrayPixels(np.stack([drawing(seed) for seed in range(3)]).astype(np.uint8)),
        classes=("cell", "dot", "dust"),
        splits=np.asarray(["train", "train", "test"]),
        **known,
        objects=Objects(
            starts=np.asarray([0, 3, 3, 5]),
            boxes=np.tile([1.0, 2.0, 5.0, 6.0], (5, 1)),
            labels=np.asarray([0, 1, 0, 1, 1]),
            crowd=np.asarray([False, True, False, False, False]),
        ),
    )


def test_objects_are_counted_by_class_and_split():
    result = look(marked())
    objects = {
        "cell": {"train": 2, "test": 0},
        "dot": {"train": 1, "test": 2},
        "dust": {"train": 0, "test": 0},
    }
    assert result.objects == objects
    assert result.counts == {"": {"train": 2, "test": 1}}
    assert json.loads(json.dumps(result.to_json()))["objects"] == objects
    assert look(marked().subset([2, 0])).objects["cell"] == {"train": 2, "test": 0}
    assert look(marked().subset([1])).objects["cell"] == {"train": 0}


def test_pictures_with_labels_and_objects_are_counted_both_ways():
    result = look(marked(labels=np.asarray([2, 2, -100])))
    assert result.counts == {"dust": {"train": 2, "test": 0}, "": {"train": 0, "test": 1}}
    assert result.objects["dot"] == {"train": 1, "test": 2}


def test_without_objects_none_are_counted(folder):
    assert found(folder).objects == {}


def test_mean_and_deviation_are_those_of_all_pixels(folder):
    pixels = np.concatenate([np.asarray(Image.open(p)).reshape(-1, 3) for p in sorted(folder.rglob("*.png"))])
    result = found(folder)
    assert np.allclose(result.mean, pixels.mean(0) / 255)
    assert np.allclose(result.std, pixels.std(0) / 255)
    assert result.histogram.counts.tolist() == [np.bincount(row, minlength=256).tolist() for row in pixels.T]


def test_equal_pixels_are_exact_duplicates_whatever_the_file(folder):
    put(folder / "train/cat/again.tiff", drawing(0))
    (group,) = found(folder).alike
    assert group.exact
    assert group.keys == ("train/cat/0.png", "train/cat/again.tiff")
    assert not group.leaks
    assert not group.disagrees


@pytest.mark.parametrize("size", [(80, 60), (64, 48), (200, 150)])
def test_a_picture_stored_anew_is_a_near_duplicate(folder, size):
    again = cv2.resize(drawing(0), size, interpolation=cv2.INTER_AREA)
    put(folder / "train/cat/again.jpg", again, quality=90)
    (group,) = found(folder).alike
    assert not group.exact
    assert group.keys == ("train/cat/0.png", "train/cat/again.jpg")


def test_duplicates_in_two_splits_leak(folder):
    put(folder / "test/cat/copy.png", drawing(1))
    result = found(folder)
    assert keys(result.leaks) == [("test/cat/copy.png", "train/cat/1.png")]
    assert result.leaks[0].splits == ("test", "train")


def test_duplicates_with_two_labels_disagree(folder):
    put(folder / "train/dog/copy.png", drawing(1))
    (group,) = found(folder).disagreements
    assert group.classes == ("cat", "dog")
    assert not group.leaks


def test_the_most_serious_groups_come_first(folder):
    put(folder / "train/cat/a.png", drawing(0))
    put(folder / "train/dog/b.png", drawing(1))
    put(folder / "test/dog/c.png", drawing(10))
    order = [(g.leaks, g.disagrees) for g in found(folder).alike]
    assert order == [(True, False), (False, True), (False, False)]


def test_blank_pictures_are_listed_but_alike_only_when_equal(folder):
    for shade in (0, 128, 129, 255):
        put(folder / f"train/cat/blank{shade}.png", np.full((60, 80, 3), shade, np.uint8))
    put(folder / "train/dog/blank.png", np.full((60, 80, 3), 128, np.uint8))
    result = found(folder)
    assert len(result.blank) == 5
    assert keys(result.alike) == [("train/cat/blank128.png", "train/dog/blank.png")]


def test_broken_pictures_are_listed_with_their_reason(folder):
    (folder / "train/cat/empty.png").write_bytes(b"")
    (folder / "train/cat/cut.png").write_bytes((folder / "train/cat/0.png").read_bytes()[:500])
    result = found(folder)
    assert [one.key for one in result.broken] == ["train/cat/cut.png", "train/cat/empty.png"]
    assert result.broken[1].reason == "is empty (0 bytes)"
    assert result.pictures == 20


def test_the_result_is_the_same_for_any_number_of_threads(folder):
    calls = []
    one = found(folder, threads=1, progress=lambda done, total: calls.append((done, total)))
    assert one == found(folder, threads=5)
    assert calls[-1] == (18, 18)


def test_findings_become_json(folder):
    put(folder / "test/dog/copy.png", drawing(1))
    (folder / "train/cat/empty.png").write_bytes(b"")
    data = json.loads(json.dumps(found(folder).to_json(), allow_nan=False))
    assert data["counts"]["cat"] == {"train": 4, "val": 3, "test": 3}
    assert data["broken"] == [{"key": "train/cat/empty.png", "reason": "is empty (0 bytes)"}]
    assert list(data["histogram"]) == ["red", "green", "blue"]
    assert [sum(row) for row in data["histogram"].values()] == [19 * 60 * 80] * 3
    (group,) = data["alike"]
    assert (group["kind"], group["leaks"], group["disagrees"]) == ("exact", True, True)
    assert group["pictures"][0] == {"key": "test/dog/copy.png", "split": "test", "class": "dog"}


def test_the_formats_in_a_packed_set_are_told(folder, tmp_path):
    for name, raw in (("files", False), ("pixels", True)):
        pack(open_pictures(folder), tmp_path / f"{name}.arrow", raw=raw)
    assert look(open_pictures(tmp_path / "files.arrow")).formats == {"PNG": 18}
    assert look(open_pictures(tmp_path / "pixels.arrow")).formats == {"pixels": 18}


def test_a_set_with_nothing_but_broken_pictures_is_an_error(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"a picture that can be decoded, but all 1 are broken: a\.png"):
        found(tmp_path)


def test_an_empty_set_is_an_error(folder):
    with pytest.raises(DataError, match="must hold at least one picture, found none"):
        look(open_pictures(folder).subset([]))


def test_no_threads_is_an_error(folder):
    with pytest.raises(OptionError, match=r"look\.threads: must be at least 1, got 0"):
        found(folder, threads=0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (7, 5)])
def test_a_picture_of_any_size_has_a_fingerprint(shape):
    assert Fingerprint.of(np.zeros((*shape, 3), np.uint8)).blank
    assert Fingerprint.of(np.full((*shape, 3), 255, np.uint8)).thumb.shape == (16, 16, 3)


def test_pictures_up_to_six_bits_apart_are_found_among_many():
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2**64, 3000, dtype=np.uint64)
    for i in range(1000):  # each of the first thousand gets a twin with six bits turned
        turned = np.bitwise_or.reduce(np.uint64(1) << rng.choice(64, 6, replace=False).astype(np.uint64))
        bits[1000 + i] = bits[i] ^ turned
    group = near_groups(bits, np.zeros((3000, 16, 16, 3), np.uint8))
    assert np.array_equal(group[:1000], group[1000:2000])
    assert len(set(group)) == 2000


def test_thousands_of_equal_fingerprints_do_not_take_quadratic_time():
    count = 20_000
    began = time.perf_counter()
    group = near_groups(np.zeros(count, np.uint64), np.zeros((count, 16, 16, 3), np.uint8))
    assert len(set(group)) == 1
    assert time.perf_counter() - began < 20

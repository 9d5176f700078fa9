"""`pack`: what goes in comes out, whatever the threads, a kill, a full disk or a broken file do."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from vitral.core import IGNORE, DataError, OptionError, VitralError
from vitral.data import ArrayPixels, Objects, PictureSet, open_pictures
from vitral.data.packed import check, pack
from vitral.data.packed.work_folder import held
from vitral.data.pixels import Masks
from vitral.data.sources.packed_set import open_shards

Draw = Callable[..., Path]
pack_module: Any = sys.modules["vitral.data.packed.pack"]  # The package gives the function this name.


def shares_nothing(place: object) -> PictureSet:
    return open_pictures(place, validation=0, test=0)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def content(place: Path) -> list[bytes]:
    return [path.read_bytes() for path in ([place] if place.is_file() else sorted(place.iterdir()))]


class DrawnMasks(Masks):
    """Numbers that grow to the right; 255 in the first row."""

    def __init__(self, pictures: PictureSet) -> None:
        self._source = pictures.source

    def read(self, row: int) -> NDArray[np.uint8]:
        height, width = self._source.size(row)
        mask = np.tile((np.arange(width) * 4 // width).astype(np.uint8), (height, 1))
        mask[0] = 255
        return mask


def marked(root: Path) -> PictureSet:
    """Pictures with everything that can be known of them."""
    pictures = shares_nothing(root)
    count = len(pictures)
    boxes = np.array([[0, 0, 1, 2], [1.25, 0.5, 7, 8]] * (count - 1), dtype=np.float64)
    boxes[:, 2:] += np.arange(2 * count - 2)[:, None]
    square = np.array([[0, 0], [4, 0], [4, 4.5]], dtype=np.float64)
    return replace(
        pictures,
        classes=("cat", "dog"),
        labels=np.array(([IGNORE, 0, 1] * count)[:count]),
        splits=np.array((["train", "val", "test", ""] * count)[:count]),
        split_by="table",
        masks=DrawnMasks(pictures),
        mask_classes=("sky", "sea", "sand", "sun"),
        weights=1 + np.arange(count) / 4,
        objects=Objects(
            starts=np.array([0, 0, *range(2, 2 * count - 2, 2), 2 * count - 2]),  # The first has none.
            boxes=boxes,
            labels=np.arange(2 * count - 2) % 2,
            crowd=np.arange(2 * count - 2) % 5 == 0,
            points=np.arange(6 * (2 * count - 2), dtype=np.float64).reshape(-1, 2, 3) % 3,
            outlines=[(), (square, square + 1)] * (count - 1),
        ),
    )


@pytest.fixture
def six(draw: Draw) -> PictureSet:
    root = draw("a/1.png", "a/2.bmp", "a/3.gif", height=11, width=9)
    return marked(draw("b/4.jpg", "b/5.webp", "b/6.png", height=24, width=40).parent / root.name)


def assert_same_targets(packed: PictureSet, loose: PictureSet) -> None:
    assert packed.keys == loose.keys
    assert packed.classes == loose.classes
    assert packed.mask_classes == loose.mask_classes
    assert packed.labels.tolist() == loose.labels.tolist()
    assert packed.splits.tolist() == loose.splits.tolist()
    assert packed.weights is not None
    assert loose.weights is not None
    assert packed.weights.tolist() == loose.weights.tolist()
    assert packed.objects is not None
    assert loose.objects is not None
    for part in ("starts", "boxes", "labels", "crowd", "points"):
        assert np.array_equal(getattr(packed.objects, part), getattr(loose.objects, part)), part
    for ours, theirs in zip(packed.objects.outlines or (), loose.objects.outlines or (), strict=True):
        assert [ring.tolist() for ring in ours] == [ring.tolist() for ring in theirs]
    assert packed.masks is not None
    assert loose.masks is not None
    for row in range(len(loose)):
        assert np.array_equal(packed.masks.read(row), loose.masks.read(row))


@pytest.mark.parametrize("raw", [False, True])
def test_what_was_packed_comes_out(six: PictureSet, tmp_path: Path, raw: bool) -> None:
    done = pack(six, tmp_path / "out" / "six.arrow", raw=raw)
    assert (done.pictures, done.shards, done.broken, done.resumed, done.already) == (6, 1, (), 0, False)
    assert done.size_bytes == done.place.stat().st_size
    packed = shares_nothing(done.place)
    assert packed.found == "packed set, 6 pictures, 2 classes, split by the table train 2 / val 2 / test 1"
    assert_same_targets(packed, six)
    for index in range(6):
        assert np.array_equal(packed.pixels(index), six.pixels(index))
        assert packed.undecoded(index).shape == six.pixels(index).shape
        path, encoded = six.path(index), packed.source.encoded(index)
        assert path is not None
        assert encoded is None if raw else bytes(encoded or b"") == path.read_bytes()
    shard = open_shards(done.place)[0]
    formats = ["png", "bmp", "gif", "jpeg", "webp", "png"]
    assert [shard.format(row) for row in range(6)] == (["raw"] * 6 if raw else formats)


def test_a_packed_set_packed_again_is_the_same(six: PictureSet, tmp_path: Path) -> None:
    once = shares_nothing(pack(six, tmp_path / "1.arrow").place)
    twice = shares_nothing(pack(once, tmp_path / "2.arrow").place)
    assert_same_targets(twice, six)
    assert [bytes(twice.source.encoded(row) or b"") for row in range(6)] == [
        bytes(once.source.encoded(row) or b"") for row in range(6)
    ]


@pytest.mark.parametrize("raw", [False, True])
def test_targets_shrink_with_their_pictures(draw: Draw, tmp_path: Path, raw: bool) -> None:
    root = draw("1.png", "2.png", height=60, width=100)
    Image.fromarray(np.zeros((10, 20, 3), np.uint8)).save(root / "3.png")
    loose = marked(root)
    packed = shares_nothing(pack(loose, tmp_path / "p.arrow", max_side=20, quality=95, raw=raw).place)
    assert [packed.pixels(index).shape for index in range(3)] == [(12, 20, 3), (12, 20, 3), (10, 20, 3)]
    assert [packed.source.size(row) for row in range(3)] == [(12, 20), (12, 20), (10, 20)]
    assert packed.objects is not None
    assert loose.objects is not None
    assert loose.masks is not None
    assert packed.masks is not None
    factors = np.array([0.2, 0.2, 1.0, 1.0])[:, None]
    assert np.allclose(packed.objects.boxes, loose.objects.boxes * factors, rtol=0, atol=1e-12)
    assert packed.objects.points is not None
    assert loose.objects.points is not None
    scaled = loose.objects.points * np.concatenate([factors, factors, factors**0], axis=1)[:, None]
    assert np.allclose(packed.objects.points, scaled, rtol=0, atol=1e-12)
    assert packed.objects.outlines is not None
    assert packed.objects.outlines[1][0].tolist() == [[0, 0], [0.8, 0], [0.8, 0.9]]
    assert np.array_equal(packed.masks.read(1)[1:], np.tile(np.repeat(np.arange(4), 5), (11, 1)))
    assert np.array_equal(packed.masks.read(2), loose.masks.read(2))


def test_a_shrunk_picture_is_the_mean_of_what_its_pixels_cover(draw: Draw, tmp_path: Path) -> None:
    root = draw("1.png", height=40, width=60)
    tones = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    Image.fromarray(np.repeat(np.repeat(tones, 10, 0), 10, 1)).save(root / "1.png")
    packed = shares_nothing(pack(shares_nothing(root), tmp_path / "p.arrow", max_side=6, raw=True).place)
    assert np.array_equal(packed.pixels(0), tones)


def test_pictures_from_memory_become_lossless_files(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 256, (5, 6, 7, 3), dtype=np.uint8)
    loose = PictureSet(name="m", keys=tuple("abcde"), source=ArrayPixels(array))
    packed = shares_nothing(pack(loose, tmp_path / "m.arrow").place)
    assert packed.classes == ()
    assert packed.labels.tolist() == [IGNORE] * 5
    assert all(np.array_equal(packed.pixels(index), array[index]) for index in range(5))
    other = replace(loose, source=ArrayPixels(255 - array))
    with pytest.raises(DataError, match="is there already, and from other pictures"):
        pack(other, tmp_path / "m.arrow")


def test_a_subset_in_another_order_keeps_its_targets(six: PictureSet, tmp_path: Path) -> None:
    some = six.subset([5, 1, 2])
    packed = shares_nothing(pack(some, tmp_path / "p.arrow").place)
    assert packed.keys == ("b/6.png", "a/2.bmp", "a/3.gif")
    for index in range(3):
        ours, theirs = packed.sample(index), some.sample(index)
        assert (ours.key, ours.label, ours.split) == (theirs.key, theirs.label, theirs.split)
        assert ours.mask is not None
        assert theirs.mask is not None
        assert np.array_equal(ours.mask, theirs.mask)
        assert ours.objects is not None
        assert theirs.objects is not None
        assert np.array_equal(ours.objects.boxes, theirs.objects.boxes)


def test_the_hash_splits_a_packed_set_as_it_splits_the_loose_one(draw: Draw, tmp_path: Path) -> None:
    root = draw(*[f"{name}/{number}.png" for name in "ab" for number in range(20)])
    packed = open_pictures(pack(shares_nothing(root), tmp_path / "p.arrow").place)
    assert packed.split_by == "hash"
    assert packed.splits.tolist() == open_pictures(root).splits.tolist()
    root = draw(*[f"{name}/a/{number}.png" for name in ("train", "test") for number in range(20)])
    for folder in ("a", "b"):
        os.rename(root / folder, tmp_path / folder)
    packed = open_pictures(pack(shares_nothing(root), tmp_path / "q.arrow").place)
    assert packed.splits.tolist() == open_pictures(root).splits.tolist()


@pytest.fixture
def many(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> PictureSet:
    """40 pictures, written in parts of 8 and batches of a few."""
    monkeypatch.setattr(pack_module, "_PART_ROWS", 8)
    monkeypatch.setattr(pack_module, "_BATCH_BYTES", 1000)
    return marked(draw(*[f"{number:02}.{'png' if number % 2 else 'jpg'}" for number in range(40)], width=20))


@pytest.mark.parametrize("shard_bytes", [2**30, 15_000])
def test_the_result_is_the_same_for_any_number_of_threads(
    many: PictureSet, tmp_path: Path, shard_bytes: int
) -> None:
    results = []
    for threads in (1, 2, 5):
        place = tmp_path / str(threads) / "p.arrow"
        pack(many, place, threads=threads, max_side=15, shard_bytes=shard_bytes)
        assert names(place.parent) == ["p.arrow"]
        results.append(content(place))
    assert results[0] == results[1] == results[2]
    assert (len(results[0]) > 1) == (shard_bytes < 2**30)


def test_several_shards_are_a_folder_that_opens_as_one(many: PictureSet, tmp_path: Path) -> None:
    done = pack(many, tmp_path / "p.arrow", shard_bytes=10_000)
    assert names(done.place) == [f"{number:05}.arrow" for number in range(done.shards)]
    assert done.shards > 3
    assert done.size_bytes == sum(map(len, content(done.place)))
    packed = shares_nothing(done.place)
    assert_same_targets(packed, many)
    assert all(np.array_equal(packed.pixels(index), many.pixels(index)) for index in range(40))
    assert check(open_shards(done.place)).pictures == 40
    again = pack(many, tmp_path / "p.arrow", shard_bytes=10_000)
    assert (again.already, again.shards, again.pictures) == (True, done.shards, 40)


def stop_at(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The process ends, in effect, at the n-th rename."""
    real, calls = os.replace, 0

    def replace_(*paths: str) -> None:
        nonlocal calls
        calls += 1
        if calls == number:
            raise KeyboardInterrupt
        real(*paths)

    monkeypatch.setattr(os, "replace", replace_)


@pytest.mark.parametrize("shard_bytes", [2**30, 15_000])
def test_stopped_before_any_rename_it_goes_on_and_gives_the_same(
    many: PictureSet, tmp_path: Path, shard_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack(many, tmp_path / "whole.arrow", shard_bytes=shard_bytes)
    place = tmp_path / "b" / "p.arrow"
    resumed = []
    for number in (1, 3, 5, 7, 9, 11, 12, 13):
        with monkeypatch.context() as patched:
            stop_at(patched, number)
            with pytest.raises(KeyboardInterrupt):
                pack(many, place, shard_bytes=shard_bytes)
        assert names(place.parent) == [".p.arrow.packing"]
        done = pack(many, place, shard_bytes=shard_bytes)
        assert names(place.parent) == ["p.arrow"]
        assert content(place) == content(tmp_path / "whole.arrow")
        resumed.append(done.resumed)
        os.rename(place, tmp_path / f"{number}.arrow")
    assert resumed == [0, 0, 8, 16, 24, 32, 40, 40]


def test_stopped_while_replacing_it_goes_on(
    many: PictureSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, place = 15_000, tmp_path / "b" / "p.arrow"
    for before, after in ((2**30, folder), (folder, 2**30), (folder, folder - 1), (2**30, 2**30 - 1)):
        pack(many, place, shard_bytes=before, overwrite=True)
        pack(many, tmp_path / "whole.arrow", shard_bytes=after, overwrite=True)
        for number in (1, 9, 13, 14, 15, 16, 17, 18, 19):
            with monkeypatch.context() as patched:
                stop_at(patched, number)
                try:
                    pack(many, place, shard_bytes=after, overwrite=True)
                    break
                except KeyboardInterrupt:
                    pass
        else:
            pack(many, place, shard_bytes=after, overwrite=True)
        assert names(place.parent) == ["p.arrow"]
        assert content(place) == content(tmp_path / "whole.arrow")


def test_a_packing_of_other_pictures_or_options_is_not_gone_on_with(
    many: PictureSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "b" / "p.arrow"
    with monkeypatch.context() as patched:
        stop_at(patched, 6)
        with pytest.raises(KeyboardInterrupt):
            pack(many, place, max_side=10)
    work = place.parent / ".p.arrow.packing"
    (work / ".part-0.arrow.x.part").write_bytes(b"half")
    done = pack(many, place, max_side=11)
    assert done.resumed == 0
    assert names(place.parent) == ["p.arrow"]


def test_a_damaged_part_is_made_anew(
    many: PictureSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack(many, tmp_path / "whole.arrow")
    place = tmp_path / "b" / "p.arrow"
    work = place.parent / ".p.arrow.packing"
    with monkeypatch.context() as patched:
        stop_at(patched, 8)
        with pytest.raises(KeyboardInterrupt):
            pack(many, place)
    part = work / "part-0000001.arrow"
    part.write_bytes(part.read_bytes()[:-50])
    (work / "part-0000002.json").write_text("[1")
    assert pack(many, place).resumed == 8
    assert content(place) == content(tmp_path / "whole.arrow")


def test_killed_when_all_but_the_removal_was_done_nothing_is_left_behind(
    six: PictureSet, tmp_path: Path
) -> None:
    done = pack(six, tmp_path / "o" / "p.arrow")
    work = tmp_path / "o" / ".p.arrow.packing"
    work.mkdir()
    (work / "part-0000000.arrow").write_bytes(b"x")
    again = pack(six, done.place)
    assert again == replace(done, already=True)
    assert names(tmp_path / "o") == ["p.arrow"]


def test_what_is_there_is_kept_unless_it_shall_be_replaced(six: PictureSet, tmp_path: Path) -> None:
    place = tmp_path / "p.arrow"
    pack(six, place)
    before = content(place)
    assert pack(six, place).already
    with pytest.raises(DataError, match=r"p\.arrow: is there already, and from other .*; --overwrite"):
        pack(six, place, raw=True)
    assert content(place) == before
    assert not pack(six, place, raw=True, overwrite=True).already
    assert content(place) != before
    place.write_bytes(b"mine")
    with pytest.raises(DataError, match="is there already"):
        pack(six, place)
    place.unlink()
    place.symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataError, match="is there already"):
        pack(six, place)


def test_a_folder_with_other_things_is_never_replaced(six: PictureSet, tmp_path: Path) -> None:
    place = tmp_path / "o" / "p.arrow"
    place.mkdir(parents=True)
    (place / "thesis.txt").write_text("all I have")
    with pytest.raises(DataError, match="is a folder with other things than a packed set; it is kept"):
        pack(six, place, overwrite=True)
    with pytest.raises(DataError, match="is there already"):
        pack(six, place)
    assert names(place) == ["thesis.txt"]
    assert names(place.parent) == ["p.arrow"]


def test_a_change_of_anything_that_is_packed_is_noticed(six: PictureSet, tmp_path: Path) -> None:
    place = tmp_path / "p.arrow"
    pack(six, place)
    objects, path = six.objects, six.path(3)
    assert objects is not None
    assert objects.outlines is not None
    assert objects.points is not None
    assert path is not None
    others = [
        replace(six, labels=six.labels[::-1]),
        replace(six, classes=("cat", "fox")),
        replace(six, weights=None),
        replace(six, splits=six.splits[::-1]),
        replace(six, mask_classes=()),
        replace(six, objects=None),
        replace(six, objects=replace(objects, boxes=objects.boxes / 2)),
        replace(six, objects=replace(objects, points=objects.points / 2)),
        replace(six, objects=replace(objects, outlines=list(objects.outlines)[::-1])),
    ]
    for other in others:
        with pytest.raises(DataError, match="is there already, and from other pictures or options"):
            pack(other, place)
    assert pack(six, place).already
    os.utime(path, (1, 1))
    with pytest.raises(DataError, match="is there already, and from other pictures or options"):
        pack(six, place)


def test_changed_masks_are_noticed(draw: Draw, tmp_path: Path) -> None:
    root = draw("1.png", height=2, width=3)
    Image.fromarray(np.zeros((2, 3), np.uint8)).save(root / "m.png")
    (root / "t.csv").write_text("path,mask\n1.png,m.png\n")
    pack(shares_nothing(root / "t.csv"), tmp_path / "p.arrow")
    os.utime(root / "m.png", (1, 1))
    with pytest.raises(DataError, match="is there already"):
        pack(shares_nothing(root / "t.csv"), tmp_path / "p.arrow")


def test_broken_files_are_left_out_named_and_counted(draw: Draw, tmp_path: Path) -> None:
    root = draw(*[f"{number:02}.png" for number in range(60)])
    whole = (root / "03.png").read_bytes()
    (root / "03.png").write_bytes(whole[:40])
    (root / "50.png").write_bytes(b"")
    place = tmp_path / "p.arrow"
    for done in (pack(shares_nothing(root), place), pack(shares_nothing(root), place)):
        assert done.pictures == 58
        assert [one.key for one in done.broken] == ["03.png", "50.png"]
        assert str(done.broken[1]) == "50.png: is empty (0 bytes)"
    assert "03.png" not in shares_nothing(place).keys
    raw = pack(shares_nothing(root), tmp_path / "raw.arrow", raw=True)
    assert [one.key for one in raw.broken] == ["03.png", "50.png"]


def test_more_than_a_twentieth_broken_is_an_error_that_leaves_nothing(draw: Draw, tmp_path: Path) -> None:
    root = draw(*[f"{number}.png" for number in range(8)])
    (root / "3.png").write_bytes(b"no picture")
    with pytest.raises(
        DataError, match=r"photos: 1 of the first 8 pictures are broken, and at most 5% .*: 3\.png: is no"
    ):
        pack(shares_nothing(root), tmp_path / "o" / "p.arrow")
    assert names(tmp_path / "o") == []


def test_a_name_that_is_no_text_is_left_out_and_named(draw: Draw, tmp_path: Path) -> None:
    root = draw(*[f"{number}.png" for number in range(30)])
    try:
        os.rename(root / "7.png", os.fsencode(root) + b"/7\xff.png")
    except OSError:
        pytest.skip("this disk takes only names that are UTF-8")
    done = pack(shares_nothing(root), tmp_path / "p.arrow")
    assert done.pictures == 29
    assert "cannot hold the name 7\\udcff.png, which is no UTF-8 text; rename it" in str(done.broken[0])


def test_a_mask_of_another_size_is_broken(six: PictureSet, tmp_path: Path) -> None:
    class Small(Masks):
        def read(self, row: int) -> NDArray[np.uint8]:
            return np.zeros((2, 2), np.uint8)

    with pytest.raises(DataError, match=r"a/1\.png: its mask must have its size, 9 x 11, got 2 x 2"):
        pack(replace(six, masks=Small()), tmp_path / "p.arrow")


def test_a_picture_that_its_format_cannot_hold_is_broken_and_no_crash(draw: Draw, tmp_path: Path) -> None:
    root = draw("1.png")
    Image.new("RGB", (70_000, 1)).save(root / "1.png")
    with pytest.raises(DataError, match=r"1 of the first 1 pictures are broken.*: 1\.png: "):
        pack(shares_nothing(root), tmp_path / "p.arrow", max_side=66_000)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_side": 0}, r"pack\.max_side: must be at least 1 px, got 0"),
        ({"quality": 0}, r"pack\.quality: must lie in \[1, 100\], got 0"),
        ({"quality": 101}, r"pack\.quality: must lie in \[1, 100\], got 101"),
        ({"threads": 0}, r"pack\.threads: must be at least 1, got 0"),
        ({"shard_bytes": 0}, r"pack\.shard_bytes: must be at least 1, got 0"),
    ],
)
def test_an_option_out_of_range_is_an_error(
    six: PictureSet, tmp_path: Path, options: dict[str, int], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        pack(six, tmp_path / "p.arrow", **options)  # pyright: ignore[reportArgumentType]
    assert not (tmp_path / "p.arrow").exists()


def test_the_name_and_the_pictures_are_checked_first(six: PictureSet, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"p\.zip: the name of a packed set must end in \.arrow"):
        pack(six, tmp_path / "p.zip")
    with pytest.raises(DataError, match="must hold at least one picture to pack"):
        pack(six.subset([]), tmp_path / "p.arrow")


def test_a_place_that_cannot_be_written_is_one_sentence(six: PictureSet, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(
        VitralError, match=r"file/p\.arrow: cannot be written \((Not a directory|File exists)"
    ):
        pack(six, tmp_path / "file" / "p.arrow")
    (tmp_path / ".p.arrow.packing").write_bytes(b"")
    with pytest.raises(VitralError, match=r"p\.arrow: cannot be written \(File exists\)"):
        pack(six, tmp_path / "p.arrow")


def test_a_full_disk_is_one_sentence(many: PictureSet, tmp_path: Path) -> None:
    loose, place = many.root, tmp_path / "o" / "p.arrow"
    code = (
        "import resource, sys\n"
        "from vitral.core import VitralError\n"
        "from vitral.data import open_pictures\n"
        "from vitral.data.packed import pack\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "try: pack(open_pictures(sys.argv[1], validation=0, test=0), sys.argv[2], raw=True)\n"
        "except VitralError as error: print(error)"
    )
    words = [sys.executable, "-c", code, str(loose), str(place)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "could not be written (File too large); the file was left as it was before" in done.stdout
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
    assert not place.exists()


def test_two_packings_to_one_place_do_not_meet(six: PictureSet, tmp_path: Path) -> None:
    place = tmp_path / "o" / "p.arrow"
    with held(place) as work:
        with pytest.raises(DataError, match=r"p\.arrow: is being packed by another process; wait for it"):
            pack(six, place)
        assert work.is_dir()
    pack(six, place)
    with held(place), pytest.raises(DataError, match="is being packed by another process"):
        pack(six, place, overwrite=True)
    with held(place):
        assert pack(six, place).already, "what is finished may be asked for at any time"
    assert names(place.parent) == [".p.arrow.packing", "p.arrow"]
    assert pack(six, place).already
    assert names(place.parent) == ["p.arrow"]


def test_the_folder_is_synced_after_the_rename(
    six: PictureSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, events = tmp_path / "o" / "p.arrow", []
    real_replace, real_fsync = os.replace, os.fsync

    def replace_(start: str, end: str) -> None:
        real_replace(start, end)
        events.append(str(end))

    def fsync(handle: int) -> None:
        events.append(os.path.realpath(f"/proc/self/fd/{handle}"))
        real_fsync(handle)

    monkeypatch.setattr(os, "replace", replace_)
    monkeypatch.setattr(os, "fsync", fsync)
    pack(six, place)
    assert events[-2:] == [str(place), str(place.parent)]


def test_an_error_of_the_rename_is_one_sentence(
    six: PictureSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, real = tmp_path / "p.arrow", os.replace

    def refuse(start: str, end: str) -> None:
        if Path(end) == place:
            raise PermissionError(13, "Permission denied")
        real(start, end)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(VitralError, match=r"p\.arrow: could not be written because permission was denied"):
        pack(six, place)


def test_progress_counts_up_to_all(many: PictureSet, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    pack(many, tmp_path / "p.arrow", progress=lambda *numbers: seen.append(numbers))
    assert seen[-1] == (40, 40)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_large_parts_are_not_held_in_memory(
    many: PictureSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack_module, "_PART_ROWS", 40)
    written: list[int] = []
    real = pack_module.record_batch

    def counted(rows: list[object], schema: object) -> object:
        written.append(len(rows))
        return real(rows, schema)

    monkeypatch.setattr(pack_module, "record_batch", counted)
    place = tmp_path / "p.arrow"
    pack(many, place)
    assert len(written) > 5
    assert max(written) < 10


def killed_after(words: list[str], work: Path, parts: int, pause: float) -> bool:
    """Start a packing and kill it a moment after some parts are there; tell whether it was in time."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        if len(list(work.glob("part-*.arrow"))) >= parts:
            break
        time.sleep(0.002)
    time.sleep(pause)
    os.kill(process.pid, signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_at_several_moments_and_run_again_the_result_is_the_same(draw: Draw, tmp_path: Path) -> None:
    root = draw(*[f"{number:04}.png" for number in range(40)], height=64, width=64)
    for number in range(40, 800):
        os.link(root / f"{number % 40:04}.png", root / f"{number:04}.png")
    place = tmp_path / "o" / "p.arrow"
    work = place.parent / ".p.arrow.packing"
    words = [sys.executable, "-m", "vitral", "pack", str(root), str(place), "--max-side", "50"]
    kept = []
    for parts, pause in ((0, 0.0), (1, 0.02), (2, 0.0)):
        assert killed_after(words, work, parts, pause)
        assert not place.exists()
        kept.append(len(list(work.glob("part-*.arrow"))))
    assert kept == sorted(kept)
    done = subprocess.run([*words, "--json"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["resumed"] > 0
    assert names(place.parent) == ["p.arrow"]
    pack(shares_nothing(root), tmp_path / "whole.arrow", max_side=50)
    assert content(place) == content(tmp_path / "whole.arrow")
    assert check([*open_shards(place)]).damaged == ()


def test_a_shard_says_what_is_in_it(six: PictureSet, tmp_path: Path) -> None:
    shard = open_shards(pack(six, tmp_path / "p.arrow").place)[0]
    row = shard.row(4)
    assert (row.key, row.format, row.size, row.split) == ("b/5.webp", "webp", (24, 40), "train")
    assert shard.header["options"] == {"max_side": None, "quality": 90, "raw": False}

"""Packed sets: mapped without copies, readable by others, and damage never passes for pixels."""

import io
import json
import os
import pickle
import struct
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import fsspec
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
import torch
from fsspec.implementations.local import LocalFileSystem as FsspecLocal
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

from vitral.augment import Augmentation, Flip, RandomResizedCrop
from vitral.core import DataError, FileFormatError, ImageError
from vitral.data import ArrayPixels, Loader, Objects, PictureSet, decode, open_pictures
from vitral.data.byte_file import MappedFile, RemoteFile
from vitral.data.packed import check, pack
from vitral.data.packed.row_crop import RowCropJpeg, cut_rows, restart_offsets
from vitral.data.packed.schema import HEADER, Row, arrow_schema, record_batch
from vitral.data.packed.shard import Shard
from vitral.data.sources.packed_set import PackedSet, open_shards

Draw = Callable[..., Path]
pack_module: Any = sys.modules["vitral.data.packed.pack"]
OUR_ERRORS = (FileFormatError, ImageError, DataError)


def shares_nothing(place: object) -> PictureSet:
    return open_pictures(place, validation=0, test=0)


def marked(root: Path) -> PictureSet:
    """Pictures of a table with classes, splits, boxes, points, weights and masks."""
    rows = []
    for number, path in enumerate(sorted(root.glob("*.png"))):
        with Image.open(path) as picture:
            mask = Image.new("L", picture.size, number % 3)
        (root / "masks").mkdir(exist_ok=True)
        mask.save(root / "masks" / path.name)
        row = {"path": path.name, "label": "ab"[number % 2], "split": ["train", "val"][number % 2]}
        row |= {"weight": 1 + number, "mask": f"masks/{path.name}"}
        row |= {"boxes": [[0, 0, 2, 3]], "box_labels": ["a"], "points": [[[1, 1], [2, 2]]]}
        rows.append(json.dumps(row | ({"boxes": [], "box_labels": [], "points": []} if number == 1 else {})))
    (root / "list.jsonl").write_text("\n".join(rows))
    return shares_nothing(root / "list.jsonl")


@pytest.fixture
def loose(draw: Draw) -> PictureSet:
    return marked(draw("0.png", "1.png", "2.png", "3.png", height=6, width=5))


@pytest.fixture
def packed(loose: PictureSet, tmp_path: Path) -> Path:
    return pack(loose, tmp_path / "p.arrow").place


@pytest.fixture
def shards(loose: PictureSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The four pictures in four shards."""
    monkeypatch.setattr(pack_module, "_BATCH_BYTES", 1)
    return pack(loose, tmp_path / "s.arrow", shard_bytes=1).place


def everything(pictures: PictureSet) -> list[Any]:
    """All that is in a set, read."""
    found: list[Any] = [pictures.classes, pictures.mask_classes, pictures.splits.tolist()]
    found.append(None if pictures.weights is None else pictures.weights.tolist())
    for index in range(len(pictures)):
        sample = pictures.sample(index)
        objects, mask = sample.objects, sample.mask
        found.append([sample.key, sample.label, pictures.pixels(index).tobytes()])
        found[-1].append(None if mask is None else mask.tobytes())
        if objects is not None:
            points = None if objects.points is None else objects.points.tolist()
            found[-1] += [objects.boxes.tolist(), objects.labels.tolist(), objects.crowd.tolist(), points]
    return found


def test_pyarrow_reads_it_as_it_is(packed: Path, loose: PictureSet) -> None:
    with pa.memory_map(str(packed)) as file:
        table = pa.ipc.open_file(file).read_all()
    assert table["key"].to_pylist() == ["0.png", "1.png", "2.png", "3.png"]
    assert table["class"].to_pylist() == ["a", "b", "a", "b"]
    assert table["boxes"].to_pylist() == [[[0, 0, 2, 3]], [], [[0, 0, 2, 3]], [[0, 0, 2, 3]]]
    path = loose.path(2)
    assert path is not None
    assert table["picture"][2].as_py() == path.read_bytes()


def test_polars_reads_it_as_it_is(packed: Path, loose: PictureSet) -> None:
    whole = pl.read_ipc(packed)
    assert whole["label"].to_list() == [0, 1, 0, 1]
    assert whole["split"].to_list() == ["train", "val", "train", "val"]
    lazily = pl.scan_ipc(packed).filter(pl.col("class") == "b").select("key", "picture", "points").collect()
    paths = [loose.path(1), loose.path(3)]
    assert lazily["picture"].to_list() == [path.read_bytes() for path in paths if path is not None]
    assert lazily["points"].to_list() == [[], [[1, 1, 2, 2, 2, 2]]]


def test_duckdb_reads_it_as_it_is(packed: Path, shards: Path, loose: PictureSet) -> None:
    import pyarrow.dataset as ds

    path = loose.path(3)
    assert path is not None
    with pa.memory_map(str(packed)) as file:
        for table in (pa.ipc.open_file(file).read_all(), ds.dataset(shards, format="ipc")):
            base = duckdb.connect()
            base.register("pictures", table)
            counted = base.execute("select class, count(*) from pictures group by class order by class")
            assert counted.fetchall() == [("a", 2), ("b", 2)]
            found = base.execute("select label, picture, mask is null from pictures where key = '3.png'")
            assert found.fetchall() == [(1, path.read_bytes(), False)]
            base.close()


def test_pixels_and_bytes_are_views_into_the_map(loose: PictureSet, tmp_path: Path) -> None:
    pack(loose, tmp_path / "raw.arrow", raw=True)
    pack(loose, tmp_path / "p.arrow")
    for place in (tmp_path / "raw.arrow", tmp_path / "p.arrow"):
        shard = open_shards(place)[0]
        assert isinstance(shard.file, MappedFile)
        whole = np.frombuffer(shard.file.whole, dtype=np.uint8)
        for row in range(4):
            part = shard.pixels(row) if shard.is_raw(row) else np.frombuffer(shard.picture(row), np.uint8)
            assert np.shares_memory(whole, part)
            assert not part.flags.writeable
    picture = shares_nothing(tmp_path / "raw.arrow").undecoded(0)
    pixels, _ = picture.region((0, 0, 5, 6), height=6, width=5)
    assert pixels.base is not None


def places_of(place: Path) -> list[tuple[Any, Any]]:
    """A packed set named in every way, with the filesystem object in which it is."""
    folder = str(place.parent)
    return [
        (place, None),
        (place.as_uri(), None),
        (str(place), LocalFileSystem()),
        (place.name, SubTreeFileSystem(folder, LocalFileSystem())),
        (str(place), FsspecLocal()),
        (place.name, fsspec.filesystem("dir", path=folder, fs=FsspecLocal())),
    ]


def test_it_opens_by_path_address_and_filesystem(packed: Path, shards: Path, loose: PictureSet) -> None:
    expected = everything(loose)
    for whole in (packed, shards):
        for place, filesystem in places_of(whole):
            pictures = PackedSet(validation=0, test=0).open(place, filesystem)
            assert everything(pictures) == expected, (place, filesystem)
            assert pictures.name == whole.stem
    names = sorted(shards.iterdir())
    assert everything(open_pictures(names, validation=0, test=0)) == expected
    assert everything(open_pictures(f"{shards}/*.arrow", validation=0, test=0)) == expected
    assert everything(open_pictures(f"{shards}/0000{{0..3}}.arrow", validation=0, test=0)) == expected
    assert everything(open_pictures(packed.as_uri(), validation=0, test=0)) == expected
    assert open_pictures(packed).place == str(packed)


def test_a_store_is_asked_for_no_more_than_is_needed(draw: Draw, tmp_path: Path) -> None:
    root = draw(*[f"{number}.png" for number in range(8)], height=150, width=150)
    place = pack(shares_nothing(root), tmp_path / "p.arrow").place
    asked: list[int] = []

    class Counting(RemoteFile):
        def read(self, offset: int, length: int) -> bytes:
            asked.append(length)
            return super().read(offset, length)

    shard = Shard(Counting(FsspecLocal(), str(place), "here"))
    assert sum(asked) < place.stat().st_size / 4, "only the index is read"
    asked.clear()
    assert shard.picture(3) == (root / "3.png").read_bytes()
    assert shard.picture(3) == (root / "3.png").read_bytes()
    assert asked == [(root / "3.png").stat().st_size] * 3, "the first time it is checked"
    assert shard.name(3) == "here, row 3 (3.png)"


@pytest.mark.parametrize("workers", [0, 1, 2, 4])
def test_batches_are_those_of_the_loose_files(draw: Draw, tmp_path: Path, workers: int) -> None:
    root = draw(*[f"{i:02}.png" for i in range(21)], height=40, width=48)
    for number in range(0, 21, 3):
        Image.open(root / f"{number:02}.png").save(root / f"{number:02}.png", "JPEG")
    loose = marked(root)
    crop = (RandomResizedCrop(), Flip())
    for raw in (False, True):
        packed = shares_nothing(pack(loose, tmp_path / f"{raw}.arrow", raw=raw).place)
        augmentation = Augmentation(crop, height=8, width=8, mean=(0.5,) * 3, std=(0.25,) * 3)
        for transform in (None, augmentation):
            if raw and transform is not None:
                continue  # Of a JPEG a crop may be made of fewer pixels than of what was decoded before.
            options: dict[str, Any] = {"batch_size": 4, "shuffle": True, "seed": 3, "transform": transform}
            ours, theirs = Loader(packed, workers=workers, **options), Loader(loose, workers=0, **options)
            for one, other in zip(ours, theirs, strict=True):
                assert one.keys == other.keys
                assert one.labels.tolist() == other.labels.tolist()
                for part in ("pixels", "masks", "boxes", "box_labels", "box_crowd", "points", "inputs"):
                    assert_equal(getattr(one, part), getattr(other, part))


def assert_equal(ours: Any, theirs: Any) -> None:
    assert (ours is None) == (theirs is None)
    for one, other in zip(ours if ours is not None else (), theirs if ours is not None else (), strict=True):
        assert np.array_equal(one, other)


def noise_jpeg(height: int, width: int, *, seed: int = 0) -> bytes:
    """As a packed set writes it: chroma as fine as luma, a restart at each row of blocks."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "JPEG", quality=90, subsampling=0, restart_marker_rows=1)
    return file.getvalue()


@given(
    st.tuples(st.integers(1, 90), st.integers(1, 40)),
    st.tuples(st.floats(-20, 100), st.floats(0.5, 60), st.floats(-20, 50), st.floats(0.5, 60)),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
def test_rows_decoded_alone_are_those_of_the_whole(
    size: tuple[int, int], box: tuple[float, float, float, float], asked: tuple[int, int]
) -> None:
    (height, width), (top, rows, left, columns) = size, box
    data = noise_jpeg(height, width)
    whole = decode(data)
    picture = RowCropJpeg(data, (height, width), restart_offsets(data), "x.jpg")
    wanted = (left, top, left + columns, top + rows)
    pixels, found = picture.region(wanted, height=asked[0], width=asked[1])
    scale = min(rows / asked[0], columns / asked[1])
    if scale >= 2:
        factor = max(factor for factor in (2, 4, 8) if scale >= factor)
        assert pixels.shape == (-(-height // factor), -(-width // factor), 3)
        assert np.allclose(np.array(found) * factor, wanted)
        return
    first = round(wanted[1] - found[1])
    assert found == pytest.approx((left, top - first, left + columns, top + rows - first))
    assert np.array_equal(pixels, whole[first : first + len(pixels)])
    # All that resampling looks at is there, as far as there are pixels.
    reach = max(rows / asked[0], 1) / 2
    assert first <= max(0, min(top - reach, height - 1))
    assert first + len(pixels) >= min(height, max(top + rows + reach, 1))


def test_a_packed_jpeg_knows_its_restarts_and_is_cut(draw: Draw, tmp_path: Path) -> None:
    root = draw("1.png", "2.png", height=160, width=120)
    pictures = shares_nothing(pack(shares_nothing(root), tmp_path / "p.arrow", max_side=80).place)
    shard = open_shards(tmp_path / "p.arrow")[0]
    assert shard.restarts(0)[0] > 0
    assert len(shard.restarts(0)) == 80 / 8 + 2
    picture = pictures.undecoded(1)
    assert isinstance(picture, RowCropJpeg)
    pixels, box = picture.region((10, 33, 20, 38), height=5, width=10)
    assert pixels.shape == (16, 60, 3)
    assert box == (10, 9, 20, 14)
    assert np.array_equal(pixels, pictures.pixels(1)[24:40])


@given(st.data())
def test_no_restarts_however_wrong_are_more_than_an_error_of_the_picture(data: st.DataObject) -> None:
    jpeg = noise_jpeg(40, 16)
    sound = restart_offsets(jpeg)
    numbers = st.one_of(st.integers(0, 2**32 - 1), st.integers(0, len(jpeg)), st.sampled_from(sound))
    wrong = data.draw(st.one_of(st.lists(numbers, max_size=9), st.permutations(sound)))
    size = data.draw(
        st.sampled_from([(40, 16), (33, 16), (41, 16), (40, 17), (2**31 - 1, 2**31 - 1), (1, 1)])
    )
    top = data.draw(st.integers(0, 40))
    picture = RowCropJpeg(memoryview(jpeg), size, tuple(wrong), "folder/x.jpg")
    message = ""
    try:
        pixels, _ = picture.region((0, top, 16, top + 3), height=3, width=16)
        assert pixels.shape[1:] == (16, 3)
    except ImageError as error:
        message = str(error)
    assert message.startswith("folder/x.jpg: ") or not message


def test_a_jpeg_that_is_not_what_its_row_says_is_an_error() -> None:
    jpeg, turned = noise_jpeg(40, 16), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.new("RGB", (16, 40)).save(turned, "JPEG", exif=exif)
    for data, size in ((jpeg, (40, 17)), (jpeg, (39, 16)), (turned.getvalue(), (40, 16)), (b"no", (40, 16))):
        picture = RowCropJpeg(data, size, restart_offsets(jpeg), "x.jpg")
        for rows in (40, 10):
            with pytest.raises(ImageError, match=r"^x\.jpg: is not the JPEG that its row says it is"):
                picture.region((0, 0, 16, 40), height=rows, width=rows)


def test_what_has_no_restart_at_each_row_has_no_offsets() -> None:
    file = io.BytesIO()
    Image.new("RGB", (16, 40)).save(file, "JPEG", progressive=True)
    with pytest.raises(ValueError, match="is no baseline JPEG with its end where it should be"):
        restart_offsets(file.getvalue())
    jpeg = noise_jpeg(40, 16)
    assert decode(bytes(cut_rows(jpeg, restart_offsets(jpeg), 0, 5, 40))).shape == (40, 16, 3)


def test_a_packed_set_goes_to_spawned_workers(packed: Path, shards: Path, loose: PictureSet) -> None:
    assert loose.masks is not None
    for place in (packed, shards):
        pictures = shares_nothing(place)
        pictures.pixels(0)
        anything: Any = pictures
        loader = torch.utils.data.DataLoader(
            anything, batch_size=2, num_workers=1, multiprocessing_context="spawn", collate_fn=list
        )
        items = [item for batch in loader for item in batch]
        assert [known["label"] for _, known in items] == loose.labels.tolist()
        for index, (pixels, known) in enumerate(items):
            assert np.array_equal(pixels.permute(1, 2, 0).numpy(), loose.pixels(index))
            assert np.array_equal(known["mask"], loose.masks.read(index))
    again = pickle.loads(pickle.dumps(PackedSet().open(str(packed), LocalFileSystem())))
    assert np.array_equal(again.pixels(2), loose.pixels(2))


def test_a_set_that_was_replaced_does_not_reach_another_process(packed: Path, loose: PictureSet) -> None:
    pictures = shares_nothing(packed)
    pictures.pixels(0)
    sent = pickle.dumps(pictures)
    pack(loose, packed, raw=True, overwrite=True)
    with pytest.raises(DataError, match=r"p\.arrow: has changed since it was opened"):
        pickle.loads(sent)
    assert np.array_equal(pictures.pixels(1), loose.pixels(1)), "who has it open keeps the old one"


# -- damage


def damaged_rows(place: Path) -> tuple[list[Any] | None, str]:
    """What is read of a file, or the error that says why not."""
    try:
        return everything(shares_nothing(place)), ""
    except OUR_ERRORS as error:
        return None, str(error)


@pytest.mark.parametrize("raw", [False, True])
def test_a_flipped_byte_gives_the_same_rows_or_an_error_that_names_them(
    loose: PictureSet, tmp_path: Path, raw: bool
) -> None:
    place = pack(loose, tmp_path / "p.arrow", raw=raw).place
    whole, expected = place.read_bytes(), everything(shares_nothing(place))
    start = 7 if raw else 0
    at = np.arange(start, len(whole), 11) if raw else np.arange(start, len(whole), 5)
    bits = np.random.default_rng(0).integers(0, 8, len(at))
    rows, messages = 0, set()
    with place.open("r+b") as file:
        for number, bit in zip(at.tolist(), bits.tolist(), strict=True):
            os.pwrite(file.fileno(), bytes([whole[number] ^ 1 << bit]), number)
            found, message = damaged_rows(place)
            os.pwrite(file.fileno(), whole[number : number + 1], number)
            assert found in (None, expected), f"byte {number}, bit {bit}"
            assert "p.arrow" in message or found, message
            assert "\n" not in message
            rows += ", row " in message
            messages.add(message)
    assert rows > 0.1 * len(at), "of such small pictures, most of the file is its head and its tail"
    assert len(messages) > 10


def test_a_file_cut_anywhere_is_an_error_that_names_it(packed: Path) -> None:
    whole = packed.read_bytes()
    for length in [*range(40), *range(40, len(whole), 97), *range(len(whole) - 40, len(whole))]:
        packed.write_bytes(whole[:length])
        with pytest.raises(FileFormatError, match=r"p\.arrow: is (damaged|no Arrow file)"):
            shares_nothing(packed)
        for filesystem in (LocalFileSystem(), FsspecLocal()) if length % 5 == 0 else ():
            with pytest.raises(FileFormatError, match=r"p\.arrow: is (damaged|no Arrow file)"):
                PackedSet().open(str(packed), filesystem)


def test_a_damaged_row_is_named_and_the_others_are_read(packed: Path, loose: PictureSet) -> None:
    shard = open_shards(packed)[0]
    path = loose.path(2)
    assert path is not None
    at = packed.read_bytes().index(path.read_bytes())
    with packed.open("r+b") as file:
        file.seek(at + 70)
        file.write(b"!!")
    pictures = shares_nothing(packed)
    said = r"p\.arrow, row 2 \(2\.png\): is damaged: its checksum is wrong$"
    for read in (pictures.pixels, pictures.undecoded, pictures.sample, pictures.source.encoded):
        with pytest.raises(ImageError, match=said):
            read(2)
    assert pictures.masks is not None
    with pytest.raises(ImageError, match=said):
        pictures.masks.read(2)
    assert np.array_equal(pictures.pixels(1), loose.pixels(1))
    found = check(open_shards(packed), threads=3)
    assert found.pictures == 4
    assert [sentence.partition(",")[2] for sentence in found.damaged] == [
        " row 2 (2.png): is damaged: its checksum is wrong"
    ]
    with pytest.raises(ImageError, match=r"row 2 \(2\.png\)"):
        shard.verify(2)
    pictures = PackedSet(validation=0, test=0).open(str(packed), FsspecLocal())
    with pytest.raises(ImageError, match=said):
        pictures.pixels(2)


def test_a_file_that_becomes_shorter_while_it_is_read_does_not_end_the_process(
    packed: Path, loose: PictureSet
) -> None:
    pictures, far = shares_nothing(packed), PackedSet().open(str(packed), LocalFileSystem())
    pictures.pixels(3)
    os.truncate(packed, 100)
    for index in (3, 2):  # One that was checked before, and one that was not.
        with pytest.raises(ImageError, match=rf"row {index} .*: the file became shorter since it was opened"):
            pictures.pixels(index)
    with pytest.raises(DataError, match=r"p\.arrow: ends [\d,]+ bytes too early"):
        far.pixels(3)


# -- forged files


def a_row(**changes: Any) -> Row:
    return Row(**({"key": "1.png", "picture": b"x", "format": "png", "size": (2, 3), "label": 0} | changes))


def header(**changes: Any) -> dict[str, Any]:
    known = {"format": "vitral packed set", "version": 1, "classes": ["a"], "mask_classes": []}
    return known | {"masks": True, "objects": True} | changes


def forge(place: Path, rows: list[Row], said: dict[str, Any] | None = None, **columns: Any) -> Path:
    """A packed set with any columns; their checksums are right, as those of a liar would be."""
    schema = arrow_schema(header() if said is None else said)
    batch = record_batch(rows, schema)
    arrays = [
        pa.array(columns[field.name], field.type) if field.name in columns else batch[field.name]
        for field in schema
    ]
    with pa.ipc.new_file(place, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
    return place


BOX, ONE = [[0.0, 0.0, 1.0, 1.0]], [[0]]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"height": [0]}, r"is damaged \(a picture has no pixels\)"),
        ({"split": ["trainxyz"]}, r"contradicts itself \(a split must be train, val, test or nothing\)"),
        ({"label": [7]}, r"contradicts itself \(a label must lie in \[0, 0\]\)"),
        ({"label": [-5]}, r"contradicts itself \(a label must lie in \[0, 0\]\)"),
        ({"weight": [-1.0]}, r"contradicts itself \(PictureSet.weights: must be 1 finite"),
        ({"weight": [float("inf")]}, r"contradicts itself \(PictureSet.weights: must be 1 finite"),
        ({"boxes": [BOX]}, r"is damaged \(its boxes differ in number from their labels\)"),
        (
            {"boxes": [BOX], "box_labels": [[0, 0]], "box_crowd": [[True]]},
            "differ in number from their labels",
        ),
        ({"boxes": [BOX], "box_labels": [[None]], "box_crowd": [[True]]}, "a number is missing in it"),
        ({"boxes": [[None]], "box_labels": ONE, "box_crowd": [[True]]}, "is damaged"),
        ({"boxes": [BOX], "box_labels": [[1]], "box_crowd": [[True]]}, r"labels must lie in \[0, 0\], got 1"),
        (
            {"boxes": [[[1.0, 0, 0, 0]]], "box_labels": ONE, "box_crowd": [[True]]},
            r"is damaged \(Objects.boxes: must be finite x0 y0 x1 y1",
        ),
        (
            {"boxes": [BOX], "box_labels": ONE, "box_crowd": [[True]], "points": [[[1.0, 2.0]]]},
            "its objects differ in their number of points",
        ),
        (
            {"boxes": [BOX], "box_labels": ONE, "box_crowd": [[True]], "points": [[[1.0, 2.0, 1.0]] * 2]},
            "its objects differ in their number of points",
        ),
        (
            {"boxes": [BOX], "box_labels": ONE, "box_crowd": [[True]], "outlines": [[[[1.0, 2.0, 3.0]]]]},
            "a point of an outline lacks its y",
        ),
        (
            {"boxes": [BOX], "box_labels": ONE, "box_crowd": [[True]], "outlines": [[[], []]]},
            "its boxes differ in number from their outlines",
        ),
    ],
)
def test_columns_that_contradict_each_other_are_one_clear_error(
    tmp_path: Path, columns: dict[str, Any], message: str
) -> None:
    with pytest.raises(FileFormatError, match=r"f\.arrow: .*" + message):
        shares_nothing(forge(tmp_path / "f.arrow", [a_row(weight=1.0)], **columns))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"version": 2}, "is a packed set of version 2; this Vitral reads version 1"),
        ({"version": "new\n"}, r"is a packed set of version new\\n; this Vitral reads version 1"),
        ({"format": "cake"}, "is no packed set; `vitral pack` makes them"),
        ({"classes": [1]}, "has a damaged header: 'classes' must be a list of texts"),
        ({"classes": ["a", "a"]}, "contradicts itself .*must all differ, got 'a' twice"),
        ({"mask_classes": None}, "has a damaged header: 'mask_classes' must be a list of texts"),
        ({"shards": 10**12}, "has a damaged header: it must be a shard of some"),
        ({"shard": 3, "shards": 2}, "has a damaged header: it must be a shard of some, got 3"),
        ({"shards": "many"}, "has a damaged header: it must be a shard of some"),
        ({"broken": [["x"]]}, "has a damaged header: 'broken' must be a list of pairs"),
    ],
)
def test_a_header_that_lies_is_one_clear_error(tmp_path: Path, said: dict[str, Any], message: str) -> None:
    place = forge(tmp_path / "f.arrow", [a_row()], header(**said))
    with pytest.raises(FileFormatError, match=r"f\.arrow: " + message):
        shares_nothing(place)
    with pytest.raises(DataError, match="is there already, and from other pictures"):
        pack(PictureSet(name="x", keys=("1",), source=ArrayPixels(np.zeros((1, 1, 1, 3), np.uint8))), place)


def test_a_header_without_its_checksum_is_damaged(tmp_path: Path) -> None:
    schema = arrow_schema(header())
    for text in (b"{", b"[" * 100_000, b"[1]", json.dumps(header()).encode()):
        with pa.ipc.new_file(tmp_path / "f.arrow", schema.with_metadata({HEADER: text})):
            pass
        with pytest.raises(
            FileFormatError, match=r"f\.arrow: (has a damaged header|is no packed|is damaged: the)"
        ):
            shares_nothing(tmp_path / "f.arrow")


def test_foreign_files_are_said_to_be_foreign(tmp_path: Path) -> None:
    place, table = tmp_path / "f.arrow", pa.table({"a": [1, 2]})
    with pa.ipc.new_file(place, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(
        FileFormatError, match=r"f\.arrow: is an Arrow file, but no packed set; `vitral pack`"
    ):
        shares_nothing(place)
    with pa.ipc.new_stream(place, table.schema) as writer:
        writer.write_table(table)
    for content in (place.read_bytes(), b"", b"ARROW1", b"PK" * 100, os.urandom(3000)):
        place.write_bytes(content)
        with pytest.raises(FileFormatError, match=r"f\.arrow: is (no Arrow file|damaged)"):
            shares_nothing(place)


def test_a_file_that_another_program_wrote_anew_is_refused_with_the_reason(
    packed: Path, tmp_path: Path
) -> None:
    with pa.memory_map(str(packed)) as file:
        table = pa.ipc.open_file(file).read_all()
    other = table.cast(
        pa.schema(
            [field.with_type(pa.large_string()) if field.name == "key" else field for field in table.schema],
            metadata=table.schema.metadata,
        )
    )
    for changed, message in (
        (other, "must hold string in the column 'key', got large_string"),
        (table.drop_columns(["mask"]), "must have the columns of a packed set, got picture, key, format"),
    ):
        with pa.ipc.new_file(tmp_path / "o.arrow", changed.schema) as writer:
            writer.write_table(changed)
        with pytest.raises(FileFormatError, match=r"o\.arrow: " + message):
            shares_nothing(tmp_path / "o.arrow")
    for compression in ("lz4", "zstd"):
        options = pa.ipc.IpcWriteOptions(compression=compression)
        with pa.ipc.new_file(tmp_path / "o.arrow", table.schema, options=options) as writer:
            writer.write_table(table)
        with pytest.raises(
            FileFormatError, match=r"o\.arrow: is damaged .*pictures are compressed as columns"
        ):
            shares_nothing(tmp_path / "o.arrow")


def test_a_file_without_rows_holds_no_pictures(tmp_path: Path) -> None:
    with pa.ipc.new_file(tmp_path / "f.arrow", arrow_schema(header())):
        pass
    with pytest.raises(DataError, match=r"f\.arrow: holds no pictures"):
        shares_nothing(tmp_path / "f.arrow")


def test_sizes_that_lie_are_errors_of_the_picture_and_take_no_memory(tmp_path: Path) -> None:
    huge = (2**31 - 1, 2**31 - 1)
    rows = [a_row(key="raw", format="raw", size=huge), a_row(key="jpg", size=huge, restarts=(1, 2))]
    pictures = shares_nothing(forge(tmp_path / "f.arrow", rows))
    with pytest.raises(ImageError, match=r"row 0 \(raw\): has 1 bytes for 2147483647 x 2147483647 pixels"):
        pictures.pixels(0)
    with pytest.raises(ImageError, match=r"^jpg: "):
        pictures.undecoded(1).region((0, 0, 9, 9), height=9, width=9)
    assert pictures.masks is not None
    with pytest.raises(
        ImageError, match=r"^mask of .*f\.arrow, row 1 \(jpg\): has 2147483647 x 2147483647 pixels"
    ):
        pictures.masks.read(1)


def test_a_row_without_a_mask_counts_nowhere_and_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("L", (3, 3)).save(file, "PNG")
    pictures = shares_nothing(
        forge(tmp_path / "f.arrow", [a_row(), a_row(key="2.png", mask=file.getvalue())])
    )
    assert pictures.masks is not None
    assert pictures.masks.read(0).tolist() == [[255] * 3] * 2
    with pytest.raises(
        ImageError, match=r"row 1 \(2\.png\): must have the size of its picture, 3 x 2, got 3 x 3"
    ):
        pictures.masks.read(1)


@pytest.fixture(scope="module")
def two_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [a_row(picture=b"p" * 5, mask=b"m" * 6), a_row(key="2", picture=b"q" * 7, mask=b"n" * 8)]
    return forge(tmp_path_factory.mktemp("offsets") / "o.arrow", rows)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=3, max_size=3), st.integers(0, 1))
@example([0, 2**63 - 1, -1], 0)
@example([0, 14, 14], 1)
def test_no_offsets_however_wrong_are_more_than_an_error(
    two_rows: Path, offsets: list[int], column: int
) -> None:
    whole = two_rows.read_bytes()
    at = whole.index(struct.pack("<3q", *((0, 5, 12), (0, 6, 14))[column]))
    changed = two_rows.with_name("changed.arrow")
    changed.write_bytes(whole[:at] + struct.pack("<3q", *offsets) + whole[at + 24 :])

    def read() -> None:
        shard = Shard(MappedFile(changed))
        shard.verify(0)
        shard.verify(1)

    with pytest.raises(OUR_ERRORS, match=r"changed\.arrow"):
        read()


def test_a_message_that_is_damaged_is_an_error(packed: Path) -> None:
    whole = packed.read_bytes()
    most = b"\xff\xff\xff\x7f"
    for at, value in ((8, b"\0\0\0\0"), (12, most), (12, b"\xff" * 4), (16, most), (16, b"\xff" * 4)):
        packed.write_bytes(whole[:at] + value + whole[at + 4 :])
        with pytest.raises(FileFormatError, match=r"p\.arrow: is damaged"):
            Shard(MappedFile(packed))


# -- shards


def test_a_shard_that_is_missing_is_named(shards: Path) -> None:
    os.rename(shards / "00002.arrow", shards.parent / "00002.arrow")
    with pytest.raises(
        DataError, match=r"s\.arrow: must hold all 4 shards .*, got 3; .* missing was written as 00002\.arrow"
    ):
        shares_nothing(shards)
    with pytest.raises(DataError, match=r"must hold all 4 shards of a packed set, got 1; .*as 00000\.arrow"):
        shares_nothing(shards / "00001.arrow")
    assert shares_nothing([shards / "00001.arrow"]).keys == ("1.png",), "in a list they are taken as they are"


def test_shards_of_other_sets_are_not_mixed(shards: Path, packed: Path, loose: PictureSet) -> None:
    other = pack(loose, packed.with_name("o.arrow"), raw=True, shard_bytes=1).place
    (other / "00002.arrow").replace(shards / "00002.arrow")
    with pytest.raises(
        DataError, match=r"00002\.arrow: is of another set than .*00000\.arrow; .* in 'source'"
    ):
        shares_nothing(shards)
    fewer = replace(loose, classes=("a", "z"))
    foreign = pack(fewer, packed.with_name("f.arrow")).place
    with pytest.raises(
        DataError, match=r"f\.arrow: is of another set than .*p\.arrow; they differ in 'classes'"
    ):
        open_pictures([packed, foreign])
    with pytest.raises(FileFormatError, match=r"p\.arrow and 1 more: contradicts itself .*'0\.png' twice"):
        open_pictures([packed, packed])


def test_shards_under_other_names_are_refused(shards: Path) -> None:
    (shards / "00000.arrow").rename(shards / "00009.arrow")
    with pytest.raises(DataError, match=r"s\.arrow: must hold its shards under names in their order"):
        shares_nothing(shards)
    (shards / "00000.arrow").write_bytes((shards / "00001.arrow").read_bytes())
    with pytest.raises(DataError, match=r"s\.arrow: must hold each shard once, got 5 files of 4"):
        shares_nothing(shards)


def test_several_sets_are_opened_as_a_list(loose: PictureSet, tmp_path: Path) -> None:
    one = pack(loose.subset([0, 1]), tmp_path / "1.arrow").place
    two = pack(loose.subset([2, 3]), tmp_path / "2.arrow").place
    assert everything(open_pictures([one, two], validation=0, test=0)) == everything(loose)


def test_sets_of_which_one_has_no_points_are_an_error(loose: PictureSet, tmp_path: Path) -> None:
    assert loose.objects is not None
    bare = replace(loose, objects=replace(loose.objects, points=None))
    one = pack(loose.subset([0, 1]), tmp_path / "1.arrow").place
    two = pack(bare.subset([2, 3]), tmp_path / "2.arrow").place
    with pytest.raises(FileFormatError, match=r"1\.arrow and 1 more: contradicts itself \(Objects\.points"):
        open_pictures([one, two])


def test_a_folder_of_pictures_with_a_packed_set_beside_them_is_a_folder(draw: Draw) -> None:
    root = draw("a/1.png", "b/2.png")
    pack(shares_nothing(root), root / "p.arrow")
    assert open_pictures(root).keys == ("a/1.png", "b/2.png")
    assert open_pictures(root / "p.arrow").keys == ("a/1.png", "b/2.png")
    assert pack(shares_nothing(root), root / "p.arrow").already


def test_what_is_no_packed_set_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK")
    with pytest.raises(
        DataError, match=r"x\.zip: must be a packed set, a file that ends in \.arrow or a folder"
    ):
        open_shards(tmp_path / "x.zip")
    with pytest.raises(DataError, match=r"holds no file that ends in \.arrow"):
        open_shards(tmp_path)
    with pytest.raises(DataError, match=r"gone\.arrow: does not exist"):
        open_shards(tmp_path / "gone.arrow")
    assert not PackedSet.recognizes(tmp_path / "gone")
    assert not PackedSet.recognizes(3)
    assert not PackedSet.recognizes([])


def test_the_checksum_is_what_its_documentation_says(packed: Path) -> None:
    with pa.memory_map(str(packed)) as file:
        row = pa.ipc.open_file(file).read_all().to_pylist()[0]
    texts = "\0".join([row["key"], row["format"], row["class"], row["split"], ""]).encode()
    numbers = struct.pack("<iiid", row["height"], row["width"], row["label"], row["weight"])
    boxes = np.array(row["boxes"], "<f8").tobytes() + np.array(row["box_labels"], "<i4").tobytes()
    objects = boxes + np.array(row["box_crowd"], "u1").tobytes() + np.array(row["points"], "<f8").tobytes()
    assert zlib.crc32(row["picture"] + row["mask"] + texts + numbers + objects) == row["checksum"]


def test_nothing_is_shared_between_the_rows_of_a_shard(tmp_path: Path) -> None:
    """Rows with and without restarts and outlines, in any mixture, keep their own."""
    square = np.array([[0, 0], [1, 0], [1, 1.5]])
    marks = [
        None,
        Objects(starts=np.array([0, 0]), boxes=np.zeros((0, 4)), labels=np.zeros(0, np.int64)),
        Objects(starts=np.array([0, 1]), boxes=np.ones((1, 4)), labels=np.zeros(1, np.int64)),
        Objects(
            starts=np.array([0, 2]), boxes=np.ones((2, 4)), labels=np.zeros(2, np.int64),
            outlines=[(), (square, square + 1)],
        ),
    ]  # fmt: skip
    rows = [
        a_row(key=f"{i}", restarts=tuple(range(i)), objects=marks[i % 4], mask=b"m" if i % 3 else None)
        for i in range(12)
    ]
    shard = Shard(MappedFile(forge(tmp_path / "f.arrow", rows)))
    for number, row in enumerate(rows):
        assert shard.row(number).restarts == row.restarts
        assert shard.row(number).mask == row.mask
        found, made = shard.row(number).objects, row.objects
        assert found is not None
        assert len(found) == (0 if made is None else len(made))
        rings = [len(rings) for rings in found.outlines or ()]
        assert rings == ([0, 2] if number % 4 == 3 else [0] * len(found))
        shard.verify(number)

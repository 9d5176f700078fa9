"""Source tar: WebDataset archives are read where they lie, and hostile ones are refused."""

import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vitral.core import IGNORE, DataError, ImageError
from vitral.data import open_pictures


def picture(seed: int = 0, form: str = "PNG") -> bytes:
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, form)
    return file.getvalue()


def mask(*numbers: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.array([numbers], dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


def shard(path: Path, members: list[tuple[str, bytes]], form: int = tarfile.PAX_FORMAT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w", format=form) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def labelled(count: int, ending: str, text: Callable[[int], str]) -> list[tuple[str, bytes]]:
    members = [((f"{i:04}.png", picture(i)), (f"{i:04}.{ending}", text(i).encode())) for i in range(count)]
    return [member for pair in members for member in pair]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_pictures_and_class_numbers_are_found_in_every_format(tmp_path: Path, form: int) -> None:
    deep = "/".join(["folder-with-a-long-name"] * 6)
    members = [*labelled(3, "cls", lambda i: f" {2 * i}\n"), (f"{deep}/x.jpg", picture(9, "JPEG"))]
    pictures = open_pictures(shard(tmp_path / "a.tar", members, form))
    assert pictures.keys == ("0000.png", "0001.png", "0002.png", f"{deep}/x.jpg")
    assert pictures.classes == ("0", "1", "2", "3", "4")
    assert pictures.labels.tolist() == [0, 2, 4, IGNORE]
    assert pictures.name == "a"
    assert pictures.found.startswith("tar archive, 4 pictures, 5 classes")
    noise = np.random.default_rng(1).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    assert np.array_equal(pictures.pixels(1), noise)
    assert bytes(pictures.source.encoded(1) or b"") == picture(1)
    assert pictures.undecoded(3).shape == (6, 8, 3)


def test_names_of_many_bytes_and_scripts_are_read(tmp_path: Path) -> None:
    name = "ж" * 100 + "/" + "y" * 120 + ".png"
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        assert open_pictures(shard(tmp_path / "a.tar", [(name, picture())], form)).keys == (name,)


def test_the_key_ends_at_the_first_dot(tmp_path: Path) -> None:
    members = [("d.x/1.seg.png", mask(0, 2, 255)), ("d.x/1.jpg", picture(form="JPEG")), ("d.x/1.cls", b"1")]
    members += [("d.x/2.left.PNG", picture(5)), ("d.x/2.png", picture(6)), ("d.x/._3.png", b"junk")]
    pictures = open_pictures(shard(tmp_path / "a.tar", members))
    assert pictures.keys == ("d.x/1.jpg", "d.x/2.png")
    assert pictures.labels.tolist() == [1, IGNORE]
    assert pictures.masks is not None
    assert pictures.masks.read(0).tolist() == [[0, 2, 255]]
    with pytest.raises(ImageError, match=r"^d\.x/2\.png: has no mask beside it"):
        pictures.masks.read(1)


def test_a_mask_of_colors_is_refused(tmp_path: Path) -> None:
    pictures = open_pictures(
        shard(tmp_path / "a.tar", [("1.jpg", picture(form="JPEG")), ("1.mask.png", picture())])
    )
    assert pictures.masks is not None
    with pytest.raises(
        ImageError, match=r"^mask of 1\.jpg: must hold one byte per pixel .* got the mode RGB"
    ):
        pictures.masks.read(0)


def test_json_gives_classes_and_boxes(tmp_path: Path) -> None:
    said = [
        {"label": "cat", "boxes": [[0, 1, 2.5, 3], [1, 1, 1, 1]], "box_labels": ["ear", "cat"]},
        {"class": "dog", "boxes": []},
        {"note": "nothing"},
    ]
    pictures = open_pictures(shard(tmp_path / "a.tar", labelled(3, "json", lambda i: json.dumps(said[i]))))
    assert pictures.classes == ("cat", "dog", "ear")
    assert pictures.labels.tolist() == [0, 1, IGNORE]
    assert pictures.objects is not None
    assert pictures.objects.starts.tolist() == [0, 2, 2, 2]
    assert pictures.objects.boxes.tolist() == [[0, 1, 2.5, 3], [1, 1, 1, 1]]
    assert pictures.objects.labels.tolist() == [2, 0]


def test_texts_that_repeat_are_classes_and_others_captions(tmp_path: Path) -> None:
    classes = open_pictures(shard(tmp_path / "a.tar", labelled(6, "txt", lambda i: ["cat", "dog"][i % 2])))
    assert classes.classes == ("cat", "dog")
    captions = open_pictures(shard(tmp_path / "a.tar", labelled(6, "txt", lambda i: f"a cat on mat {i}")))
    assert captions.classes == ()
    assert "as captions they are passed over" in captions.notes[0]


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    for number in range(3):
        shard(tmp_path / f"shards/s-{number:04}.tar", labelled(2, "cls", str))
    return tmp_path / "shards"


def test_shards_are_opened_in_every_way_they_can_be_named(shards: Path) -> None:
    places: list[Any] = [
        shards,
        f"{shards}/*.tar",
        f"{shards}/s-{{0000..0002}}.tar",
        f"{shards}/s-000{{0,1,2}}.tar",
    ]
    places += [sorted(shards.iterdir()), tuple(map(str, sorted(shards.iterdir())))]
    for place in places:
        pictures = open_pictures(place)
        assert pictures.keys[:3] == ("s-0000/0000.png", "s-0000/0001.png", "s-0001/0000.png"), place
        assert len(pictures) == 6
        assert pictures.found.startswith("3 tar archives, 6 pictures, 2 classes")
        if pictures.place:
            assert open_pictures(pictures.place).keys == pictures.keys


def test_keys_that_differ_are_kept_as_they_are(tmp_path: Path) -> None:
    shard(tmp_path / "t/0.tar", [("a.png", picture())])
    shard(tmp_path / "t/1.tar", [("b.png", picture())])
    assert open_pictures(tmp_path / "t").keys == ("a.png", "b.png")


def test_shards_called_after_splits_are_these_splits(tmp_path: Path) -> None:
    for name in ("train/0.tar", "train/1.tar", "Val/0.tar", "test/0.tar"):
        shard(tmp_path / "t" / name, labelled(2, "cls", str))
    pictures = open_pictures(tmp_path / "t")
    assert pictures.split_by == "folders"
    assert {key.split("/")[0]: split for key, split in zip(pictures.keys, pictures.splits, strict=True)} == {
        "train": "train",
        "Val": "val",
        "test": "test",
    }
    for name in ("x-train-0.tar", "x-train-1.tar", "x-test-0.tar"):
        shard(tmp_path / "n" / name, labelled(2, "cls", str))
    assert open_pictures(tmp_path / "n").splits.tolist()[:2] == ["test", "test"]


def test_a_folder_of_pictures_with_an_archive_beside_them_is_a_folder(shards: Path) -> None:
    (shards / "cat").mkdir()
    (shards / "cat/1.png").write_bytes(picture())
    assert open_pictures(shards).keys == ("cat/1.png",)


def test_links_and_devices_are_counted_and_never_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind in (
            ("1.jpg", tarfile.SYMTYPE),
            ("2.jpg", tarfile.LNKTYPE),
            ("3.jpg", tarfile.CHRTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        folder = tarfile.TarInfo("d")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        info = tarfile.TarInfo("d/4.png")
        info.size = len(picture())
        archive.addfile(info, io.BytesIO(picture()))
    pictures = open_pictures(path)
    assert pictures.keys == ("d/4.png",)
    assert pictures.notes == ("3 links and devices were passed over: only ordinary files are read",)


def test_a_tar_cut_anywhere_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = shard(tmp_path / "a.tar", labelled(2, "cls", str))
    whole = path.read_bytes()
    end = len(whole.rstrip(b"\0"))
    for length in [*range(0, end, 300), end // 512 * 512]:
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"a\.tar: (is cut short|is empty)"):
            open_pictures(path)


@pytest.mark.parametrize("name", ["../1.png", "/1.png", "a/../../1.png"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=r"a\.tar: holds '.*1\.png', a name that leads out of the archive"):
        open_pictures(shard(tmp_path / "a.tar", [(name, picture())]))


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("1.txt", b"x")], "holds no pictures; a picture is called like"),
        ([("1.png", b""), ("1.png", b"")], r"sample '1': has two members that end in \.png"),
        (
            [("1.png", b""), ("2.png", b""), ("1.png", b"")],
            r"1\.png: must be in its archive once, got 2 times",
        ),
        ([("1.png", b""), ("1.cls", b"-1")], r"a class number must lie in \[0, 99999\], got -1"),
        ([("1.png", b""), ("1.cls", b"9" * 17)], r"a class number must lie in \[0, 99999\], got 9999"),
        ([("1.png", b""), ("1.cls", b"\xff")], "sample '1': a label must be UTF-8 text"),
        ([("1.png", b""), ("1.txt", b"x" * 70_000)], "sample '1': a label of 70,000 bytes is too long"),
        ([("1.png", b""), ("1.json", b"{")], "sample '1': holds no valid JSON"),
        ([("1.png", b""), ("1.json", b"[" * 100_000)], "sample '1': holds no valid JSON"),
        ([("1.png", b""), ("1.json", b'{"label": ' + b"9" * 5000 + b"}")], "sample '1': holds no valid JSON"),
        ([("1.png", b""), ("1.json", b"[1]")], r"its JSON must be an object, got \[1\]"),
        (
            [("1.png", b""), ("1.json", b'{"label": 0.5}')],
            "a label must be a name or a whole number, got 0.5",
        ),
        (
            [("1.png", b""), ("1.json", b'{"label": true}')],
            "a label must be a name or a whole number, got True",
        ),
        ([("1.png", b""), ("1.json", b'{"boxes": 3}')], "boxes must be a list, got 3"),
        (
            [("1.png", b""), ("1.json", b'{"boxes": [[1, 2, 3]]}')],
            "a box must be four numbers x0 y0 x1 y1, got",
        ),
        (
            [("1.png", b""), ("1.json", b'{"boxes": [[1, 2, 3, NaN]]}')],
            "a box must be made of finite numbers",
        ),
        (
            [("1.png", b""), ("1.json", b'{"boxes": [[1, 2, 3, 1e99]]}')],
            "a box must be made of finite numbers",
        ),
        (
            [("1.png", b""), ("1.json", b'{"boxes": [["1", 2, 3, 4]]}')],
            "a box must be made of finite numbers",
        ),
        ([("1.png", b""), ("1.json", b'{"boxes": [[3, 0, 1, 1]]}')], "not turned inside out"),
        (
            [("1.png", b""), ("1.json", b'{"boxes": [[1, 2, 3, 4]], "labels": ["a", "b"]}')],
            "must have one label for each of its boxes, got 2 for 1",
        ),
    ],
)
def test_what_is_wrong_in_an_archive_is_one_clear_error(
    tmp_path: Path, members: list[tuple[str, bytes]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        open_pictures(shard(tmp_path / "a.tar", members))


@pytest.mark.parametrize(("ending", "command"), [("gz", "gunzip"), ("bz2", "bunzip2"), ("xz", "unxz")])
def test_a_compressed_archive_is_refused_with_the_way_out(tmp_path: Path, ending: str, command: str) -> None:
    path = tmp_path / f"a.tar.{ending}"
    with tarfile.open(path, f"w:{ending}") as archive:  # pyright: ignore[reportCallIssue, reportArgumentType]
        archive.addfile(tarfile.TarInfo("1.png"))
    with pytest.raises(DataError, match=f"is compressed with .*; unpack it first with {command}"):
        open_pictures(path)
    path.rename(tmp_path / "a.tar")
    with pytest.raises(DataError, match=f"is compressed with .*; unpack it first with {command}"):
        open_pictures(tmp_path / "a.tar")


def test_random_damage_gives_the_same_pictures_or_an_error(tmp_path: Path) -> None:
    path = shard(tmp_path / "a.tar", labelled(3, "cls", str))
    whole, random = path.read_bytes(), np.random.default_rng(0)
    outcomes = set()
    for _ in range(300):
        damaged = bytearray(whole)
        header = 512 * int(random.integers(0, len(whole) // 512))
        for _ in range(int(random.integers(1, 4))):
            damaged[header + int(random.integers(0, 512))] = int(random.integers(0, 256))
        path.write_bytes(damaged)
        try:
            outcomes.add(str(len(open_pictures(path))))
        except DataError as error:
            outcomes.add("named" if "a.tar" in str(error) else str(error))
    assert outcomes <= {"named", "1", "2", "3"}


def test_a_number_that_is_no_size_is_an_error(tmp_path: Path) -> None:
    path = shard(tmp_path / "a.tar", [("1.png", picture())], tarfile.USTAR_FORMAT)
    head = bytearray(path.read_bytes())
    head[124:136] = b"\x80" + b"\xff" * 11
    head[148:156] = b"%06o\0 " % (sum(head[:512]) - sum(head[148:156]) + 8 * 32)
    path.write_bytes(head)
    with pytest.raises(DataError, match=r"a\.tar: is cut short: has .* bytes where at least"):
        open_pictures(path)
    head[124:136] = b"x" * 12
    head[148:156] = b"%06o\0 " % (sum(head[:512]) - sum(head[148:156]) + 8 * 32)
    path.write_bytes(head)
    with pytest.raises(DataError, match=r"a\.tar: is damaged at byte 0: a size is no number"):
        open_pictures(path)


def test_what_is_no_tar_and_what_is_gone_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(os.urandom(2048))
    with pytest.raises(DataError, match=r"a\.tar: is no tar archive: the checksum of a header is wrong"):
        open_pictures(tmp_path / "a.tar")
    with pytest.raises(DataError, match=r"b-\{0\.\.1\}\.tar: means .*b-0\.tar, which does not exist"):
        open_pictures(f"{tmp_path}/b-{{0..1}}.tar")
    with pytest.raises(DataError, match="must be given once, got 2 times"):
        open_pictures([shard(tmp_path / "c.tar", [("1.png", picture())])] * 2)


def test_an_archive_is_read_by_its_address(tmp_path: Path) -> None:
    for number in range(2):
        shard(tmp_path / f"s-{number}.tar", labelled(2, "cls", str))
    address = f"{tmp_path.as_uri()}/s-{{0..1}}.tar"
    pictures = open_pictures(address)
    assert pictures.keys[-1] == "s-1/0001.png"
    assert pictures.place == address
    assert bytes(pictures.source.encoded(3) or b"") == picture(1)
    assert open_pictures(f"{tmp_path.as_uri()}/s-1.tar").name == "s-1"


def test_an_archive_that_became_shorter_is_an_error_of_the_picture(tmp_path: Path) -> None:
    path = shard(tmp_path / "a.tar", labelled(2, "cls", str))
    near, far = open_pictures(path), open_pictures(path.as_uri())
    os.truncate(path, 600)
    with pytest.raises(ImageError, match=r"^0001\.png: is cut short, because its archive became shorter"):
        near.pixels(1)
    with pytest.raises(ImageError, match=r"^0001\.png: "):
        far.pixels(1)

"""`vitral pack`: what a person reads, what a program reads, and what a signal leaves behind."""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vitral.data import open_pictures
from vitral.data.packed.row_of import Packer
from vitral.data.packed.work_folder import held

Vitral = Callable[..., tuple[int, str, str]]
pack_module: Any = sys.modules["vitral.data.packed.pack"]


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """40 pictures of two classes, packed in parts of 8."""
    monkeypatch.setattr(pack_module, "_PART_ROWS", 8)
    for number in range(40):
        path = tmp_path / "photos" / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 256, (20, 30, 3), dtype=np.uint8)
        Image.fromarray(noise).save(path)
    return tmp_path / "photos"


def one_sentence(text: str) -> str:
    lines = [line for line in text.splitlines() if "error" in line]
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


def test_a_folder_becomes_a_file_that_every_command_opens(vitral: Vitral, photos: Path) -> None:
    code, out, err = vitral("pack", "photos/", "photos.arrow", "--max-side", 16, "--quality", 80, "--json")
    assert code == 0, err
    told = json.loads(out)
    size = (photos.parent / "photos.arrow").stat().st_size
    assert told == {
        "place": "photos.arrow", "pictures": 40, "bytes": size, "shards": 1,
        "skipped": 0, "left_out": [], "resumed": 0, "already": False,
    }  # fmt: skip
    assert "found  class folders, 40 pictures, 2 classes" in err
    assert "packed  photos.arrow: 40 pictures, 0.0 MB in one file" in err
    code, out, err = vitral("look", "photos.arrow", "--json")
    assert code == 0, err
    assert json.loads(out)["pictures"] == 40
    assert "11 x 16 to 11 x 16 px" in err
    assert (
        open_pictures(photos.parent / "photos.arrow").splits.tolist() == open_pictures(photos).splits.tolist()
    )


def test_the_second_time_it_says_that_it_was_there(vitral: Vitral, photos: Path) -> None:
    assert vitral("pack", photos, "p.arrow")[0] == 0
    code, out, err = vitral("pack", photos, "p.arrow", "--json")
    assert code == 0
    assert json.loads(out)["already"] is True
    assert err.count("packed  ") == 1
    assert "it was there already, from the same pictures and options" in err
    code, out, err = vitral("pack", photos, "p.arrow", "--raw", "--json")
    assert code == 1
    assert "p.arrow: is there already, and from other pictures or options; --overwrite" in one_sentence(err)
    assert "--overwrite" in json.loads(out)["error"]
    assert vitral("pack", photos, "p.arrow", "--raw", "--overwrite")[0] == 0


def test_several_files_are_written_above_a_size(
    vitral: Vitral, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):
        noise = np.random.default_rng(number).integers(0, 256, (300, 400, 3), dtype=np.uint8)
        Image.fromarray(noise).save(photos / "a" / f"x{number}.png")
    monkeypatch.setattr(pack_module, "_BATCH_BYTES", 500_000)
    code, out, err = vitral("pack", photos, "p.arrow", "--shard-mb", 1, "--threads", 3, "--json")
    assert code == 0, err
    shards = json.loads(out)["shards"]
    assert shards == len(os.listdir("p.arrow")) >= 3
    assert f" MB in {shards} files" in err
    code, out, _ = vitral("pack", "--check", "p.arrow", "--json")
    assert (code, json.loads(out)) == (0, {"place": "p.arrow", "pictures": 48, "damaged": []})
    assert vitral("pack", "--check", "p.arrow/*.arrow")[0] == 0


def test_broken_files_are_named_and_counted(vitral: Vitral, photos: Path) -> None:
    (photos / "a" / "bad[red]\n.png").write_bytes(b"")
    code, out, err = vitral("pack", photos, "p.arrow", "--json")
    assert code == 0, err
    assert r"left out  a/bad[red]\n.png: is empty (0 bytes)" in err
    assert "packed  p.arrow: 40 pictures, 1 left out, " in err
    told = json.loads(out)
    assert (told["pictures"], told["skipped"]) == (40, 1)
    assert told["left_out"] == [r"a/bad[red]\n.png: is empty (0 bytes)"]
    for number in range(20):
        (photos / "b" / f"bad{number}.png").write_bytes(b"?")
    code, _, err = vitral("pack", photos, "q.arrow")
    assert code == 1
    assert "pictures are broken, and at most 5% of all 61 may be: a/bad" in one_sentence(err)
    assert not list(photos.parent.glob(".q*"))


def test_of_many_broken_files_ten_are_named(
    vitral: Vitral, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack_module, "BROKEN_SHARE", 0.5)
    for number in range(13):
        (photos / "b" / f"bad{number}.png").write_bytes(b"?")
    code, out, err = vitral("pack", photos, "p.arrow", "--json")
    assert code == 0
    assert err.count("left out  b/bad") == 10
    assert "left out  and 3 more" in err
    assert len(json.loads(out)["left_out"]) == 13


def test_a_check_names_the_damaged_rows(vitral: Vitral, photos: Path) -> None:
    assert vitral("pack", photos, "p.arrow", "--raw")[0] == 0
    code, out, err = vitral("pack", "--check", "p.arrow")
    assert (code, out) == (0, "")
    assert "checked  40 rows, 0 damaged" in err
    place = photos.parent / "p.arrow"
    data = bytearray(place.read_bytes())
    for number in range(12):
        at = data.index(np.asarray(Image.open(photos / "a" / f"{2 * number:02}.png")).tobytes())
        data[at + 100] ^= 1
    place.write_bytes(data)
    code, out, err = vitral("pack", "--check", "p.arrow", "--json", "--threads", 3)
    assert code == 1
    assert "damaged  p.arrow, row 0 (a/00.png): is damaged: its checksum is wrong" in err
    assert err.count("checksum is wrong") == 10
    assert "damaged  and 2 more" in err
    assert "checked  40 rows, 12 damaged" in err
    assert len(json.loads(out)["damaged"]) == 12
    place.write_bytes(data[:1000])
    code, _, err = vitral("pack", "--check", "p.arrow")
    assert code == 1
    assert "p.arrow: is damaged" in one_sentence(err)


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (["photos"], 2, "needs a name for the packed set, for example photos.arrow"),
        (["photos", "p.zip"], 2, "p.zip: the name of a packed set must end in .arrow"),
        (["photos", "p.arrow", "--check"], 2, "takes one packed set, got a second place"),
        (["photos", "p.arrow", "--quality", "101"], 2, "'--quality'"),
        (["photos", "p.arrow", "--max-side", "0"], 2, "'--max-side'"),
        (["nowhere", "p.arrow"], 1, "nowhere: there is no such file or folder"),
        (["--check", "nowhere.arrow"], 1, "nowhere.arrow: there is no such file or folder"),
        (["--check", "photos/a/00.png"], 1, "00.png: must be a packed set, a file that ends in .arrow or"),
        (["--check", "photos"], 1, "photos: holds no file that ends in .arrow"),
        (["photos", "photos/a/00.png/p.arrow"], 1, "00.png/p.arrow: cannot be written (Not a directory)"),
    ],
)
def test_a_mistake_ends_with_one_clear_sentence(
    vitral: Vitral, photos: Path, words: list[str], code: int, hint: str
) -> None:
    found, _, err = vitral("pack", *words)
    assert found == code
    assert hint in err
    assert "Traceback" not in err
    assert sorted(os.listdir()) == ["photos"]


def test_two_at_once_are_told_of_each_other(vitral: Vitral, photos: Path) -> None:
    with held(Path("p.arrow")):
        code, _, err = vitral("pack", photos, "p.arrow")
    assert code == 1
    assert "p.arrow: is being packed by another process; wait for it, or end it" in one_sentence(err)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_keeps_what_is_done_and_says_how_to_go_on(
    vitral: Vitral, photos: Path, monkeypatch: pytest.MonkeyPatch, sent: int, code: int
) -> None:
    real = Packer.row

    def interrupted(self: Packer, pictures: Any, index: int) -> Any:
        if index == 20:
            signal.pthread_kill(threading.main_thread().ident or 0, sent)
        return real(self, pictures, index)

    with monkeypatch.context() as patched:
        patched.setattr(Packer, "row", interrupted)
        found, out, err = vitral("pack", photos, "p.arrow", "--json")
    assert found == code
    assert "stopped  what is done is kept; the same command goes on after it" in err
    assert json.loads(out) == {"error": "stopped"}
    assert not Path("p.arrow").exists()
    found, out, err = vitral("pack", photos, "p.arrow", "--json")
    assert found == 0
    assert json.loads(out)["resumed"] == 16
    assert "resumed  after 16 pictures that were done before" in err
    assert sorted(os.listdir()) == ["p.arrow", "photos"]

"""The index cache: a listing from it equals a fresh one, and every change is noticed."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from vitral.data import index_cache, open_pictures
from vitral.data.index_cache import MOST_INDEXES, Fingerprint, Listing, kept_listing
from vitral.data.sources import listing
from vitral.data.sources.listing import list_pictures

Change = Callable[[Path], object]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a bit of everything, settled, beside a cache of its own that keeps small sets too."""
    monkeypatch.setenv("VITRAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(index_cache, "WORTH_KEEPING", 0)
    monkeypatch.setattr(index_cache, "SETTLED_S", 0.0)
    folder = tmp_path / "photos"
    for name in (
        "a/1.jpg",
        "a/2.png",
        "b/deep/3.jpg",
        "b/notes.txt",
        "b/x.heic",
        "ж/line\nbreak.jpg",
        "r.jpg",
    ):
        touch(folder / name)
    touch(Path(os.fsdecode(bytes(folder / "b") + b"/\xff.jpg")))
    touch(tmp_path / "outside/4.jpg")
    (folder / "c").symlink_to(tmp_path / "outside")
    (folder / "a/again").symlink_to(folder / "a")
    (folder / "later").symlink_to(tmp_path / "nothing-yet")
    (folder / "gone.jpg").symlink_to(tmp_path / "nothing-yet")
    return folder


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def indexes(root: Path) -> list[Path]:
    return sorted((root.parent / "cache").rglob("*.index"))


def no_listing(*_: object) -> Listing:
    raise AssertionError("the folder was listed again")


def test_a_listing_from_the_cache_equals_a_fresh_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = list_pictures(root)
    assert len(fresh.keys) == 8
    assert len(indexes(root)) == 1
    monkeypatch.setattr(listing, "_listed", no_listing)
    assert list_pictures(root) == fresh
    link = root.parent / "link"
    link.symlink_to(root)
    assert list_pictures(link) == fresh, "the real path is the key"


def test_a_set_opened_from_the_cache_equals_a_fresh_one(root: Path) -> None:
    first, second = open_pictures(root), open_pictures(root)
    assert (first.keys, first.classes, first.notes) == (second.keys, second.classes, second.notes)
    assert first.labels.tolist() == second.labels.tolist()


CHANGES: dict[str, Change] = {
    "a picture is added": lambda root: touch(root / "b/deep/new.jpg"),
    "a picture is removed": lambda root: (root / "a/1.jpg").unlink(),
    "a picture is renamed": lambda root: (root / "a/1.jpg").rename(root / "a/9.jpg"),
    "a picture is moved": lambda root: (root / "a/1.jpg").rename(root / "b/1.jpg"),
    "a file that is no picture is added": lambda root: touch(root / "b/more.txt"),
    "a folder is added": lambda root: (root / "empty").mkdir(),
    "a folder is removed": lambda root: shutil.rmtree(root / "b/deep"),
    "a folder is renamed": lambda root: (root / "ж").rename(root / "z"),
    "a picture is added behind a link": lambda root: touch(root.parent / "outside/5.jpg"),
    "a folder behind a link is removed": lambda root: shutil.rmtree(root.parent / "outside"),
    "a dangling link finds a folder": lambda root: touch(root.parent / "nothing-yet/6.jpg"),
    "a link leads elsewhere": lambda root: relinked(root / "c", root / "b"),
    "a folder is replaced by another": lambda root: replaced(root / "b/deep"),
}


def relinked(link: Path, target: Path) -> None:
    link.unlink()
    link.symlink_to(target)


def replaced(folder: Path) -> None:
    """Another folder takes the place of this one, with the old time on it."""
    known = folder.stat()
    folder.rename(folder.parents[2] / "aside")
    touch(folder / "other.jpg")
    os.utime(folder, ns=(known.st_atime_ns, known.st_mtime_ns))


@pytest.mark.parametrize("change", CHANGES)
def test_every_kind_of_change_is_noticed(root: Path, change: str) -> None:
    before = list_pictures(root)
    assert kept_listing(os.path.realpath(root)) == before
    time.sleep(0.02)  # Longer than a tick of the clock of the file system.
    CHANGES[change](root)
    assert kept_listing(os.path.realpath(root)) is None
    after = list_pictures(root)
    assert after == listing._listed(root, os.path.realpath(root))[0]
    assert list_pictures(root) == after


def test_a_time_that_was_set_back_hides_nothing(root: Path) -> None:
    list_pictures(root)
    known = (root / "a").stat()
    time.sleep(0.02)
    touch(root / "a/new.jpg")
    os.utime(root / "a", ns=(known.st_atime_ns, known.st_mtime_ns))
    assert "a/new.jpg" in list_pictures(root).keys


def test_a_folder_that_changed_just_now_is_not_trusted(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_cache, "SETTLED_S", 2.0)
    list_pictures(root)
    assert indexes(root) == []
    fingerprint = Fingerprint()
    monkeypatch.setattr(time, "time_ns", lambda: (root / "a").stat().st_mtime_ns + 3 * 10**9)
    fingerprint.add("a/", str(root / "a"))
    assert fingerprint.settled
    monkeypatch.setattr(time, "time_ns", lambda: (root / "a").stat().st_mtime_ns - 10**9)
    fingerprint.add("a/", str(root / "a"))
    assert not fingerprint.settled, "a time in the future is another machine's"


def test_small_sets_and_sets_of_many_links_are_not_kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_cache, "WORTH_KEEPING", 12)
    list_pictures(root)
    assert indexes(root) == []
    monkeypatch.setattr(index_cache, "WORTH_KEEPING", 0)
    monkeypatch.setattr(index_cache, "_MOST_LINKS", 3)
    list_pictures(root)
    assert indexes(root) == []


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "foreign", "other folder", "folder"])
def test_a_damaged_or_foreign_index_is_ignored_and_written_anew(root: Path, damage: str) -> None:
    fresh = list_pictures(root)
    (path,) = indexes(root)
    good = path.read_bytes()
    middle = len(good) // 2
    if damage == "folder":
        path.unlink()
        path.mkdir()
        assert list_pictures(root) == fresh
        return
    if damage == "other folder":
        list_pictures(root / "a")
        (other,) = set(indexes(root)) - {path}
        bad = other.read_bytes()
    else:
        flipped = good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :]
        bad = {"cut": good[:middle], "empty": b"", "flipped": flipped, "foreign": b"{}"}[damage]
    path.write_bytes(bad)
    assert list_pictures(root) == fresh
    assert path.read_bytes() == good


def test_a_cache_that_cannot_be_written_does_no_harm(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRAL_CACHE", str(root / "r.jpg"))  # A file, not a folder.
    assert list_pictures(root) == list_pictures(root)
    monkeypatch.setattr(index_cache, "cache_file", lambda name: None)
    assert len(list_pictures(root).keys) == 8


def test_the_cache_keeps_the_indexes_used_last(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_cache, "MOST_INDEXES", 3)
    for number in range(5):
        touch(root.parent / f"sets/{number}/1.jpg")
        time.sleep(0.005)
        list_pictures(root.parent / f"sets/{number}")
        time.sleep(0.005)
        list_pictures(root.parent / "sets/0")
    kept = [n for n in range(5) if kept_listing(os.path.realpath(root.parent / f"sets/{n}"))]
    assert kept == [0, 3, 4]
    assert MOST_INDEXES == 64

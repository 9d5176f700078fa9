"""`ByteFile`: any part of a file, mapped on disk, asked for in a filesystem object, by its address."""

import os
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from fsspec.implementations.local import LocalFileSystem as FsspecLocal
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

from vitral.core import DataError
from vitral.data.byte_file import ByteFile, MappedFile, RemoteFile, byte_file, is_url, list_files


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "folder" / "a file.bin"
    path.parent.mkdir()
    path.write_bytes(bytes(range(256)) * 64)
    return path


def files(place: Path) -> list[ByteFile]:
    """The same file in every way it can be opened."""
    return [
        byte_file(place),
        byte_file(str(place)),
        byte_file(place.as_uri()),
        byte_file(str(place), LocalFileSystem()),
        byte_file(place.name, SubTreeFileSystem(str(place.parent), LocalFileSystem())),
        byte_file(str(place), FsspecLocal()),
        byte_file(str(place), fsspec.filesystem("dir", path="/", fs=FsspecLocal())),
    ]


def test_every_part_is_the_same_wherever_the_file_is(place: Path) -> None:
    whole = place.read_bytes()
    for file in files(place):
        assert file.size == len(whole)
        for offset, length in ((0, 0), (0, 1), (3, 1000), (16_383, 1), (16_384, 0), (0, 16_384)):
            assert bytes(file.read(offset, length)) == whole[offset : offset + length]


def test_a_part_beyond_the_end_is_refused_and_named(place: Path) -> None:
    for file in files(place):
        for offset, length in ((0, 16_385), (16_384, 1), (-1, 1), (0, -1), (2**62, 2**62)):
            with pytest.raises(
                DataError, match=r"a.*file\.bin: has 16,384 bytes, got a request for -?[\d,]+ from"
            ):
                file.read(offset, length)


def test_a_file_on_disk_is_a_view_and_no_copy(place: Path) -> None:
    file = MappedFile(place)
    whole = np.frombuffer(file.whole, dtype=np.uint8)
    part = np.frombuffer(file.read(100, 50), dtype=np.uint8)
    assert np.shares_memory(whole, part)
    assert not part.flags.writeable


def test_a_stream_reads_seeks_and_ends(place: Path) -> None:
    whole = place.read_bytes()
    for file in files(place):
        with file.open() as stream:
            assert stream.seekable()
            assert stream.read(10) == whole[:10]
            assert stream.seek(-5, os.SEEK_END) == len(whole) - 5
            assert stream.read() == whole[-5:]
            assert stream.read(1) == b""
            assert stream.seek(20_000) == 20_000
            assert stream.read() == b""
            stream.seek(8)
            stream.seek(8, os.SEEK_CUR)
            assert stream.tell() == 16
            assert stream.read(2) == whole[16:18]


def test_several_threads_read_at_once(place: Path) -> None:
    whole = place.read_bytes()
    for file in files(place):
        with ThreadPoolExecutor(4) as pool:
            parts = list(pool.map(lambda at, file=file: bytes(file.read(at, 64)), range(0, 16_384, 64)))
        assert b"".join(parts) == whole


def test_an_opened_file_goes_to_other_processes(place: Path) -> None:
    for file in files(place)[:-1]:
        again: Any = pickle.loads(pickle.dumps(file))
        assert (again.name, again.size, again.fingerprint) == (file.name, file.size, file.fingerprint)
        assert bytes(again.read(5, 5)) == bytes(range(5, 10))


def test_a_file_that_changed_on_the_way_to_another_process_is_refused(place: Path) -> None:
    sent = [pickle.dumps(file) for file in files(place)[:-1]]
    place.write_bytes(bytes(100))
    for one in sent:
        with pytest.raises(DataError, match=r"file\.bin: has changed since it was opened"):
            pickle.loads(one)


def test_an_empty_file_has_no_bytes(tmp_path: Path) -> None:
    (tmp_path / "e").write_bytes(b"")
    for file in files(tmp_path / "e"):
        assert file.size == 0
        assert bytes(file.read(0, 0)) == b""


def test_what_is_no_file_is_one_sentence(tmp_path: Path, place: Path) -> None:
    with pytest.raises(DataError, match=r"gone: does not exist"):
        byte_file(tmp_path / "gone")
    with pytest.raises(DataError, match=r"folder: is a folder"):
        byte_file(place.parent)
    for filesystem in (LocalFileSystem(), FsspecLocal()):
        with pytest.raises(DataError, match=r"gone: cannot be opened \("):
            byte_file(str(tmp_path / "gone"), filesystem)
        with pytest.raises(DataError, match=r"folder: cannot be opened \("):
            byte_file(str(place.parent), filesystem)
    with pytest.raises(DataError, match=r"nosuch://x/y: cannot be reached \(.*nosuch"):
        byte_file("nosuch://x/y")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.arrow")
    with pytest.raises(DataError, match=r"pipe\.arrow: is not an ordinary file"):
        byte_file(tmp_path / "pipe.arrow")


def test_a_file_that_became_shorter_is_noticed(place: Path) -> None:
    file = MappedFile(place)
    assert file.still_whole()
    other = place.with_name("other")
    other.write_bytes(b"short")
    os.replace(place, other)
    place.write_bytes(b"short")
    assert file.still_whole(), "what was opened is there still, under another name"
    os.truncate(other, 100)
    assert not file.still_whole()
    far = byte_file(str(other), LocalFileSystem())
    os.truncate(other, 50)
    with pytest.raises(DataError, match=r"other: ends 30 bytes too early"):
        far.read(40, 40)


def test_an_error_of_the_store_is_one_sentence_whatever_it_is(place: Path) -> None:
    class Store:
        def info(self, path: str) -> dict[str, Any]:
            if path == "gone":
                raise RuntimeError("HTTP 503")
            return {"size": 10, "type": "file", "ETag": "abc"}

        def open(self, path: str) -> Any:
            raise RuntimeError("HTTP 403\nForbidden")

        def ls(self, path: str, detail: bool) -> list[str]:
            raise RuntimeError("HTTP 500")

    assert RemoteFile(Store(), "x", "x").fingerprint == "10-abc"
    with pytest.raises(DataError, match=r"^gone: cannot be opened \(HTTP 503\)$"):
        byte_file("gone", Store())
    with pytest.raises(DataError, match=r"^x: cannot be read \(HTTP 403\\nForbidden\)$"):
        byte_file("x", Store()).read(0, 5)
    with pytest.raises(DataError, match=r"^x: cannot be listed \(HTTP 500\)$"):
        list_files("x", ".arrow", Store())


def test_the_files_of_a_folder_are_listed_in_order_wherever_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    for name in ("2.arrow", "1.arrow", ".hidden.arrow", "x.txt"):
        (tmp_path / "a folder" / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(name.encode())
    near = list_files(folder, ".arrow")
    assert near == [str(folder / "1.arrow"), str(folder / "2.arrow")]
    assert list_files(str(folder), ".arrow", LocalFileSystem()) == near
    assert list_files(str(folder), ".arrow", FsspecLocal()) == near
    subtree = SubTreeFileSystem(str(tmp_path), LocalFileSystem())
    assert list_files("a folder", ".arrow", subtree) == ["a folder/1.arrow", "a folder/2.arrow"]
    for address in (folder.as_uri(), folder.as_uri() + "/", f"file://{folder}"):
        found = list_files(address, ".arrow")
        assert all(is_url(one) for one in found)
        assert [bytes(byte_file(one).read(0, 7)) for one in found] == [b"1.arrow", b"2.arrow"]
    memory = fsspec.filesystem("memory")
    for name in ("1.arrow", "x.txt"):
        memory.pipe_file(f"/listed/{name}", name.encode())
    assert bytes(byte_file(list_files("memory://listed", ".arrow")[0]).read(0, 7)) == b"1.arrow"
    with pytest.raises(DataError, match="gone: does not exist"):
        list_files(tmp_path / "gone", ".arrow")
    with pytest.raises(DataError, match=r"gone: cannot be listed \("):
        list_files(str(tmp_path / "gone"), ".arrow", LocalFileSystem())

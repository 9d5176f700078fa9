"""A reader sees the old bytes or the new ones: full disk, kill -9, permissions, long names."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import BinaryIO

import pytest

from vitral.core import VitralError, atomic_write


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("content", [b"new \xff", "néw", lambda file: file.write(b"by a function")])
def test_the_content_arrives(tmp_path: Path, content: object) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")
    atomic_write(path, content)  # type: ignore[arg-type]
    expected = {bytes: content, str: "néw".encode()}.get(type(content), b"by a function")
    assert path.read_bytes() == expected
    assert names(tmp_path) == ["file.bin"]


def test_missing_folders_are_created(tmp_path: Path) -> None:
    atomic_write(tmp_path / "a" / "b" / "c.txt", "x")
    assert (tmp_path / "a" / "b" / "c.txt").read_text() == "x"


def test_a_full_disk_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"old")

    def fill(file: BinaryIO) -> None:
        file.write(b"half of it")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(
        VitralError,
        match=r"model: could not be written because the disk is full; the file was left as it was before$",
    ):
        atomic_write(path, fill)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["model"]


def test_a_disk_that_is_full_only_at_the_end_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"old")

    def refuse(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(VitralError, match="because the disk is full"):
        atomic_write(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["model"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on file sizes")
def test_a_limit_of_the_system_is_reported_with_its_own_words(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"old")
    code = (
        "import resource, sys; from vitral.core import VitralError, atomic_write\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: atomic_write(sys.argv[1], bytes(5000))\n"
        "except VitralError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert "could not be written (File too large); the file was left as it was before" in done.stdout
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["model"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_kill_9_before_the_rename_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"old")
    code = (
        "import os, signal, sys; from vitral.core import atomic_write\n"
        "os.replace = lambda *paths: os.kill(os.getpid(), signal.SIGKILL)\n"
        "atomic_write(sys.argv[1], bytes(100_000))"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert killed.returncode == -9
    assert path.read_bytes() == b"old"
    atomic_write(path, b"new")
    assert path.read_bytes() == b"new"


def test_an_error_of_the_writer_itself_comes_through(tmp_path: Path) -> None:
    path = tmp_path / "model"

    def fail(file: BinaryIO) -> None:
        raise KeyError("my own mistake")

    with pytest.raises(KeyError, match="my own mistake"):
        atomic_write(path, fail)
    assert names(tmp_path) == []


def test_a_folder_without_permission_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**where: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(VitralError, match=r"file: could not be written because permission was denied"):
        atomic_write(tmp_path / "file", b"new")


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(VitralError, match=r"a/b: could not be written \(.+\)"):
        atomic_write(tmp_path / "a" / "b", b"x")


def test_a_folder_in_the_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(VitralError, match=r"a: could not be written \(Is a directory\)"):
        atomic_write(tmp_path / "a", b"x")
    assert names(tmp_path) == ["a"]


def test_a_new_file_has_the_permissions_of_an_ordinary_one(tmp_path: Path) -> None:
    (tmp_path / "ordinary").write_bytes(b"")
    atomic_write(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_a_private_file_stays_private(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"old")
    path.chmod(0o600)
    atomic_write(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_longest_name_a_disk_takes_is_written(tmp_path: Path) -> None:
    for name in ("x" * 255, "ü" * 127, "a\nb"):
        atomic_write(tmp_path / name, name)
        assert (tmp_path / name).read_text() == name


def test_a_disk_that_cannot_sync_folders_is_good_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def only_files(handle: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{handle}"):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        real(handle)

    monkeypatch.setattr(os, "fsync", only_files)
    atomic_write(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_reader_never_sees_a_part(tmp_path: Path) -> None:
    path = tmp_path / "counter"
    atomic_write(path, b"0" * 50_000)
    stop = threading.Event()
    torn: list[bytes] = []

    def read() -> None:
        while not stop.is_set():
            content = path.read_bytes()
            if len(content) != 50_000 or len(set(content)) != 1:
                torn.append(content)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(100):
        atomic_write(path, str(number % 10).encode() * 50_000)
    stop.set()
    reader.join()
    assert torn == []

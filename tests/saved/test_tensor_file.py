"""The file that holds tensors: every byte counts."""

import errno
import os

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vitral.core import FileFormatError, VitralError
from vitral.saved import read_tensors, write_tensors

TENSORS = {
    "a": torch.arange(6, dtype=torch.float32).reshape(2, 3),
    "b": torch.tensor([1, 2], dtype=torch.int64),
    "c": torch.ones(3, dtype=torch.bfloat16),
    "scalar": torch.tensor(2.5),
}


def written(path, version=1):
    write_tensors(path, TENSORS, {"x": [1, None, "ü"], "y": 0.1}, format="vitral.test", version=version)
    return path


def test_what_is_written_is_read_back(tmp_path):
    tensors, content, digest = read_tensors(written(tmp_path / "t"), format="vitral.test", version=1)
    assert content == {"x": [1, None, "ü"], "y": 0.1}
    assert len(digest) == 64
    assert all(torch.equal(tensors[name], TENSORS[name]) for name in TENSORS)
    assert tensors["c"].dtype == torch.bfloat16


def test_the_same_content_gives_the_same_bytes(tmp_path):
    assert written(tmp_path / "1").read_bytes() == written(tmp_path / "2").read_bytes()


def test_channels_last_tensors_keep_their_values(tmp_path):
    tensor = torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)
    write_tensors(tmp_path / "t", {"w": tensor}, {}, format="vitral.test", version=1)
    assert torch.equal(read_tensors(tmp_path / "t", format="vitral.test", version=1)[0]["w"], tensor)


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_is_noticed(tmp_path_factory, place, bit):
    path = written(tmp_path_factory.mktemp("flip") / "t")
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    path.write_bytes(data)
    with pytest.raises(FileFormatError, match=r"damaged|not a file|must be a vitral.test file"):
        read_tensors(path, format="vitral.test", version=1)


def test_every_single_flipped_byte_is_noticed(tmp_path):
    path = written(tmp_path / "t")
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x20]) + whole[place + 1 :])
        with pytest.raises(FileFormatError):
            read_tensors(path, format="vitral.test", version=1)


@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_short_is_noticed(tmp_path_factory, share):
    path = written(tmp_path_factory.mktemp("cut") / "t")
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(FileFormatError, match=r"damaged|cut short"):
        read_tensors(path, format="vitral.test", version=1)


@given(st.binary(max_size=200))
def test_bytes_of_any_other_kind_are_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "t"
    path.write_bytes(data)
    with pytest.raises(FileFormatError, match="not a file that Vitral wrote"):
        read_tensors(path, format="vitral.test", version=1)


def test_bytes_after_the_end_are_noticed(tmp_path):
    path = written(tmp_path / "t")
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(FileFormatError, match="damaged"):
        read_tensors(path, format="vitral.test", version=1)


def test_another_format_is_named(tmp_path):
    with pytest.raises(FileFormatError, match=r"must be a vitral.model file, got 'vitral.test'"):
        read_tensors(written(tmp_path / "t"), format="vitral.model", version=1)


def test_a_newer_version_asks_for_an_update(tmp_path):
    with pytest.raises(FileFormatError, match=r"has version 2 .* reads up to 1; update Vitral"):
        read_tensors(written(tmp_path / "t", version=2), format="vitral.test", version=1)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileFormatError, match="there is no such file"):
        read_tensors(tmp_path / "none", format="vitral.test", version=1)


def test_a_full_disk_keeps_the_old_file(tmp_path, monkeypatch):
    path = written(tmp_path / "t")
    before = path.read_bytes()

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(VitralError, match="disk is full; the file was left as it was"):
        write_tensors(path, {"a": torch.zeros(3)}, {}, format="vitral.test", version=1)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]

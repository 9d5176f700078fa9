"""Compiled code is kept for just the sources that it was made of."""

from pathlib import Path

from vitral.augment.kernels import compiled


def test_any_changed_source_has_a_folder_of_its_own(tmp_path: Path, monkeypatch):
    for name in ("one", "other"):
        (tmp_path / f"{name}.py").write_text("x = 1\n")
    monkeypatch.setattr(compiled, "__file__", str(tmp_path / "one.py"))
    monkeypatch.setattr(compiled._config, "CACHE_DIR", "")
    first = Path(compiled._folder())
    (first / "code.nbc").write_bytes(b"0")
    assert Path(compiled._folder()) == first
    assert (first / "code.nbc").exists()
    (tmp_path / "other.py").write_text("x = 2\n")
    second = Path(compiled._folder())
    assert second != first
    assert second.is_dir()
    assert not first.exists()


def test_where_nothing_can_be_kept_numba_is_left_to_find_a_place(tmp_path: Path, monkeypatch):
    (tmp_path / "one.py").write_text("x = 1\n")
    (tmp_path / "__pycache__").write_text("not a folder")
    monkeypatch.setattr(compiled, "__file__", str(tmp_path / "one.py"))
    monkeypatch.setattr(compiled._config, "CACHE_DIR", "")
    assert compiled._folder() == ""

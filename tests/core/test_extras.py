"""Optional packages: the message names the feature, the package and the extra."""

import sys
from pathlib import Path

import pytest

from vitral.core import MissingExtra, VitralError, available, require


def test_an_installed_package_is_imported() -> None:
    assert require("json", extra="serve", what="This test") is sys.modules["json"]


def test_a_missing_package_names_the_extra() -> None:
    sentence = (
        r"^The network 'timm' needs the package 'no_such_package_xyz', which is not installed; "
        r"install it with: pip install 'vitral\[timm\]'$"
    )
    with pytest.raises(MissingExtra, match=sentence):
        require("no_such_package_xyz", extra="timm", what="The network 'timm'")


def test_a_missing_extra_can_be_caught_as_import_error_and_as_ours() -> None:
    for kind in (ImportError, VitralError):
        with pytest.raises(kind, match="not installed"):
            require("no_such_package_xyz", extra="ray", what="This test")


def test_a_broken_package_is_not_called_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_package_xyz.py").write_text("import another_missing_package_xyz\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        MissingExtra, match=r"installed but cannot be imported: No module named 'another_missing_package_xyz'"
    ):
        require("broken_package_xyz", extra="timm", what="This test")


def test_availability_is_told_without_importing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lazy_package_xyz.py").write_text("raise RuntimeError('was imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert available("lazy_package_xyz")
    assert not available("no_such_package_xyz")
    assert "lazy_package_xyz" not in sys.modules

"""The page of all ops names every op, shows each, and is what its script writes."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from vitral.core import members

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "ops.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def script() -> Any:
    spec = importlib.util.spec_from_file_location("make_ops", DOCS / "make_ops.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_names_every_op_and_the_script_writes_it_again(script) -> None:
    assert [kind for kind in members("op") if f"![{kind}](ops/{kind}.webp)" not in PAGE] == []
    assert script.page() == PAGE, "an op changed: `make docs` writes the page again"


def test_every_op_has_a_strip_and_every_strip_an_op(script) -> None:
    strips = {path.name: path for path in (DOCS / "ops").iterdir()}
    assert sorted(strips) == sorted(script.expected_strips()), "`make docs` draws the strips again"
    sizes = {name: path.stat().st_size for name, path in strips.items()}
    assert {name: size for name, size in sizes.items() if size > script.MOST_BYTES} == {}
    assert sum(sizes.values()) < 2_000_000
    for path in strips.values():
        with Image.open(path) as picture:
            assert picture.height == script.SIDE_PX
            assert 2 * picture.height <= picture.width < 8 * picture.height


def test_no_subject_names_an_op_twice_or_one_that_is_not_there(script) -> None:
    named = [kind for kinds in script.SUBJECTS.values() for kind in kinds.split()]
    assert len(named) == len(set(named))
    assert set(named) <= set(members("op"))

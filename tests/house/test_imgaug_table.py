"""The page for people who come from imgaug tells the truth."""

import ast
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vitral import augment
from vitral.augment import Op, Transform

PAGE = (Path(__file__).parents[2] / "docs" / "imgaug.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+\.\w+)` \| (.*?) \| (.*?) \|$", PAGE, flags=re.MULTILINE)
CODE = {name: form.strip("`") for name, form, _ in ROWS if re.fullmatch(r"`[^`]+`", form)}
NAMES: dict[str, Any] = {name: getattr(augment, name) for name in augment.__all__}


def test_every_augmenter_has_one_row_and_the_first_paragraph_counts_them() -> None:
    lead = PAGE.split("\n\n")[1]
    counts = re.search(r"has (\d+) public augmenters; (\d+) of them have a form in Vitral", lead)
    assert counts is not None
    assert (int(counts[1]), int(counts[2])) == (len(ROWS), len(CODE))
    assert len({name for name, _, _ in ROWS}) == len(ROWS) == 188


def test_every_vitral_name_on_the_page_exists() -> None:
    spans = re.findall(r"`([^`]+)`", "\n".join(f"{form} {remark}" for _, form, remark in ROWS))
    named = {name for span in spans for name in re.findall(r"(?<![\w.])[A-Z][A-Za-z]+", span)}
    assert {"Rotate", "Transform", "Saturation"} <= named
    assert named - set(NAMES) - {"False", "True"} == set()


def test_every_other_row_gives_a_reason() -> None:
    reasons = [form for name, form, _ in ROWS if name not in CODE]
    assert [form for form in reasons if len(form) < 10 or not form.endswith(".")] == []


@pytest.mark.parametrize("name", CODE)
def test_the_code_of_a_row_changes_a_picture(name) -> None:
    tree = ast.parse(CODE[name], mode="eval")
    made = eval(compile(tree, name, "eval"), {"__builtins__": {}}, NAMES)
    transform = made if isinstance(made, Transform) else Transform(made)
    assert isinstance(made, Op | Transform)
    noise = np.random.default_rng(0).integers(0, 256, (40, 56, 3), dtype=np.uint8)
    pictures = [transform(image=noise, index=i)["image"] for i in range(400 if "Total" in name else 12)]
    changed = any(not np.array_equal(picture, noise) for picture in pictures)
    unchanged = {"meta.Identity", "meta.Noop"}
    assert changed == (name not in unchanged)

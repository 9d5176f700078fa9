"""The page of `vitral look`."""

import re

import numpy as np
from PIL import Image

from vitral.cli.look_page import look_page
from vitral.data import open_pictures
from vitral.data.look import look


def put(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (16, 12, 3), dtype=np.uint8)).save(path)


def page(folder):
    pictures = open_pictures(folder)
    return look_page(look(pictures), pictures).html()


def headings(html):
    return re.findall("<h2>(.*?)</h2>", html)


def test_a_clean_folder_needs_no_attention(tmp_path):
    for number, place in enumerate(("train/cat", "train/dog", "test/cat", "test/dog")):
        put(tmp_path / place / "1.png", number)
    html = page(tmp_path)
    assert "Every picture can be read" in html
    assert headings(html) == ["What is there", "Examples"]
    assert html.count("<img") == 4


def test_each_trouble_has_its_section_and_each_group_stands_once(tmp_path):
    for number, place in enumerate(("train/cat", "train/dog", "test/cat", "test/dog")):
        put(tmp_path / place / "1.png", number)
    put(tmp_path / "test/dog/leak.png", 0)
    put(tmp_path / "train/cat/wrong.png", 1)
    put(tmp_path / "test/dog/twin.png", 3)
    (tmp_path / "train/cat/<b>bad.png").write_bytes(b"")
    Image.new("RGB", (9, 9)).save(tmp_path / "test/dog/black.png")
    html = page(tmp_path)
    assert headings(html) == [
        "What deserves attention",
        "In more than one split",
        "One picture, two labels",
        "Exact duplicates",
        "Blank pictures",
        "What is there",
        "Examples",
    ]
    assert html.count("2 alike: ") == 3
    assert "&lt;b&gt;bad.png" in html
    assert "<b>bad" not in html


def test_a_folder_without_classes_or_splits_has_a_page(tmp_path):
    put(tmp_path / "1.png", 1)
    put(tmp_path / "2.png", 2)
    assert page(tmp_path).count("<img") == 2

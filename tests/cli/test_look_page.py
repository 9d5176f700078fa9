"""The page of `vitral look`."""

import json
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


def test_the_page_draws_the_levels_of_red_green_and_blue(tmp_path):
    put(tmp_path / "1.png", 1)
    half = np.zeros((4, 4, 3), np.uint8)
    half[:2] = (255, 0, 51)
    Image.fromarray(half).save(tmp_path / "2.png")
    (figure,) = re.findall("<figure[^>]*><figcaption>Levels of all pixels.*?</figure>", page(tmp_path))
    assert figure.count("<path") == 3
    assert "nan" not in figure
    for places in re.findall('d="([^"]*)"', figure):
        assert places.count("L") == 257
        assert all(12 <= float(y) <= 236 for y in re.findall(r" ([0-9.]+)", places))


def test_pictures_of_black_and_white_alone_are_drawn_and_told(tmp_path):
    checks = np.zeros((4, 4, 3), np.uint8)
    checks[0] = 255
    Image.fromarray(checks).save(tmp_path / "1.png")
    html = page(tmp_path)
    assert "At level 0: 75.0 / 75.0 / 75.0 % of red / green / blue" in html
    assert "at level 255: 25.0 / 25.0 / 25.0 %." in html


def test_objects_are_counted_in_words_on_the_page_and_in_the_terminal(vitral, tmp_path):
    rows = ["path,label,x0,y0,x1,y1"]
    for number in range(3):
        put(tmp_path / f"{number}.png", number)
        rows += [f"{number}.png,cell,1,1,5,5", f"{number}.png,<b>dot,2,2,9,9", f"{number}.png,cell,6,6,9,9"]
    (tmp_path / "boxes.csv").write_text("\n".join(rows))
    code, out, err = vitral("look", tmp_path / "boxes.csv", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert {name: sum(row.values()) for name, row in told["objects"].items()} == {"<b>dot": 3, "cell": 6}
    assert set(told["counts"]) == {""}
    lines = vitral("look", tmp_path / "boxes.csv")[2].splitlines()
    first = next(
        number for number, line in enumerate(lines) if line.split()[:3] == ["objects", "of", "class"]
    )
    rows = [line.split() for line in lines[first + 1 : first + 5]]
    assert [row[0] for row in rows] == ["<b>dot", "cell", "pictures", "(all)"]
    assert [sum(map(int, row[1:])) for row in (rows[0], rows[1], rows[3])] == [3, 6, 3]
    html = (tmp_path / "look.html").read_text()
    assert "Objects per class" in html
    assert "Pictures per class" not in html
    assert "<b>dot" not in html

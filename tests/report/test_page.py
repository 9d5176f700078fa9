"""The self-contained page: what stands on it, and what must never get in."""

import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitral.core import Picture, VitralError
from vitral.report import Page, bars, confusion, curves, facts, gallery, table

VOID = {"meta", "img"}
HOSTILE = "\"><script>alert(1)</script>\n\x00\u202e\udcff'&"


class Checker(HTMLParser):
    """Follows the tags; every one must be closed, in order."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.values = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.values += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.values += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def checked(html):
    checker = Checker()
    checker.feed(html)
    checker.close()
    assert not checker.open
    return checker


def picture(**words):
    return Picture(pixels=np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8), **words)


def everything(word):
    """A page with this word at every place where a word can stand."""
    page = Page(word, word).heading(word).text(word).facts({word: word})
    page.table([{word: word, "n": 1}], title=word).curves({word: [(0, 1), (1, 2)]}, word, word, word)
    page.bars({word: {word: 1.0}}, word, word).confusion([[3, 1], [0, 2]], [word, word + "2"], word)
    return page.gallery([picture(title=word, note=word, group=word)], title=word)


@pytest.mark.parametrize("word", ["plain", HOSTILE])
def test_every_tag_is_closed_and_none_is_smuggled_in(word):
    checker = checked(everything(word).html())
    assert checker.tags == checked(everything("x").html()).tags
    assert "script" not in checker.tags


def test_the_page_asks_for_nothing_from_outside():
    checker = checked(everything("word").html())
    outside = [value for name, value in checker.values if name in ("src", "href", "action")]
    assert outside
    assert all(value.startswith("data:image/") for value in outside)
    assert ("content", "default-src 'none'; img-src data:; style-src 'unsafe-inline'") in checker.values
    assert "url(" not in everything("word").html()


def test_what_cannot_be_seen_is_spelled_out():
    html = Page(HOSTILE).html()
    assert r"&lt;/script&gt;\n\x00\u202e\udcff&#x27;&amp;" in html
    html.encode()


@given(st.text())
def test_any_text_can_be_written(word):
    assert "<b>" not in facts({word: word})
    checked(facts({word: word})).feed("")
    facts({word: word}).encode()


def test_the_page_is_written_whole(tmp_path):
    Page("über").write(tmp_path / "new" / "page.html")
    assert (tmp_path / "new" / "page.html").read_text(encoding="utf-8") == Page("über").html()


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(VitralError, match=r"page\.html: could not be written"):
        Page("x").write(tmp_path / "file" / "page.html")


def test_pictures_have_words_for_those_who_do_not_see_them():
    values = checked(gallery([picture(title="cat 93%", note="is dog", mood="bad"), picture()])).values
    assert [v for n, v in values if n == "alt"] == ["cat 93%, is dog", "picture"]
    assert "✗ cat" in gallery([picture(title="cat", mood="bad")])


def test_pictures_are_shown_at_one_size_and_small_ones_keep_their_pixels():
    values = dict(checked(gallery([picture()], size=90)).values)
    assert (values["width"], values["height"], values["class"]) == ("90", "60", "coarse")
    large = Picture(pixels=np.zeros((900, 400, 3), np.uint8))
    assert dict(checked(gallery([large], size=90)).values)["height"] == "90"


def test_pictures_of_a_group_stand_together():
    html = gallery(
        [picture(title="1", group="a"), picture(title="2", group="b"), picture(title="3", group="a")]
    )
    assert re.findall(r"<h4>(.)|<b class=\"plain\">(.)", html) == [
        ("a", ""), ("", "1"), ("", "3"), ("b", ""), ("", "2")
    ]  # fmt: skip


def test_curves_break_at_values_that_are_not_finite():
    html = curves({"loss": [(0, 1.0), (1, math.nan), (2, 3.0), (3, math.inf), (4, 2.0)]}, title="t")
    assert re.search(r'<path d="M[^ML]*M[^ML]*M[^ML]*"', html)
    assert "nan" not in html
    assert "inf" not in html


@pytest.mark.parametrize("points", [[], [(0, math.nan)]])
def test_curves_without_a_point_say_so(points):
    assert "Nothing to draw yet" in curves({"loss": points}, title="t")


@pytest.mark.parametrize("points", [[(5, 0.0)], [(0, 1e-9), (1, 1e9)], [(0, -3.0), (1, -3.0)]])
def test_curves_stay_in_their_frame(points):
    html = curves({"a": points}, title="t")
    for x, y in re.findall(r'<circle cx="(.*?)" cy="(.*?)"', html):
        assert 52 <= float(x) <= 468
        assert 12 <= float(y) <= 236


def test_a_long_curve_is_thinned_but_keeps_its_spike():
    points = [(i, float(i % 7)) for i in range(50_000)]
    points[31_415] = (31_415, 1000.0)
    html = curves({"loss": points}, title="t")
    assert len(html) < 20_000
    path = re.search(r'<path d="(.*?)"', html)
    assert path
    assert min(float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", path[1])) == 12.0


def test_bars_show_each_part_and_the_sum():
    html = bars({"cat": {"train": 30, "val": 10}, "dog": {"train": 20}}, title="n", unit="pictures")
    assert re.findall(r"width:([\d.]+)%", html) == ["75.00", "25.00", "50.00"]
    assert 'title="cat, val: 10 pictures"' in html
    assert '<td class="number">40</td>' in html
    assert bars({"none": 0}, title="n").count("<i") == 0


def test_tables_align_numbers_and_show_gaps():
    html = table([{"class": "cat", "f1": 0.98765, "n": 12345}, {"class": "dog", "extra": True}], bars=("f1",))
    assert "0.988" in html
    assert "12,345" in html
    assert '<td class="number">–</td>' in html
    assert "--share:0.988" in html
    assert "yes" in html
    assert "nothing to list" in table([], title="Broken")


def test_confusion_counts_and_names_the_worst_pair():
    html = confusion([[8, 2], [5, 5]], ["cat", "dog"])
    assert "13 of 20 right" in html
    assert "dog taken for cat: 5 of 10 (50%)" in html
    assert html.index("<td>dog</td><td>cat</td>") < html.index("<td>cat</td><td>dog</td>")


@pytest.mark.parametrize("count", [1, 2, 24, 25, 60])
def test_confusion_of_many_classes_is_drawn_and_of_none_too(count):
    checked(confusion(np.eye(count, dtype=int).tolist(), [str(i) for i in range(count)]))
    checked(confusion(np.zeros((count, count), int).tolist(), [str(i) for i in range(count)]))


def test_neighboring_charts_stand_side_by_side():
    page = Page("t").bars({"a": 1}, "one").bars({"a": 1}, "two").text("between").bars({"a": 1}, "three")
    assert page.html().count('<div class="charts">') == 2


def test_pictures_for_a_close_look_are_shown_larger_together_with_their_group() -> None:
    pixels = np.zeros((480, 640, 3), np.uint8)
    plain = Picture(pixels=pixels, title="a", group="plain")
    close = Picture(pixels=pixels, title="b", group="boxes", close=True)
    beside = Picture(pixels=pixels, title="c", group="boxes")
    found = gallery([plain, close, beside], size=128)
    assert re.findall(r'width="(\d+)"', found) == ["128", "360", "360"]
    assert re.findall(r"--size:(\d+)px", found) == ["128", "360"]

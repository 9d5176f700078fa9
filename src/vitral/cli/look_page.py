"""The page of `vitral look`: what is in a folder, to see rather than to read."""

import json
import re
from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from vitral.cli.look_augment import Augmented
from vitral.cli.look_model import Judged
from vitral.cli.look_strip import Strips
from vitral.core import ImageError, Picture
from vitral.data import PictureSet
from vitral.data.findings import Alike, Findings
from vitral.data.histogram import Histogram
from vitral.report import Page
from vitral.report.scale import tick_text, ticks
from vitral.report.words import escaped

_MOST_CLASSES = 60
_MOST_GROUPS = 40
_MOST_IN_GROUP = 8
_MOST_BROKEN = 500
_EXAMPLES = 8
_WITHOUT_CLASS = 24
_SIDE_PX = 224
# Red, green and blue that can be told apart on white and on black.
_COLORS = {"red": "#d6453d", "green": "#2f9e57", "blue": "#3f7fdc"}
_LEFT, _RIGHT, _TOP, _BOTTOM, _HEIGHT, _WIDTH = 52, 468, 12, 236, 280, 480


def look_page(
    findings: Findings,
    pictures: PictureSet,
    augmented: Augmented | None = None,
    strips: Strips | None = None,
    judged: Judged | None = None,
) -> Page:
    """Draw what a look found, with examples of each class and all that deserves attention.

    Args:
        findings: of these pictures.
        pictures: where the examples come from; a picture that can no longer be read is left out.
        augmented: what a chain of ops made of some of them, to be shown too.
        strips: the same of one op over its strength.
        judged: how unusual each is to a model.
    """
    page = _LookPage(findings.name, findings.found)
    page.facts(_numbers(findings))
    for note in findings.notes:
        page.text(note)
    _attention(page, findings, pictures)
    _what_is_there(page, findings)
    if augmented is not None:
        _augmented(page, augmented)
    if strips is not None:
        _strips(page, strips)
    if judged is not None:
        _strange(page, judged)
    page.heading("Examples")
    page.gallery(_examples(findings, pictures), size=112)
    return page


def _numbers(findings: Findings) -> dict[str, object]:
    exact = sum(len(group.keys) for group in findings.alike if group.exact)
    near = sum(len(group.keys) for group in findings.alike if not group.exact)
    colors = [" / ".join(f"{v:.3f}" for v in values) for values in (findings.mean, findings.std)]
    return {
        "pictures": findings.pictures,
        "classes": len({*findings.counts, *findings.objects} - {""}) or None,
        "objects": sum(sum(row.values()) for row in findings.objects.values()) or None,
        "broken": len(findings.broken),
        "exact duplicates": exact,
        "near duplicates": near,
        "leaks between splits": len(findings.leaks),
        "one picture, two labels": len(findings.disagreements),
        "blank": len(findings.blank),
        "mean of red / green / blue": colors[0],
        "deviation": colors[1],
    }


def _attention(page: Page, findings: Findings, pictures: PictureSet) -> None:
    if not (findings.alike or findings.broken or findings.blank):
        page.text("Every picture can be read, no two are alike, and none is blank.")
        return
    page.heading("What deserves attention")
    if findings.broken:
        rows = [{"picture": one.key, "reason": one.reason} for one in findings.broken[:_MOST_BROKEN]]
        page.table(rows, title=f"Broken: {len(findings.broken):,} cannot be read and are left out")
    position = {key: i for i, key in enumerate(pictures.keys)}
    for title, words, groups in _kinds(findings.alike):
        if groups:
            page.heading(title).text(words)
            if len(groups) > _MOST_GROUPS:
                page.text(f"The first {_MOST_GROUPS} of {len(groups):,} groups.")
            drawn = [_drawn_group(group, pictures, position) for group in groups[:_MOST_GROUPS]]
            page.gallery([picture for group in drawn for picture in group], size=112)
    if findings.blank:
        page.heading("Blank pictures").text("These show one even color, or nearly.")
        page.gallery(_drawn([position[key] for key in findings.blank[:_WITHOUT_CLASS]], pictures), size=112)


def _kinds(alike: Sequence[Alike]) -> list[tuple[str, str, list[Alike]]]:
    """Each group once, under the most serious thing that can be said of it."""
    leaks = [group for group in alike if group.leaks]
    wrong = [group for group in alike if group.disagrees and not group.leaks]
    rest = [group for group in alike if not group.leaks and not group.disagrees]
    return [
        ("In more than one split", "A model is judged on pictures that it was trained on.", leaks),
        ("One picture, two labels", "At least one label of each group is wrong.", wrong),
        ("Exact duplicates", "Equal in every pixel.", [group for group in rest if group.exact]),
        ("Near duplicates", "The same picture, stored or cut a little differently.",
         [group for group in rest if not group.exact]),
    ]  # fmt: skip


def _what_is_there(page: "_LookPage", findings: Findings) -> None:
    page.heading("What is there")
    named = {name or "(no class)": row for name, row in findings.counts.items()}
    if findings.objects:
        _bars(page, findings.objects, "objects")
    if len(named) > 1:
        _bars(page, named, "pictures")
    page.bars(
        {f"{w} × {h}": n for (h, w), n in findings.sizes}, "Most frequent sizes, width × height", "pictures"
    )
    page.levels(findings.histogram)
    page.table(
        [
            {"in pixels": name, "smallest": low, "median": middle, "largest": high}
            for name, (low, middle, high) in (("width", findings.width_px), ("height", findings.height_px))
        ],
        title="Sizes",
    )
    page.table([{"format": name, "pictures": n} for name, n in findings.formats.items()], title="Formats")


def _bars(page: "_LookPage", counts: dict[str, dict[str, int]], unit: str) -> None:
    """Counts of each class, those of the splits apart."""
    shown, title = counts, f"{unit.capitalize()} per class"
    if len(counts) > _MOST_CLASSES:
        largest = sorted(counts.items(), key=lambda row: -sum(row[1].values()))
        shown, title = (
            dict(largest[:_MOST_CLASSES]),
            f"The {_MOST_CLASSES} largest of {len(counts):,} classes",
        )
    bars = {name: {split or "all": n for split, n in row.items()} for name, row in shown.items()}
    only = all(set(row) == {"all"} for row in bars.values())
    page.bars({n: row["all"] for n, row in bars.items()} if only else bars, title, unit)


def _augmented(page: "_LookPage", made: Augmented) -> None:
    page.heading("Augmentation")
    page.text(
        f"Some pictures, and what the chain makes of each in the first epochs of a training with seed 0, as "
        f"inputs of {made.width} × {made.height} px. Masks are a tint (what is not counted is hatched), "
        "boxes are outlines in the color of their class, points are white squares."
    )
    for text in made.left_out:
        page.text(text)
    page.gallery(made.pictures, size=100)
    page.lines("Plan", made.plan)
    page.lines("Chain", _json_text(made.chain.to_json()))


def _strips(page: "_LookPage", made: Strips) -> None:
    op = made.ops[-1]
    page.heading(f"Strength of {op.kind}").text(op.summary())
    for text in made.left_out:
        page.text(text)
    page.gallery(made.pictures, size=7 * 128)
    if not made.steps:
        page.text("It has no strength: each picture, and different draws, the least change first.")
        return
    page.text(
        "Each picture as it is, and then one step for each row: the third has the strong end of the default, "
        "where there are six. All steps of a picture have the same draw."
    )
    page.table([{"step": number, **row} for number, row in enumerate(made.steps, start=1)], title="Steps")


def _strange(page: "_LookPage", judged: Judged) -> None:
    page.heading("How unusual they are")
    page.text(
        f"To {judged.model}, a model of the task {judged.task}. Numbers are {judged.unit}; the higher, the "
        f"stranger. {len(judged.scores):,} pictures were judged."
    )
    if judged.broken:
        page.text(f"{len(judged.broken):,} could not be read and have no number.")
    page.gallery(judged.pictures, size=112)


def _json_text(value: object) -> str:
    """JSON in lines, with each list of numbers on one of them."""
    text = json.dumps(value, indent=2)
    return re.sub(
        r"\[[\s\d.,eE+-]*\]",
        lambda found: re.sub(r"\s+", " ", found[0]).replace("[ ", "[").replace(" ]", "]"),
        text,
    )


def _examples(findings: Findings, pictures: PictureSet) -> list[Picture]:
    """A few pictures of each class, spread evenly over the set."""
    broken = {one.key for one in findings.broken}
    sound = np.array([i for i, key in enumerate(pictures.keys) if key not in broken], dtype=np.int64)
    if (pictures.labels[sound] < 0).all():  # The classes may be those of objects.
        return _drawn(_spread(sound, _WITHOUT_CLASS), pictures)
    drawn: list[Picture] = []
    for number, name in list(enumerate(pictures.classes))[:_MOST_CLASSES]:
        drawn += _drawn(_spread(sound[pictures.labels[sound] == number], _EXAMPLES), pictures, group=name)
    return drawn


def _spread(indices: np.ndarray, most: int) -> list[int]:
    if len(indices) <= most:
        return indices.tolist()
    return indices[np.linspace(0, len(indices) - 1, most).round().astype(int)].tolist()


def _drawn_group(group: Alike, pictures: PictureSet, position: dict[str, int]) -> list[Picture]:
    more = len(group.keys) - _MOST_IN_GROUP
    name = f"{len(group.keys):,} alike" + (f", {_MOST_IN_GROUP} shown" if more > 0 else "")
    # The first key makes each heading its own: groups of one heading would be shown together.
    heading = f"{name}: {group.keys[0]}"
    return _drawn([position[key] for key in group.keys[:_MOST_IN_GROUP]], pictures, group=heading, told=True)


def _drawn(
    indices: Iterable[int], pictures: PictureSet, *, group: str = "", told: bool = False
) -> list[Picture]:
    drawn: list[Picture] = []
    for i in indices:
        try:
            pixels = pictures.pixels(i)
        except ImageError:  # It was sound a moment ago; a page is no place to fail for that.
            continue
        label = int(pictures.labels[i])
        parts = (pictures.classes[label] if label >= 0 else "", str(pictures.splits[i]))
        title = ", ".join(part for part in parts if part) if told else ""
        note = pictures.keys[i].rpartition("/")[2]
        drawn.append(Picture(pixels=_small(pixels), title=title, note=note, group=group))
    return drawn


def _small(pixels: np.ndarray) -> np.ndarray:
    """Shrunk to what a page shows, so that a thousand examples fit in memory."""
    scale = _SIDE_PX / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


class _LookPage(Page):
    """A page that can also draw levels, and texts of several lines."""

    def levels(self, histogram: Histogram) -> "_LookPage":
        return self._add("chart", _levels(histogram))

    def lines(self, title: str, text: str) -> "_LookPage":
        """Add a text line by line, as a terminal shows it."""
        lines = "\n".join(escaped(line) for line in text.splitlines())
        style = "margin:0.5rem 0 0;font-size:0.82rem;line-height:1.5;white-space:pre-wrap"
        return self._add("words", f'<h3>{escaped(title)}</h3><pre style="{style}">{lines}</pre>')


def _levels(histogram: Histogram) -> str:
    """One outline each for red, green and blue: share of the pixels at each of the 256 levels.

    Black and white often hold most of a set and would flatten all else: the drawing is as high as
    the levels between them need, and what the two ends hold is written below.
    """
    shares = 100 * histogram.counts / max(histogram.pixels, 1)
    marks = ticks(0.0, float(shares[:, 1:-1].max()) or float(shares.max()))
    heights = (_BOTTOM - np.minimum(shares / marks[-1], 1) * (_BOTTOM - _TOP)).tolist()
    lines = "".join(_outline(row, color) for row, color in zip(heights, _COLORS.values(), strict=True))
    named = "".join(
        f'<li style="--color:{color}"><i aria-hidden="true"></i>{name}</li>'
        for name, color in _COLORS.items()
    )
    ends = [" / ".join(f"{share:.1f}" for share in shares[:, level]) for level in (0, -1)]
    told = f"At level 0: {ends[0]} % of red / green / blue; at level 255: {ends[1]} %."
    return (
        f'<figure class="chart"><figcaption>Levels of all pixels</figcaption><ul class="keys">{named}</ul>'
        f'<div class="wide"><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="Histogram of red, green and blue. {told}">{_grid(marks)}{lines}</svg></div>'
        f'<p class="quiet" style="margin:0.4rem 0 0;font-size:0.82rem">{told}</p></figure>'
    )


def _outline(heights: Sequence[float], color: str) -> str:
    steps = "".join(f"L{_across(i):.1f} {y:.1f}" for i, y in enumerate(heights))
    style = f"--color:{color};fill:{color};fill-opacity:0.14;stroke-width:1.4"
    return f'<path style="{style}" d="M{_LEFT} {_BOTTOM}{steps}L{_RIGHT} {_BOTTOM}"/>'


def _across(level: int) -> float:
    return _LEFT + level / 255 * (_RIGHT - _LEFT)


def _grid(marks: list[float]) -> str:
    step = marks[1] - marks[0]
    parts: list[str] = []
    for value in marks:
        y = _BOTTOM - value / marks[-1] * (_BOTTOM - _TOP)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick_text(value, step)}</text>'
        )
    for level in (0, 64, 128, 192, 255):
        x = _across(level)
        parts.append(f'<text x="{x:.1f}" y="{_BOTTOM + 18}" text-anchor="middle">{level}</text>')
    middle = (_LEFT + _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 6}" text-anchor="middle">level</text>')
    turned = f"translate(11 {(_TOP + _BOTTOM) / 2}) rotate(-90)"
    parts.append(f'<text transform="{turned}" text-anchor="middle">% of pixels</text>')
    return "".join(parts)

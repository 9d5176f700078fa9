"""The demo's page: a section for every task, with the figure that sums it up and with pictures."""

import dataclasses
import re

import pytest

from vitral.cli.demo import PARTS, Part
from vitral.cli.demo_page import shown
from vitral.core import members
from vitral.data import open_pictures
from vitral.report import Page
from vitral.train import evaluate_model, train


def part(name: str) -> Part:
    return next(one for one in PARTS if one.name == name)


def test_the_demo_shows_every_task_and_each_part_has_a_folder_of_its_own():
    assert {one.run.task.kind for one in PARTS} == set(members("task"))
    assert len({one.name for one in PARTS}) == len(PARTS)
    assert all(one.run.data == one.data for one in PARTS)


@pytest.mark.parametrize(
    ("name", "figure", "high", "said"),
    [
        ("scenes-segmented", "mean_iou", 1.0, ("mean IoU", "background", "of the pixels right")),
        ("scenes-detected", "ap50", 1.0, ("AP50", "precision and recall", "missed")),
        ("scenes-colorized", "delta_e_ab", 150.0, ("mean error of colors", "left grey", "one flat tint")),
    ],
)
def test_a_part_about_pixels_is_drawn_with_its_figure(tmp_path, name, figure, high, said):
    pictures = open_pictures("scenes").subset(range(60))
    run = dataclasses.replace(part(name).run, epochs=1, threads=1)
    trained = train(run, pictures, out=tmp_path / "run")
    assert trained.model is not None
    judged = evaluate_model(trained.model, pictures, split="test", threads=1)
    page = Page("demo")
    found, value, words = shown(page, trained, trained.model, judged)
    assert found == figure
    assert value == judged.figures[figure]
    assert 0 <= value <= high
    assert words.endswith(f"on {len(judged.pictures)} held-out pictures")
    html = page.html()
    assert all(words in html for words in said)
    assert len(re.findall(r"<img ", html)) == len(judged.pictures) <= 9

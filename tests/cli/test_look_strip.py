"""`vitral look --strip`: a section of the page that shows one op from nothing to strong."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from vitral.augment import Flip, Op, Rotate
from vitral.augment.strengths import STEPS, strengths
from vitral.cli.look_augment import PICTURES
from vitral.cli.look_strip import change, side_by_side, steps_of, strip
from vitral.core import Batch

Vitral = Callable[..., tuple[int, str, str]]


def batch_of(*pictures: np.ndarray) -> Batch:
    return Batch(
        pixels=np.stack(pictures),
        labels=torch.zeros(len(pictures), dtype=torch.int64),
        indices=np.arange(len(pictures)),
        keys=tuple("abcdef"[: len(pictures)]),
        seed=0,
        epoch=0,
        position=0,
    )


@pytest.fixture
def batch() -> Batch:
    ramp = np.arange(0, 240, 10, dtype=np.uint8)
    return batch_of(*(np.tile(row[:, None, None], (1, 24, 3)) for row in (ramp, ramp[::-1])))


def section(html: str) -> str:
    found = re.search("<h2>Strength of .*?<h2>", html, re.DOTALL)
    assert found is not None
    return found[0]


def test_the_page_shows_each_picture_once_with_its_steps(vitral: Vitral, tiny_folder: Path) -> None:
    code, out, _ = vitral("look", tiny_folder, "--strip", "rotate", "--json")
    assert code == 0
    html = section(Path("look.html").read_text(encoding="utf-8"))
    assert html.count("<img") == PICTURES
    assert html.count("<tr>") == STEPS  # with the head
    assert "Turn pictures around their center" in html
    assert [Op.from_json(op) for op in json.loads(out)["strip"]["ops"]] == strengths("rotate")


@pytest.mark.parametrize("kind", ["mixup", "crop-around-box", "flip"])
def test_ops_that_need_other_pictures_or_have_no_strength_can_be_seen(
    vitral: Vitral, tiny_folder: Path, kind: str
) -> None:
    assert vitral("look", tiny_folder, "--strip", kind)[0] == 0
    assert section(Path("look.html").read_text(encoding="utf-8")).count("<img") == PICTURES


def test_an_op_that_is_not_there_is_told_before_pictures_are_read(vitral: Vitral, tiny_folder: Path) -> None:
    code, _, err = vitral("look", tiny_folder, "--strip", "rotat")
    assert code == 2
    assert re.search("--strip: must be the name of an op, got 'rotat'.*did you mean 'rotate'", err)
    assert not Path("look.html").exists()


def test_a_strip_begins_with_the_picture_and_only_strength_differs(batch: Batch) -> None:
    first, second = strip(strengths("rotate"), batch, height=24, width=24)
    assert len(first) == len(second) == STEPS
    np.testing.assert_array_equal(first[0], np.asarray(batch.pixels)[0])
    changes = [change(tile, first[0]) for tile in first]
    assert changes == sorted(changes)


def test_an_op_without_strength_shows_different_draws_the_least_change_first(batch: Batch) -> None:
    assert len(strip([Flip(p=0.0), Flip(p=1.0)], batch, height=24, width=24)[0]) == 2
    tiles = strip(strengths("mixup"), batch, height=24, width=24)[0]
    assert len(tiles) == STEPS
    changes = [change(tile, tiles[0]) for tile in tiles]
    assert changes == sorted(changes)


def test_steps_name_what_differs() -> None:
    assert steps_of([Rotate(deg=0.0), Rotate(deg=5.0), Rotate(deg=10.0)]) == [{"deg": 5.0}, {"deg": 10.0}]
    both = [Rotate(deg=angle) + Flip(p=1.0) for angle in (0.0, 1.0, 2.0)]
    assert steps_of(both) == [{"rotate.deg": 1.0}, {"rotate.deg": 2.0}]
    assert steps_of([Flip(p=0.0), Flip(p=1.0)]) == []


def test_tiles_stand_side_by_side_with_white_between() -> None:
    row = side_by_side([np.zeros((4, 4, 3), np.uint8)] * 3)
    assert row.shape == (4, 16, 3)
    assert (row[:, 4:6] == 255).all()
    assert (row[:, 6:10] == 0).all()

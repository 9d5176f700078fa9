"""`vitral look --augment`: a section of the page that shows what a chain makes of the pictures."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vitral.augment import CoarseDropout, Flip, GaussianBlur, MixUp, Op, Rotate
from vitral.augment.presets import PRESETS, preset
from vitral.cli.look_augment import DRAWS, PICTURES, read_chain
from vitral.report.overlay import class_color, overlay

Vitral = Callable[..., tuple[int, str, str]]


@pytest.fixture
def masked(tmp_path: Path) -> Path:
    """A folder of 8 pictures with masks of a square in class 1."""
    root = tmp_path / "masked"
    for number in range(8):
        pixels = np.random.default_rng(number).integers(0, 256, (24, 32, 3), dtype=np.uint8)
        mask = np.zeros((24, 32), np.uint8)
        mask[4:12, 6:20] = 1
        for part, content in (("images", pixels), ("masks", mask)):
            (root / part).mkdir(parents=True, exist_ok=True)
            Image.fromarray(content).save(root / part / f"{number}.png")
    return root


@pytest.fixture
def boxed(tmp_path: Path) -> Path:
    """A COCO folder of two pictures, one of them with a box and two points."""
    root = tmp_path / "boxed"
    root.mkdir()
    for number in (1, 2):
        pixels = np.random.default_rng(number).integers(0, 256, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / f"{number}.png")
    images = [{"id": n, "file_name": f"{n}.png", "height": 24, "width": 32} for n in (1, 2)]
    mark = {"id": 7, "image_id": 2, "category_id": 3, "bbox": [4, 4, 20, 12]}
    mark |= {"keypoints": [8, 8, 2, 20, 10, 1], "num_keypoints": 2}
    said = {"images": images, "annotations": [mark], "categories": [{"id": 3, "name": "cat"}]}
    (root / "annotations.json").write_text(json.dumps(said), encoding="utf-8")
    return root


def written(path: Path, chain: Any) -> Path:
    path.write_text(json.dumps(chain.to_json() if isinstance(chain, Op) else chain), encoding="utf-8")
    return path


def section(html: str) -> str:
    found = re.search("<h2>Augmentation</h2>.*?<h2>", html, re.DOTALL)
    assert found is not None
    return found[0]


def test_the_page_shows_pictures_beside_their_draws_with_plan_and_chain(
    vitral: Vitral, masked: Path, tmp_path: Path
) -> None:
    chain = Flip() + GaussianBlur(p=1.0) + Rotate(deg=(-10, 10))
    code, out, _ = vitral("look", masked, "--augment", written(tmp_path / "chain.json", chain), "--json")
    assert code == 0
    html = section(Path("look.html").read_text(encoding="utf-8"))
    assert html.count("<img") == PICTURES * (1 + DRAWS)
    assert html.count(">original<") == PICTURES
    assert "pass 2: rotate" in html
    assert "[-10, 10]" in html
    told = json.loads(out)["augment"]
    assert Op.from_json(told["chain"]) == chain
    assert "gaussian-blur (filter) needs the picture as a whole" in told["plan"]


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_seen(vitral: Vitral, boxed: Path, name: str) -> None:
    code, _, _ = vitral("look", boxed, "--augment", name)
    assert code == 0
    # Of the two pictures only one has something marked in it.
    assert section(Path("look.html").read_text(encoding="utf-8")).count("<img") == 1 + DRAWS


def test_a_sound_picture_whose_mask_is_broken_is_told(vitral: Vitral, masked: Path) -> None:
    (masked / "masks" / "0.png").write_bytes(b"no picture")
    code, out, err = vitral("look", masked, "--augment", "photos", "--json")
    assert code == 0
    html = section(Path("look.html").read_text(encoding="utf-8"))
    assert html.count(">original<") == PICTURES - 1
    told = json.loads(out)["augment"]["left_out"]
    assert len(told) == 1
    assert re.search(r"0\.png is not drawn, because its mask is broken: ", told[0])
    assert "left out" in err
    assert "is not drawn, because its mask is broken" in html


def test_a_list_of_ops_is_a_chain_and_mixing_is_told(
    vitral: Vitral, tiny_folder: Path, tmp_path: Path
) -> None:
    ops = [CoarseDropout(p=1.0).to_json(), MixUp().to_json()]
    code, _, _ = vitral("look", tiny_folder, "--augment", written(tmp_path / "chain.json", ops))
    assert code == 0
    assert "of its label kept" in section(Path("look.html").read_text(encoding="utf-8"))


def test_without_the_flag_there_is_no_such_section(vitral: Vitral, tiny_folder: Path) -> None:
    assert vitral("look", tiny_folder)[0] == 0
    assert "Augmentation" not in Path("look.html").read_text(encoding="utf-8")


def test_a_set_whose_classes_are_those_of_objects_has_examples(vitral: Vitral, boxed: Path) -> None:
    vitral("look", boxed)
    assert Path("look.html").read_text(encoding="utf-8").count("<img") == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            None,
            "--augment: must be one of .*, perhaps with a strength such as photos:0.8, "
            "or a JSON file of an op, got 'photo'; did you mean 'photos'",
        ),
        ("{", r"--augment photo: is not a readable JSON file \("),
        ('{"kind": "flipp"}', "--augment photo: op: must be a known kind, got 'flipp'.*did you mean 'flip'"),
        ("3", "--augment photo: Op: must be an object of options, got 3"),
    ],
)
def test_what_is_no_chain_is_told_before_pictures_are_read(
    vitral: Vitral, tiny_folder: Path, text: str | None, message: str
) -> None:
    if text is not None:
        Path("photo").write_text(text, encoding="utf-8")
    code, _, err = vitral("look", tiny_folder, "--augment", "photo")
    assert code == 2
    assert re.search(message, err)
    assert not Path("look.html").exists()


def test_a_preset_may_have_a_strength(vitral: Vitral, boxed: Path) -> None:
    code, out, _ = vitral("look", boxed, "--augment", "photos:0.8", "--json")
    assert code == 0
    assert Op.from_json(json.loads(out)["augment"]["chain"]) == preset("photos", 0.8)
    assert read_chain("photos:1") == preset("photos", 1.0)
    assert read_chain("photos:0") == preset("photos", 0.0)
    assert read_chain("photos") == preset("photos")


@pytest.mark.parametrize("strength", ["1.5", "-0.1", "much", "nan", "", "0.5:2"])
def test_a_strength_that_is_none_is_told(vitral: Vitral, tiny_folder: Path, strength: str) -> None:
    code, _, err = vitral("look", tiny_folder, "--augment", f"photos:{strength}")
    assert code == 2
    message = rf"--augment photos: the strength must be a number in \[0, 1\], got '{re.escape(strength)}'"
    assert re.search(message, err)


def test_a_misspelled_preset_with_a_strength_is_told(vitral: Vitral, tiny_folder: Path) -> None:
    code, _, err = vitral("look", tiny_folder, "--augment", "fotos:0.8")
    assert code == 2
    assert re.search("got 'fotos:0.8'; did you mean 'photos'", err)


def test_an_overlay_draws_each_target_where_it_is_and_leaves_the_picture_alone() -> None:
    pixels = np.full((40, 60, 3), 100, np.uint8)
    mask = np.zeros((40, 60), np.uint8)
    mask[:10] = 2
    mask[30:] = 255
    drawn = overlay(
        pixels,
        mask=mask,
        boxes=np.array([[10.0, 12, 30, 28], [50, 15, 90, 25]]),
        labels=np.array([0, 1]),
        points=np.array([[[40.5, 20.5, 2], [45, 20, 0], [70, 20, 2]]]),
    )
    assert (pixels == 100).all()
    assert (drawn[:10] == np.rint(0.55 * 100 + 0.45 * np.array(class_color(2), np.float32))).all()
    hatched = (drawn[30:] != 100).all(axis=2)
    assert 0.2 < hatched.mean() < 0.5
    assert (drawn[12, 10:30] == class_color(1)).all()
    assert (drawn[12:28, 29] == class_color(1)).all()
    assert (drawn[15:25, 59] == class_color(2)).all()  # as far as the picture goes
    assert (drawn[20, 40] == 255).all()
    assert (drawn[13:27, 11:29] == 100).all()
    assert (drawn[20, 44:48] == 100).all()


def test_an_overlay_of_nothing_is_the_picture() -> None:
    pixels = np.full((4, 4, 3), 7, np.uint8)
    nothing = overlay(pixels, boxes=np.zeros((0, 4)), points=np.zeros((0, 1, 3)))
    np.testing.assert_array_equal(nothing, pixels)

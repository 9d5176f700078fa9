"""Source yolo: the layouts and data.yaml files people have, and every mistake named with its line."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vitral.core import DataError
from vitral.data import PictureSet, open_pictures
from vitral.data.objects import Objects
from vitral.data.sources.yolo_yaml import read_data_yaml

Draw = Callable[..., Path]

YAML = "nc: 2\nnames: ['cat', 'dog']\n"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def objects_of(place: Path) -> Objects:
    found = open_pictures(place).objects
    assert found is not None
    return found


def splits_of(pictures: PictureSet) -> dict[str, str]:
    return dict(zip(pictures.keys, pictures.splits.tolist(), strict=True))


@pytest.fixture
def one(draw: Draw) -> Callable[..., Path]:
    """A function that writes a set of one picture of 10 x 20 pixels with this text, and its data.yaml."""

    def written(text: str, yaml: str = YAML) -> Path:
        root = draw("images/1.png", height=10, width=20)
        return write(root, {"labels/1.txt": text, "data.yaml": yaml})

    return written


def test_boxes_are_turned_into_corners_in_pixels(one: Callable[..., Path]) -> None:
    pictures = open_pictures(one("1 0.5 0.5 0.5 0.4\n\n  0 0.125 0.95 0.25 0.1 \r\n0 1 1 0.5 0.5 0.87\n"))
    assert pictures.found.startswith("YOLO, 1 picture, 2 classes")
    assert pictures.classes == ("cat", "dog")
    assert pictures.masks is None
    assert pictures.notes == ()
    assert pictures.objects is not None
    # Center and size as shares of 20 x 10: 10 5 10 4, then 2.5 9.5 5 1, and 20 10 10 5 cut to the picture.
    assert np.allclose(
        pictures.objects.boxes, [[5, 3, 15, 7], [0, 9, 5, 10], [15, 7.5, 20, 10]], rtol=0, atol=1e-12
    )
    assert pictures.objects.labels.tolist() == [1, 0, 0]


@given(st.integers(1, 4000), st.integers(1, 4000), st.lists(st.floats(0, 1), min_size=4, max_size=4))
@example(640, 480, [0.0, 0.0, 1.0, 1.0])
def test_a_box_written_from_corners_comes_back_as_these_corners(
    width: int, height: int, shares: list[float]
) -> None:
    from vitral.data.sources.marked import Marked
    from vitral.data.sources.yolo import _add

    x0, x1 = sorted((shares[0] * width, shares[1] * width))
    y0, y1 = sorted((shares[2] * height, shares[3] * height))
    line = (
        f"0 {(x0 + x1) / 2 / width!r} {(y0 + y1) / 2 / height!r} {(x1 - x0) / width!r} {(y1 - y0) / height!r}"
    )
    marked = Marked(counts=[0])
    if _add(marked, line, (width, height), None, "1.txt, line 1"):
        assert np.allclose(marked.boxes[0], (x0, y0, x1, y1), rtol=0, atol=1e-9 * max(width, height))
    else:
        assert min(x1 - x0, y1 - y0) < 1e-9 * max(width, height)


LAYOUTS = [
    (("images/train/1.png", "images/val/2.png"), ("labels/train/1.txt", "labels/val/2.txt")),
    (("images/train2017/1.png", "images/val2017/2.png"), ("labels/train2017/1.txt", "labels/val2017/2.txt")),
    (("train/images/1.png", "valid/images/2.png"), ("train/labels/1.txt", "valid/labels/2.txt")),
    (("Train/images/1.png", "Val/images/2.png"), ("Train/labels/1.txt", "Val/labels/2.txt")),
    (("train/1.png", "val/2.png"), ("train/1.txt", "val/2.txt")),
]


@pytest.mark.parametrize(("pictures", "texts"), LAYOUTS)
@pytest.mark.parametrize("names", ["data.yaml", "dataset.yml", "coco128.yaml", "classes.txt"])
def test_every_usual_layout_is_found_and_split_by_its_folders(
    draw: Draw, pictures: tuple[str, ...], texts: tuple[str, ...], names: str
) -> None:
    root = draw(*pictures, height=10, width=20)
    named = "cat\ndog\n\n" if names == "classes.txt" else YAML
    write(root, {texts[0]: "1 0.5 0.5 1 1", texts[1]: "0 0.5 0.5 1 1\n" * 2, names: named})
    opened = open_pictures(root)
    assert opened.found == "YOLO, 2 pictures, 2 classes, split train 1 / val 1"
    assert opened.classes == ("cat", "dog")
    assert splits_of(opened) == dict(zip(pictures, ("train", "val"), strict=True))
    assert opened.objects is not None
    assert opened.objects.labels.tolist() == [1, 0, 0]


def test_texts_beside_the_pictures_are_found_with_lists_of_them_as_cvat_writes_it(draw: Draw) -> None:
    root = draw("obj_train_data/a.png", "obj_train_data/b.png", "obj_train_data/c.png", height=10, width=20)
    write(root, {"obj.names": "cat\ndog\n", "obj.data": "classes = 2", "obj_train_data/a.txt": ""})
    write(root, {"obj_train_data/b.txt": "1 0.5 0.5 1 1", "obj_train_data/c.txt": "0 0.5 0.5 1 1"})
    write(root, {"train.txt": "data/obj_train_data/a.png\ndata/obj_train_data/b.png\n"})
    write(root, {"valid.txt": "/home/someone/data/obj_train_data/c.png\nno/such.png\n\n"})
    pictures = open_pictures(root)
    assert pictures.origin == "YOLO"
    assert [split for _, split in sorted(splits_of(pictures).items())] == ["train", "train", "val"]
    assert pictures.objects is not None
    assert pictures.objects.starts.tolist() == [0, 0, 1, 2]


def test_texts_beside_pictures_in_a_folder_called_images_are_found(draw: Draw) -> None:
    root = draw("images/1.png", "images/2.png", height=10, width=20)
    write(root, {"images/1.txt": "0 0.5 0.5 1 1", "images/2.txt": "", "classes.txt": "cat"})
    assert len(objects_of(root)) == 1


@pytest.mark.parametrize("text", ["a cat on a mat\n", "cat", "1 2 3", "\ufffd"])
def test_captions_beside_pictures_are_not_yolo(draw: Draw, text: str) -> None:
    root = draw("cat/1.png", "dog/2.png")
    write(root, {"cat/1.txt": text, "dog/2.txt": text, "classes.txt": "cat\ndog"})
    assert open_pictures(root).origin == "class folders"


def test_a_picture_may_be_called_like_a_split(draw: Draw) -> None:
    root = draw("train.png", "2.png", height=10, width=20)
    write(root, {"train.txt": "0 0.5 0.5 1 1", "2.txt": "", "classes.txt": "cat"})
    pictures = open_pictures(root)
    assert pictures.split_by == "hash"
    assert pictures.notes == ()


def test_an_empty_text_is_no_object_and_a_missing_one_is_noted(draw: Draw) -> None:
    root = draw("images/1.png", "images/2.png", "images/3.png", height=10, width=20)
    write(root, {"labels/1.txt": "", "labels/2.txt": "\n \n", "data.yaml": YAML})
    pictures = open_pictures(root)
    assert pictures.objects is not None
    assert pictures.objects.starts.tolist() == [0, 0, 0, 0]
    assert pictures.notes == ("1 pictures have no text file and so no objects: 'images/3.png'",)
    for name in ("1", "2"):
        (root / f"labels/{name}.txt").rename(root / f"labels/other-{name}.txt")
    with pytest.raises(DataError, match="must hold text files with the names of its pictures, found none"):
        open_pictures(root)


def test_a_picture_whose_size_cannot_be_told_is_in_the_set_still(draw: Draw) -> None:
    root = draw("images/1.png", "images/2.png", height=10, width=20)
    (root / "images/1.png").write_bytes(b"no picture")
    write(root, {"labels/1.txt": "0 0.5 0.5 1 1", "labels/2.txt": "0 0.5 0.5 1 1"})
    pictures = open_pictures(root)
    assert len(pictures) == 2
    assert pictures.objects is not None
    assert pictures.objects.starts.tolist() == [0, 0, 1]
    assert pictures.notes[0].startswith(
        "1 pictures whose size cannot be told have no objects: images/1.png: "
    )


def test_objects_without_area_are_counted(one: Callable[..., Path]) -> None:
    pictures = open_pictures(one("0 0.5 0.5 0 0.5\n0 0.5 0.5 1 1\n1 0.5 0.5 0.5 0.6 0.5 0.7\n"))
    assert pictures.objects is not None
    assert pictures.objects.boxes.tolist() == [[0, 0, 20, 10]]
    assert pictures.notes == ("2 objects without any area inside their picture left out",)


def test_rounding_may_put_an_object_a_little_beyond_the_picture(one: Callable[..., Path]) -> None:
    text = "0 0.5 0.5 1.002 1.001\n0 -0.001 0 1.004 0 1.004 1 -0.001 1\n"
    assert objects_of(one(text)).boxes.tolist() == [[0, 0, 20, 10], [0, 0, 20, 10]]


def test_outlines_give_boxes_and_masks(one: Callable[..., Path]) -> None:
    pictures = open_pictures(one("1 0.1 0.1 0.3 0.1 0.3 0.5\n0 0.5 0.5 0.2 0.2\n"))
    assert pictures.objects is not None
    assert pictures.objects.outlines is not None
    assert np.allclose(pictures.objects.outlines[0][0], [[2, 1], [6, 1], [6, 5]])
    assert pictures.objects.outlines[1] == ()
    assert np.allclose(pictures.objects.boxes, [[2, 1, 6, 5], [8, 4, 12, 6]])
    assert pictures.masks is not None
    assert pictures.mask_classes == ("background", "cat", "dog")
    mask = pictures.masks.read(0)
    # Right of the diagonal from (2, 1) to (6, 5) centers lie on it or beyond.
    expected = np.zeros((10, 20), dtype=int)
    for row in range(1, 5):
        expected[row, row + 1 : 6] = 2
    assert mask.tolist() == expected.tolist()


def test_a_turned_box_is_the_outline_of_its_four_corners(one: Callable[..., Path]) -> None:
    objects = objects_of(one("0 0.5 0.1 0.75 0.5 0.5 0.9 0.25 0.5"))
    assert objects.outlines is not None
    assert np.allclose(objects.outlines[0][0], [[10, 1], [15, 5], [10, 9], [5, 5]])
    assert np.allclose(objects.boxes, [[5, 1, 15, 9]])


def test_points_are_read_with_and_without_visibility(one: Callable[..., Path]) -> None:
    box = "0 0.5 0.5 1 1"
    with_it = objects_of(one(f"{box} 0.25 0.5 2 0 0 0 1 1 1\n{box}\n", YAML + "kpt_shape: [3, 3]\n"))
    assert with_it.points is not None
    assert with_it.points.tolist() == [[[5, 5, 2], [0, 0, 0], [20, 10, 1]], [[0, 0, 0]] * 3]
    assert with_it.outlines is None
    assert with_it.boxes.tolist() == [[0, 0, 20, 10]] * 2
    without = objects_of(one(f"{box} 0.25 0.5 -1 -1", YAML + "kpt_shape:\n  - 2\n  - 2\n"))
    assert without.points is not None
    assert without.points[:, :, 2].tolist() == [[2, 0]]
    assert without.points[0, 0].tolist() == [5, 5, 2]


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        ("names: [cat, dog]", ("cat", "dog")),
        ("names: ['cat', \"dog\"]  # two", ("cat", "dog")),
        ("names: [\n  'cat',\n  'a, [b] # c' # here\n  ]", ("cat", "a, [b] # c")),
        ("names:\n- cat\n- dog", ("cat", "dog")),
        ("names:\n  - driver's seat\n  - dog's # not a quote", ("driver's seat", "dog's")),
        ("names:\n  0: cat\n  1: 'it''s: a dog'", ("cat", "it's: a dog")),
        ("names:\n    1: dog\n    0: cat\n", ("cat", "dog")),
        ("names: {0: cat, 1: 'dog, big'}", ("cat", "dog, big")),
        ("names:\n  1: dog", ("0", "dog")),
        ("names: [7, 42]", ("7", "42")),
        ("names: [no, 1.5]", ("no", "1.5")),
        ('names: ["caf\\u00e9", "\\x41 \\"b\\""]', ("café", 'A "b"')),
        ("names: [Ёлка, 犬]", ("Ёлка", "犬")),
        ("nc: 3", ("0", "1", "2")),
        ("path: .", ("0", "1")),
        ("", ("0", "1")),
        ("names:\n", ("0", "1")),
    ],
)
def test_names_are_read_in_every_form(one: Callable[..., Path], names: str, classes: tuple[str, ...]) -> None:
    assert open_pictures(one("1 0.5 0.5 1 1", names)).classes == classes


def test_names_in_a_file_of_their_own_may_have_spaces(draw: Draw) -> None:
    root = draw("images/1.png", height=10, width=20)
    write(root, {"labels/1.txt": "1 0.5 0.5 1 1", "labels/classes.txt": "\ufefftraffic light\r\ncat\r\n"})
    assert open_pictures(root).classes == ("traffic light", "cat")


def test_a_published_data_yaml_with_all_its_comments_and_scripts_is_read() -> None:
    text = """# Ultralytics AGPL-3.0 License
# Example usage: yolo train data=coco8-pose.yaml

path: ../datasets/coco8-pose # dataset root dir
train: images/train # train images (relative to 'path') 4 images
val: images/val
test: # test images (optional)

# Keypoints
kpt_shape: [17, 3] # number of keypoints, number of dims
flip_idx: [0, 2, 1]

names:
  0: person # it's the only one

kpt_names:
  0:
    - nose
    - left_eye

roboflow:
  workspace: some-one
  version: 1
  url: https://universe.roboflow.com/some-one/x/1

# Download script/URL (optional)
download: |
  from ultralytics.utils import download

  urls = [f"{x}: {y}" for x in {
    1: 2}]
license: CC BY 4.0
"""
    assert read_data_yaml(text, "data.yaml") == {
        "path": "../datasets/coco8-pose",
        "train": "images/train",
        "val": "images/val",
        "test": None,
        "kpt_shape": [17, 3],
        "flip_idx": [0, 2, 1],
        "names": {"0": "person"},
        "kpt_names": {"0": ["nose", "left_eye"]},
        "roboflow": {
            "workspace": "some-one",
            "version": 1,
            "url": "https://universe.roboflow.com/some-one/x/1",
        },
        "download": None,
        "license": "CC BY 4.0",
    }


word = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=12)


@given(
    st.dictionaries(
        word, st.one_of(word, st.integers(-(10**9), 10**9), st.lists(word, max_size=4)), max_size=4
    )
)
def test_texts_in_quotes_come_back_whatever_they_hold(known: dict[str, Any]) -> None:
    def quoted(text: str) -> str:
        doubled = "'" + text.replace("'", "''") + "'"
        return doubled if len(text) % 2 else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def flow(value: Any) -> str:
        if isinstance(value, list):
            return "[" + ", ".join(map(flow, value)) + "]"
        return quoted(value) if isinstance(value, str) else str(value)

    def below(value: Any) -> str:
        return (
            "".join(f"\n  - {quoted(one)}" for one in value) if isinstance(value, list) else f" {flow(value)}"
        )

    for form in (lambda value: f" {flow(value)} # '", below):
        text = "".join(f"{quoted(name)}:{form(value)}\n" for name, value in known.items())
        read = read_data_yaml(text, "data.yaml")
        assert read == {
            name: None if value == [] and form is below else value for name, value in known.items()
        }


@given(st.text(st.sampled_from("ab01'\"[]{},:-#|&*!\\ \n\t"), max_size=40))
def test_any_text_is_read_or_refused_with_its_line(text: str) -> None:
    try:
        outcome = read_data_yaml(text, "data.yaml")
    except DataError as error:
        outcome = str(error)
    assert isinstance(outcome, dict) or (outcome.startswith("data.yaml, line ") and outcome.isprintable())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("names: &all [a, b]", "line 1: this part of YAML is not read here, got '&all"),
        ("a: 1\nnames: *all", r"line 2: this part of YAML is not read here, got '\*all'"),
        ("names: !!python/object/apply:os.system [ls]", "line 1: this part of YAML is not read here"),
        ("<<: {a: b}", "line 1: must be 'name: value' or '- value', which is all that is read"),
        ("? a\n: b", "line 1: must be 'name: value'"),
        ("%YAML 1.2\n---\na: b", "line 1: must be 'name: value'"),
        ("names:['a']", "line 1: must be 'name: value'"),
        ("just words", "line 1: must be 'name: value'"),
        ("{a: b}", "line 1: must be 'name: value'"),
        ("names: [a, b", "line 1: brackets and quotes in them must be closed"),
        ("names: [a, 'b]", "line 1: brackets and quotes in them must be closed"),
        ("names: [a, b}", "line 1: brackets must be closed by their like"),
        ("names: [a] b", "line 1: brackets must be closed by their like, and nothing follow them"),
        ("names: 'a", "line 1: a quote must be closed, and nothing follow it"),
        ("names: 'a' b", "line 1: a quote must be closed, and nothing follow it"),
        ('names: "a\\q"', r"line 1: in double quotes, a backslash must be doubled, got '\\q'"),
        ('names: "a\\Uffffffff"', "line 1: in double quotes, a backslash must be doubled"),
        ("names: a: b", "line 1: this part of YAML is not read here, got 'a: b'"),
        ("names:\n  - a: b", "line 2: this part of YAML is not read here, got 'a: b'"),
        ("names:\n  - - a", "line 2: this part of YAML is not read here, got '- a'"),
        ("names: [a]\n  - b", "line 2: belongs to nothing above it"),
        ("a: 1\n  b: 2", "line 2: belongs to nothing above it"),
        ("  a: 1\nb: 2", "line 2: belongs to nothing above it"),
        ("- a", "line 1: an entry of a list must stand below its name"),
        ("names:\n  0: a\n  - b", "line 3: an entry of a list must stand below its name"),
        ("names: [a]\nnames: [b]", "line 2: the name 'names' must stand once"),
        ("names: {0: a, 0: b}", "line 1: each name must stand once"),
        ("a: " + "[" * 100_000, "line 1: "),
        ("a: " + "[" * 20 + "]" * 20, "line 1: is nested more than 8 deep"),
        ("\n".join("  " * depth + "a:" for depth in range(5000)), "line 9: is nested more than 8 deep"),
    ],
)
def test_other_parts_of_yaml_are_refused_with_their_line(text: str, message: str) -> None:
    with pytest.raises(DataError, match=rf"^data\.yaml, {message}") as caught:
        read_data_yaml(text, "data.yaml")
    assert "\n" not in str(caught.value)


@pytest.fixture
def four(draw: Draw) -> Path:
    names = ("images/a/1.png", "images/a/2.png", "images/b/3.png", "images/c/4.png")
    root = draw(*names, height=10, width=20)
    return write(root, {f"labels/{name[7:-4]}.txt": "0 0.5 0.5 1 1" for name in names})


@pytest.mark.parametrize(
    ("yaml", "splits"),
    [
        ("train: images/a\nval: images/b\ntest: images/c", "train train val test"),
        ("path: ../datasets/x\ntrain: images/a/\nval: ./images/b", "train train val "),
        ("train: ../images/a\nval: ../images/b\ntest: ../images/c", "train train val test"),
        ("train: /content/x/images/a\nval: 'C:\\data\\images\\b'", "train train val "),
        ("train: [images/a, images/b]\nval:\n  - images/c", "train train train val"),
        ("train: lists/t.txt\nval: lists/v.txt", "train  val val"),
        ("train: [lists/t.txt, images/b]\nval: /srv/x/lists/v.txt", "train  train val"),
        ("train: images\nval: images/b", "train train train train"),
    ],
)
def test_data_yaml_splits_by_folders_and_lists_wherever_the_set_was_moved(
    four: Path, yaml: str, splits: str
) -> None:
    write(four, {"data.yaml": f"{yaml}\n{YAML}", "lists/t.txt": "./images/a/1.png\n"})
    write(four, {"lists/v.txt": "/home/other/images/b/3.png\nC:\\x\\images\\c\\4.png\nimages/gone.png\n"})
    pictures = open_pictures(four, validation=0)
    assert pictures.splits.tolist() == splits.split(" ")
    assert pictures.split_by == "folders"


def test_pictures_named_for_two_splits_stay_in_the_first(four: Path) -> None:
    write(four, {"data.yaml": f"train: images\nval: images\ntest: images/d\n{YAML}"})
    pictures = open_pictures(four)
    assert pictures.notes == (
        "test is said to be 'images/d', where no picture of the set is",
        "4 pictures are named for more than one split, and stay in the first of them",
    )
    assert set(pictures.splits.tolist()) == {"train", "val"}


def test_a_split_that_is_gone_is_not_taken_from_another_folder_of_its_name(four: Path) -> None:
    write(four, {"data.yaml": f"train: ../train/images\nval: ../valid/images\n{YAML}"})
    pictures = open_pictures(four)
    assert pictures.split_by == "hash"
    assert len(pictures.notes) == 2


def test_a_split_never_leads_out_of_the_set(four: Path) -> None:
    outside = write(four.parent, {"t.txt": "images/a/1.png"}) / "t.txt"
    write(four, {"data.yaml": f"train: ../t.txt\nval: {outside}\n{YAML}"})
    assert open_pictures(four).split_by == "hash"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x 0.5 0.5 1 1", "must begin with a class number, got 'x'"),
        ("-1 0.5 0.5 1 1", "must begin with a class number, got '-1'"),
        ("0.0 0.5 0.5 1 1", r"must begin with a class number, got '0\.0'"),
        ("² 0.5 0.5 1 1", "must begin with a class number, got '²'"),
        ("9" * 6000 + " 0.5 0.5 1 1", "must begin with a class number, got '9{40}'"),
        ("0", "must be a class and a box, or a class and an outline, got 1 words"),
        ("0 0.5 0.5 1", "must be a class and a box, or a class and an outline, got 4 words"),
        ("0 0.5 0.5 1 1 1 1 1", "must be a class and a box, or a class and an outline, got 8 words"),
        ("0 0.5 0.5 1 x", "must be made of numbers, got 'x'"),
        ("0 0.5 0.5 1 nan", "must be made of numbers, got 'nan'"),
        ("0 0.5 0.5 inf 1", "must be made of numbers, got 'inf'"),
        ("0 0.5 0.5 1e400 1", "must be made of numbers, got '1e400'"),
        ("0 0.5 0.5 0_1 1", "must be made of numbers, got '0_1'"),
        ("0 0.5 0.5 １ 1", "must be made of numbers, got '１'"),
        ("0,0.5,0.5,1,1", "must begin with a class number, got '0,0.5"),
        ("0 120 44 30 20", r"a box must be shares of the picture in \[0, 1\], got 120"),
        ("0 0.5 0.5 1.5 1", r"a box must be shares of the picture in \[0, 1\], got 1\.5"),
        ("0 0.5 -0.5 1 1", r"a box must be shares of the picture in \[0, 1\], got -0\.5"),
        ("0 0.5 0.5 -0.005 1", "a box must have no negative size, got '0 0.5 0.5 -0.005 1'"),
        ("0 3 4 100 4 100 80", r"an outline must be shares of the picture in \[0, 1\], got 3"),
        ("0 0.1 0.1 0.2 0.1 0.2 -0.2", r"an outline must be shares of the picture in \[0, 1\], got -0\.2"),
    ],
)
def test_what_is_wrong_in_a_line_is_one_clear_error(
    one: Callable[..., Path], text: str, message: str
) -> None:
    with pytest.raises(DataError, match=rf"^labels/1\.txt, line 3: {message}") as caught:
        open_pictures(one(f"0 0.5 0.5 1 1\n\n{text}\n"))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        (
            "0.1 0.1 2",
            "must be a class and a box, or a class and a box and 2 points of 3 numbers, got 8 words",
        ),
        ("0.1 0.1 0.2 0.2", "or a class and a box and 2 points of 3 numbers, got 9 words"),
        ("0.1 0.1 2 0.2 0.2 3", "the visibility of a point must be 0, 1 or 2, got 3"),
        ("0.1 0.1 2 0.2 0.2 0.7", r"the visibility of a point must be 0, 1 or 2, got 0\.7"),
        ("0.1 0.1 2 12 30 1", r"a point must be shares of the picture in \[0, 1\], got 12"),
    ],
)
def test_what_is_wrong_with_points_is_one_clear_error(
    one: Callable[..., Path], shares: str, message: str
) -> None:
    with pytest.raises(DataError, match=rf"^labels/1\.txt, line 1: .*{message}"):
        open_pictures(one(f"0 0.5 0.5 1 1 {shares}", YAML + "kpt_shape: [2, 3]"))


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("kpt_shape: 17", r"kpt_shape must be \[points, 2 or 3\], got 17"),
        ("kpt_shape: [17, 4]", r"kpt_shape must be \[points, 2 or 3\], got \[17, 4\]"),
        ("kpt_shape: [100000000, 3]", r"kpt_shape must be \[points, 2 or 3\]"),
        ("kpt_shape: [a, 3]", r"kpt_shape must be \[points, 2 or 3\], got \['a', 3\]"),
        ("names: [cat]", "names 1 classes, but an object has the number 1"),
        ("names: [cat, cat]", "must name each class once, got 'cat' twice"),
        ("names: [cat, ~]", "each class must have a name, and the class 1 has none"),
        ("names: [cat, '']", "each class must have a name, and the class 1 has none"),
        ("names: [cat, [a, b]]", "each class must have a name, and the class 1 has none"),
        ("names:\n  0: cat\n  1:\n", "each class must have a name, and the class 1 has none"),
        ("names: data/obj.names", "names must be a list, or numbered, got 'data/obj.names'"),
        ("names: {cat: 0, dog: 1}", "names must be numbered, got 'cat'"),
        ("names: {'²': cat}", "names must be numbered, got '²'"),
        ("names: {'" + "9" * 5000 + "': cat}", "names must be numbered, got '9"),
        ("names: {-1: cat}", "names must be numbered, got '-1'"),
        ("nc: 3\nnames: [cat, dog]", "nc must be the number of classes, which is 2, got 3"),
        ("nc: many", "nc must be the number of classes, got 'many'"),
        ("train: 3", "train must be a path or a list of such, got 3"),
        ("val: [images, 3]", "val must be a path or a list of such, got 3"),
        ("names: *all", "this part of YAML is not read here"),
    ],
)
def test_what_is_wrong_in_data_yaml_is_one_clear_error(
    one: Callable[..., Path], yaml: str, message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        open_pictures(one("1 0.5 0.5 1 1", yaml))
    assert "\n" not in str(caught.value)


def test_an_empty_line_among_the_names_is_an_error_because_it_would_shift_them(draw: Draw) -> None:
    root = draw("images/1.png", height=10, width=20)
    write(root, {"labels/1.txt": "1 0.5 0.5 1 1", "classes.txt": "cat\n\ndog\n"})
    with pytest.raises(DataError, match="each class must have a name, and the class 1 has none"):
        open_pictures(root)


def test_texts_that_cannot_be_read_are_named(one: Callable[..., Path]) -> None:
    root = one("")
    (root / "labels/1.txt").write_bytes("0 0.5 0.5 1 1".encode("utf-16"))
    with pytest.raises(DataError, match=r"^labels/1\.txt: must be UTF-8 text, but byte 0 is not"):
        open_pictures(root)
    (root / "labels/1.txt").write_bytes(b"")
    os.truncate(root / "labels/1.txt", 2**26 + 1)
    with pytest.raises(
        DataError, match=r"^labels/1\.txt: has more than 67,108,864 bytes, which is the limit"
    ):
        open_pictures(root)
    os.truncate(root / "labels/1.txt", 0)
    os.truncate(root / "data.yaml", 2**22 + 1)
    with pytest.raises(DataError, match=r"^data\.yaml: has more than 4,194,304 bytes, which is the limit"):
        open_pictures(root)


def test_random_damage_gives_a_set_or_an_error_that_names_its_place(one: Callable[..., Path]) -> None:
    root = one("0 0.5 0.5 0.2 0.2\n1 0.1 0.1 0.3 0.1 0.3 0.5\n")
    files = [root / "labels/1.txt", root / "data.yaml"]
    wholes, random = [path.read_bytes() for path in files], np.random.default_rng(0)
    outcomes = set()
    for _ in range(300):
        for path, whole in zip(files, wholes, strict=True):
            damaged = bytearray(whole)
            for _ in range(int(random.integers(0, 3))):
                damaged[int(random.integers(0, len(whole)))] = int(
                    random.choice(list(b"0123.-e x[]{}:',\n#&\xff"))
                )
            path.write_bytes(damaged)
        try:
            outcomes.add(open_pictures(root).origin)
        except DataError as error:
            named = str(error).isprintable() and any(
                name in str(error) for name in ("labels/1.txt", "data.yaml", str(root))
            )
            outcomes.add("named" if named else str(error))
    assert outcomes <= {"YOLO", "named"}

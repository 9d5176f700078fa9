"""Source coco: every layout people have, every form of a mark, and what is wrong said in one sentence."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vitral.core import DataError
from vitral.data import PictureSet, open_pictures
from vitral.data.objects import Objects

Draw = Callable[..., Path]

CATEGORIES = [{"id": 90, "name": "dog"}, {"id": 3, "name": "cat"}, {"id": 17, "name": "never seen"}]
SQUARE = [2, 1, 5, 1, 5, 4, 2, 4]


def image(number: int, name: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "file_name": name, "height": 8, "width": 10} | more


def mark(picture: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": 7, "image_id": picture, "category_id": 3, "bbox": [1, 2, 3, 4]} | more


def write(path: Path, images: Any, marks: Any, categories: Any = CATEGORIES, **more: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    said = {"info": {}, "images": images, "annotations": marks, "categories": categories} | more
    path.write_text(json.dumps(said), encoding="utf-8")
    return path


@pytest.fixture
def one(draw: Draw) -> Callable[..., Path]:
    """A function that writes a set of one picture with these marks, and returns its folder."""

    def written(*marks: Any, size: tuple[Any, Any] = (8, 10), **more: Any) -> Path:
        root = draw("images/1.png", height=8, width=10)
        given = image(1, "1.png", height=size[0], width=size[1])
        write(root / "annotations.json", [given], list(marks), **more)
        return root

    return written


def objects_of(place: Path) -> Objects:
    found = open_pictures(place).objects
    assert found is not None
    return found


def mask_of(place: Path) -> list[list[int]]:
    pictures = open_pictures(place)
    assert pictures.masks is not None
    return pictures.masks.read(0).tolist()


def splits_of(pictures: PictureSet) -> dict[str, str]:
    return dict(zip(pictures.keys, pictures.splits.tolist(), strict=True))


def test_the_published_layout_is_found_and_split(draw: Draw) -> None:
    names = ("train2017/2.png", "train2017/1.png", "val2017/3.png", "train2017/4.png")
    root = draw(*names, height=8, width=10)
    write(
        root / "annotations/instances_train2017.json",
        [image(5, "2.png"), image(4, "1.png"), image(9, "4.png")],
        [mark(4), mark(5, category_id=90, bbox=[0, 0, 10, 8]), mark(4, bbox=[0.5, 0.25, 1, 1])],
    )
    write(root / "annotations/instances_val2017.json", [image(5, "3.png")], [mark(5)])
    for other in ("captions_train2017", "person_keypoints_train2017"):
        (root / f"annotations/{other}.json").write_text('{"images": [], "annotations": 3}')
    pictures = open_pictures(root)
    assert pictures.found == "COCO, 4 pictures, 3 classes, split train 3 / val 1"
    assert pictures.name == "photos"
    assert pictures.keys == ("train2017/1.png", "train2017/2.png", "train2017/4.png", "val2017/3.png")
    assert pictures.split_by == "folders"
    assert pictures.splits.tolist() == ["train", "train", "train", "val"]
    assert pictures.classes == ("cat", "never seen", "dog")
    assert pictures.notes == ()
    assert pictures.masks is None
    objects = pictures.objects
    assert objects is not None
    assert objects.starts.tolist() == [0, 2, 3, 3, 4]
    assert objects.boxes.tolist() == [[1, 2, 4, 6], [0.5, 0.25, 1.5, 1.25], [0, 0, 10, 8], [1, 2, 4, 6]]
    assert objects.labels.tolist() == [0, 0, 2, 0]
    assert pictures.pixels(1).shape == (8, 10, 3)


def test_one_file_of_a_set_is_opened_by_itself(draw: Draw) -> None:
    root = draw("val2017/1.png", "val2017/2.png", height=8, width=10)
    (root / "annotations").mkdir()
    points = [1, 1, 2, 5, 5, 1]
    write(
        root / "annotations/person_keypoints_val2017.json",
        [image(1, "1.png")],
        [mark(keypoints=points)],
    )
    path = write(root / "annotations/instances_val2017.json", [image(2, "2.png")], [mark(2)])
    assert open_pictures(path).keys == ("val2017/2.png",)
    assert open_pictures(path).name == "instances_val2017"
    keypoints = open_pictures(path.with_name("person_keypoints_val2017.json"))
    assert keypoints.keys == ("val2017/1.png",)
    assert keypoints.objects is not None
    assert keypoints.objects.points is not None
    assert keypoints.objects.points.tolist() == [[[1, 1, 2], [5, 5, 1]]]
    path.unlink()
    assert open_pictures(root).keys == ("val2017/1.png",)


def test_a_file_in_each_split_folder_is_found_as_roboflow_writes_it(draw: Draw) -> None:
    root = draw("train/a.png", "valid/a.png", "test/b.png", height=8, width=10)
    for folder, name in (("train", "a.png"), ("valid", "a.png"), ("test", "b.png")):
        write(root / folder / "_annotations.coco.json", [image(0, name)], [mark(0)])
    pictures = open_pictures(root)
    assert splits_of(pictures) == {"test/b.png": "test", "train/a.png": "train", "valid/a.png": "val"}
    assert pictures.found == "COCO, 3 pictures, 3 classes, split train 1 / val 1 / test 1"
    renamed = root.rename(root.with_name("Fish.v2.coco"))
    assert open_pictures(renamed).name == "Fish.v2.coco"


def test_split_folders_with_their_own_images_folder_are_found(draw: Draw) -> None:
    root = draw("train/images/a.png", "Val/images/a.png", height=8, width=10)
    for folder in ("train", "Val"):
        write(root / folder / "annotations.json", [image(1, "a.png")], [mark()])
    assert splits_of(open_pictures(root)) == {"Val/images/a.png": "val", "train/images/a.png": "train"}


@pytest.mark.parametrize(
    ("json_at", "name", "picture"),
    [
        ("annotations.json", "1.png", "images/1.png"),
        ("result.json", "images/1.png", "images/1.png"),
        ("result.json", "images\\1.png", "images/1.png"),
        ("labels.json", "./1.png", "data/1.png"),
        ("coco.json", "1.png", "1.png"),
        ("coco.json", "deep/er/1.png", "deep/er/1.png"),
        ("annotations/instances_default.json", "1.png", "images/1.png"),
        ("annotations/instances_train.json", "1.png", "images/train/1.png"),
        ("annotations/instances_train2017.json", "train2017/1.png", "train2017/1.png"),
        ("annotations/instances_train2017.json", "1.png", "images/train2017/1.png"),
        ("annotations/train.json", "1.png", "train/1.png"),
        ("annotations/x_train.json", "1.png", "annotations/images/1.png"),
    ],
)
def test_pictures_are_found_where_they_usually_lie(draw: Draw, json_at: str, name: str, picture: str) -> None:
    root = draw(picture, height=8, width=10)
    path = write(root / json_at, [image(1, name)], [mark()])
    for place in (root, path):
        assert open_pictures(place).keys == (picture,)
        assert open_pictures(place).root == root


def test_annotations_in_another_form_do_not_hide_the_file_beside_them(draw: Draw) -> None:
    root = draw("images/1.png", height=8, width=10)
    (root / "annotations").mkdir()
    (root / "annotations/1.json").write_text('{"shapes": [], "imagePath": "1.png"}')
    write(root / "coco.json", [image(1, "1.png")], [mark()])
    assert open_pictures(root).origin == "COCO"


def test_a_folder_of_one_json_for_each_picture_is_not_coco(draw: Draw) -> None:
    root = draw("cat/1.png", "dog/2.png")
    for number in range(70):
        (root / f"{number}.json").write_text('{"images": 1, "annotations": 2}')
    os.mkfifo(root / "pipe.json")
    assert open_pictures(root).origin == "class folders"


def test_a_mark_of_byte_order_is_passed_over(draw: Draw) -> None:
    root = draw("1.png", height=8, width=10)
    path = write(root / "coco.json", [image(1, "1.png")], [mark()])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert open_pictures(path).keys == ("1.png",)


def test_pictures_without_marks_stay_and_missing_ones_are_noted(draw: Draw) -> None:
    root = draw("b.png", "a.png", height=8, width=10)
    images = [image(3, "b.png"), image(1, "a.png"), image(2, "gone.png"), image(4, "x" * 5000)]
    write(root / "coco.json", images, [mark(3), mark(2), mark(4)])
    pictures = open_pictures(root)
    assert pictures.keys == ("a.png", "b.png")
    assert pictures.objects is not None
    assert pictures.objects.starts.tolist() == [0, 0, 1]
    assert pictures.notes[0].startswith(
        "2 pictures left out because their file does not exist: 'gone.png', 'xx"
    )


def test_a_set_whose_pictures_are_all_missing_is_an_error(draw: Draw) -> None:
    root = draw("other.png")
    write(root / "coco.json", [image(1, "a\nb.png")], [mark()])
    with pytest.raises(DataError, match=r"must name pictures that exist, such as 'a\\nb\.png', but found"):
        open_pictures(root)
    write(root / "coco.json", [], [])
    with pytest.raises(DataError, match=r"must name pictures that exist, but found none"):
        open_pictures(root)


def test_classes_are_matched_by_name_where_the_ids_of_two_files_differ(draw: Draw) -> None:
    root = draw("train/1.png", "val/2.png", height=8, width=10)
    first = [{"id": 1, "name": "cat"}, {"id": 2, "name": " dog "}]
    second = [{"id": 1, "name": "dog"}, {"id": 2, "name": "bird"}]
    write(root / "train/_annotations.coco.json", [image(1, "1.png")], [mark(category_id=2)], first)
    marks = [mark(2, category_id=1), mark(2, category_id=2)]
    write(root / "val/_annotations.coco.json", [image(2, "2.png")], marks, second)
    pictures = open_pictures(root)
    assert pictures.classes == ("cat", "dog", "bird")
    assert pictures.objects is not None
    assert pictures.objects.labels.tolist() == [1, 1, 2]


def test_boxes_are_cut_to_the_picture_and_those_outside_are_counted(one: Callable[..., Path]) -> None:
    boxes = [[-3, -2, 5, 5], [8, 6, 100, 100], [20, 1, 3, 3], [1, 1, 0, 3], [0, 0, 10, 8]]
    pictures = open_pictures(one(*[mark(bbox=box) for box in boxes]))
    assert pictures.objects is not None
    assert pictures.objects.boxes.tolist() == [[0, 0, 2, 3], [8, 6, 10, 8], [0, 0, 10, 8]]
    assert pictures.notes == ("2 objects without any area inside their picture left out",)


def test_a_polygon_is_drawn_in_the_frame_of_the_picture(one: Callable[..., Path]) -> None:
    place = one(mark(segmentation=[SQUARE], bbox=[2, 1, 3, 3]), mark(bbox=[0, 0, 1, 1]))
    objects = objects_of(place)
    assert objects.outlines is not None
    assert [ring.tolist() for ring in objects.outlines[0]] == [[[2, 1], [5, 1], [5, 4], [2, 4]]]
    assert objects.outlines[1] == ()
    expected = np.zeros((8, 10), dtype=int)
    expected[1:4, 2:5] = 1
    assert mask_of(place) == expected.tolist()
    assert open_pictures(place).mask_classes == ("background", "cat", "never seen", "dog")


def test_polygons_of_one_object_are_all_of_it_where_they_lie_apart_and_together(
    one: Callable[..., Path],
) -> None:
    parts = [[0, 0, 3, 0, 3, 3, 0, 3], [2, 2, 6, 2, 6, 6, 2, 6], [8, 0, 10, 0, 10, 2, 8, 2]]
    expected = np.zeros((8, 10), dtype=int)
    expected[:3, :3] = expected[2:6, 2:6] = expected[:2, 8:] = 3
    assert mask_of(one(mark(segmentation=parts, category_id=90))) == expected.tolist()
    assert mask_of(one(mark(segmentation=parts, category_id=90), size=(0, 0))) == expected.tolist()


def test_without_a_box_the_outline_gives_it(one: Callable[..., Path]) -> None:
    given = mark(segmentation=[SQUARE, [6, 6, 12, 6, 12, 7]])
    del given["bbox"]
    assert objects_of(one(given)).boxes.tolist() == [[2, 1, 10, 7]]


HOLE = np.array([[1, 1, 1, 0], [1, 0, 1, 0], [1, 1, 1, 1]], dtype=np.uint8)
# Down the columns: 111, 101, 111, 001; the first run is off.
HOLE_COUNTS = [0, 4, 1, 4, 2, 1]
# In COCO's text: 0, 4, 1, then differences 4 - 4, 2 - 1, 1 - 4; -3 is 29, which is negative by itself.
HOLE_TEXT = "04101M"


@pytest.mark.parametrize("counts", [HOLE_COUNTS, HOLE_TEXT])
@pytest.mark.parametrize("size", [(3, 4), (0, 0)])
def test_run_lengths_of_both_forms_give_their_pixels(draw: Draw, counts: Any, size: tuple[int, int]) -> None:
    root = draw("1.png", height=3, width=4)
    runs = {"size": [3, 4], "counts": counts}
    marks = [mark(segmentation=runs, bbox=[0, 0, 4, 3], iscrowd=0)]
    write(root / "coco.json", [image(1, "1.png", height=size[0], width=size[1])], marks)
    assert mask_of(root) == HOLE.tolist()


def test_crowds_are_marked_and_their_pixels_do_not_count(draw: Draw) -> None:
    root = draw("1.png", height=3, width=4)
    crowd = mark(segmentation={"size": [3, 4], "counts": HOLE_COUNTS}, bbox=[0, 0, 4, 3], iscrowd=1)
    write(root / "coco.json", [image(1, "1.png", height=3, width=4)], [crowd, mark(bbox=[0, 0, 1, 1])])
    assert objects_of(root).crowd.tolist() == [True, False]
    assert mask_of(root) == (HOLE.astype(int) * 255).tolist()


def test_run_lengths_of_nothing_leave_the_box(one: Callable[..., Path]) -> None:
    objects = objects_of(one(mark(segmentation={"size": [8, 10], "counts": [80]})))
    assert objects.boxes.tolist() == [[1, 2, 4, 6]]
    assert objects.outlines is None


def test_keypoints_keep_their_visibility_and_objects_without_any_have_them_unmarked(
    one: Callable[..., Path],
) -> None:
    marks = [mark(keypoints=[1.5, 2, 2, 0, 0, 0, 9, 7, 1], num_keypoints=2), mark(), mark(keypoints=[])]
    objects = objects_of(one(*marks))
    assert objects.points is not None
    assert objects.points.tolist() == [[[1.5, 2, 2], [0, 0, 0], [9, 7, 1]], [[0, 0, 0]] * 3, [[0, 0, 0]] * 3]
    with pytest.raises(DataError, match="must have as many points as the others, got 1 and 3"):
        open_pictures(one(marks[0], mark(keypoints=[1, 1, 2])))


def test_sizes_that_differ_from_those_of_the_files_are_noted(draw: Draw) -> None:
    root = draw(*[f"{number}.png" for number in range(40)], height=10, width=8)
    images = [image(number, f"{number}.png") for number in range(40)]
    write(root / "coco.json", images, [])
    note = open_pictures(root).notes[0]
    assert note.startswith("32 of 32 pictures looked at have another size than the annotations say")
    assert ".png' (8 x 10, not 10 x 8)" in note


def test_a_broken_picture_is_in_the_set_still(draw: Draw) -> None:
    root = draw("1.png", "2.png", height=8, width=10)
    (root / "1.png").write_bytes(b"no picture")
    write(root / "coco.json", [image(1, "1.png"), image(2, "2.png")], [mark()])
    assert len(open_pictures(root)) == 2
    assert open_pictures(root).notes == ()


def test_more_classes_than_a_mask_can_number_give_no_masks(draw: Draw) -> None:
    root = draw("1.png", height=8, width=10)
    categories = [{"id": number, "name": f"c{number}"} for number in range(255)]
    write(root / "coco.json", [image(1, "1.png")], [mark(segmentation=[SQUARE])], categories)
    assert open_pictures(root).masks is None
    write(root / "coco.json", [image(1, "1.png")], [mark(segmentation=[SQUARE])], categories[:254])
    masks = open_pictures(root).masks
    assert masks is not None
    assert masks.read(0).max() == 4


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"bbox": [1, 2, 3]}, r"a bbox must be 4 finite numbers, got \[1, 2, 3\]"),
        ({"bbox": None}, "a bbox must be 4 finite numbers, got None"),
        ({"bbox": [1, 2, float("nan"), 4]}, r"a bbox must be 4 finite numbers, got \[1, 2, nan, 4\]"),
        ({"bbox": [1, 2, float("inf"), 4]}, "a bbox must be 4 finite numbers"),
        ({"bbox": [1, 2, 1e300, 4]}, "a bbox must be 4 finite numbers"),
        ({"bbox": [1, 2, 10**400, 4]}, "a bbox must be 4 finite numbers"),
        ({"bbox": ["1", 2, 3, 4]}, "a bbox must be 4 finite numbers"),
        ({"bbox": [True, 2, 3, 4]}, "a bbox must be 4 finite numbers"),
        ({"bbox": [5, 5, -2, 3]}, r"width, height, the last two not negative, got \[5, 5, -2, 3\]"),
        ({"bbox": {"x": 1}}, r"a bbox must be 4 finite numbers, got \{'x': 1\}"),
        ({"segmentation": [[1, 2, 3, 4, 5]]}, "a polygon must be x and y of three corners at least"),
        ({"segmentation": [[1, 2, 3, 4]]}, r"three corners at least, got \[1\.0, 2\.0, 3\.0, 4\.0\]"),
        ({"segmentation": [[]]}, r"three corners at least, got \[\]"),
        ({"segmentation": [1, 2, 3, 4, 5, 6]}, "a polygon must be finite numbers, got 1"),
        ({"segmentation": [[1, 2, 3, float("nan"), 5, 6]]}, "a polygon must be finite numbers"),
        ({"segmentation": [[[1, 2], [3, 4], [5, 6]]]}, "a polygon must be finite numbers"),
        ({"segmentation": "x"}, "a segmentation must be polygons or run lengths, got 'x'"),
        (
            {"segmentation": {"counts": [80], "size": 80}},
            "size of run lengths must be height and width .* got 80",
        ),
        (
            {"segmentation": {"counts": [80], "size": [8, 10, 1]}},
            "size of run lengths must be height and width",
        ),
        (
            {"segmentation": {"counts": [80], "size": ["8", 10]}},
            "size of run lengths must be height and width",
        ),
        ({"segmentation": {"counts": [0], "size": [0, 0]}}, "size of run lengths must be height and width"),
        (
            {"segmentation": {"counts": [80], "size": [10, 8]}},
            r"run lengths are for \[10, 8\] pixels, their picture has \[8, 10\]",
        ),
        ({"segmentation": {"counts": [79], "size": [8, 10]}}, "must add up to 8 x 10 pixels"),
        (
            {"segmentation": {"counts": [90, -10], "size": [8, 10]}},
            "must add up to 8 x 10 pixels, none of them",
        ),
        ({"segmentation": {"counts": [2**62] * 4 + [80]}}, "must add up to 8 x 10 pixels"),
        ({"segmentation": {"counts": [10**4000]}}, "must add up to 8 x 10 pixels"),
        ({"segmentation": {"counts": [80.0]}}, r"a text or a list of whole numbers, got \[80\.0\]"),
        ({"segmentation": {"counts": [True]}}, r"a text or a list of whole numbers, got \[True\]"),
        ({"segmentation": {}}, "run lengths must be a text or a list of whole numbers, got None"),
        ({"segmentation": {"counts": "P"}}, "compressed run lengths are cut short"),
        ({"segmentation": {"counts": "é"}}, "compressed run lengths cannot hold the character 'é'"),
        ({"segmentation": {"counts": "o" * 99}}, "compressed run lengths hold a number that is too large"),
        ({"segmentation": {"counts": "0ooooooooo1"}}, "must add up to 8 x 10 pixels"),
        ({"keypoints": [1, 2]}, "keypoints must be x, y, visibility of each, got 2 numbers"),
        ({"keypoints": [1, 2, 3]}, "the visibility of a keypoint must be 0, 1 or 2, got 3"),
        ({"keypoints": [1, float("nan"), 2]}, "keypoints must be finite numbers"),
        ({"keypoints": "x"}, "keypoints must be finite numbers, got 'x'"),
    ],
)
def test_what_is_wrong_with_a_mark_is_one_clear_error(
    one: Callable[..., Path], more: dict[str, Any], message: str
) -> None:
    place = one(mark(**more))
    with pytest.raises(DataError, match=rf"^annotations\.json, annotation 7: .*({message})") as caught:
        open_pictures(place)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_run_lengths_that_claim_a_huge_picture_are_refused(one: Callable[..., Path]) -> None:
    runs = {"size": [10**6, 10**6], "counts": [0, 10**12]}
    for size in ((10**6, 10**6), (0, 0)):
        with pytest.raises(DataError, match="run lengths of 1000000 x 1000000 pixels are too large"):
            open_pictures(one(mark(segmentation=runs), size=size))


def test_polygons_together_may_not_be_huge_where_the_picture_does_not_bound_them(
    one: Callable[..., Path],
) -> None:
    rings = [[0, 0, 9e7, 0, 9e7, 9e7], [1, 0, 9e7, 0, 9e7, 9e7]]
    with pytest.raises(DataError, match="annotation 7: polygons of 90000000 x 90000000 pixels are too large"):
        open_pictures(one(mark(segmentation=rings), size=(0, 0)))
    with pytest.raises(DataError, match="annotation 7: polygons of 1000000 x 1000000 pixels are too large"):
        open_pictures(one(mark(segmentation=rings), size=(10**6, 10**6)))
    assert np.array(mask_of(one(mark(segmentation=rings)))).sum() > 0


@pytest.mark.parametrize(
    ("images", "marks", "categories", "message"),
    [
        (None, [], [], "'images' must be a list of objects"),
        ({"1": {}}, [], [], "'images' must be a list of objects"),
        ([3], [], [], "'images' must be a list of objects"),
        ([], None, [], "'annotations' must be a list of objects"),
        ([], [], None, "'categories' must be a list of objects"),
        ([image(1, "1.png"), image(1, "2.png")], [], [], "each picture an id of its own, got 1 twice"),
        ([image(1, "1.png"), image(2, "1.png")], [], [], r"lists the picture '1\.png' twice"),
        ([image(1, "1.png"), image(2, "./1.png")], [], [], r"lists the picture '1\.png' twice"),
        ([{"id": "1"}], [], [], "id must be a whole number, got '1'"),
        ([{"id": True}], [], [], "id must be a whole number, got True"),
        ([{"id": 1.0}], [], [], r"id must be a whole number, got 1\.0"),
        ([{"id": 10**30}], [], [], "id must be a whole number, got 1000"),
        ([{"file_name": "1.png"}], [], [], "id must be a whole number, got None"),
        ([image(1, "")], [], [], "a picture must have a file_name, got ''"),
        ([image(1, 3)], [], [], "a picture must have a file_name, got 3"),  # pyright: ignore[reportArgumentType]
        ([image(1, "../1.png")], [], [], r"a file_name must stay in the folder, got '\.\./1\.png'"),
        ([image(1, "a/../../1.png")], [], [], "a file_name must stay in the folder"),
        ([image(1, "a\\..\\..\\1.png")], [], [], "a file_name must stay in the folder"),
        ([image(1, "/etc/passwd")], [], [], "a file_name must stay in the folder, got '/etc/passwd'"),
        ([image(1, "\\\\server\\1.png")], [], [], "a file_name must stay in the folder"),
        ([image(1, "1.png\0.txt")], [], [], r"a file_name must stay in the folder, got '1\.png\\x00\.txt'"),
        ([image(1, "1.png", height=-8)], [], [], "the height of a picture must be .* got -8"),
        ([image(1, "1.png", width=8.5)], [], [], r"the width of a picture must be .* got 8\.5"),
        ([image(1, "1.png", width=float("nan"))], [], [], "the width of a picture must be .* got nan"),
        ([image(1, "1.png", width=float("inf"))], [], [], "the width of a picture must be .* got inf"),
        ([image(1, "1.png", width=10**9)], [], [], "the width of a picture must be .* got 1000000000"),
        ([image(1, "1.png", width=None)], [], [], "the width of a picture must be .* got None"),
        ([image(1, "1.png")], [mark(2)], CATEGORIES, "names the picture 2, which is not listed"),
        ([image(1, "1.png")], [mark(category_id=1)], CATEGORIES, "names the category 1, which is not listed"),
        ([image(1, "1.png")], [mark(category_id=None)], CATEGORIES, "category_id must be a whole number"),
        ([], [], [{"id": 1}], "a category must have a name, got None"),
        ([], [], [{"id": 1, "name": " "}], "a category must have a name, got ' '"),
        (
            [],
            [],
            [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}],
            "each category an id of its own, got 1 twice",
        ),
        ([], [], [{"id": float("nan"), "name": "a"}], "id must be a whole number, got nan"),
    ],
)
def test_what_is_wrong_in_a_file_is_one_clear_error(
    draw: Draw, images: Any, marks: Any, categories: Any, message: str
) -> None:
    root = draw("1.png", "2.png", height=8, width=10)
    Image.new("RGB", (10, 8)).save(root.parent / "1.png")
    write(root / "sub.json", images, marks, categories)
    with pytest.raises(DataError, match=rf"^sub\.json: .*{message}") as caught:
        open_pictures(root)
    assert "\n" not in str(caught.value)


def test_a_picture_that_two_files_list_is_an_error_that_names_both(draw: Draw) -> None:
    root = draw("images/1.png", height=8, width=10)
    for name in ("train", "val"):
        write(root / f"annotations/{name}.json", [image(1, "1.png")], [])
    both = r"^annotations/val\.json: lists the picture 'images/1\.png', and so does annotations/train\.json"
    with pytest.raises(DataError, match=both):
        open_pictures(root)


WORDS = '{"images": [], "annotations": [], "categories": []'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (WORDS, "is no valid JSON"),
        (WORDS[:-10] + '"categories": [[[', "is no valid JSON"),
        (WORDS + ', "x": ' + "[" * 200_000, "is no valid JSON"),
        (WORDS + ', "x": ' + "9" * 10_000 + "}", "is no valid JSON"),
        (WORDS + ', "x": "\udcff"}', "is no valid JSON"),
        ('{"images": "annotations", "categories": "images", "annotations": 1}', "must be a list of objects"),
    ],
)
def test_damaged_json_is_an_error_that_names_the_file(draw: Draw, text: str, message: str) -> None:
    root = draw("1.png")
    (root / "coco.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    for place in (root, root / "coco.json"):
        with pytest.raises(DataError, match=rf"^coco\.json: .*{message}") as caught:
            open_pictures(place)
        assert "\n" not in str(caught.value)


def test_json_cut_anywhere_is_an_error_or_another_kind_of_place(draw: Draw) -> None:
    root = draw("1.png", height=8, width=10)
    path = write(root / "coco.json", [image(1, "1.png")], [mark(segmentation=[SQUARE])])
    whole = path.read_bytes()
    outcomes = set()
    for length in range(1, len(whole), 7):
        path.write_bytes(whole[:length])
        try:
            outcomes.add(open_pictures(root).origin)
        except DataError as error:
            outcomes.add(str(error).partition(" (")[0])
    assert outcomes == {"folder", "coco.json: is no valid JSON"}


def test_random_damage_gives_a_set_or_an_error_of_one_line(draw: Draw) -> None:
    root = draw("1.png", height=8, width=10)
    marks = [mark(segmentation=[SQUARE], keypoints=[1, 2, 2]), mark(segmentation={"counts": [80]})]
    path = write(root / "coco.json", [image(1, "1.png")], marks)
    whole, random = path.read_bytes(), np.random.default_rng(0)
    outcomes = set()
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(int(random.integers(1, 4))):
            damaged[int(random.integers(0, len(whole)))] = int(
                random.choice(list(b'0123456789-.e,[]{}":nft '))
            )
        path.write_bytes(damaged)
        try:
            outcomes.add(open_pictures(root).origin)
        except DataError as error:
            named = str(error).isprintable() and ("coco.json" in str(error) or str(root) in str(error))
            outcomes.add("named" if named else str(error))
    assert outcomes <= {"COCO", "named", "folder"}

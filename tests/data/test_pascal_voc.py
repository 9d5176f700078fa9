"""Source voc: Pascal VOC as people have it, boxes on the very pixels, and hostile XML refused."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import vitral as vt
from vitral.core import IGNORE, DataError, ImageError
from vitral.data import Objects, PictureSet, open_pictures

Draw = Callable[..., Path]
Box = tuple[Any, Any, Any, Any]


def marked(name: str, box: Box, more: str = "") -> str:
    sides = zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
    corners = "".join(f"<{side}>{number}</{side}>" for side, number in sides)
    return f"<object><name>{name}</name>{more}<bndbox>{corners}</bndbox></object>"


def annotate(path: Path, *objects: str, size: tuple[Any, Any] | None = (8, 8), head: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    said = "" if size is None else f"<size><width>{size[0]}</width><height>{size[1]}</height></size>"
    text = f"{head}<annotation><filename>x.jpg</filename>{said}{''.join(objects)}</annotation>"
    path.write_text(text, encoding="utf-8")
    return path


def voc(root: Path, *names: str) -> Path:
    """An annotation with one box of `cat` for each picture."""
    for name in names:
        annotate(root / f"Annotations/{name}.xml", marked("cat", (1, 1, 4, 4)))
    return root


def objects_of(pictures: PictureSet, index: int = 0) -> Objects:
    assert pictures.objects is not None
    return pictures.objects.of(int(pictures.rows[index]))


def boxes(pictures: PictureSet, index: int = 0) -> list[list[float]]:
    return objects_of(pictures, index).boxes.tolist()


def test_the_layout_of_voc_gives_boxes_classes_and_splits(draw: Draw) -> None:
    root = draw(*[f"JPEGImages/{i}.jpg" for i in range(5)])
    annotate(root / "Annotations/0.xml", marked("dog", (2, 3, 4, 5)), marked("cat", (1, 1, 8, 8)))
    annotate(root / "Annotations/1.xml")
    voc(root, "2", "3", "4")
    (root / "ImageSets/Main").mkdir(parents=True)
    lists = {"train": "0\n1 \n", "val": "\ufeff2\n", "test": "3  1\n", "trainval": "0\n1\n2\n"}
    for name, text in lists.items():
        (root / f"ImageSets/Main/{name}.txt").write_text(text, encoding="utf-8")
    pictures = open_pictures(root)
    assert pictures.found == "Pascal VOC, 5 pictures, 2 classes, split train 2 / val 1 / test 1"
    assert pictures.keys == tuple(f"JPEGImages/{i}.jpg" for i in range(5))
    assert pictures.classes == ("cat", "dog")
    assert set(pictures.labels) == {IGNORE}
    assert pictures.splits.tolist() == ["train", "train", "val", "test", ""]
    assert boxes(pictures) == [[1, 2, 4, 5], [0, 0, 8, 8]]
    assert objects_of(pictures).labels.tolist() == [1, 0]
    assert boxes(pictures, 1) == []
    assert pictures.masks is None
    assert pictures.notes == ()


@pytest.mark.parametrize(
    ("picture", "annotation"),
    [
        ("JPEGImages/a.jpg", "Annotations/a.xml"),
        ("images/a.png", "annotations/a.xml"),
        ("images/a.jpg", "labels/a.xml"),
        ("a.jpg", "a.xml"),
        ("a.b c.JPG", "a.b c.XML"),
        ("a.webp", "Annotations/a.xml"),
        ("train/a.jpg", "train/a.xml"),
        ("train/images/a.jpg", "train/annotations/a.xml"),
        ("images/train/a.jpg", "annotations/train/a.xml"),
        ("JPEGImages/2012/a.jpg", "Annotations/a.xml"),
        ("images/train/a.jpg", "Annotations/a.xml"),
    ],
)
def test_a_picture_finds_its_annotation_in_the_layouts_people_have(
    draw: Draw, picture: str, annotation: str
) -> None:
    root = draw(picture)
    annotate(root / annotation, marked("cat", (1, 2, 3, 4)))
    pictures = open_pictures(root)
    assert pictures.origin == "Pascal VOC"
    assert pictures.keys == (picture,)
    assert boxes(pictures) == [[0, 1, 3, 4]]


def test_folders_called_after_splits_are_these_splits(draw: Draw) -> None:
    root = draw("train/a.jpg", "valid/a.jpg", "test/b.jpg")
    for column, name in enumerate(("train/a", "valid/a", "test/b"), start=1):
        annotate(root / f"{name}.xml", marked(name[0], (column, 1, column, 1)))
    pictures = open_pictures(root)
    assert pictures.keys == ("test/b.jpg", "train/a.jpg", "valid/a.jpg")
    assert pictures.splits.tolist() == ["test", "train", "val"]
    assert [boxes(pictures, i)[0][0] for i in range(3)] == [2, 0, 1]


def test_a_set_without_lists_is_split_by_hash(draw: Draw) -> None:
    names = [f"{i}" for i in range(30)]
    pictures = open_pictures(voc(draw(*[f"JPEGImages/{name}.jpg" for name in names]), *names))
    assert pictures.split_by == "hash"
    assert {"train", "val"} <= set(pictures.splits)


@pytest.mark.parametrize("line", ["my photo", "my photo.jpg", "JPEGImages/my photo.jpg", "my photo\r"])
def test_a_list_may_name_pictures_in_several_ways(draw: Draw, line: str) -> None:
    root = voc(draw("JPEGImages/my photo.jpg", "JPEGImages/other.jpg"), "my photo", "other")
    (root / "ImageSets/Main").mkdir(parents=True)
    (root / "ImageSets/Main/train.txt").write_text("other\n")
    (root / "ImageSets/Main/test.txt").write_text(f"../../../etc/passwd\n{line}\n")
    assert open_pictures(root, validation=0).splits.tolist() == ["test", "train"]


def test_trainval_trains_where_it_is_all_there_is(draw: Draw) -> None:
    root = voc(draw("JPEGImages/a.jpg", "JPEGImages/b.jpg"), "a", "b")
    (root / "ImageSets/Main").mkdir(parents=True)
    (root / "ImageSets/Main/trainval.txt").write_text("a\n")
    (root / "ImageSets/Main/test.txt").write_text("b\n")
    assert open_pictures(root, validation=0).splits.tolist() == ["train", "test"]


def test_a_list_that_is_no_text_is_one_clear_error(draw: Draw) -> None:
    root = voc(draw("JPEGImages/a.jpg"), "a")
    (root / "ImageSets/Main").mkdir(parents=True)
    (root / "ImageSets/Main/train.txt").write_bytes(b"a\n\xff\n")
    with pytest.raises(DataError, match=r"train\.txt: must be UTF-8 text, but byte 2 is not"):
        open_pictures(root)


@given(data=st.data())
def test_a_box_covers_exactly_the_pixels_it_counts(tmp_path_factory: Any, data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 12))
    left, right = sorted(data.draw(st.integers(1, width)) for _ in "12")
    top, bottom = sorted(data.draw(st.integers(1, height)) for _ in "12")
    root = tmp_path_factory.mktemp("voc")
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            pixels[row - 1, column - 1] = 255
    Image.fromarray(pixels).save(root / "a.png")
    annotate(root / "a.xml", marked("x", (left, top, right, bottom)), size=(width, height))
    pictures = open_pictures(root)
    ((x0, y0, x1, y1),) = boxes(pictures)
    inside = np.zeros((height, width), dtype=bool)
    inside[int(y0) : int(y1), int(x0) : int(x1)] = True
    assert np.array_equal(pictures.pixels(0)[:, :, 0] == 255, inside)


@pytest.mark.parametrize(
    ("given_box", "expected"),
    [
        ((0, 0, 4, 4), [0, 0, 4, 4]),
        ((-5, 2, 99, 3), [0, 1, 8, 3]),
        ((5, 6, 2, 3), [1, 2, 5, 6]),
        ((3, 3, 3, 3), [2, 2, 3, 3]),
        ((" 1.5 ", "2.25", "3e0", 4), [0.5, 1.25, 3, 4]),
    ],
)
def test_boxes_are_put_in_order_and_cut_at_the_edge(
    draw: Draw, given_box: Box, expected: list[float]
) -> None:
    root = draw("a.png")
    annotate(root / "a.xml", marked("cat", given_box))
    assert boxes(open_pictures(root)) == [expected]


def test_boxes_outside_are_left_out_and_named(draw: Draw) -> None:
    root = draw("a.png")
    outside = [marked("far", (20, 1, 30, 4)), marked("above", (1, -9, 4, -2))]
    annotate(root / "a.xml", *outside, marked("cat", (1, 1, 2, 2)))
    pictures = open_pictures(root)
    assert pictures.classes == ("cat",)
    assert pictures.notes == (
        "2 boxes without any area inside their picture left out: far in a.xml, above in a.xml",
    )


@pytest.mark.parametrize("size", [None, (0, 0), ("", "")])
def test_a_size_that_is_not_said_is_that_of_the_picture(draw: Draw, size: tuple[Any, Any] | None) -> None:
    root = draw("a.png", height=5, width=7)
    annotate(root / "a.xml", marked("cat", (1, 1, 100, 100)), size=size)
    pictures = open_pictures(root)
    assert boxes(pictures) == [[0, 0, 7, 5]]
    assert pictures.notes == ()


def test_a_picture_of_another_size_is_noted_and_cuts_its_boxes(draw: Draw) -> None:
    root = draw("a.png", "b.png", height=5, width=7)
    annotate(root / "a.xml", marked("cat", (1, 1, 100, 100)), size=(640, 480))
    annotate(root / "b.xml", marked("cat", (1, 1, 7, 5)), size=("7.0", 5))
    pictures = open_pictures(root)
    assert boxes(pictures) == [[0, 0, 7, 5]]
    note = (
        "1 have another size than their annotation says, and boxes may not fit: a.png is 7 x 5, not 640 x 480"
    )
    assert pictures.notes == (note,)


def test_boxes_lie_in_the_picture_once_upright_or_a_note_says_that_they_may_not(draw: Draw) -> None:
    root = draw("a.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.zeros((4, 6, 3), dtype=np.uint8)).save(root / "a.jpg", exif=exif)
    (root / "a.png").unlink()
    annotate(root / "a.xml", marked("cat", (1, 1, 4, 6)), size=(4, 6))
    pictures = open_pictures(root)
    assert pictures.pixels(0).shape == (6, 4, 3)
    assert boxes(pictures) == [[0, 0, 4, 6]]
    assert pictures.notes == ()
    annotate(root / "a.xml", marked("cat", (1, 1, 6, 4)), size=(6, 4))
    assert "a.jpg is 4 x 6, not 6 x 4" in open_pictures(root).notes[0]


def test_a_broken_picture_is_told_when_it_is_read_and_keeps_its_boxes(draw: Draw) -> None:
    root = draw("JPEGImages/a.png", "JPEGImages/b.png")
    (root / "JPEGImages/a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    annotate(root / "Annotations/a.xml", marked("cat", (1, 1, 99, 99)), size=(20, 10))
    pictures = open_pictures(voc(root, "b"))
    assert boxes(pictures) == [[0, 0, 20, 10]]
    with pytest.raises(ImageError, match=r"^JPEGImages/a\.png: is cut short"):
        pictures.pixels(0)


def test_difficult_objects_are_a_crowd_and_parts_are_no_objects(draw: Draw) -> None:
    root = draw("a.png")
    part = "<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>"
    kinds = ["<difficult>1</difficult>", "<difficult>0</difficult><truncated>1</truncated>", part]
    annotate(root / "a.xml", *[marked("person", (1, 1, 4, 4), more) for more in kinds])
    found = objects_of(open_pictures(root))
    assert found.crowd.tolist() == [True, False, False]
    assert len(found) == 3


def test_names_in_the_annotation_lead_nowhere(draw: Draw) -> None:
    root = draw("JPEGImages/a.jpg")
    text = "<folder>../..</folder><filename>../../etc/passwd</filename><path>/etc/passwd</path>"
    annotate(root / "Annotations/a.xml", text, marked("../../cat", (1, 1, 4, 4)))
    pictures = open_pictures(root)
    assert pictures.path(0) == root / "JPEGImages/a.jpg"
    assert pictures.classes == ("../../cat",)


def test_what_lacks_its_annotation_or_its_picture_is_left_out_and_named(draw: Draw) -> None:
    root = voc(draw("JPEGImages/a.jpg", "JPEGImages/x\ny.jpg"), "a", "gone")
    (root / "Annotations/._a.xml").write_bytes(b"\0\5\x16\7")
    pictures = open_pictures(root)
    assert pictures.keys == ("JPEGImages/a.jpg",)
    assert pictures.notes == (
        "1 left out for lack of an annotation: JPEGImages/x\\ny.jpg",
        "1 left out for lack of a picture: Annotations/gone.xml",
    )


def test_annotations_of_other_names_are_an_error(draw: Draw) -> None:
    with pytest.raises(DataError, match="must hold pictures with the names of its annotations, found none"):
        open_pictures(voc(draw("JPEGImages/a.jpg"), "b"))


def test_two_pictures_of_one_annotation_are_an_error(draw: Draw) -> None:
    root = voc(draw("JPEGImages/a.jpg", "JPEGImages/a.png"), "a")
    message = (
        r"^Annotations/a\.xml: must belong to one picture, got 'JPEGImages/a\.jpg' and 'JPEGImages/a\.png'"
    )
    with pytest.raises(DataError, match=message):
        open_pictures(root)


def test_pictures_beside_other_xml_are_no_voc(draw: Draw) -> None:
    root = draw("cat/1.jpg", "dog/2.jpg")
    (root / "sitemap.xml").write_text("<urlset/>")
    assert open_pictures(root).classes == ("cat", "dog")


def add_masks(root: Path, *names: str, number: int = 1) -> None:
    for folder in ("SegmentationClass", "SegmentationObject", "SegmentationClassAug"):
        (root / folder).mkdir(exist_ok=True)
        for name in names:
            mask = Image.fromarray(np.resize(np.array([0, number, 255], dtype=np.uint8), (8, 8)))
            mask.putpalette([7, 80, 9] * 256)
            mask.save(root / folder / f"{name}.png")


def test_masks_come_along_when_every_picture_has_one(draw: Draw) -> None:
    root = voc(draw("JPEGImages/a.jpg", "JPEGImages/b.jpg"), "a", "b")
    annotate(root / "Annotations/b.xml", marked("zebra", (1, 1, 2, 2)))
    add_masks(root, "a", "b", number=2)
    pictures = open_pictures(root)
    assert pictures.keys == ("JPEGImages/a.jpg", "JPEGImages/b.jpg")
    assert pictures.mask_classes == ("background", "cat", "zebra")
    assert pictures.masks is not None
    assert pictures.masks.read(1).tolist() == np.resize([0, 2, 255], (8, 8)).tolist()
    add_masks(root, "b", number=3)
    with pytest.raises(ImageError, match=r"^SegmentationClass/b\.png: must hold numbers of its 3 classes"):
        pictures.masks.read(1)


def test_masks_of_the_classes_of_voc_keep_its_numbers(draw: Draw) -> None:
    root = voc(draw("JPEGImages/a.jpg"), "a")
    add_masks(root, "a", number=20)
    pictures = open_pictures(root)
    assert (len(pictures.mask_classes), pictures.mask_classes[8]) == (21, "cat")
    assert pictures.masks is not None
    assert pictures.mask_classes[sorted(set(pictures.masks.read(0).flat))[1]] == "tvmonitor"


def test_masks_of_some_pictures_are_noted_and_opened_alone(draw: Draw) -> None:
    root = voc(draw("JPEGImages/a.jpg", "JPEGImages/b.jpg"), "a", "b")
    add_masks(root, "b")
    pictures = open_pictures(root)
    assert pictures.masks is None
    assert pictures.notes == ("1 of the pictures have a mask; kind=masks opens those, with their masks",)
    alone = open_pictures(root, kind="masks")
    assert alone.keys == ("JPEGImages/b.jpg",)
    assert alone.masks is not None
    assert set(alone.masks.read(0).flat) == {0, 1, 255}


BOMB = "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]><annotation>&b;</annotation>"
OUTSIDE = "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><annotation>&x;</annotation>"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "must be plain XML without a document type"),
        (OUTSIDE, "must be plain XML without a document type"),
        ("<annotation>&x;</annotation>", "is no valid XML .undefined entity"),
        ("", "is no valid XML .no element found"),
        ("<annotation><object><name>cat", "is no valid XML .no element found"),
        ("<annotation></object>", "is no valid XML .mismatched tag"),
        ("<annotation>\udcff</annotation>", "is no valid XML .not well-formed"),
        ("<?xml version='1.0' encoding='none'?><annotation/>", "is no valid XML .*unknown encoding"),
        ("<?xml version='1.0' encoding='gbk'?><annotation/>", "is no valid XML .*encoding"),
        ("<annotation/>\0", "must be UTF-8 text, got bytes of 0"),
        (f"<{'x' * 9999}/>", "must be a Pascal VOC annotation, got <x{40}>$"),
        ("<annotation>" + " " * 2**22, "has 4,194,316 bytes; the limit is 4,194,304"),
        ("<annotation>" + "<a>" * 100_000, "is no valid XML"),
    ],
)
def test_hostile_and_damaged_xml_is_one_clear_error(draw: Draw, text: str, message: str) -> None:
    root = draw("JPEGImages/a.jpg")
    (root / "Annotations").mkdir()
    (root / "Annotations/a.xml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DataError, match=rf"^Annotations/a\.xml: {message}") as told:
        open_pictures(root)
    assert len(str(told.value)) < 200


def test_xml_of_a_hundred_thousand_levels_does_no_harm(draw: Draw) -> None:
    root = draw("a.png")
    annotate(root / "a.xml", "<a>" * 100_000 + "</a>" * 100_000, marked("cat", (1, 1, 4, 4)))
    assert boxes(open_pictures(root)) == [[0, 0, 4, 4]]


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        *((text, text) for text in ("", "nan", "inf", "1e400", "-1e9", "4 5", "0x10", "3,5")),
        ("9" * 5000, "9{40}"),
        ("1\n2", r"1\\n2"),
    ],
)
def test_a_coordinate_that_is_no_number_is_one_clear_error(draw: Draw, number: str, shown: str) -> None:
    root = draw("a.png")
    annotate(root / "a.xml", marked("cat", (1, 1, number, 4)))
    with pytest.raises(DataError, match=rf"^a\.xml: xmax must be a number, got '{shown}'$"):
        open_pictures(root)


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ((-8, 8), "a size must not be negative, got -8 x 8"),
        (("nan", 8), "width must be a number, got 'nan'"),
        ((8, "1e99"), "height must be a number, got '1e99'"),
    ],
)
def test_a_size_that_is_none_is_one_clear_error(draw: Draw, size: tuple[Any, Any], message: str) -> None:
    root = draw("a.png")
    annotate(root / "a.xml", marked("cat", (1, 1, 4, 4)), size=size)
    with pytest.raises(DataError, match=rf"^a\.xml: {message}$"):
        open_pictures(root)


@pytest.mark.parametrize(
    "thing", ["<object/>", "<object><name>cat</name></object>", marked(" ", (1, 1, 2, 2))]
)
def test_an_object_without_name_or_box_is_one_clear_error(draw: Draw, thing: str) -> None:
    root = draw("a.png")
    annotate(root / "a.xml", thing)
    with pytest.raises(DataError, match=r"^a\.xml: an object must have a name and a bndbox$"):
        open_pictures(root)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.symlink_to("nowhere.xml"), "does not exist"),
        (lambda path: path.symlink_to("a.xml"), "is a symbolic link that leads back to itself"),
        (Path.mkdir, "is a folder"),
        (os.mkfifo, "is not an ordinary file"),
    ],
)
def test_an_annotation_that_is_no_file_is_one_clear_error(
    draw: Draw, spoil: Callable[[Path], Any], message: str
) -> None:
    root = draw("JPEGImages/a.jpg")
    (root / "Annotations").mkdir()
    spoil(root / "Annotations/a.xml")
    with pytest.raises(DataError, match=rf"^Annotations/a\.xml: {message}"):
        open_pictures(root)


def test_every_text_encoding_that_xml_names_is_read(draw: Draw) -> None:
    root = draw("a.png", "b.png")
    head = "<?xml version='1.0' encoding='latin-1'?>\n"
    annotate(root / "a.xml", marked("Fuß", (1, 1, 4, 4)), head=head)
    (root / "a.xml").write_bytes((root / "a.xml").read_text(encoding="utf-8").encode("latin-1"))
    annotate(root / "b.xml", marked("猫 &amp; co", (1, 1, 4, 4)), head="\ufeff<?xml version='1.0'?>")
    assert open_pictures(root).classes == ("Fuß", "猫 & co")


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_gives_boxes_beside_their_pictures(draw: Draw, workers: int) -> None:
    root = draw(*[f"JPEGImages/{i}.png" for i in range(10)])
    for i in range(10):
        thing = marked(
            "cat" if i % 2 else "dog", (1, 1, 1 + i % 8, 8), f"<difficult>{int(i >= 8)}</difficult>"
        )
        annotate(root / f"Annotations/{i}.xml", *[thing] * (i % 3))
    for batch in vt.Loader(open_pictures(root), batch_size=4, shuffle=True, workers=workers):
        assert batch.boxes is not None
        assert batch.box_labels is not None
        assert batch.box_crowd is not None
        targets = zip(batch.keys, batch.boxes, batch.box_labels, batch.box_crowd, strict=True)
        for key, here, labels, crowd in targets:
            i = int(Path(key).stem)
            assert here.tolist() == [[0, 0, 1 + i % 8, 8]] * (i % 3)
            assert labels.tolist() == [0 if i % 2 else 1] * (i % 3)
            assert crowd.tolist() == [i >= 8] * (i % 3)


@pytest.mark.data
def test_bccd_is_found_and_its_boxes_are_those_of_the_files() -> None:
    root = Path(os.environ["VITRAL_DATA"]) / "bccd"
    pictures = vt.open(root)
    assert pictures.found == "Pascal VOC, 364 pictures, 3 classes, split train 205 / val 87 / test 72"
    assert pictures.objects is not None
    found = Counter(pictures.classes[k] for k in pictures.objects.labels)
    texts = [path.read_text() for path in (root / "Annotations").glob("*.xml")]
    assert {name: sum(text.count(f"<name>{name}</name>") for text in texts) for name in found} == found
    batch = next(iter(vt.Loader(pictures, batch_size=8, shuffle=True)))
    assert batch.boxes is not None
    for key, here in zip(batch.keys, batch.boxes, strict=True):
        tree = ElementTree.parse(root / f"Annotations/{Path(key).stem}.xml")
        first = tree.find("object/bndbox")
        assert first is not None
        x0, y0, x1, y1 = (int(first.findtext(side) or 0) for side in ("xmin", "ymin", "xmax", "ymax"))
        assert here[0].tolist() == [max(x0 - 1, 0), max(y0 - 1, 0), min(x1, 640), min(y1, 480)]

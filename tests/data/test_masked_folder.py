"""Source masks: pictures and masks in the folders people have, and every number in its place."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

import vitral as vt
from vitral.core import DataError, ImageError
from vitral.data import PictureSet, open_pictures
from vitral.data.sources import masked_folder
from vitral.data.sources.mask_numbers import mask_numbers

Draw = Callable[..., Path]
Numbers = NDArray[np.uint8]


def numbers(*values: int, height: int = 8, width: int = 8) -> Numbers:
    """A mask in which all of some numbers occur, row after row."""
    return np.resize(np.array(values, dtype=np.uint8), (height, width))


def add_mask(path: Path, mask: Numbers | None = None, **options: Any) -> Numbers:
    mask = numbers(0, 1, 2, 255) if mask is None else mask
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).save(path, **options)
    return mask


def name_classes(root: Path, *names: str, file: str = "classes.txt") -> None:
    (root / file).write_text("\n".join(names) + "\n", encoding="utf-8")


def mask_of(pictures: PictureSet, index: int = 0) -> Numbers:
    assert pictures.masks is not None
    return pictures.masks.read(int(pictures.rows[index]))


def test_the_layout_of_camvid_gives_splits_names_and_masks(draw: Draw) -> None:
    names = [f"{split}/images/{i}.jpg" for split in ("train", "val", "test") for i in range(2)]
    root = draw(*names)
    for name in names:
        add_mask(root / name.replace("images", "masks").replace("jpg", "png"), numbers(0, 1, 2))
    name_classes(root, "sky", "road", "unlabelled")
    pictures = open_pictures(root)
    assert pictures.keys == tuple(sorted(names))
    assert pictures.found == "pictures with masks, 6 pictures, 2 classes, split train 2 / val 2 / test 2"
    assert pictures.mask_classes == ("sky", "road")
    assert pictures.notes == ()
    assert [key.split("/")[0] for key in pictures.keys] == pictures.splits.tolist()
    assert mask_of(pictures).tolist() == np.resize([0, 1, 255], (8, 8)).tolist()


@pytest.mark.parametrize(
    ("picture", "mask"),
    [
        ("images/a.jpg", "masks/a.png"),
        ("images/a.png", "labels/a.png"),
        ("imgs/a.jpeg", "annotations/a.bmp"),
        ("Images/a.jpg", "Masks/a.tif"),
        ("images/a.jpg", "gt/a_gt.bmp"),
        ("images/a.b.jpg", "masks/a.b_Mask.png"),
        ("JPEGImages/a.jpg", "SegmentationClass/a.png"),
        ("images/train/a.jpg", "masks/train/a.png"),
        ("train/images/a.jpg", "train/masks/a.png"),
        ("photos/images/a.jpg", "photos/masks/a.png"),
        ("images/a.jpg", "annotations/trimaps/a.png"),
        ("images/train/a.jpg", "masks/a_mask.png"),
        ("images/night_l.jpg", "masks/night_l.png"),
    ],
)
def test_a_picture_finds_its_mask_in_the_layouts_people_have(draw: Draw, picture: str, mask: str) -> None:
    root = draw(picture)
    expected = add_mask(root / mask)
    pictures = open_pictures(root)
    assert pictures.origin == "pictures with masks"
    assert pictures.keys == (picture,)
    assert mask_of(pictures).tolist() == expected.tolist()
    assert pictures.masks is not None
    assert pictures.masks.path(0) == root / mask


def test_each_of_many_pictures_gets_the_mask_of_its_own_name(draw: Draw) -> None:
    root = draw(*[f"images/{i}.jpg" for i in (3, 20, 1, 10)])
    for i in (1, 3, 10, 20):
        add_mask(root / f"masks/{i}_mask.png", numbers(i))
    name_classes(root, *[f"class {k}" for k in range(21)])
    pictures = open_pictures(root)
    for index, key in enumerate(pictures.keys):
        assert set(mask_of(pictures, index).flat) == {int(Path(key).stem)}, key


def test_a_set_in_val_and_train_below_images_is_split_so(draw: Draw) -> None:
    root = draw("images/train/a.jpg", "images/val/a.jpg")
    add_mask(root / "masks/train/a.png", numbers(0, 1))
    add_mask(root / "masks/val/a.png", numbers(1, 2))
    pictures = open_pictures(root)
    assert pictures.splits.tolist() == ["train", "val"]
    assert [int(mask_of(pictures, i).max()) for i in (0, 1)] == [1, 2]


@st.composite
def masks(draw: st.DrawFn) -> Numbers:
    seed, height, width = draw(st.integers(0, 999)), draw(st.integers(1, 9)), draw(st.integers(1, 9))
    return np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)


def palette(mask: Numbers) -> Image.Image:
    picture = Image.fromarray(mask)
    picture.putpalette(np.random.default_rng(1).integers(0, 256, 768, dtype=np.uint8).tolist())
    return picture


FORMS: dict[str, Callable[[Numbers], Image.Image]] = {
    "grey": Image.fromarray,
    "palette": palette,
    "grey as color": lambda mask: Image.fromarray(np.repeat(mask[:, :, None], 3, axis=2)),
    "grey as color and opaque": lambda mask: Image.fromarray(mask).convert("RGBA"),
    "16 bits": lambda mask: Image.fromarray(mask.astype(np.uint16)),
}


@pytest.mark.parametrize("form", FORMS)
@given(mask=masks())
def test_numbers_come_back_from_every_form_of_mask(form: str, mask: Numbers) -> None:
    for ending in ("PNG", "TIFF") if form != "palette" else ("PNG", "BMP", "GIF"):
        file = io.BytesIO()
        FORMS[form](mask).save(file, ending, **({"optimize": False} if ending == "GIF" else {}))
        assert np.array_equal(mask_numbers(file.getvalue()), mask), ending


def test_a_mask_of_one_bit_holds_0_and_1(draw: Draw) -> None:
    root = draw("images/a.jpg")
    (root / "masks").mkdir()
    Image.fromarray(numbers(0, 255, 255)).convert("1").save(root / "masks/a.png")
    pictures = open_pictures(root)
    assert pictures.mask_classes == ("0", "1")
    assert mask_of(pictures).tolist() == numbers(0, 1, 1).tolist()


def test_masks_of_0_and_255_are_of_two_classes_unless_told_otherwise(draw: Draw) -> None:
    root = draw("images/a.jpg")
    add_mask(root / "masks/a.png", numbers(0, 255))
    pictures = open_pictures(root)
    assert pictures.mask_classes == ("background", "object")
    assert mask_of(pictures).tolist() == numbers(0, 1).tolist()
    assert pictures.notes[0].startswith("the masks hold 0 and 255 only: 255 is taken as the second class")
    said = open_pictures(root, binary="no")
    assert said.mask_classes == ("0",)
    assert mask_of(said).tolist() == numbers(0, 255).tolist()
    assert open_pictures(root, binary="yes").notes == ()


@pytest.mark.parametrize(
    ("names", "values", "classes", "expected"),
    [
        (("back", "polyp"), (0, 255), ("back", "polyp"), (0, 1)),
        (("polyp",), (0, 255), ("background", "polyp"), (0, 1)),
        (("polyp",), (0, 1), ("background", "polyp"), (0, 1)),
        (("polyp", "void"), (0, 255), ("polyp",), (0, 255)),
        (("a", "b", "c"), (0, 255), ("a", "b", "c"), (0, 255)),
        (("a", "Void", "c"), (0, 1, 2), ("a", "Void", "c"), (0, 255, 2)),
        (("a", "b", "ignore", "unlabeled"), (1, 2, 3), ("a", "b"), (1, 255, 255)),
    ],
)
def test_names_say_what_the_numbers_mean(
    draw: Draw, names: tuple[str, ...], values: tuple[int, ...], classes: tuple[str, ...], expected: Any
) -> None:
    root = draw("images/a.jpg")
    add_mask(root / "masks/a.png", numbers(*values))
    name_classes(root, *names, file="labels.txt")
    pictures = open_pictures(root)
    assert pictures.mask_classes == classes
    assert mask_of(pictures).tolist() == numbers(*expected).tolist()


def test_numbers_without_a_name_are_not_counted_and_noted(draw: Draw) -> None:
    root = draw("images/a.jpg")
    add_mask(root / "masks/a.png", numbers(0, 1, 7, 9))
    name_classes(root, "\ufeffsky", " ", "road")
    pictures = open_pictures(root)
    assert pictures.mask_classes == ("sky", "road")
    assert pictures.notes == ("masks hold the number 7, which has no name and is not counted",)
    assert mask_of(pictures).tolist() == numbers(0, 1, 255, 255).tolist()


def test_without_names_classes_are_counted_and_a_later_number_is_refused(
    draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masked_folder, "_LOOKED_AT", 1)
    root = draw("images/a.jpg", "images/b.jpg")
    looked_at = min("ab", key=lambda name: masked_folder.unit_hash(f"masks/{name}.png"))
    add_mask(root / "masks/a.png", numbers(0, 2 if looked_at == "a" else 9, 255))
    add_mask(root / "masks/b.png", numbers(0, 2 if looked_at == "b" else 9, 255))
    pictures = open_pictures(root)
    assert pictures.mask_classes == ("0", "1", "2")
    assert "classes are counted to 2, the largest number in the masks looked at" in pictures.notes[0]
    assert mask_of(pictures, "ab".index(looked_at)).max() == 255
    message = r"^masks/[ab]\.png: must hold numbers of its 3 classes, or 255, got 9; name all .* classes\.txt"
    with pytest.raises(ImageError, match=message):
        mask_of(pictures, 1 - "ab".index(looked_at))


def test_the_class_of_255_does_not_let_other_numbers_pass(draw: Draw) -> None:
    root = draw("images/a.jpg")
    add_mask(root / "masks/a.png", numbers(0, 128, 255))
    pictures = open_pictures(root, binary="yes")
    with pytest.raises(ImageError, match=r"^masks/a\.png: must hold numbers of its 2 classes.* got 128"):
        mask_of(pictures)


def test_black_and_white_masks_of_jpeg_are_read_and_others_refused(draw: Draw) -> None:
    root = draw("images/a.jpg", "images/b.jpg", height=64, width=64)
    disk = Image.new("L", (64, 64))
    ImageDraw.Draw(disk).ellipse((10, 10, 50, 50), fill=255)
    (root / "masks").mkdir()
    for name in ("a", "b"):
        disk.convert("RGB").save(root / f"masks/{name}.jpg", quality=80)
    pictures = open_pictures(root)
    assert pictures.mask_classes == ("background", "object")
    assert (mask_of(pictures) != (np.asarray(disk) > 0)).mean() < 0.005
    for wrong in (numbers(*range(9), height=64, width=64), numbers(0, 90, 200, height=64, width=64)):
        Image.fromarray(wrong).resize((64, 64)).save(root / "masks/b.jpg")
        with pytest.raises(ImageError, match=r"^masks/b\.jpg: must be a PNG: a JPEG does not keep class"):
            mask_of(open_pictures(root), 1)


def test_what_lacks_its_mask_or_its_picture_is_left_out_and_named(draw: Draw) -> None:
    root = draw("images/a.jpg", "images/b.jpg", "images/x\ny.jpg", "extra/c.jpg")
    add_mask(root / "masks/a.png", numbers(0, 1))
    add_mask(root / "masks/d.png", numbers(0, 1))
    name_classes(root, "sky", "road")
    pictures = open_pictures(root)
    assert pictures.keys == ("images/a.jpg",)
    assert pictures.notes == (
        "2 left out for lack of a mask: images/b.jpg, images/x\\ny.jpg",
        "1 left out for lack of a picture: masks/d.png",
        "1 left out for lying in a folder neither of pictures nor of masks: extra/c.jpg",
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("images/a.png", r"must have one file for each name, got 'images/a\.jpg' and 'images/a\.png'"),
        ("masks/a.bmp", r"must have one file for each name, got 'masks/a\.bmp' and 'masks/a\.png'"),
        ("masks/a_mask.png", r"must have one file for each name, got 'masks/a\.png' and 'masks/a_mask\.png'"),
    ],
)
def test_two_files_for_one_name_are_an_error(draw: Draw, more: str, message: str) -> None:
    root = draw("images/a.jpg", more)
    add_mask(root / "masks/a.png")
    with pytest.raises(DataError, match=message):
        open_pictures(root)


def test_masks_of_other_names_are_an_error(draw: Draw) -> None:
    root = draw("images/a.jpg", "images/b.jpg")
    add_mask(root / "masks/1.png")
    with pytest.raises(DataError, match="must hold masks with the names of its pictures, found none"):
        open_pictures(root)


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [(1, lambda a: a), (3, lambda a: a[::-1, ::-1]), (6, lambda a: np.rot90(a, -1)), (8, np.rot90)],
)
def test_masks_lie_as_their_pictures_do_once_upright(
    tmp_path: Path, orientation: int, turn: Callable[[Any], Any]
) -> None:
    stored = np.zeros((4, 6), dtype=np.uint8)
    stored[0, 1:3], stored[3, 5] = 1, 2
    exif = Image.Exif()
    exif[0x0112] = orientation
    (tmp_path / "images").mkdir()
    shown = np.repeat(120 * stored[:, :, None], 3, axis=2)
    for name in ("own", "upright", "stored"):
        Image.fromarray(shown).save(tmp_path / f"images/{name}.png", exif=exif)
    add_mask(tmp_path / "masks/own.png", stored, exif=exif)
    add_mask(tmp_path / "masks/upright.png", np.ascontiguousarray(turn(stored)))
    add_mask(tmp_path / "masks/stored.png", stored)
    pictures = open_pictures(tmp_path)
    assert pictures.keys == ("images/own.png", "images/stored.png", "images/upright.png")
    for index in (0, 2):
        assert np.array_equal(pictures.pixels(index)[:, :, 0] // 120, turn(stored))
        assert np.array_equal(mask_of(pictures, index), turn(stored))
    if orientation in (6, 8):
        message = (
            "size of its picture, 4 x 6, got 6 x 4; it must lie as its picture does once that is upright"
        )
        with pytest.raises(ImageError, match=message):
            mask_of(pictures, 1)


def colors(path: Path) -> None:
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(path)


def damage(path: Path) -> None:
    Image.fromarray(np.random.default_rng(0).integers(0, 3, (8, 8), dtype=np.uint8)).save(path)
    data = bytearray(path.read_bytes())
    data[data.index(b"IDAT") + 20] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    add_mask(path)
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            colors,
            "must hold one byte per pixel .* got the mode RGB; turn its colors into class numbers first",
        ),
        (lambda path: add_mask(path, numbers(0, 1, height=4)), "size of its picture, 8 x 8, got 8 x 4"),
        (lambda path: Image.new("I;16", (8, 8), 300).save(path), "must hold numbers from 0 to 255, got 300"),
        (
            lambda path: Image.new("F", (8, 8)).save(path, "TIFF"),
            "must hold one byte per pixel .* the mode F",
        ),
        (lambda path: path.write_bytes(b""), "no picture of a known format"),
        (lambda path: path.write_text("<svg/>"), "no picture of a known format"),
        (damage, "is damaged .*IDAT"),
        (cut, "is damaged "),
        (lambda path: path.symlink_to("nowhere.png"), "does not exist"),
        (lambda path: path.symlink_to(path.name), "is a symbolic link that leads back to itself"),
        (os.mkfifo, "is not an ordinary file"),
    ],
)
def test_a_broken_mask_is_told_with_its_name_when_it_is_read(
    draw: Draw, spoil: Callable[[Path], Any], message: str
) -> None:
    root = draw("images/a.jpg", "images/b.jpg")
    good = add_mask(root / "masks/a.png", numbers(0, 1))
    spoil(root / "masks/b.png")
    pictures = open_pictures(root)
    assert mask_of(pictures).tolist() == good.tolist()
    with pytest.raises(ImageError, match=rf"^masks/b\.png: .*({message})") as told:
        mask_of(pictures, 1)
    assert "\n" not in str(told.value)


def test_a_set_of_colored_masks_is_refused_when_it_is_opened(draw: Draw) -> None:
    root = draw("images/a.jpg", "images/b.jpg", "masks/a.png", "masks/b.png")
    with pytest.raises(ImageError, match=r"^masks/[ab]\.png: must hold one byte per pixel .* the mode RGB"):
        open_pictures(root)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("\n".join(map(str, range(256))).encode(), r"classes\.txt: must name at most 255 classes, got 256"),
        (b"sky\nroad\nsky\n", r"classes\.txt: must name each class once"),
        (b"sky\nstra\xdfe\n", r"classes\.txt: must be UTF-8 text, but byte 8 is not"),
        (b"x" * (2**20 + 1), r"classes\.txt: must have at most 1,048,576 bytes"),
    ],
)
def test_a_list_of_classes_with_a_mistake_is_one_clear_error(draw: Draw, data: bytes, message: str) -> None:
    root = draw("images/a.jpg")
    add_mask(root / "masks/a.png")
    (root / "classes.txt").write_bytes(data)
    with pytest.raises(DataError, match=message):
        open_pictures(root)


def test_no_list_of_classes_is_waited_for(draw: Draw) -> None:
    root = draw("images/a.jpg")
    add_mask(root / "masks/a.png", numbers(0, 1))
    os.mkfifo(root / "classes.txt")
    (root / "labels.txt").mkdir()
    assert open_pictures(root).mask_classes == ("0", "1")


def test_folders_of_the_same_names_without_masks_are_classes(draw: Draw) -> None:
    root = draw("images/a.jpg", "annotations/b.jpg")
    assert open_pictures(root).classes == ("annotations", "images")
    with pytest.raises(DataError, match="cannot be opened as 'masks'"):
        open_pictures(root, kind="masks")
    (root / "masks").mkdir()
    assert open_pictures(root).origin == "class folders"


def test_a_folder_with_more_entries_than_a_pair_has_is_not_searched(draw: Draw) -> None:
    names = [f"{kind}/{i}.png" for kind in ("cat", "dog") for i in range(80)]
    assert open_pictures(draw(*names, height=1, width=1)).classes == ("cat", "dog")


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_gives_masks_beside_their_pictures(draw: Draw, workers: int) -> None:
    root = draw(*[f"images/{i}.png" for i in range(10)])
    for i in range(10):
        add_mask(root / f"masks/{i}.png", numbers(i % 3, 255))
    pictures = open_pictures(root)
    for batch in vt.Loader(pictures, batch_size=4, shuffle=True, workers=workers):
        assert batch.masks is not None
        for key, pixels, mask in zip(batch.keys, batch.pixels, batch.masks, strict=True):
            number = int(Path(key).stem)
            assert np.array_equal(np.asarray(pixels), np.asarray(Image.open(root / key)))
            assert np.array_equal(mask, numbers(number % 3, 255))


@pytest.mark.data
def test_camvid_is_found_and_its_masks_are_those_of_the_files() -> None:
    root = Path(os.environ["VITRAL_DATA"]) / "camvid"
    pictures = vt.open(root)
    assert (
        pictures.found
        == "pictures with masks, 701 pictures, 11 classes, split train 367 / val 101 / test 233"
    )
    assert (len(pictures.mask_classes), pictures.mask_classes[3], pictures.notes) == (11, "road", ())
    batch = next(iter(vt.Loader(pictures, batch_size=4, shuffle=True)))
    assert batch.masks is not None
    for key, mask in zip(batch.keys, batch.masks, strict=True):
        stored = np.asarray(Image.open(root / key.replace("images", "masks").replace(".jpg", ".png")))
        assert np.array_equal(mask, np.where(stored == 11, 255, stored))

"""open_pictures: what a place is, and one clear sentence for every place that is unusable."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vitral.core import IGNORE, DataError, ImageError, OptionError
from vitral.data import decode, open_pictures
from vitral.data.places import _in_braces

Draw = Callable[..., Path]


def test_a_folder_per_class_is_classes_split_by_hash(draw: Draw) -> None:
    root = draw(*[f"{name}/{i}.png" for name in ("dog", "cat") for i in range(20)])
    pictures = open_pictures(root)
    assert pictures.name == "photos"
    assert pictures.classes == ("cat", "dog")
    assert pictures.keys == tuple(sorted(pictures.keys))
    assert pictures.keys[0] == "cat/0.png"
    assert pictures.labels.tolist() == [0] * 20 + [1] * 20
    assert pictures.split_by == "hash"
    assert set(pictures.splits) == {"train", "val", "test"}
    assert pictures.found.startswith(
        "class folders, 40 pictures, 2 classes, split by a hash of the names train "
    )
    assert pictures.path(0) == root / "cat/0.png"
    assert np.array_equal(pictures.pixels(0), decode(root / "cat/0.png"))


def test_a_text_and_a_path_open_the_same_place(draw: Draw) -> None:
    root = draw("a/1.png", "b/1.png")
    assert open_pictures(str(root)).keys == open_pictures(root).keys == open_pictures(f"{root}/").keys


@pytest.mark.parametrize("val", ["val", "valid", "validation", "VAL"])
def test_split_folders_are_taken_as_they_are(draw: Draw, val: str) -> None:
    pictures = open_pictures(draw("train/a/1.png", "train/b/1.png", f"{val}/a/2.png", "test/b/3.png"))
    assert pictures.split_by == "folders"
    assert pictures.classes == ("a", "b")
    assert dict(zip(pictures.keys, pictures.splits, strict=True)) == {
        "train/a/1.png": "train",
        "train/b/1.png": "train",
        f"{val}/a/2.png": "val",
        "test/b/3.png": "test",
    }


def test_without_val_folder_some_of_train_validates(draw: Draw) -> None:
    names = [f"train/{name}/{i}.png" for name in "ab" for i in range(10)]
    pictures = open_pictures(draw(*names, "test/a/1.png", "test/b/1.png"))
    counts = {split: int((pictures.splits == split).sum()) for split in ("train", "val", "test")}
    assert counts["val"] >= 1
    assert counts["train"] + counts["val"] == 20
    assert counts["test"] == 2
    assert set(open_pictures(pictures.root, validation=0.0).splits) == {"train", "test"}


def test_the_class_is_the_first_folder_below_the_split(draw: Draw) -> None:
    pictures = open_pictures(draw("train/n01/images/1.JPEG", "train/n02/images/deep/2.JPEG"))
    assert pictures.classes == ("n01", "n02")
    assert pictures.labels.tolist() == [0, 1]


def test_unlabelled_test_pictures_stay_without_class(draw: Draw) -> None:
    pictures = open_pictures(draw("train/a/1.png", "train/b/1.png", "test/x.png"))
    assert pictures.keys[0] == "test/x.png"
    assert pictures.labels[0] == IGNORE


def test_loose_pictures_beside_class_folders_are_left_out_with_a_note(draw: Draw) -> None:
    pictures = open_pictures(draw("a/1.png", "a/2.png", "b/1.png", "b/2.png", "x.png"))
    assert "x.png" not in pictures.keys
    assert pictures.notes == ("1 picture was left out because it lies outside any class folder: x.png",)


def test_folders_beside_train_are_left_out_with_a_note(draw: Draw) -> None:
    pictures = open_pictures(
        draw("train/a/1.png", "train/a/2.png", "train/b/1.png", "train/b/2.png", "old/a/9.png")
    )
    assert pictures.notes == (
        "1 picture was left out because it lies beside the folders train, val and test: old/a/9.png",
    )


def test_a_flat_folder_has_no_classes(draw: Draw) -> None:
    pictures = open_pictures(draw("1.png", "2.jpg", "more/3.png"))
    assert pictures.classes == ()
    assert set(pictures.labels) == {IGNORE}
    assert pictures.keys == ("1.png", "2.jpg", "more/3.png")
    assert pictures.found.startswith("folder, 3 pictures, split by a hash of the names train ")


def test_class_folders_can_be_opened_as_a_plain_folder(draw: Draw) -> None:
    assert open_pictures(draw("a/1.png", "b/1.png"), kind="folder").classes == ()


def test_without_shares_all_pictures_are_train(draw: Draw) -> None:
    pictures = open_pictures(draw("a/1.png", "b/1.png"), validation=0.0, test=0.0)
    assert set(pictures.splits) == {"train"}
    assert pictures.split_by == "none"


def test_one_class_is_opened(draw: Draw) -> None:
    assert open_pictures(draw("cat/1.png", "cat/2.png")).classes == ("cat",)


def test_a_class_with_one_picture_is_noted(draw: Draw) -> None:
    pictures = open_pictures(draw("cat/1.png", "cat/2.png", "hat/1.png"))
    assert pictures.notes == ("class 'hat' has one picture",)
    assert pictures.splits[pictures.keys.index("hat/1.png")] == "train"


def test_classes_that_only_the_test_split_has_are_noted(draw: Draw) -> None:
    pictures = open_pictures(draw("train/a/1.png", "train/a/2.png", "test/b/1.png", "test/b/2.png"))
    assert pictures.notes == ("class 'b' has no picture to train on",)


def test_a_class_folder_without_pictures_is_noted(draw: Draw) -> None:
    root = draw("a/1.png", "a/2.png", "b/1.png", "b/2.png")
    (root / "c").mkdir()
    assert open_pictures(root).notes == ("the folder 'c' holds no pictures and is no class",)
    assert open_pictures(root).classes == ("a", "b")


def test_one_folder_around_the_classes_is_noted(draw: Draw) -> None:
    (note,) = open_pictures(draw("photos/cat/1.png", "photos/dog/2.png")).notes
    assert "all pictures lie below the one folder 'photos'" in note


def test_formats_that_cannot_be_read_are_noted(draw: Draw) -> None:
    root = draw("1.png")
    (root / "2.HEIC").touch()
    assert open_pictures(root).notes == ("1 .heic file was passed over: Vitral does not read this format",)


def test_hidden_files_and_leftovers_are_ignored_and_endings_may_be_upper_case(draw: Draw) -> None:
    root = draw("a/1.JPG", "a/2.PNG", "b/3.JpEg", "__MACOSX/a/1.jpg", ".cache/1.png", "a/._1.jpg", "b/.x.png")
    for name in ("a/Thumbs.db", "a/.DS_Store", "desktop.ini"):
        (root / name).touch()
    assert open_pictures(root).keys == ("a/1.JPG", "a/2.PNG", "b/3.JpEg")
    assert open_pictures(root).classes == ("a", "b")


def test_a_folder_with_the_name_of_a_picture_is_a_folder(draw: Draw) -> None:
    pictures = open_pictures(draw("a/x.jpg/1.png", "b.jpg/2.png"))
    assert pictures.keys == ("a/x.jpg/1.png", "b.jpg/2.png")
    assert pictures.classes == ("a", "b.jpg")


def test_names_in_unicode_and_with_newlines_are_opened(draw: Draw) -> None:
    pictures = open_pictures(draw("größe/猫\n1.png", "other/2.png"))
    assert pictures.classes == ("größe", "other")
    assert pictures.pixels(0).shape == (8, 8, 3)


def test_a_note_about_a_strange_name_is_one_line(draw: Draw) -> None:
    pictures = open_pictures(draw("a\nb/1.png", "c/1.png", "c/2.png"))
    assert pictures.notes == (r"class 'a\nb' has one picture",)


def test_a_name_that_is_no_utf_8_is_opened(draw: Draw) -> None:
    root = draw("a/1.png", "b/2.png")
    try:
        shutil.copy(root / "a/1.png", root / "a/\udcff.png")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    pictures = open_pictures(root)
    assert pictures.pixels(pictures.keys.index("a/\udcff.png")).shape == (8, 8, 3)


def test_a_loop_of_links_is_noted_and_not_followed(draw: Draw) -> None:
    root = draw("a/1.png", "a/2.png", "b/1.png", "b/2.png")
    (root / "a/loop").symlink_to(root)
    (root / "b/up").symlink_to("../b")
    (root / "self").symlink_to("self")
    pictures = open_pictures(root)
    assert len(pictures) == 4
    assert pictures.notes == (
        "a/loop links to a folder already listed and was not followed",
        "b/up links to a folder already listed and was not followed",
    )


def test_links_to_folders_and_pictures_are_followed(draw: Draw) -> None:
    root = draw("real/1.png", "real/2.png", "other/3.png", "other/5.png")
    shutil.move(root / "real", root.parent / "elsewhere")
    (root / "real").symlink_to(root.parent / "elsewhere")
    (root / "other/4.png").symlink_to(root / "other/3.png")
    pictures = open_pictures(root)
    assert pictures.keys == ("other/3.png", "other/4.png", "other/5.png", "real/1.png", "real/2.png")
    assert not pictures.notes


def test_a_link_that_leads_nowhere_is_found_broken_when_read(draw: Draw) -> None:
    root = draw("a/1.png", "b/1.png")
    (root / "a/0.png").symlink_to("gone.png")
    with pytest.raises(ImageError, match=r"^a/0\.png: does not exist"):
        open_pictures(root).pixels(0)


def test_a_broken_picture_is_named_by_its_key(draw: Draw) -> None:
    root = draw("a/1.png", "b/1.png")
    (root / "a/1.png").write_text("no picture")
    with pytest.raises(ImageError, match=r"^a/1\.png: is no picture of a known format"):
        open_pictures(root).pixels(0)


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"photos: there is no such file or folder$"):
        open_pictures(tmp_path / "photos")


def test_a_misspelled_word_suggests_the_embedded_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="digit: there is no such file or folder; did you mean 'digits'"):
        open_pictures("digit")


def test_a_folder_that_exists_wins_over_the_word(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(draw("digits/a/1.png"))
    assert open_pictures("digits").found.startswith("class folders, 1 picture")


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is empty; it must hold pictures, or folders of pictures"):
        open_pictures(tmp_path)
    (tmp_path / "cat").mkdir()
    with pytest.raises(DataError, match="is empty; it must hold pictures, or folders of pictures"):
        open_pictures(tmp_path)


def test_a_folder_without_pictures_names_what_it_holds(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.csv"):
        (tmp_path / name).touch()
    with pytest.raises(DataError, match=r"holds no pictures, only other files \(2 \.txt, 1 \.csv\)"):
        open_pictures(tmp_path)


def test_a_file_that_is_no_table_is_an_error(draw: Draw) -> None:
    with pytest.raises(DataError, match=r"1\.png: must be a folder of pictures, .*, but it is a file"):
        open_pictures(draw("1.png") / "1.png")
    with pytest.raises(DataError, match="dict: must be a folder of pictures"):
        open_pictures({})


def test_a_link_to_nowhere_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "photos").symlink_to("gone")
    with pytest.raises(DataError, match="a symbolic link that leads nowhere"):
        open_pictures(tmp_path / "photos")


@pytest.mark.parametrize("which", ["photos", "photos/a/"])
def test_a_folder_without_permission_is_an_error(
    draw: Draw, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    root, scandir = draw("a/1.png", "b/1.png"), os.scandir

    def refused(path: Any) -> Any:
        if os.path.samefile(path, root.parent / which):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)  # Root may read everything, so permissions are played.
    with pytest.raises(
        DataError, match=f"{which}: cannot be read because permission was denied".replace("/:", "/?:")
    ):
        open_pictures(root)


def test_the_error_of_a_strange_name_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\\nb: there is no such file or folder"):
        open_pictures(tmp_path / "a\nb")


def test_the_name_of_a_set_may_be_part_of_a_file_name(draw: Draw) -> None:
    root = draw("a b\n*/1.png") / "a b\n*"
    assert open_pictures(root).name == "a-b"


def test_unknown_kinds_options_and_shares_are_refused(draw: Draw) -> None:
    root = draw("a/1.png")
    with pytest.raises(OptionError, match="did you mean 'class-folders'"):
        open_pictures(root, kind="class-folder")
    with pytest.raises(OptionError, match="has no option 'tests'; did you mean 'test'"):
        open_pictures(root, tests=0.1)
    with pytest.raises(OptionError, match=r"must leave pictures to train on, got 0\.5 \+ 0\.5"):
        open_pictures(root, validation=0.5, test=0.5)
    with pytest.raises(DataError, match="photos: cannot be opened as 'table'"):
        open_pictures(root, kind="table")


def test_twenty_thousand_files_are_opened_in_two_seconds(tmp_path: Path) -> None:
    for name in ("train", "test"):
        for label in range(10):
            folder = tmp_path / name / str(label)
            folder.mkdir(parents=True)
            for i in range(1000):
                os.close(os.open(folder / f"{i:05}.jpg", os.O_CREAT | os.O_WRONLY))
    start = time.perf_counter()
    assert len(open_pictures(tmp_path)) == 20_000
    assert time.perf_counter() - start < 2  # About 0.2 seconds on an idle machine.


def test_an_open_set_comes_back_as_it_is(draw: Draw) -> None:
    pictures = open_pictures(draw("a/1.png", "b/1.png"))
    assert open_pictures(pictures) is pictures
    with pytest.raises(OptionError, match="photos: is open already; options are given where it is opened"):
        open_pictures(pictures, kind="folder")


def test_a_folder_called_like_a_pattern_is_that_folder(draw: Draw) -> None:
    root = draw("a/1.png", "b/1.png").rename(Path(draw()).parent / "p{0..9}[x]*")
    assert open_pictures(str(root)).classes == ("a", "b")


def test_a_list_of_one_place_and_the_place_are_recognized_alike(draw: Draw) -> None:
    root = draw("a/1.png", "b/1.png")
    (root.parent / "x.tar").write_bytes(bytes(1024))
    with pytest.raises(DataError, match=r"x\.tar: holds no pictures"):
        open_pictures([root.parent / "x.tar"])
    with pytest.raises(DataError, match=r"photos and 1 more: must be a folder of pictures, .* tar archives"):
        open_pictures([root, root])
    with pytest.raises(DataError, match="s3://b/x: must be a folder of pictures"):
        open_pictures("s3://b/x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("none-*.tar", r"none-\*\.tar: no file has a name like this"),
        ("x-{0..2}.tar", r"x-\{0\.\.2\}\.tar: means .*x-0\.tar, which does not exist"),
        ("x-{0..999999999}.tar", "means more than 100,000 places"),
        ("x-{0..99999}{0..9}.tar", "means more than 100,000 places"),
        ("{}.tar", "which does not exist"),
    ],
)
def test_a_pattern_without_files_is_one_clear_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        open_pictures(f"{tmp_path}/{text}")


def test_ranges_mean_what_a_shell_makes_of_them() -> None:
    assert list(_in_braces("s-{008..010}.tar")) == ["s-008.tar", "s-009.tar", "s-010.tar"]
    assert list(_in_braces("{2..0}{a,b}")) == ["2a", "2b", "1a", "1b", "0a", "0b"]
    assert list(_in_braces("{9..10}-{x}")) == ["9-{x}", "10-{x}"]

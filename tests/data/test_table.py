"""Source table: CSV and Parquet, columns found by name, and every mistake named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vitral.core import IGNORE, DataError, ImageError
from vitral.data import open_pictures

Draw = Callable[..., Path]


def table(root: Path, text: str, name: str = "list.csv") -> Path:
    (root / name).write_text(text, encoding="utf-8")
    return root / name


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_csv_gives_classes_and_splits(draw: Draw, delimiter: str, mark: str) -> None:
    root = draw("x/1.png", "2.png", "3.png")
    rows = [
        ("File_Name", "Class", "Split"),
        ("x/1.png", "cat", "train"),
        ("2.png", "dog", "Valid"),
        ("3.png", "", ""),
    ]
    pictures = open_pictures(table(root, mark + "\n".join(map(delimiter.join, rows))))
    assert pictures.name == "list"
    assert pictures.keys == ("x/1.png", "2.png", "3.png")
    assert pictures.classes == ("cat", "dog")
    assert pictures.labels.tolist() == [0, 1, IGNORE]
    assert pictures.splits.tolist() == ["train", "val", ""]
    assert pictures.split_by == "table"
    assert pictures.pixels(0).shape == (8, 8, 3)


def test_a_table_without_splits_is_split_by_hash(draw: Draw) -> None:
    root = draw(*[f"{i}.png" for i in range(20)])
    rows = "".join(f"{i}.png,{i % 2}\n" for i in range(20))
    pictures = open_pictures(table(root, f"path,label\n{rows}"))
    assert pictures.split_by == "hash"
    assert {"train", "val"} <= set(pictures.splits)


def test_numbers_as_classes_are_in_the_order_of_numbers(draw: Draw) -> None:
    root = draw("1.png", "2.png", "3.png")
    assert open_pictures(table(root, "path,label\n1.png,10\n2.png,9\n3.png,2\n")).classes == ("2", "9", "10")


def test_a_parquet_table_is_read(draw: Draw) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    root = draw("1.png", "2.png", "3.png")
    columns = {"image": ["1.png", "2.png", "3.png"], "target": [3.0, None, 11.0], "width": [8, 8, 8]}
    pq.write_table(pa.table(columns), root / "t.parquet")
    pictures = open_pictures(root / "t.parquet")
    assert pictures.classes == ("3", "11")
    assert pictures.labels.tolist() == [0, IGNORE, 1]


def test_columns_can_be_named(draw: Draw) -> None:
    path = table(draw("1.png"), "where,what,label\n1.png,cat,9\n")
    pictures = open_pictures(path, path_column="where", label_column="what")
    assert pictures.classes == ("cat",)
    with pytest.raises(DataError, match="has no column 'wher'; did you mean 'where'"):
        open_pictures(path, path_column="wher")


def test_a_table_of_paths_alone_has_no_classes(draw: Draw) -> None:
    assert open_pictures(table(draw("1.png"), "path\n1.png\n")).classes == ()


def test_absolute_paths_and_backslashes_are_understood(draw: Draw) -> None:
    root = draw("a/1.png", "a/2.png")
    pictures = open_pictures(table(root, f"path,label\n{root}/a/1.png,x\na\\2.png,y\n"))
    assert pictures.keys == ("a/1.png", "a/2.png")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "name,label\n1.png,cat\n",
            "must have a column of the paths .*, got 'name', 'label'; name it with path_column",
        ),
        ("path,animal\n1.png,cat\n", "must have a column of the classes .* name it with label_column"),
        ("path,label\n1.png,cat\n1.png,dog\n", r"must name each picture once, got '1\.png' 2 times"),
        ("path,label\n1.png,cat\n./1.png,dog\n", r"must name each picture once, got '1\.png' 2 times"),
        ("path,label\n,cat\n", "picture 1 has an empty path"),
        ("path,label\n", "has no rows"),
        ("", "is empty; its first line must name the columns"),
        ("path,path\n1.png,x\n", "must name each column once, got path, path"),
        ("path,label\n1.png\n", "line 2 has 1 cells, the header 2"),
        (
            "path,split\n1.png,trian\n",
            "a split must be train, val or test, got 'trian'; did you mean 'train'",
        ),
        ('path,label\n"1.png,cat\n', "is no valid CSV"),
        (
            "path,label\ngone.png,cat\n1.png,dog\n",
            r"1 of its 2 files do not exist, first 'gone\.png'; paths must",
        ),
    ],
)
def test_a_table_with_a_mistake_is_one_clear_error(draw: Draw, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        open_pictures(table(draw("1.png"), text))


def test_a_few_missing_files_are_noted_and_found_broken_when_read(draw: Draw) -> None:
    root = draw(*[f"{i}.png" for i in range(40)])
    rows = "".join(f"{i}.png,{i % 2}\n" for i in range(41))
    pictures = open_pictures(table(root, f"path,label\n{rows}"))
    assert pictures.notes == ("1 file of the table does not exist: '40.png'",)
    with pytest.raises(ImageError, match=r"^40\.png: does not exist"):
        pictures.pixels(40)


def test_damaged_tables_are_errors(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1 no table")
    with pytest.raises(DataError, match=r"t\.parquet: is no valid Parquet file"):
        open_pictures(tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_bytes(b"path,label\n\xff.png,cat\n")
    with pytest.raises(DataError, match=r"t\.csv: must be UTF-8 text, but byte \d+ is not"):
        open_pictures(tmp_path / "t.csv")

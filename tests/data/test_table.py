"""Source table: CSV, JSONL and Parquet, columns found by name, and every mistake named."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vitral.core import IGNORE, DataError, ImageError
from vitral.data import decode, open_pictures
from vitral.data.sources import parquet_pixels

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


def jsonl(root: Path, *rows: object, name: str = "list.jsonl") -> Path:
    return table(root, "".join(json.dumps(row) + "\n" for row in rows), name)


@pytest.mark.parametrize("name", ["list.jsonl", "list.ndjson"])
def test_jsonl_gives_classes_boxes_and_points(draw: Draw, name: str) -> None:
    rows = [
        {
            "path": "1.png",
            "label": "cat",
            "boxes": [[0, 1, 2, 3.5], [4, 4, 8, 8]],
            "box_labels": ["ear", "cat"],
        },
        {"path": "2.png", "label": None, "boxes": []},
        {"path": "3.png", "boxes": [0, 0, 1, 1], "box_labels": "ear", "points": [[[1, 2], [3, 4, 1]]]},
    ]
    pictures = open_pictures(jsonl(draw("1.png", "2.png", "3.png"), *rows, name=name))
    assert pictures.classes == ("cat", "ear")
    assert pictures.labels.tolist() == [0, IGNORE, IGNORE]
    assert pictures.objects is not None
    assert pictures.objects.starts.tolist() == [0, 2, 2, 3]
    assert pictures.objects.boxes.tolist() == [[0, 1, 2, 3.5], [4, 4, 8, 8], [0, 0, 1, 1]]
    assert pictures.objects.labels.tolist() == [1, 0, 1]
    assert pictures.objects.points is not None
    assert pictures.objects.points.tolist()[1:] == [[[0, 0, 0], [0, 0, 0]], [[1, 2, 2], [3, 4, 1]]]


def test_points_without_boxes_are_one_object_each(draw: Draw) -> None:
    rows = [{"path": "1.png", "points": [[1, 2], [5, 3], [9, 9, 0]]}, {"path": "2.png", "points": []}]
    pictures = open_pictures(jsonl(draw("1.png", "2.png"), *rows))
    assert pictures.classes == ("object",)
    assert pictures.objects is not None
    assert pictures.objects.starts.tolist() == [0, 1, 1]
    assert pictures.objects.boxes.tolist() == [[1, 2, 5, 3]]


def test_a_folder_with_metadata_is_its_table(draw: Draw) -> None:
    root = draw("a/1.png", "b/2.png", "b/3.png")
    (root / "b/3.png").unlink()
    rows = [
        {"file_name": "a/1.png", "text": "a boat", "objects": {"bbox": [[2, 3, 4, 2]], "categories": [7]}},
        {"file_name": "b/2.png", "text": "two", "objects": [{"bbox": [0, 0, 1, 1], "category": 10}]},
    ]
    jsonl(root, *rows, name="metadata.jsonl")
    pictures = open_pictures(root)
    assert pictures.name == "photos"
    assert pictures.keys == ("a/1.png", "b/2.png")
    assert pictures.classes == ("7", "10")
    assert pictures.objects is not None
    assert pictures.objects.boxes.tolist() == [[2, 3, 6, 5], [0, 0, 1, 1]]
    table(root, "made_by,year\nme,2020\n", "metadata.csv")
    (root / "metadata.jsonl").unlink()
    assert open_pictures(root).classes == ("a", "b"), "a table that names no files is no table of pictures"


def test_a_csv_with_one_box_a_row_is_read(draw: Draw) -> None:
    rows = "2.png,1,2,3,4,dog,train\n1.png,,,,,,val\n2.png,0,0,5.5,5,cat,train\n"
    text = f"filename,xmin,ymin,xmax,ymax,class,split\n{rows}"
    pictures = open_pictures(table(draw("1.png", "2.png"), text))
    assert pictures.keys == ("2.png", "1.png")
    assert pictures.classes == ("cat", "dog")
    assert set(pictures.labels) == {IGNORE}
    assert pictures.splits.tolist() == ["train", "val"]
    assert pictures.objects is not None
    assert pictures.objects.starts.tolist() == [0, 2, 2]
    assert pictures.objects.boxes.tolist() == [[1, 2, 3, 4], [0, 0, 5.5, 5]]
    assert pictures.objects.labels.tolist() == [1, 0]


def test_weights_and_masks_are_read(draw: Draw) -> None:
    root = draw("1.png", "2.png")
    Image.fromarray(np.array([[0, 3, 255]], dtype=np.uint8)).save(root / "m.png")
    pictures = open_pictures(table(root, "path,weight,mask\n1.png,2.5,m.png\n2.png,,\n"))
    assert pictures.weights is not None
    assert pictures.weights.tolist() == [2.5, 1]
    assert pictures.masks is not None
    assert pictures.masks.path(0) == root / "m.png"
    assert pictures.masks.read(0).tolist() == [[0, 3, 255]]
    with pytest.raises(ImageError, match=r"^2\.png: has no mask in the table"):
        pictures.masks.read(1)


@pytest.mark.parametrize("form", ["struct", "binary", "large"])
def test_a_parquet_file_may_hold_the_pictures(draw: Draw, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    monkeypatch.setattr(parquet_pixels, "_MOST_GROUPS", 2)
    root = draw(*[f"{i}.png" for i in range(10)])
    data = [(root / f"{i}.png").read_bytes() for i in range(10)]
    if form == "struct":
        column: Any = [{"bytes": d, "path": f"x/{i}.png"} for i, d in enumerate(data)]
    else:
        column = pa.array(data, pa.large_binary() if form == "large" else pa.binary())
    features = {"info": {"features": {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}}}
    columns = pa.table({"image": column, "label": [0, 1, -1, *[1] * 7]})
    columns = columns.replace_schema_metadata({"huggingface": json.dumps(features)})
    pq.write_table(columns, root / "t.parquet", row_group_size=3)
    pictures = open_pictures(root / "t.parquet")
    assert pictures.keys[:2] == (("x/0.png", "x/1.png") if form == "struct" else ("0000000", "0000001"))
    assert pictures.classes == ("cat", "dog")
    assert pictures.labels.tolist()[:4] == [0, 1, IGNORE, 1]
    for i in (9, 0, 4, 8, 3, 0):
        assert bytes(pictures.source.encoded(i) or b"") == data[i]
        assert np.array_equal(pictures.pixels(i), decode(data[i]))
    assert pictures.undecoded(5).shape == (8, 8, 3)
    assert len(vars(pictures.source)["_groups"]) == 2
    assert "_file" not in pictures.source.__reduce_ex__(2)[2], "it goes to other processes without its file"


def test_pictures_that_a_parquet_file_lacks_are_named_when_read(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"image": pa.array([None, b"x"], pa.binary())}), tmp_path / "t.parquet")
    pictures = open_pictures(tmp_path / "t.parquet")
    with pytest.raises(ImageError, match=r"^0000000: has no bytes in the table"):
        pictures.pixels(0)
    with pytest.raises(ImageError, match=r"^0000001: "):
        pictures.pixels(1)
    two = {"a": pa.array([b"x"], pa.binary()), "b": pa.array([b"x"], pa.binary())}
    pq.write_table(pa.table(two), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="must have one column with the bytes of pictures, got a, b; call it"):
        open_pictures(tmp_path / "t.parquet")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.jsonl", "{", "line 1: is no valid JSON"),
        ("t.jsonl", "[" * 100_000, "line 1: is no valid JSON"),
        ("t.jsonl", '\n{"path": ' + "9" * 5000 + "}", "line 2: is no valid JSON"),
        ("t.jsonl", "[1]", r"line 1: must be a JSON object like .*, got \[1\]"),
        ("t.jsonl", "", "must have a column of the paths"),
        ("t.jsonl", '{"path": ["1.png"]}', "column 'path' must hold one text or number a row"),
        ("t.jsonl", '{"path": "1.png", "label": ["a"]}', "column 'label' must hold one text or number a row"),
        ("t.jsonl", '{"path": "1.png", "boxes": 3}', r"1\.png: boxes must be a list, got 3"),
        ("t.jsonl", '{"path": "1.png", "boxes": [[1, 2, 3, NaN]]}', "a box must be made of finite numbers"),
        (
            "t.jsonl",
            '{"path": "1.png", "boxes": [[0, 0, 1, 1]], "box_labels": [{}]}',
            "a label must be a name",
        ),
        (
            "t.jsonl",
            '{"path": "1.png", "boxes": [[0, 0, 1, 1]], "points": []}',
            "must have one list of points",
        ),
        ("t.jsonl", '{"path": "1.png", "boxes": [[0, 0, 1, 1]], "points": [[[1]]]}', "a point must be x y"),
        ("t.jsonl", '{"path": "1.png", "objects": {"box_": []}}', "objects must have a `bbox`"),
        (
            "t.jsonl",
            '{"path": "1.png", "boxes": [[0,0,1,1],[0,0,1,1]], "points": [[[1, 1]], [[1, 1], [2, 2]]]}',
            "all objects must have as many points as the others, got 1 and 2",
        ),
        ("t.csv", "path,xmin,ymin,xmax,ymax\n1.png,1,2,3,x\n", "row 1: must be a number, got 'x'"),
        ("t.csv", "path,xmin,ymin,xmax,ymax\n1.png,1,2,nan,3\n", "a box must be made of finite numbers"),
        ("t.csv", "path,xmin,ymin,xmax,ymax\n1.png,3,2,1,3\n", "not turned inside out"),
        (
            "t.csv",
            "path,xmin,ymin,xmax,ymax,class\n1.png,0,0,1,1,\n",
            "a label must be a name or a whole number",
        ),
        ("t.csv", "path;boxes\n1.png;[1 2 3 4\n", r"must be a list like \[\[0, 0, 9, 9\]\], got '\[1 2 3 4'"),
        ("t.csv", "path,weight\n1.png,0\n", "row 1: a weight must be finite and above 0, got 0"),
        ("t.csv", "path,weight\n1.png,inf\n", "row 1: a weight must be finite and above 0, got inf"),
        ("t.csv", "path,weight\n1.png,much\n", "row 1: must be a number, got 'much'"),
    ],
)
def test_a_further_column_with_a_mistake_is_one_clear_error(
    draw: Draw, name: str, text: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        open_pictures(table(draw("1.png"), text, name))


@pytest.mark.parametrize("text", ["[1, 2]", "", "[" * 100_000, '{"a": 1}', "\0\udc80"])
def test_a_folder_with_other_metadata_is_opened_by_its_pictures(draw: Draw, text: str) -> None:
    root = draw("a/1.png", "b/2.png")
    for name in ("metadata.csv", "metadata.jsonl", "metadata.parquet"):
        (root / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert open_pictures(root).classes == ("a", "b")


def test_times_too_fine_for_python_do_no_harm(draw: Draw) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    root = draw("1.png")
    columns = {"path": ["1.png"], "label": ["x"], "taken": pa.array([1], pa.timestamp("ns"))}
    pq.write_table(pa.table(columns), root / "t.parquet")
    assert open_pictures(root / "t.parquet").classes == ("x",)

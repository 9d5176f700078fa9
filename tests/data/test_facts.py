"""Facts of pictures: free of contradictions, and safe to write and read."""

import json

import pytest

from vitral.core import DataError, FileFormatError
from vitral.data.facts import DataFacts, low_median

FACTS = DataFacts(
    classes=("cat", "dog"),
    counts=(3, 4),
    pictures=8,
    height_px=(1, 30, 40),
    width_px=(2, 2, 10000),
    mean=(0.5, 0.25, 1 / 3),
    std=(0.1, 0.2, 0.3),
    grey=False,
)


def test_facts_written_as_json_and_read_back_are_equal():
    assert DataFacts.from_json(json.loads(json.dumps(FACTS.to_json()))) == FACTS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"counts": [3]}, r"counts: must have one number per class, got \(3,\)"),
        ({"counts": [5, 4]}, "counts: must add up to at most 8"),
        ({"counts": [-1, 4]}, "counts: must not be negative"),
        ({"classes": ["cat", "cat"]}, "classes: must all differ"),
        ({"pictures": 0}, "pictures: must be at least 1, got 0"),
        ({"height_px": [5, 4, 6]}, "height_px: must be ordered and positive"),
        ({"width_px": [0, 4, 6]}, "width_px: must be ordered and positive"),
        ({"mean": [0.5, 0.5]}, r"mean: must be three numbers in \[0, 1\]"),
        ({"mean": [0.5, 0.5, 128.0]}, r"mean: must be three numbers in \[0, 1\]"),
        ({"std": [0.5, 0.6, 0.5]}, r"std: must be three numbers in \[0, 0.5\]"),
    ],
)
def test_facts_that_contradict_each_other_are_refused(change, message):
    with pytest.raises(DataError, match=message):
        DataFacts.from_json(FACTS.to_json() | change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gray": True}, "has no fact 'gray'; did you mean 'grey'"),
        ({"grey": 1}, "grey: must be true or false, got 1"),
        ({"pictures": True}, "pictures: must be a whole number, got True"),
        ({"classes": "cat"}, "classes: must be a list, got 'cat'"),
        ({"classes": [1, 2]}, "classes: must be a text, got 1"),
        ({"mean": [0.5, 0.5, float("nan")]}, "mean: must be a number, got nan"),
    ],
)
def test_json_that_holds_no_facts_is_refused(change, message):
    with pytest.raises(FileFormatError, match=message):
        DataFacts.from_json(FACTS.to_json() | change)


def test_a_missing_fact_is_named():
    data = FACTS.to_json()
    del data["std"]
    with pytest.raises(FileFormatError, match="but std is missing"):
        DataFacts.from_json(data)
    with pytest.raises(FileFormatError, match="must be an object"):
        DataFacts.from_json([])  # type: ignore[arg-type]


def test_the_median_size_is_the_size_of_a_real_picture():
    assert low_median([9, 1, 5, 3]) == (1, 3, 9)
    assert low_median([7]) == (7, 7, 7)

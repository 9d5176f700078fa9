"""Metrics equal those of scikit-learn, however the pictures are grouped."""

import json
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vitral.core import IGNORE, DataError, ShapeError
from vitral.nn import ClassificationMetrics, expected_calibration_error

NAMES = tuple("abcdefg")


def drawn(count: int, classes: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    numbers = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, classes, (count,), generator=numbers)
    scores = torch.randn(count, classes, generator=numbers)
    scores[torch.arange(count), labels] += 1
    return scores, labels


@settings(max_examples=25, deadline=None)
@given(count=st.integers(1, 60), classes=st.integers(2, 7), seed=st.integers(0, 999))
def test_figures_equal_those_of_scikit_learn(count: int, classes: int, seed: int) -> None:
    from sklearn import metrics as known

    zero: dict[str, Any] = {"zero_division": 0}
    scores, labels = drawn(count, classes, seed)
    counter = ClassificationMetrics(NAMES[:classes])
    counter.update(scores, labels)
    found, answer, every = counter.result(), scores.argmax(1).numpy(), np.arange(classes)
    assert found["accuracy"] == pytest.approx(known.accuracy_score(labels, answer))
    assert found["macro_f1"] == pytest.approx(known.f1_score(labels, answer, average="macro", **zero))
    assert found["confusion"] == known.confusion_matrix(labels, answer, labels=every).tolist()
    each: Any = known.precision_recall_fscore_support(labels, answer, labels=every, **zero)
    for k, name in enumerate(NAMES[:classes]):
        row = found["per_class"][name]
        assert [row["precision"], row["recall"], row["f1"], row["count"]] == pytest.approx(
            [v[k] for v in each]
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that the top five of five classes are everything
        if classes > 2:
            top = known.top_k_accuracy_score(labels, scores, k=5, labels=every)
            assert found["top5"] == pytest.approx(top)


def test_grouping_and_merging_change_nothing() -> None:
    scores, labels = drawn(50, 7, 3)
    whole, left, right = (ClassificationMetrics(NAMES) for _ in range(3))
    whole.update(scores, labels)
    for counter, part in ((left, slice(0, 13)), (right, slice(13, 50))):
        counter.update(scores[part], labels[part])
    left.merge(right)
    assert left.result() == whole.result()


def test_result_is_plain_json_without_any_picture() -> None:
    found = ClassificationMetrics(("x", "y")).result()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["accuracy"] == found["top5"] == found["macro_f1"] == 0.0


def test_pictures_without_class_are_not_counted() -> None:
    counter = ClassificationMetrics(("x", "y"))
    counter.update(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([0, IGNORE]))
    assert counter.result()["accuracy"] == 1.0
    assert counter.result()["confusion"] == [[1, 0], [0, 0]]


def test_equal_scores_do_not_count_as_known() -> None:
    counter = ClassificationMetrics(NAMES)
    counter.update(torch.zeros(7, 7), torch.arange(7))
    assert counter.result()["accuracy"] == pytest.approx(1 / 7)
    assert counter.result()["top5"] == pytest.approx(5 / 7)


def test_scores_that_are_no_numbers_are_the_lowest() -> None:
    counter = ClassificationMetrics(NAMES)
    scores = torch.zeros(1, 7)
    scores[0, 0] = torch.nan
    counter.update(scores, torch.tensor([0]))
    assert counter.result()["top5"] == 0


def test_half_precision_is_counted() -> None:
    counter = ClassificationMetrics(("x", "y"))
    counter.update(torch.tensor([[1.0, 0.0]]).bfloat16(), torch.tensor([0]))
    assert counter.result()["accuracy"] == 1.0


def test_wrong_shapes_labels_and_classes_are_refused() -> None:
    counter = ClassificationMetrics(("x", "y"))
    with pytest.raises(ShapeError, match=r"scores must be 3 x 2 \(labels x classes\), got 3 x 5"):
        counter.update(torch.zeros(3, 5), torch.zeros(3, dtype=torch.long))
    with pytest.raises(DataError, match=r"labels must lie in \[0, 2\) or be -100, got 0 to 2"):
        counter.update(torch.zeros(2, 2), torch.tensor([0, 2]))
    with pytest.raises(DataError, match="the same classes"):
        counter.merge(ClassificationMetrics(("y", "x")))
    with pytest.raises(DataError, match="classes must be distinct"):
        ClassificationMetrics(("x", "x"))


def test_calibration_error_of_the_paper_by_hand() -> None:
    probabilities = torch.tensor([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.5, 0.5]])
    labels = torch.tensor([0, 1, 0, IGNORE])
    # Two at 0.9 of which half are right, one at 0.6 that is right.
    expected = (2 * abs(0.5 - 0.9) + abs(1 - 0.6)) / 3
    assert expected_calibration_error(probabilities, labels, bins=10) == pytest.approx(expected, abs=1e-6)
    assert expected_calibration_error(probabilities, torch.full((4,), IGNORE)) == 0.0


def test_calibration_error_refuses_what_does_not_fit() -> None:
    with pytest.raises(ShapeError, match="at least 1 bin"):
        expected_calibration_error(torch.zeros(2, 2), torch.zeros(2, dtype=torch.long), bins=0)

"""`AveragePrecision`: figures by hand, and agreement with pycocotools on random boxes."""

import contextlib
import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitral.core import DataError, ShapeError
from vitral.nn.metrics.average_precision import AveragePrecision

BOX = np.array([[10.0, 10.0, 50.0, 50.0]])
NONE = np.zeros((0, 4))
NO_LABELS = np.zeros(0, dtype=np.int64)


def judged(*pictures, classes=("a",)):
    metric = AveragePrecision(classes)
    for boxes, labels, scores, objects, object_labels, crowd in pictures:
        metric.update(
            np.asarray(boxes, dtype=np.float64).reshape(-1, 4),
            np.asarray(labels, dtype=np.int64),
            np.asarray(scores, dtype=np.float64),
            objects=np.asarray(objects, dtype=np.float64).reshape(-1, 4),
            object_labels=np.asarray(object_labels, dtype=np.int64),
            crowd=np.asarray(crowd, dtype=np.bool_),
        )
    return metric


def test_a_box_in_its_place_is_worth_everything():
    figures = judged((BOX, [0], [0.9], BOX, [0], [False])).result()
    assert [figures[name] for name in ("map", "ap50", "ap75", "ar1", "ar100", "ap_medium")] == pytest.approx(
        [1.0] * 6
    )
    assert figures["ap_small"] is None
    row = {"ap": 1.0, "ap50": 1.0, "ap75": 1.0, "ar100": 1.0, "count": 1}
    assert figures["per_class"]["a"] == pytest.approx(row)


def test_a_surer_wrong_box_halves_the_precision():
    far = np.array([[200.0, 200.0, 240.0, 240.0]])
    figures = judged((np.concatenate([far, BOX]), [0, 0], [0.9, 0.5], BOX, [0], [False])).result()
    assert figures["map"] == pytest.approx(0.5)
    assert figures["ar1"] == 0.0
    assert figures["ar10"] == 1.0


def test_an_overlap_of_0_7_is_found_at_five_of_ten_thresholds():
    shifted = np.array([[0.0, 0.0, 70.0, 100.0]])
    figures = judged((shifted, [0], [0.9], [[0.0, 0.0, 100.0, 100.0]], [0], [False])).result()
    assert (figures["map"], figures["ap50"], figures["ap75"]) == pytest.approx((0.5, 1.0, 0.0))


def test_a_crowd_neither_rewards_nor_punishes():
    inside = np.array([[0.0, 0.0, 20.0, 20.0], [30.0, 30.0, 50.0, 50.0]])
    crowd = [[0.0, 0.0, 100.0, 100.0]]
    with_crowd = judged(
        (np.concatenate([inside, BOX + 200]), [0] * 3, [0.9, 0.8, 0.7], np.concatenate([crowd, BOX + 200]),
         [0, 0], [True, False])
    ).result()  # fmt: skip
    assert with_crowd["map"] == pytest.approx(1.0)
    assert with_crowd["per_class"]["a"]["count"] == 1


def test_one_object_is_found_once():
    twice = judged((np.concatenate([BOX, BOX]), [0, 0], [0.9, 0.8], np.concatenate([BOX, BOX + 100]),
                    [0, 0], [False, False])).result()  # fmt: skip
    assert twice["ap50"] == pytest.approx(51 / 101)
    assert twice["ar100"] == 0.5


def test_a_class_without_objects_takes_no_part():
    metric = judged((BOX, [1], [0.9], BOX, [0], [False]), (BOX, [0], [0.8], BOX, [0], [False]), classes="ab")
    figures = metric.result()
    assert list(figures["per_class"]) == ["a"]
    assert figures["map"] == figures["per_class"]["a"]["ap"]


def test_without_any_object_all_is_zero():
    figures = judged((BOX, [0], [0.9], NONE, [], [])).result()
    assert (figures["map"], figures["ar100"], figures["ap_small"], figures["per_class"]) == (0, 0, None, {})
    assert AveragePrecision(["a"]).result()["map"] == 0.0


def test_curves_are_plain_json_and_know_the_best_score():
    far = np.array([[200.0, 200.0, 240.0, 240.0]])
    metric = judged((np.concatenate([BOX, far]), [0, 0], [0.8, 0.3], BOX, [0], [False]))
    curves = metric.curves()
    assert json.loads(json.dumps(curves)) == curves
    assert curves["precision_recall"]["a"][0] == [0.0, 1.0]
    assert dict(map(tuple, curves["f1"]["all"]))[0.5] == 1.0
    assert dict(map(tuple, curves["f1"]["all"]))[0.2] == pytest.approx(2 / 3, abs=1e-4)
    assert dict(map(tuple, curves["f1"]["all"]))[0.9] == 0.0
    assert 0.3 < curves["best_score"] <= 0.8


def test_wrong_input_is_refused():
    metric = AveragePrecision(["a"])
    with pytest.raises(DataError, match="classes must be distinct, at least one"):
        AveragePrecision([])
    with pytest.raises(ShapeError, match="boxes must be 1 x 4 with 1 numbers beside them"):
        metric.update(BOX, np.zeros(1, np.int64), np.zeros(2), objects=NONE, object_labels=NO_LABELS)
    with pytest.raises(DataError, match=r"labels of boxes must lie in \[0, 1\), got 1 to 1"):
        metric.update(BOX, np.ones(1, np.int64), np.ones(1), objects=NONE, object_labels=NO_LABELS)
    with pytest.raises(DataError, match="objects must be finite"):
        metric.update(
            BOX, np.zeros(1, np.int64), np.ones(1), objects=BOX * np.nan, object_labels=np.zeros(1, np.int64)
        )


def random_pictures(seed, *, classes, pictures, whole):
    """Boxes that often hit: objects of all sizes, found ones near them, equal scores, crowds."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(pictures):
        count = int(random.integers(0, 8))
        start = random.uniform(0, 300, (count, 2))
        objects = np.concatenate([start, start + np.exp(random.uniform(1, 5.5, (count, 2)))], axis=1)
        object_labels = random.integers(0, classes, count)
        crowd = random.random(count) < 0.2
        picked = random.integers(0, max(count, 1), 12 if count else 0)
        boxes = objects[picked] + random.normal(0, 1, (len(picked), 4)) * random.choice([0, 2, 10])
        labels = np.where(random.random(len(picked)) < 0.8, object_labels[picked], 0)
        start = random.uniform(0, 300, (int(random.integers(0, 4)), 2))
        boxes = np.concatenate(
            [boxes, np.concatenate([start, start + random.uniform(1, 99, start.shape)], 1)]
        )
        labels = np.concatenate([labels, random.integers(0, classes, len(start))])
        boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 0.5)
        if whole:
            objects, boxes = np.rint(objects / 8) * 8, np.rint(boxes / 8) * 8
        scores = np.rint(random.random(len(boxes)) * 10) / 10 if whole else random.random(len(boxes))
        made.append((boxes, labels, scores, objects, object_labels, crowd))
    return made


def by_pycocotools(pictures, classes):
    """The twelve figures of COCO, and the average precision of each class."""
    coco_module = pytest.importorskip("pycocotools.coco", reason="pycocotools is not installed")
    evaluation = pytest.importorskip("pycocotools.cocoeval", reason="pycocotools is not installed")
    numbered = range(1, len(pictures) + 1)
    annotations, results = [], []
    for number, (boxes, labels, scores, objects, object_labels, crowd) in zip(
        numbered, pictures, strict=True
    ):
        for box, label, many in zip(objects, object_labels, crowd, strict=True):
            size = box[2:] - box[:2]
            annotations.append(
                {"id": len(annotations) + 1, "image_id": number, "category_id": int(label) + 1,
                 "bbox": [*box[:2], *size], "area": float(size.prod()), "iscrowd": int(many)}
            )  # fmt: skip
        for box, label, score in zip(boxes, labels, scores, strict=True):
            results.append(
                {"image_id": number, "category_id": int(label) + 1, "bbox": [*box[:2], *(box[2:] - box[:2])],
                 "score": float(score)}
            )  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco_module.COCO()
        truth.dataset = {
            "images": [{"id": number} for number in numbered],
            "categories": [{"id": k + 1} for k in range(classes)],
            "annotations": annotations,
        }
        truth.createIndex()
        judge = evaluation.COCOeval(truth, truth.loadRes(results), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    precision = judge.eval["precision"][:, :, :, 0, -1]
    return judge.stats, [float(precision[:, :, k].mean()) for k in range(classes)]


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6), classes=st.integers(1, 4), pictures=st.integers(1, 12), whole=st.booleans()
)
def test_it_agrees_with_pycocotools_on_random_boxes(seed, classes, pictures, whole):
    made = random_pictures(seed, classes=classes, pictures=pictures, whole=whole)
    if not any(len(one[0]) for one in made):
        return
    names = [str(k) for k in range(classes)]
    figures = judged(*made, classes=names).result()
    theirs, per_class = by_pycocotools(made, classes)
    keys = ("map", "ap50", "ap75", "ap_small", "ap_medium", "ap_large", "ar1", "ar10", "ar100")
    for name, value in zip(keys, theirs, strict=False):
        own = figures[name]
        assert max(value, 0.0) == pytest.approx(0.0 if own is None else own, abs=1e-6), name
        assert own is not None or value == -1
    for name, value in zip(names, per_class, strict=True):
        assert (name in figures["per_class"]) == (value >= 0)
        if value >= 0:
            assert figures["per_class"][name]["ap"] == pytest.approx(value, abs=1e-6)


def test_it_agrees_with_pycocotools_on_more_boxes_than_are_looked_at():
    random = np.random.default_rng(3)
    start = random.uniform(0, 500, (60, 2))
    objects = np.concatenate([start, start + random.uniform(10, 60, (60, 2))], axis=1)
    boxes = np.concatenate([objects + random.normal(0, 3, objects.shape) for _ in range(4)])
    made = [(boxes, np.zeros(240, int), random.random(240), objects, np.zeros(60, int), np.zeros(60, bool))]
    theirs, _ = by_pycocotools(made, 1)
    figures = judged(*made).result()
    assert [figures[name] for name in ("map", "ar1", "ar10", "ar100")] == pytest.approx(
        [theirs[n] for n in (0, 6, 7, 8)], abs=1e-6
    )

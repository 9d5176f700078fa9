"""The detection task: what it chooses, what it minimizes, what it finds, shows and writes."""

import csv
import dataclasses
import io
import json

import numpy as np
import pytest
import torch

from vitral.core import Batch, DataError, OptionError
from vitral.data import ArrayPixels, Loader, Objects, PictureSet, open_pictures, scan
from vitral.nn import ResidualPyramid, UNet
from vitral.tasks.detect import Detect, Detected
from vitral.tasks.detect.choosing import training_frame
from vitral.tasks.detect.drawing import Shown, painted
from vitral.tasks.detect.judging import Marked
from vitral.tasks.detect.truth import beside_truth
from vitral.tasks.detect.views import Seen, seen_size, together
from vitral.tasks.writing import Answered, WritesAnswers

SMALL = UNet(encoder=ResidualPyramid(stem=8, widths=(8, 16), depths=(1, 1)), widths=(8, 8))
CLASSES = ("cell", "dot")


def pictures_of(*, height=60, width=80, crowd=False, objects=True, count=4):
    """Bright squares of 20 px and of 6 px on dark ground, one of each in each picture."""
    random = np.random.default_rng(2)
    pixels = random.integers(0, 30, (count, height, width, 3), dtype=np.uint8)
    boxes = np.zeros((2 * count, 4))
    for n in range(count):
        for k, side in enumerate((20, 6)):
            x, y = (
                int(random.integers(0, width // 2 - side)) + k * width // 2,
                int(random.integers(0, height - side)),
            )
            pixels[n, y : y + side, x : x + side, k] = 220
            boxes[2 * n + k] = (x, y, x + side, y + side)
    there = Objects(
        starts=np.arange(0, 2 * count + 1, 2), boxes=boxes, labels=np.tile([0, 1], count),
        crowd=np.full(2 * count, crowd),
    )  # fmt: skip
    return PictureSet(
        name="squares",
        keys=tuple(f"{n}.png" for n in range(count)),
        source=ArrayPixels(pixels),
        classes=CLASSES,
        splits=np.asarray(["train"] * count),
        objects=there if objects else None,
    )


def decided(pictures, **options):
    found = scan(pictures, short_side=None)
    return Detect(network=SMALL, **options).decide(found.pictures, found.facts)[0], found


@pytest.fixture(scope="module")
def learned():
    """A small network that has seen four pictures 120 times."""
    torch.manual_seed(0)
    task, found = decided(pictures_of(), size=72, zoom=(1.0, 1.0), stretch=1.0, light=0.0, flip=False)
    model = task.build(found.facts)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    batch = batch_of(found, task, train=True)
    for _ in range(120):
        optimizer.zero_grad()
        task.losses(model, batch)["loss"].backward()
        optimizer.step()
    return task, model.eval(), found


def batch_of(found, task, *, train=False):
    transform = task.augmentation(found.facts, train=True) if train else task.judged(found.facts)
    return next(iter(Loader(found.pictures, batch_size=4, workers=0, transform=transform)))


def box_of(found, row):
    return found.pictures.objects.of(row).boxes


def test_the_size_makes_the_smallest_class_large_enough():
    task, _ = decided(pictures_of(height=120, width=160))
    assert task.size == 128
    task, _ = decided(pictures_of())
    assert task.size == 128
    assert task.typical == pytest.approx(13 / 60 * 128, abs=0.2)


def test_what_a_person_set_is_kept():
    task, _ = decided(pictures_of(), size=96, typical=11.0)
    assert (task.size, task.typical) == (96, 11.0)


@pytest.mark.parametrize("pictures", [pictures_of(objects=False), pictures_of(count=0)])
def test_pictures_without_objects_are_refused_and_the_layouts_are_named(pictures):
    facts = scan(pictures_of(), short_side=None).facts
    with pytest.raises(DataError, match=r"needs boxes around objects.*Pascal VOC, COCO or YOLO, or a table"):
        Detect().decide(pictures, facts)


def test_crowds_alone_are_refused():
    with pytest.raises(DataError, match="all 8 are crowds"):
        decided(pictures_of(crowd=True))


def test_wrong_options_are_refused():
    with pytest.raises(OptionError, match=r"Detect.zoom: must rise, got \(2.0, 1.0\)"):
        Detect(zoom=(2.0, 1.0))
    with pytest.raises(OptionError, match=r"Detect.scales: must name at least one scale"):
        Detect(scales=())
    with pytest.raises(OptionError, match=r"Detect.typical: is still open"):
        Detect()._typical  # noqa: B018


def test_pictures_that_are_alike_keep_their_shape_and_others_are_seen_as_squares():
    facts = scan(pictures_of(height=60, width=80), short_side=None).facts
    assert training_frame(facts, 96) == (96, 128)
    assert training_frame(facts, 64) == (64, 64)
    assert training_frame(dataclasses.replace(facts, width_px=(60, 80, 90)), 96) == (96, 96)
    tall = dataclasses.replace(facts, height_px=(500, 500, 500), width_px=(50, 50, 50))
    assert training_frame(tall, 96) == (192, 96)


@pytest.mark.parametrize(("upright", "zoom"), [(True, (0.75, 1.5)), (False, (0.5, 2.0)), (True, (1.2, 1.5))])
def test_boxes_follow_the_pictures_of_training(upright, zoom):
    task, found = decided(pictures_of(), size=96, upright=upright, zoom=zoom)
    batch = batch_of(found, task, train=True)
    assert batch.inputs is not None
    assert batch.boxes is not None
    assert batch.box_labels is not None
    seen = 0
    for picture, boxes, labels in zip(batch.inputs, batch.boxes, batch.box_labels, strict=True):
        for (x0, y0, x1, y1), k in zip(np.rint(boxes).astype(int).tolist(), labels.tolist(), strict=True):
            inside = picture[k, y0 + 2 : y1 - 2, x0 + 2 : x1 - 2]
            if inside.numel():
                assert float(inside.mean()) > 0.5
                seen += 1
    assert seen >= 2


def test_at_the_end_of_a_training_things_have_nearly_their_own_size():
    task, found = decided(pictures_of(), size=96)
    sides: dict[float, list[float]] = {0.0: [], 0.9: []}
    for progress, seen in sides.items():
        transform = task.augmentation(found.facts, train=True, progress=progress)
        for seed in range(6):
            batch = next(
                iter(Loader(found.pictures, batch_size=4, workers=0, transform=transform, seed=seed))
            )
            assert batch.boxes is not None
            assert batch.box_labels is not None
            for boxes, labels in zip(batch.boxes, batch.box_labels, strict=True):
                seen += (boxes[labels == 1, 2] - boxes[labels == 1, 0]).tolist()
    own = 6 / 60 * 96
    assert max(abs(side / own - 1) for side in sides[0.9] if side < 1.3 * own) < 0.35
    assert np.std(sides[0.9]) < 0.6 * np.std(sides[0.0])


def test_an_object_that_a_crop_leaves_too_little_of_is_none():
    task, found = decided(pictures_of(), size=64, zoom=(1.0, 4.0), min_visible=0.9)
    batch = batch_of(found, task, train=True)
    assert batch.boxes is not None
    assert sum(map(len, batch.boxes)) < 8


def test_losses_are_finite_with_and_without_objects():
    task, found = decided(pictures_of(), size=64)
    model = task.build(found.facts)
    for boxes in (None, [np.zeros((0, 4))] * 2):
        batch = Batch.loose([np.zeros((64, 64, 3), np.uint8)] * 2)
        batch.inputs, batch.boxes = torch.zeros(2, 3, 64, 64), boxes
        batch.box_labels = None if boxes is None else [np.zeros(0, np.int64)] * 2
        loss = task.losses(model, batch)["loss"]
        loss.backward()
        assert torch.isfinite(loss.detach())


def test_a_new_network_takes_hardly_any_place_for_an_object():
    task, found = decided(pictures_of(), size=64)
    with torch.no_grad():
        maps = task.build(found.facts).eval()(torch.rand(1, 3, 64, 64))
    assert maps.shape == (1, 6, 16, 16)
    assert float(maps[:, :2].sigmoid().max()) < 0.05


def test_it_learns_four_pictures_and_finds_the_boxes_in_their_own_pixels(learned):
    task, model, found = learned
    for n, answer in enumerate(task.predict(model, [found.pictures.pixels(n) for n in range(4)])):
        assert answer.counts() == {"cell": 1, "dot": 1}
        assert answer.headline() in ("1 cell, 1 dot", "1 dot, 1 cell")
        by_class = {one.number: one.box for one in answer.boxes}
        assert np.abs(np.array([by_class[0], by_class[1]]) - box_of(found, n)).max() < 3


def test_an_answer_does_not_depend_on_its_neighbors(learned):
    task, model, found = learned
    pixels = [found.pictures.pixels(n) for n in range(3)] + [np.zeros((7, 300, 3), np.uint8)]
    assert task.predict(model, pixels) == [task.predict(model, [one])[0] for one in pixels]


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 300, 3), (67, 41, 3), (300, 2, 3)])
def test_boxes_lie_inside_pictures_of_any_size(learned, shape):
    task, model, _ = learned
    pixels = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    answer = dataclasses.replace(task, confidence=0.0).predict(model, [pixels])[0]
    for one in answer.boxes:
        x0, y0, x1, y1 = one.box
        assert 0 <= x0 <= x1 <= shape[1]
        assert 0 <= y0 <= y1 <= shape[0]


def test_a_mirrored_look_says_the_same_of_a_mirrored_picture(learned):
    task, model, found = learned
    both = dataclasses.replace(task, flip=True)
    pixels = found.pictures.pixels(0)
    answer, turned = both.predict(model, [pixels, np.ascontiguousarray(pixels[:, ::-1])])
    assert answer.counts() == turned.counts()
    for one, other in zip(answer.boxes, turned.boxes, strict=True):
        x0, y0, x1, y1 = other.box
        assert one.box == pytest.approx((80 - x1, y0, 80 - x0, y1), abs=0.1)
        assert one.score == pytest.approx(other.score, abs=1e-3)


def test_looks_at_several_sizes_agree_where_the_boxes_are(learned):
    task, model, found = learned
    several = dataclasses.replace(task, scales=(1.0, 1.25))
    answer = several.predict(model, [found.pictures.pixels(0)])[0]
    cell = next(one.box for one in answer.boxes if one.number == 0)
    assert np.abs(np.array(cell) - box_of(found, 0)[0]).max() < 3


def test_the_mean_of_looks_is_on_the_places_of_the_first():
    first = Seen(heat=torch.zeros(1, 4, 4), boxes=torch.ones(4, 4, 4))
    second = Seen(heat=torch.ones(1, 8, 8), boxes=torch.full((4, 8, 8), 3.0))
    both = together([first, second])
    assert both.heat.shape == (1, 4, 4)
    assert both.heat.unique().tolist() == [0.5]
    assert both.boxes.unique().tolist() == [2.0]


def test_a_long_picture_is_seen_smaller_instead_of_filling_the_memory():
    assert seen_size(480, 640, size=240) == (240, 320)
    assert seen_size(1, 1, size=64) == (64, 64)
    tall, wide = seen_size(1, 3000, size=64)
    assert (tall, wide) == (4, 512)


def test_metrics_judge_pictures_as_they_are(learned):
    task, model, found = learned
    metrics = task.metrics(found.facts)
    metrics.update(model, batch_of(found, task))
    figures = metrics.result()
    assert figures["ap50"] == pytest.approx(1.0)
    assert 0 < figures["loss"] < 3
    assert set(figures["per_class"]) == set(CLASSES)
    assert "curves" not in figures
    assert set(task.shares) - {"best_score"} <= set(figures)


def test_evaluation_has_curves_that_are_plain_json_and_charts(learned):
    task, model, found = learned
    judge = task.judges(model)
    judge.update(model, batch_of(found, task))
    figures = judge.result()
    assert json.loads(json.dumps(figures)) == figures
    assert 0 < figures["best_score"] <= 1
    charts = task.charts(figures)
    assert [set(chart.series) for chart in charts] == [set(CLASSES), {"all", *CLASSES}]
    assert task.charts({"map": 0.5}) == []


def test_metrics_of_one_picture_at_a_time_are_the_same(learned):
    task, model, found = learned
    whole, single = task.metrics(found.facts), task.metrics(found.facts)
    whole.update(model, batch_of(found, task))
    for batch in Loader(found.pictures, batch_size=1, workers=0, transform=task.judged(found.facts)):
        single.update(model, batch)
    assert whole.result() == single.result()


def answer_of(boxes, labels, scores, confidence=0.3):
    return Detected.of(
        np.asarray(boxes, dtype=np.float64).reshape(-1, 4), np.asarray(labels, dtype=np.int64),
        np.asarray(scores, dtype=np.float64), classes=CLASSES, confidence=confidence,
    )  # fmt: skip


ANSWER = answer_of([[10, 10, 30, 30], [40, 10, 46, 16], [1, 1, 5, 5]], [0, 1, 1], [0.9, 0.6, 0.1])


def test_an_answer_tells_what_is_sure_enough():
    assert ANSWER.headline() == "1 cell, 1 dot"
    assert ANSWER.detail() == "60% to 90% sure"
    assert ANSWER.to_json()["boxes"][1] == {"label": "dot", "score": 0.6, "box": [40, 10, 46, 16]}
    assert [one.score for one in ANSWER.faint] == [0.1]
    none = answer_of([[1, 1, 5, 5]], [1], [0.1])
    assert (none.headline(), none.detail()) == ("nothing found", "at best dot 10%")
    assert answer_of([], [], []).detail() == ""
    assert json.loads(json.dumps(ANSWER.to_json())) == ANSWER.to_json()


@pytest.mark.parametrize("shape", [(1, 1, 3), (20, 24, 3), (480, 640, 3), (1500, 3000, 3), (1, 300, 3)])
def test_boxes_are_painted_at_a_size_that_can_be_read(shape):
    pixels = np.zeros(shape, np.uint8)
    box = (shape[1] * 0.25, shape[0] * 0.25, shape[1] * 0.75, shape[0] * 0.75)
    made = painted(pixels, [Shown(box=box, label="cell", number=0, score=0.5)])
    assert 480 <= max(made.shape) <= 1280
    assert abs(made.shape[1] / made.shape[0] - shape[1] / shape[0]) < 0.02 * shape[1] / shape[0]
    assert made.any()
    assert not pixels.any()


def test_words_are_left_out_where_they_would_cover_others():
    crowded = [Shown(box=(300, 300, 306, 306), label="word", number=0, score=0.5)] * 40
    few = painted(np.zeros((600, 600, 3), np.uint8), crowded[:1])
    many = painted(np.zeros((600, 600, 3), np.uint8), crowded)
    assert few.any(2).sum() < many.any(2).sum() < 12 * few.any(2).sum()


@pytest.mark.parametrize("name", ["x" * 500, "\ud800", "a\nb", "", "細胞"])
def test_any_class_name_can_be_painted(name):
    assert painted(np.zeros((99, 99, 3), np.uint8), [Shown(box=(9, 9, 60, 60), label=name, number=3)]).any()


def marked(boxes, labels, crowd):
    batch = Batch.loose([np.zeros((60, 80, 3), np.uint8)])
    batch.boxes, batch.box_labels = [np.asarray(boxes, dtype=np.float64)], [np.asarray(labels)]
    batch.box_crowd = [np.asarray(crowd)]
    return Marked(batch, 0)


def test_a_picture_is_good_when_all_was_found_and_nothing_made_up():
    pixels = np.zeros((60, 80, 3), np.uint8)
    right = marked([[10, 10, 30, 31], [40, 10, 46, 16]], [0, 1], [False, False])
    shown = beside_truth(pixels, ANSWER, right, key="a")
    assert (shown.mood, shown.weight) == ("good", 0)
    assert shown.pixels.shape[1] > 2 * shown.pixels.shape[0]
    missing = marked([[10, 10, 30, 30], [50, 40, 70, 60]], [0, 0], [False, False])
    shown = beside_truth(pixels, ANSWER, missing, key="a")
    assert (shown.mood, shown.weight, shown.note) == ("bad", 2, "missed 1 cell, 1 dot too many")


def test_a_crowd_is_neither_missed_nor_wrong_to_tell():
    pixels = np.zeros((60, 80, 3), np.uint8)
    some = marked([[10, 10, 30, 30], [35, 5, 60, 30], [60, 40, 70, 50]], [0, 1, 1], [False, True, True])
    assert beside_truth(pixels, ANSWER, some, key="a").mood == "good"


def test_without_truth_a_picture_is_neither_good_nor_bad(learned):
    task, model, found = learned
    batch = Batch.loose([found.pictures.pixels(n) for n in range(4)])
    assert [one.mood for one in task.pictures(model, batch)] == ["plain"] * 4
    assert [one.mood for one in task.pictures(model, batch_of(found, task))] == ["good"] * 4


ANSWERS = [
    Answered(name="a/b.jpg", pixels=np.zeros((60, 80, 3), np.uint8), answer=ANSWER),
    Answered(name="c.png", pixels=np.zeros((50, 50, 3), np.uint8), answer=answer_of([], [], [])),
]


def files_of(learned, format, answers=ANSWERS):
    task, model, _ = learned
    assert isinstance(task, WritesAnswers)
    return dict(task.written(model, answers, format))


def laid_out(place, files):
    """Files and black pictures in a folder."""
    from PIL import Image

    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return lambda name, one: (
        (place / name).parent.mkdir(parents=True, exist_ok=True),
        Image.fromarray(one.pixels).save(place / name),
    )


def test_coco_is_a_set_that_opens_again_and_results_for_its_evaluation(learned, tmp_path):
    files = files_of(learned, "coco")
    results = json.loads(files["results.json"])
    assert [one["score"] for one in results] == [0.9, 0.6, 0.1]
    assert results[0] == {"image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20], "score": 0.9}
    draw = laid_out(tmp_path, {"annotations.json": files["annotations.json"]})
    for one in ANSWERS:
        draw(one.name, one)
    again = open_pictures(str(tmp_path), validation=0.0, test=0.0)
    assert again.objects is not None
    assert again.classes == CLASSES
    assert again.objects.boxes.tolist() == [[10, 10, 30, 30], [40, 10, 46, 16]]


def test_yolo_is_a_set_that_opens_again(learned, tmp_path):
    files = files_of(learned, "yolo")
    assert set(files) == {"data.yaml", "labels/a/b.txt", "labels/c.txt"}
    assert files["labels/c.txt"] == b""
    draw = laid_out(tmp_path, files)
    for one in ANSWERS:
        draw(f"images/{one.name}", one)
    again = open_pictures(str(tmp_path), validation=0.0, test=0.0)
    assert again.objects is not None
    assert again.classes == CLASSES
    assert again.objects.boxes == pytest.approx(np.array([[10, 10, 30, 30], [40, 10, 46, 16]]), abs=1e-3)


def test_two_pictures_that_would_share_a_text_are_refused(learned):
    answers = [dataclasses.replace(ANSWERS[0], name=name) for name in ("a/b.jpg", "a/b.png")]
    with pytest.raises(DataError, match=r"a/b.jpg and a/b.png would share a file; rename one"):
        files_of(learned, "yolo", answers)


def test_csv_has_a_row_a_box_and_opens_again(learned, tmp_path):
    files = files_of(learned, "csv")
    rows = list(csv.DictReader(io.StringIO(files["boxes.csv"].decode())))
    assert [row["path"] for row in rows] == ["a/b.jpg", "a/b.jpg", "c.png"]
    assert rows[1]["label"] == "dot"
    assert rows[2]["x0"] == ""
    draw = laid_out(tmp_path, files)
    for one in ANSWERS:
        draw(one.name, one)
    again = open_pictures(str(tmp_path / "boxes.csv"), validation=0.0, test=0.0)
    assert again.objects is not None
    assert len(again) == 2
    assert again.objects.boxes.tolist() == [[10, 10, 30, 30], [40, 10, 46, 16]]


def test_an_unknown_format_is_refused(learned):
    with pytest.raises(
        OptionError, match="format: must be one of coco, yolo, csv, got 'cocoo'; did you mean 'coco'"
    ):
        files_of(learned, "cocoo")

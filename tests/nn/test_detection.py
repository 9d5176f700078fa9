"""Targets, losses and peaks of networks that find objects by their centers."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vitral.nn.detection import (
    Grid,
    box_overlaps,
    boxes_of_maps,
    center_targets,
    gaussian_radius,
    generalized_iou,
    heat_loss,
    peaks,
    without_repeats,
)

GRID = Grid(height=16, width=20, stride=4)


def targets_of(boxes, labels, *, crowd=None, classes=2, overlap=0.3):
    return center_targets(
        [np.asarray(boxes, dtype=np.float64).reshape(-1, 4)],
        [np.asarray(labels, dtype=np.int64)],
        None if crowd is None else [np.asarray(crowd, dtype=np.bool_)],
        classes=classes, grid=GRID, overlap=overlap,
    )  # fmt: skip


def maps_that_say(targets, typical):
    """Maps whose boxes are the targets' at the places where boxes are learned."""
    maps = torch.zeros(1, 4, GRID.height, GRID.width)
    for (_, row, column), box in zip(targets.places.tolist(), targets.boxes, strict=True):
        size = box[2:] - box[:2]
        center = (box[2:] + box[:2]) / 2 / GRID.stride
        maps[0, :2, row, column] = torch.log(size / typical)
        maps[0, 2:, row, column] = center - torch.tensor([column + 0.5, row + 0.5])
    return maps


@given(
    height=st.floats(0.5, 200), width=st.floats(0.5, 200), overlap=st.floats(0.1, 0.9),
    share=st.floats(0, 1),
)  # fmt: skip
def test_corners_that_are_off_by_less_than_the_radius_keep_the_overlap(height, width, overlap, share):
    r = share * gaussian_radius(height, width, overlap=overlap)
    right = np.array([[0.0, 0.0, width, height]])
    moved = np.array(
        [[r, r, width + r, height + r], [r, r, width - r, height - r], [-r, -r, width + r, height + r]]
    )
    assert (box_overlaps(moved, right) >= overlap - 1e-6).all()


def test_at_the_radius_the_worst_case_has_just_the_overlap():
    r = gaussian_radius(12, 30, overlap=0.5)
    moved = np.array([[r, r, 30 - r, 12 - r], [r, r, 30 + r, 12 + r], [-r, -r, 30 + r, 12 + r]])
    assert box_overlaps(moved, np.array([[0.0, 0.0, 30.0, 12.0]])).min() == pytest.approx(0.5)


def test_an_object_is_a_bump_with_one_at_its_center():
    targets = targets_of([[20, 12, 52, 44]], [1])
    heat = targets.heat[0]
    assert heat[0].max() == 0
    assert heat[1, 7, 9] == 1
    assert (heat[1] == 1).sum() == 1
    assert 0 < heat[1, 7, 10] < 1
    assert heat[1, 7, 10] == heat[1, 8, 9] == heat[1, 6, 9]
    assert targets.objects == 1
    assert float(targets.shares.sum()) == pytest.approx(1)
    assert (targets.boxes == torch.tensor([20.0, 12, 52, 44])).all()


def test_the_smallest_object_is_one_place():
    targets = targets_of([[9, 9, 9.5, 9.5]], [0])
    assert targets.places.tolist() == [[0, 2, 2]]
    assert targets.heat[0, 0].sum() == pytest.approx(1, abs=1e-4)


def test_an_object_without_area_is_left_out():
    targets = targets_of([[9, 9, 9, 20]], [0])
    assert (targets.objects, len(targets.places), float(targets.heat.max())) == (0, 0, 0)


def test_objects_of_two_classes_on_one_center_both_have_a_peak_and_a_box():
    targets = targets_of([[0, 0, 60, 60], [26, 26, 34, 34]], [0, 1])
    assert targets.heat[0, 1, 7, 7] == 1
    ((row, column),) = (targets.heat[0, 0] == 1).nonzero().tolist()
    assert max(abs(row - 7), abs(column - 7)) == 1
    told = {
        tuple(place[1:]): box
        for place, box in zip(targets.places.tolist(), targets.boxes.tolist(), strict=True)
    }
    assert told[7, 7] == [26, 26, 34, 34]
    assert told[row, column] == [0, 0, 60, 60]


def test_objects_of_one_class_on_one_center_are_far_enough_apart_to_be_two_peaks():
    targets = targets_of([[0, 0, 60, 60], [26, 26, 34, 34]], [0, 0])
    first, second = (targets.heat[0, 0] == 1).nonzero().tolist()
    assert max(abs(first[0] - second[0]), abs(first[1] - second[1])) == 2
    found = peaks(targets.heat[0], most=10, least=0.9)
    assert len(found.scores) == 2


def test_more_objects_than_places_is_no_error():
    targets = targets_of([[30, 30, 34 + n, 34] for n in range(60)], [0] * 60)
    assert targets.objects == 60
    assert float(targets.heat.max()) == 1


def test_a_crowd_neither_rewards_nor_punishes():
    crowd = targets_of([[8, 8, 40, 40]], [1], crowd=[True])
    assert crowd.objects == 0
    assert float(crowd.heat.max()) == 0
    assert (crowd.weight[0, 1, 2:10, 2:10] == 0).all()
    assert float(crowd.weight.sum()) == 2 * 16 * 20 - 64
    logits = torch.full((1, 2, 16, 20), -9.0)
    inside = logits.clone()
    inside[0, 1, 5, 5] = 5
    outside = logits.clone()
    outside[0, 1, 12, 12] = 5
    quiet = heat_loss(logits, crowd.heat, crowd.weight)
    assert heat_loss(inside, crowd.heat, crowd.weight) <= quiet
    assert heat_loss(outside, crowd.heat, crowd.weight) > quiet + 1


@given(seed=st.integers(0, 10**6))
def test_targets_of_any_objects_are_sound_and_their_boxes_cost_nothing(seed):
    random = np.random.default_rng(seed)
    count = int(random.integers(0, 12))
    start = random.uniform(-8, 76, (count, 2))
    boxes = np.concatenate([start, start + np.exp(random.uniform(-2, 4, (count, 2)))], axis=1)
    targets = targets_of(boxes, random.integers(0, 2, count))
    assert float(targets.heat.min()) >= 0
    assert float(targets.heat.max()) <= 1
    assert len(targets.places) == len(targets.boxes) == len(targets.shares)
    assert float(targets.shares.sum()) <= count + 1e-4
    if len(targets.places):
        said = boxes_of_maps(maps_that_say(targets, 20.0), stride=4, typical=20.0)[0]
        _, rows, columns = targets.places.T
        told = said[:, rows, columns].T
        wide = ((targets.boxes[:, 2:] - targets.boxes[:, :2]) > 20 * np.exp(-5)).all(1)
        assert torch.allclose(told[wide], targets.boxes[wide], atol=1e-3)


def test_the_loss_of_heat_by_hand():
    logits = torch.tensor([[[[0.0, 0.0, 0.0]]]])
    heat = torch.tensor([[[[1.0, 0.5, 0.0]]]])
    one = 0.25 * np.log(2)
    loss = heat_loss(logits, heat, torch.ones_like(heat))
    assert float(loss) == pytest.approx(one * (1 + 0.5**4 + 1))


def test_the_loss_of_heat_is_finite_on_extremes_and_zero_where_all_is_right():
    heat = torch.zeros(1, 1, 3, 3)
    heat[0, 0, 1, 1] = 1
    for sign in (1, -1):
        logits = (sign * 1e4 * (2 * heat - 1)).requires_grad_()
        loss = heat_loss(logits, heat, torch.ones_like(heat))
        loss.backward()
        assert torch.isfinite(loss)
        assert logits.grad is not None
        assert torch.isfinite(logits.grad).all()
        assert (float(loss.detach()) == 0) == (sign == 1)


def test_the_loss_of_heat_has_the_right_slope():
    logits = torch.randn(1, 2, 3, 3, dtype=torch.float64)
    heat = torch.rand(1, 2, 3, 3)
    heat[0, 0, 1, 1] = 1
    small = logits.float().requires_grad_()
    heat_loss(small, heat, torch.ones_like(heat)).backward()
    assert small.grad is not None
    step = 1e-2
    for place in ((0, 0, 1, 1), (0, 1, 2, 0)):
        up, down = logits.float().clone(), logits.float().clone()
        up[place] += step
        down[place] -= step
        weight = torch.ones_like(heat)
        slope = (heat_loss(up, heat, weight) - heat_loss(down, heat, weight)) / (2 * step)
        assert float(small.grad[place]) == pytest.approx(float(slope), abs=2e-3)


def test_generalized_iou_is_one_for_equal_boxes_and_falls_with_the_distance():
    box = torch.tensor([[0.0, 0, 10, 10]])
    assert float(generalized_iou(box, box)) == pytest.approx(1)
    near, far = box + 20, box + 200
    assert 0 > float(generalized_iou(near, box)) > float(generalized_iou(far, box)) > -1
    half = torch.tensor([[0.0, 0, 5, 10]])
    assert float(generalized_iou(half, box)) == pytest.approx(0.5)


def test_generalized_iou_has_a_slope_where_boxes_do_not_meet():
    box = torch.tensor([[50.0, 50, 60, 60]], requires_grad=True)
    generalized_iou(box, torch.tensor([[0.0, 0, 10, 10]])).sum().backward()
    assert box.grad is not None
    assert (box.grad[0, :2] < 0).all()


def test_peaks_are_the_highest_of_nine_and_come_in_order():
    heat = torch.zeros(2, 6, 6)
    heat[0, 1, 1], heat[0, 1, 2], heat[0, 4, 4], heat[1, 5, 0] = 0.9, 0.8, 0.5, 0.7
    found = peaks(heat, most=10, least=0.1)
    assert found.scores.tolist() == pytest.approx([0.9, 0.7, 0.5])
    assert list(zip(found.labels.tolist(), found.rows.tolist(), found.columns.tolist(), strict=True)) == [
        (0, 1, 1), (1, 5, 0), (0, 4, 4),
    ]  # fmt: skip
    assert len(peaks(heat, most=2).scores) == 2


def test_maps_of_zeros_say_boxes_of_the_typical_size_in_the_middle_of_their_place():
    boxes = boxes_of_maps(torch.zeros(1, 4, 2, 3), stride=4, typical=10.0)
    assert boxes[0, :, 1, 2].tolist() == [5, 1, 15, 11]
    large = boxes_of_maps(torch.full((1, 4, 1, 1), 1e4), stride=4, typical=10.0)
    assert torch.isfinite(large).all()


def test_of_near_identical_boxes_of_a_class_the_better_one_stays():
    boxes = np.array([[0.0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 9.5], [50, 50, 60, 60]])
    assert without_repeats(boxes, np.array([0, 0, 1, 0]), overlap=0.6).tolist() == [0, 2, 3]
    assert without_repeats(boxes, np.array([0, 0, 1, 0]), overlap=1.0).tolist() == [0, 1, 2, 3]
    assert without_repeats(np.zeros((0, 4)), np.zeros(0, np.int64), overlap=0.5).tolist() == []


def test_a_box_that_was_pushed_out_pushes_nothing_out():
    chain = np.array([[0.0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]])
    assert without_repeats(chain, np.zeros(3, np.int64), overlap=0.4).tolist() == [0, 2]

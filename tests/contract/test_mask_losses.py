"""What every loss of masks must hold."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from vitral.core import DataError, OptionError, ShapeError, Spec, members
from vitral.nn.mask_losses import (
    MASK_IGNORE,
    Boundary,
    Dice,
    Lovasz,
    MaskCrossEntropy,
    MaskFocal,
    MaskLoss,
    SumOfLosses,
)
from vitral.nn.mask_losses import __all__ as exported

KINDS = list(members("mask loss").values())
ALL = pytest.mark.parametrize("loss", [kind() for kind in KINDS], ids=lambda one: one.kind)


def corners(kind: type[Spec]) -> list[Any]:
    """The default and the ends of every option, one option at a time; of a sum all parts count."""
    parts = ("cross_entropy", "dice", "focal", "lovasz", "boundary") if kind is SumOfLosses else ()
    whole: Any = kind(**dict.fromkeys(parts, 1.0))  # pyright: ignore[reportArgumentType]
    made = [kind(), whole]
    for name, (hint, _, known) in kind.options().items():
        ends = (False, True) if hint is bool else (known.low, known.high)
        made += [dataclasses.replace(whole, **{name: end}) for end in ends if end is not None]
    return list(dict.fromkeys(made))


CORNERS = pytest.mark.parametrize("loss", [one for kind in KINDS for one in corners(kind)], ids=repr)


def gradient(loss: MaskLoss, scores: Tensor, masks: Tensor, weights: Tensor | None = None) -> Tensor:
    scores = scores.clone().requires_grad_()
    (found,) = torch.autograd.grad(loss(scores, masks, weights=weights), scores)
    return found


def drawn(seed: int, shape: tuple[int, int, int, int], *, ignored: bool = True) -> tuple[Tensor, Tensor]:
    """Scores and masks, some pixels of which do not count."""
    make = torch.Generator().manual_seed(seed)
    b, k, h, w = shape
    masks = torch.randint(0, k, (b, h, w), generator=make)
    if ignored:
        masks[torch.rand(b, h, w, generator=make) < 0.2] = MASK_IGNORE
    return torch.randn(shape, generator=make, dtype=torch.float64), masks


def certain(masks: Tensor, classes: int) -> Tensor:
    """Scores of somebody who knows the answer."""
    right = torch.nn.functional.one_hot(masks.where(masks != MASK_IGNORE, 0), classes)
    return 200.0 * right.permute(0, 3, 1, 2).double()


@CORNERS
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
def test_mask_loss_is_finite_with_finite_gradient_on_extreme_scores(
    loss: MaskLoss, dtype: torch.dtype
) -> None:
    rows = [(1e4, -1e4, 0), (-1e4, 1e4, 0), (1e4, 1e4, 1e4), (-1e4, -1e4, -1e4), (0, 0, 0), (20, -20, 0)]
    scores = torch.tensor(rows, dtype=dtype).T[None, :, :, None].expand(2, 3, 6, 5).contiguous()
    masks = torch.tensor([0, 1, 2, MASK_IGNORE, 0]).expand(2, 6, 5).contiguous()
    for weights in (None, torch.tensor([1.0, 0.0, 1e3])):
        value = loss(scores, masks, weights=weights)
        assert value.isfinite()
        assert value >= 0
        assert gradient(loss, scores, masks, weights).isfinite().all()


@CORNERS
def test_mask_loss_has_the_gradient_it_claims(loss: MaskLoss) -> None:
    scores, masks = drawn(0, (2, 3, 3, 4))
    weights = torch.tensor([1.0, 0.5, 2.0])
    assert torch.autograd.gradcheck(lambda s: loss(s, masks, weights=weights), scores.requires_grad_())


@CORNERS
def test_pixels_that_do_not_count_change_nothing(loss: MaskLoss) -> None:
    scores, masks = drawn(1, (2, 3, 5, 6))
    ignored = masks == MASK_IGNORE
    assert not gradient(loss, scores, masks)[ignored[:, None].expand_as(scores)].any()
    other = torch.where(ignored[:, None], scores.flip(1) * 50, scores)
    assert torch.allclose(loss(other, masks), loss(scores, masks), rtol=1e-9)


@CORNERS
@pytest.mark.parametrize("shape", [(2, 4, 3, 5), (1, 2, 1, 1), (0, 3, 4, 4)])
def test_mask_loss_is_zero_with_zero_gradient_when_nothing_is_counted(
    loss: MaskLoss, shape: tuple[int, int, int, int]
) -> None:
    scores = torch.full(shape, 1e4)
    masks = torch.full((shape[0], *shape[2:]), MASK_IGNORE)
    assert float(loss(scores, masks)) == 0.0
    assert not gradient(loss, scores, masks).any()


@CORNERS
def test_a_class_of_weight_zero_alone_costs_nothing(loss: MaskLoss) -> None:
    scores, masks = drawn(2, (2, 3, 4, 4))
    masks[masks != MASK_IGNORE] = 1
    weights = torch.tensor([1.0, 0.0, 1.0])
    assert float(loss(scores, masks, weights=weights)) == 0.0
    assert not gradient(loss, scores, masks, weights).any()
    assert float(loss(scores, masks, weights=torch.zeros(3))) == 0.0


@ALL
def test_equal_weights_are_no_weights(loss: MaskLoss) -> None:
    scores, masks = drawn(3, (2, 3, 4, 4))
    assert torch.allclose(loss(scores, masks), loss(scores, masks, weights=torch.full((3,), 7.0)))


@ALL
def test_a_heavier_class_pulls_harder(loss: MaskLoss) -> None:
    masks = torch.zeros(1, 4, 8, dtype=torch.long)
    masks[:, :, 4:] = 1
    scores = certain(torch.zeros_like(masks), 2) / 100  # Right in the left half, wrong in the right one.
    light, heavy = (loss(scores, masks, weights=torch.tensor([1.0, w])) for w in (0.1, 10.0))
    assert heavy > light


@ALL
@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    shape=st.tuples(st.integers(1, 2), st.integers(1, 4), st.integers(1, 6), st.integers(1, 6)),
)
def test_a_perfect_answer_costs_nothing_and_no_answer_costs_less(
    loss: MaskLoss, seed: int, shape: tuple[int, int, int, int]
) -> None:
    scores, masks = drawn(seed, shape)
    assert float(loss(certain(masks, shape[1]), masks)) == pytest.approx(0, abs=1e-9)
    assert float(loss(scores, masks)) >= 0


@ALL
def test_going_downhill_from_anywhere_leads_to_the_right_answer(loss: MaskLoss) -> None:
    _, masks = drawn(4, (1, 3, 6, 6))
    torch.manual_seed(0)
    scores = torch.randn(1, 3, 6, 6, requires_grad=True)
    optimizer = torch.optim.Adam([scores], lr=0.3)
    for _ in range(150):
        optimizer.zero_grad()
        loss(scores, masks).backward()
        optimizer.step()
    counted = masks != MASK_IGNORE
    assert (scores.argmax(1) == masks)[counted].all()


@ALL
def test_a_single_class_and_classes_that_do_not_occur_do_no_harm(loss: MaskLoss) -> None:
    ones = torch.zeros(2, 3, 3, dtype=torch.long)
    assert float(loss(torch.randn(2, 1, 3, 3), ones)) == pytest.approx(0, abs=1e-6)
    scores = torch.randn(2, 9, 3, 3)
    assert loss(scores, ones).isfinite()
    assert gradient(loss, scores, ones).isfinite().all()
    assert loss(scores, ones.to(torch.uint8)) == loss(scores, ones)


@ALL
def test_mask_loss_widens_half_precision_inside_autocast_too(loss: MaskLoss) -> None:
    scores, masks = drawn(5, (1, 4, 6, 6))
    half = scores.bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        result = loss(half, masks)
    assert result.dtype == torch.float32
    assert torch.equal(result, loss(half.float(), masks))


@ALL
def test_memory_layout_does_not_matter(loss: MaskLoss) -> None:
    scores, masks = drawn(6, (2, 3, 5, 4))
    other = scores.contiguous(memory_format=torch.channels_last)
    assert torch.allclose(loss(scores, masks), loss(other, masks), rtol=1e-12)


@ALL
def test_mask_loss_refuses_what_does_not_fit_together(loss: MaskLoss) -> None:
    sizes = (((1, 2, 3, 3), (1, 3, 4)), ((2, 3, 3), (2, 3, 3)), ((1, 0, 3, 3), (1, 3, 3)))
    for scores, masks in sizes:
        with pytest.raises(ShapeError, match="scores must be b x k x h x w and masks b x h x w"):
            loss(torch.zeros(scores), torch.zeros(masks, dtype=torch.long))
    with pytest.raises(ShapeError, match="must have one weight for each of the 2 classes"):
        loss(torch.zeros(1, 2, 3, 3), torch.zeros(1, 3, 3, dtype=torch.long), weights=torch.ones(3))


@ALL
@pytest.mark.parametrize("number", [3, -1, 254])
def test_mask_loss_refuses_a_number_that_is_no_class(loss: MaskLoss, number: int) -> None:
    with pytest.raises(
        DataError, match=rf"masks must lie in \[0, 3\) or be 255 \(not counted\), got {number}"
    ):
        loss(torch.zeros(1, 3, 2, 2), torch.full((1, 2, 2), number))


@CORNERS
def test_mask_loss_reads_back_what_it_wrote(loss: MaskLoss) -> None:
    assert MaskLoss.from_json(loss.to_json()) == loss


@ALL
def test_mask_loss_is_exported(loss: MaskLoss) -> None:
    assert type(loss).__name__ in exported
    assert len(loss.summary()) <= 80


def test_focal_with_gamma_zero_is_cross_entropy_as_pytorch_computes_it() -> None:
    scores, masks = drawn(7, (2, 4, 5, 5))
    weights = torch.tensor([1.0, 0.0, 3.0, 0.5], dtype=torch.float64)
    right = torch.nn.functional.cross_entropy(scores, masks, weight=weights, ignore_index=MASK_IGNORE)
    assert torch.allclose(MaskCrossEntropy()(scores, masks, weights=weights), right)
    assert torch.allclose(MaskFocal(gamma=0.0)(scores, masks, weights=weights), right)


def test_smoothed_targets_are_met_best_by_smoothed_probabilities() -> None:
    masks = torch.zeros(1, 1, 1, dtype=torch.long)
    best = torch.tensor([0.7 + 0.1, 0.1, 0.1]).log()[None, :, None, None]
    loss = MaskCrossEntropy(smoothing=0.3)
    assert gradient(loss, best, masks).abs().max() < 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_dice_is_one_minus_the_mean_overlap_of_the_classes_that_occur(seed: int) -> None:
    scores, masks = drawn(seed, (2, 4, 5, 5))
    masks[masks == 3] = 0
    p = scores.softmax(1).numpy()
    lost = []
    for k in range(3):
        counted, truth = masks.numpy() != MASK_IGNORE, masks.numpy() == k
        whole = p[:, k][counted].sum() + truth.sum() + 2
        lost.append(1 - (2 * p[:, k][truth].sum() + 2) / whole)
    assert float(Dice(smooth=2.0)(scores, masks)) == pytest.approx(np.mean(lost))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), per_picture=st.booleans())
def test_lovasz_of_hard_answers_is_one_minus_intersection_over_union(seed: int, per_picture: bool) -> None:
    scores, masks = drawn(seed, (2, 3, 4, 4))
    answers = scores.argmax(1)
    found = []
    for part in ([0], [1]) if per_picture else ([0, 1],):
        truth, said = masks[part], answers[part]
        counted, lost = truth != MASK_IGNORE, []
        for k in range(3):
            of, by = (truth == k), (said == k) & counted
            if of.any():
                lost.append(1 - int((of & by).sum()) / int((of | by).sum()))
        found.append(np.mean(lost))
    hard = certain(answers, 3)
    assert float(Lovasz(per_picture=per_picture)(hard, masks)) == pytest.approx(np.mean(found), abs=1e-9)


def test_lovasz_slopes_are_differences_of_the_jaccard_loss() -> None:
    scores, masks = drawn(8, (1, 2, 6, 6), ignored=False)
    p, total = scores.softmax(1)[0].flatten(1).numpy(), 0.0
    for k in range(2):
        truth = (masks[0] == k).flatten().numpy()
        errors = np.abs(truth - p[k])
        order = np.argsort(-errors)
        own = truth[order]
        jaccard = 1 - (own.sum() - np.cumsum(own)) / (own.sum() + np.cumsum(~own))
        total += errors[order] @ np.diff(jaccard, prepend=0)
    assert float(Lovasz()(scores, masks)) == pytest.approx(total / 2)


def test_boundary_costs_more_the_further_a_mask_leaks() -> None:
    masks = torch.zeros(1, 12, 40, dtype=torch.long)
    masks[:, :, 20:] = 1
    near, far = masks.clone(), masks.clone()
    near[:, :, 18:20] = 1
    far[:, :, 2:4] = 1
    loss = Boundary(reach_px=15.0)
    costs = [float(loss(certain(one, 2), masks)) for one in (masks, near, far)]
    # 24 of 480 pixels are wrong, each for both classes, at 1 and 2 pixels or beyond the reach.
    assert costs[0] == pytest.approx(0, abs=1e-6)
    assert costs[1] == pytest.approx(24 / 480 * 1.5 * 2 / 15, rel=0.05)
    assert costs[2] == pytest.approx(24 / 480 * 2, rel=1e-3)


def test_boundary_takes_a_class_that_is_not_there_as_far_away() -> None:
    masks = torch.zeros(1, 6, 6, dtype=torch.long)
    wrong = certain(torch.ones_like(masks), 2)
    assert float(Boundary()(wrong, masks)) == pytest.approx(2.0)


def test_a_sum_of_losses_is_their_weighted_sum() -> None:
    scores, masks = drawn(9, (2, 3, 8, 8))
    weights = torch.tensor([1.0, 2.0, 0.5])
    asked = {"cross_entropy": 0.5, "dice": 2.0, "focal": 0.25, "lovasz": 1.5, "boundary": 3.0}
    parts = {
        "cross_entropy": MaskCrossEntropy(smoothing=0.1),
        "dice": Dice(smooth=4.0),
        "focal": MaskFocal(gamma=1.0),
        "lovasz": Lovasz(per_picture=True),
        "boundary": Boundary(reach_px=5.0),
    }
    options: Any = {"smoothing": 0.1, "smooth": 4.0, "gamma": 1.0, "per_picture": True, "reach_px": 5.0}
    total = sum(asked[name] * float(part(scores, masks, weights=weights)) for name, part in parts.items())
    assert float(SumOfLosses(**asked, **options)(scores, masks, weights=weights)) == pytest.approx(total)


def test_a_sum_of_nothing_is_refused() -> None:
    with pytest.raises(OptionError, match="one of its weights must be above 0"):
        SumOfLosses(cross_entropy=0.0)


def test_a_part_is_added_by_one_setting() -> None:
    loss = SumOfLosses().with_settings({"cross_entropy": "0", "dice": "1", "lovasz": "0.5"})
    assert (loss.cross_entropy, loss.dice, loss.lovasz) == (0.0, 1.0, 0.5)

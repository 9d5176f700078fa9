"""What every loss must hold."""

import itertools
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from vitral import nn as rooms
from vitral.core import IGNORE, DataError, ShapeError, Spec, members
from vitral.nn import Loss

KINDS = list(members("loss").values())
ALL = pytest.mark.parametrize("loss", [kind() for kind in KINDS], ids=lambda one: one.kind)


def corners(kind: type[Spec]) -> list[Any]:
    """The default and every corner of the option ranges of a loss."""
    bounds = {name: (known.low, known.high) for name, (_, _, known) in kind.options().items()}
    return [
        kind(),
        *(kind(**dict(zip(bounds, ends, strict=True))) for ends in itertools.product(*bounds.values())),
    ]


CORNERS = pytest.mark.parametrize("loss", [one for kind in KINDS for one in corners(kind)], ids=repr)


def gradient(loss: Loss, scores: Tensor, labels: Tensor) -> Tensor:
    scores = scores.clone().requires_grad_()
    (found,) = torch.autograd.grad(loss(scores, labels), scores)
    return found


@CORNERS
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
def test_loss_is_finite_with_finite_gradient_on_extreme_scores(loss: Loss, dtype: torch.dtype) -> None:
    rows = [(1e4, -1e4, 0), (-1e4, 1e4, 0), (1e4, 1e4, 1e4), (-1e4, -1e4, -1e4), (0, 0, 0), (20, -20, 0)]
    scores = torch.tensor(rows, dtype=dtype).repeat_interleave(3, 0)
    labels = torch.arange(3).repeat(len(rows))
    each = loss.each(scores, labels)
    assert each.isfinite().all()
    assert (each >= 0).all()
    assert gradient(loss, scores, labels).isfinite().all()


@CORNERS
def test_loss_has_the_gradient_it_claims(loss: Loss) -> None:
    scores = torch.randn(
        4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True
    )
    labels = torch.tensor([0, 4, IGNORE, 2])
    assert torch.autograd.gradcheck(lambda s: loss(s, labels), scores)


@ALL
def test_loss_is_zero_with_zero_gradient_when_nothing_is_counted(loss: Loss) -> None:
    for rows in (0, 3):
        scores, labels = torch.full((rows, 4), 1e4), torch.full((rows,), IGNORE)
        assert float(loss(scores, labels)) == 0.0
        assert not gradient(loss, scores, labels).any()


@ALL
def test_loss_is_the_mean_of_each_over_counted_pictures(loss: Loss) -> None:
    scores, labels = torch.randn(5, 3), torch.tensor([0, IGNORE, 2, 1, IGNORE])
    each = loss.each(scores, labels)
    assert each.shape == (5,)
    assert each[1] == each[4] == 0
    assert torch.allclose(loss(scores, labels), each.sum() / 3)
    assert torch.allclose(each[2:3], loss.each(scores[2:3], labels[2:3]))


@ALL
def test_loss_takes_labels_of_any_whole_type_and_a_single_class(loss: Loss) -> None:
    scores = torch.randn(2, 3)
    assert torch.equal(
        loss(scores, torch.tensor([1, 2])), loss(scores, torch.tensor([1, 2], dtype=torch.int32))
    )
    assert loss(torch.randn(2, 1), torch.tensor([0, 0])).isfinite()


@ALL
@settings(max_examples=25, deadline=None)
@given(label=st.integers(0, 3), seed=st.integers(0, 1000))
def test_loss_falls_when_the_right_score_rises(loss: Loss, label: int, seed: int) -> None:
    scores = torch.randn(1, 4, generator=torch.Generator().manual_seed(seed))
    labels = torch.tensor([label])
    raised = scores.clone()
    raised[0, label] += 0.5
    assert loss(raised, labels) < loss(scores, labels)


@ALL
def test_loss_widens_half_precision(loss: Loss) -> None:
    scores, labels = torch.randn(8, 10).bfloat16(), torch.arange(8)
    result = loss(scores, labels)
    assert result.dtype == torch.float32
    assert torch.equal(result, loss(scores.float(), labels))


@ALL
def test_loss_refuses_scores_and_labels_that_do_not_fit(loss: Loss) -> None:
    for scores, labels in (((3, 2), 4), ((3,), 3), ((3, 0), 3)):
        with pytest.raises(ShapeError, match="scores must be b x k and labels b"):
            loss(torch.zeros(scores), torch.zeros(labels, dtype=torch.long))


@ALL
@pytest.mark.parametrize("label", [3, -1])
def test_loss_refuses_a_label_that_is_no_class(loss: Loss, label: int) -> None:
    with pytest.raises(
        DataError, match=rf"labels must lie in \[0, 3\) or be -100 \(not counted\), got {label}"
    ):
        loss(torch.zeros(2, 3), torch.tensor([0, label]))


@CORNERS
def test_loss_reads_back_what_it_wrote(loss: Loss) -> None:
    assert Loss.from_json(loss.to_json()) == loss


@ALL
def test_loss_is_exported_and_names_its_source(loss: Loss) -> None:
    assert getattr(rooms, type(loss).__name__) is type(loss)
    assert "Source:" in (type(loss).__doc__ or "")
    assert len(loss.summary()) <= 80

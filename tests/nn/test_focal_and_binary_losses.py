"""What the losses are equal to."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from vitral.core import OptionError
from vitral.nn import Binary, CrossEntropy, Focal, Loss


def some(classes: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    scores = 3 * torch.randn(16, classes, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return scores, torch.arange(16) % classes


@settings(max_examples=20, deadline=None)
@given(smoothing=st.floats(0, 1))
def test_focal_with_gamma_zero_is_cross_entropy(smoothing: float) -> None:
    scores, labels = some()
    focal = Focal(gamma=0, smoothing=smoothing).each(scores, labels)
    assert torch.allclose(focal, CrossEntropy(smoothing=smoothing).each(scores, labels))


def test_focal_is_equation_four_of_its_paper() -> None:
    scores, labels = some()
    p = scores.softmax(1).gather(1, labels[:, None])[:, 0]
    assert torch.allclose(Focal(gamma=2).each(scores, labels), -((1 - p) ** 2) * p.log())


def test_focal_fades_easy_pictures_more_than_hard_ones() -> None:
    scores, labels = torch.tensor([[4.0, 0.0], [0.0, 4.0]]), torch.tensor([0, 0])
    share = Focal(gamma=2).each(scores, labels) / CrossEntropy().each(scores, labels)
    assert share[0] < 0.001
    assert share[1] > 0.9


def test_cross_entropy_of_even_scores_is_the_logarithm_of_the_classes() -> None:
    for smoothing in (0.0, 0.3, 1.0):
        found = CrossEntropy(smoothing=smoothing)(torch.zeros(2, 7), torch.tensor([0, 6]))
        assert torch.allclose(found, torch.tensor(7.0).log())


def test_binary_is_the_sum_of_one_question_per_class() -> None:
    scores, labels = some()
    answers = functional.one_hot(labels, 5).double()
    expected = functional.binary_cross_entropy_with_logits(scores, answers, reduction="none").sum(1)
    assert torch.allclose(Binary().each(scores, labels), expected)


def test_binary_with_full_smoothing_wants_maybe_everywhere() -> None:
    scores = torch.zeros(1, 3, requires_grad=True)
    Binary(smoothing=1)(scores, torch.tensor([0])).backward()
    assert scores.grad is not None
    assert not scores.grad.any()


@pytest.mark.parametrize("kind", ["cross-entropy", "focal", "binary"])
def test_smoothing_outside_its_range_is_refused(kind: str) -> None:
    with pytest.raises(OptionError, match=r"smoothing: must lie in \[0, 1\], got 1.5"):
        Loss.from_json({"kind": kind, "smoothing": 1.5})

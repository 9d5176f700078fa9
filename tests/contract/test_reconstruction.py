"""What every loss between pictures must do."""

import pytest
import torch

from vitral.core import ShapeError, members

LOSSES = [pytest.param(kind, id=name) for name, kind in members("reconstruction").items()]


@pytest.mark.parametrize("kind", LOSSES)
def test_equal_pictures_are_at_distance_zero(kind):
    pictures = torch.rand(3, 3, 24, 40, dtype=torch.float64)
    assert kind()(pictures, pictures).tolist() == pytest.approx([0.0] * 3, abs=1e-9)


@pytest.mark.parametrize("kind", LOSSES)
def test_more_noise_is_further_away(kind):
    torch.manual_seed(0)
    pictures = torch.rand(2, 3, 64, 64, dtype=torch.float64)
    noise = torch.randn_like(pictures)
    near, far = (kind()(pictures + amount * noise, pictures) for amount in (0.02, 0.1))
    assert (near > 0).all()
    assert (far > near).all()


@pytest.mark.parametrize("kind", LOSSES)
def test_each_picture_has_its_own_number(kind):
    pictures = torch.rand(2, 3, 32, 32, dtype=torch.float64)
    made = pictures.clone()
    made[1] = made[1].flip(-1)
    found = kind()(made, pictures)
    assert found.shape == (2,)
    assert found[0] == pytest.approx(0, abs=1e-9)
    assert found[1] > 0


@pytest.mark.parametrize("kind", LOSSES)
def test_its_slope_is_right(kind):
    torch.manual_seed(1)
    made = (0.2 + 0.6 * torch.rand(1, 1, 6, 7, dtype=torch.float64)).requires_grad_()
    pictures = made.detach() + 0.1 * torch.randn_like(made)
    assert torch.autograd.gradcheck(kind(), (made, pictures))


@pytest.mark.parametrize("kind", LOSSES)
def test_flat_and_tiny_pictures_give_finite_numbers_and_slopes(kind):
    for shape in ((1, 3, 1, 1), (1, 3, 5, 300)):
        made = torch.zeros(shape, requires_grad=True)
        kind()(made, torch.ones(shape)).sum().backward()
        assert made.grad is not None
        assert torch.isfinite(made.grad).all()


@pytest.mark.parametrize("kind", LOSSES)
def test_all_are_on_one_scale_at_ordinary_quality(kind):
    torch.manual_seed(2)
    pictures = torch.nn.functional.avg_pool2d(torch.rand(4, 3, 192, 192), 3, 1)
    made = pictures + torch.randn_like(pictures) * 10 ** (-30 / 20)
    assert 10 < float(kind()(made, pictures).mean()) < 300


@pytest.mark.parametrize("kind", LOSSES)
def test_other_shapes_are_refused(kind):
    with pytest.raises(ShapeError, match=r"both must have one shape, got \(1, 3, 8, 8\) and \(1, 3, 8, 9\)"):
        kind()(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 9))

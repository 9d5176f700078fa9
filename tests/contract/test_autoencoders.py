"""What every autoencoder must do: fit the coder's grid, and look no further than it says."""

import pytest
import torch

from vitral.core import members
from vitral.nn import Autoencoder

AUTOENCODERS = [pytest.param(kind, id=name) for name, kind in members("autoencoder").items()]


@pytest.fixture(scope="module", params=AUTOENCODERS)
def net(request):
    kind = request.param
    assert issubclass(kind, Autoencoder)
    torch.manual_seed(3)
    return kind().with_settings({"latents": 12, "widths": (8, 8, 8)}).build().double().eval()


@pytest.mark.parametrize("places", [(1, 1), (1, 3), (4, 2)])
def test_a_place_of_the_latent_is_a_square_of_the_picture(net, places):
    pictures = torch.rand(2, 3, *(net.stride * side for side in places), dtype=torch.float64)
    latent = net.analysis(pictures)
    assert latent.shape == (2, net.channels, *places)
    assert net.synthesis(latent).shape == pictures.shape


def test_decoded_pixels_depend_on_nothing_beyond_the_halo(net):
    side = 2 * net.halo + 3
    latent = torch.randn(1, net.channels, side, side, dtype=torch.float64)
    other = torch.randn_like(latent)
    middle = slice(net.halo, -net.halo)
    other[:, :, :, :] = torch.where(_border(side, 1), other, latent)
    pixels = slice(net.stride * (net.halo + 1), net.stride * (net.halo + 2))
    first, second = net.synthesis(latent), net.synthesis(other)
    assert (latent[:, :, middle, middle] == other[:, :, middle, middle]).all()
    assert torch.equal(first[:, :, pixels, pixels], second[:, :, pixels, pixels])


def test_the_latent_depends_on_nothing_beyond_the_halo(net):
    side = 2 * net.halo + 3
    pictures = torch.rand(1, 3, net.stride * side, net.stride * side, dtype=torch.float64)
    other = torch.where(_border(side, 1).repeat_interleave(net.stride, 0).repeat_interleave(net.stride, 1),
                        torch.rand_like(pictures), pictures)  # fmt: skip
    at = net.halo + 1
    assert torch.equal(net.analysis(pictures)[:, :, at, at], net.analysis(other)[:, :, at, at])


def test_every_weight_takes_part(net):
    net.zero_grad()
    pictures = torch.rand(1, 3, 2 * net.stride, 2 * net.stride, dtype=torch.float64)
    net.synthesis(net.analysis(pictures)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def _border(side, width):
    border = torch.ones(side, side, dtype=torch.bool)
    border[width:-width, width:-width] = False
    return border

"""What every autoencoder must do: fit the coder's grid, and look no further than it says."""

import pytest
import torch

from vitral.core import OptionError, members
from vitral.nn import Autoencoder, ResidualAutoencoder

SIZES = {8: {"widths": (8, 8), "blocks": (1, 2)}, 16: {"widths": (8, 8, 8)}, 32: {
    "widths": (8, 8, 8, 8), "blocks": (2, 1, 1, 1)}}  # fmt: skip
AUTOENCODERS = [
    pytest.param((kind, stride), id=f"{name}-{stride}")
    for name, kind in members("autoencoder").items()
    for stride in SIZES
]


@pytest.fixture(scope="module", params=AUTOENCODERS)
def net(request):
    kind, stride = request.param
    assert issubclass(kind, Autoencoder)
    torch.manual_seed(3)
    made = kind().with_settings({"latents": 12} | SIZES[stride]).build().double().eval()
    assert made.stride == stride
    return made


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


def test_pictures_of_any_size_are_padded_to_whole_places(net):
    pictures = torch.rand(1, 3, 1, net.stride + 1, dtype=torch.float64)
    padded = net.padded(pictures)
    assert padded.shape == (1, 3, net.stride, 2 * net.stride)
    assert torch.equal(padded[:, :, :1, : net.stride + 1], pictures)
    assert torch.equal(padded[:, :, -1, -1], pictures[:, :, -1, -1])
    assert net.padded(padded) is padded


def test_every_weight_takes_part(net):
    net.zero_grad()
    pictures = torch.rand(1, 3, 2 * net.stride, 2 * net.stride, dtype=torch.float64)
    net.synthesis(net.analysis(pictures)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_there_are_two_to_four_sizes_and_as_many_widths_as_blocks():
    with pytest.raises(OptionError, match=r"widths: must be two, three or four numbers, got \(8,\)"):
        ResidualAutoencoder(widths=(8,))
    with pytest.raises(
        OptionError, match=r"blocks: must be two, three or four numbers, got \(1, 1, 1, 1, 1\)"
    ):
        ResidualAutoencoder(blocks=(1,) * 5)
    with pytest.raises(OptionError, match=r"widths and blocks must be as many, got \(8, 8\) and \(2, 2, 2\)"):
        ResidualAutoencoder(widths=(8, 8)).build()


def _border(side, width):
    border = torch.ones(side, side, dtype=torch.bool)
    border[width:-width, width:-width] = False
    return border

"""A large picture goes through a network in tiles as if it went at once."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from vitral.core import OptionError, ShapeError
from vitral.nn import UNet
from vitral.nn.dense.tiles import tiled


def padded_net(stride=1, depth=3):
    """Convolutions whose zero padding shows at every border of what they see."""
    torch.manual_seed(3)
    layers = [nn.Conv2d(2, 6, 3, padding=1), nn.ReLU()]
    layers += [layer for _ in range(depth) for layer in (nn.Conv2d(6, 6, 3, padding=1), nn.ReLU())]
    net = nn.Sequential(*layers, nn.Conv2d(6, 4, 3, padding=1)).eval()

    def answer(x):
        y = net(functional.pad(x, (0, -x.shape[3] % stride, 0, -x.shape[2] % stride)))
        return functional.avg_pool2d(y, stride)

    return answer


@pytest.mark.parametrize("stride", [1, 2, 4])
@settings(max_examples=12, deadline=None)
@given(size=st.tuples(st.integers(1, 230), st.integers(1, 230)))
@torch.no_grad()
def test_tiles_give_what_the_whole_picture_gives(stride, size):
    net, picture = padded_net(stride), torch.randn(1, 2, *size, generator=torch.Generator().manual_seed(1))
    whole = net(picture)
    found = tiled(net, picture, tile_px=128, overlap_px=64, stride=stride, outputs=4)
    assert found.shape == whole.shape
    # A network that looks 5 px far is blind nowhere but in the 16 px that do not count.
    assert torch.allclose(found, whole, atol=1e-5)
    if max(size) <= 128:
        assert torch.equal(found, whole)


@torch.no_grad()
def test_a_unet_gives_the_same_for_a_picture_that_fits_into_a_tile():
    torch.manual_seed(0)
    net = UNet().build(3, (5, 2), stride=4).eval()
    picture = torch.rand(2, 3, 67, 41)
    assert torch.equal(tiled(net, picture, stride=4, outputs=7, tile_px=96, overlap_px=32), net(picture))


@torch.no_grad()
def test_no_seam_is_seen_where_tiles_meet_though_their_padding_is_felt():
    def feels_borders(x):
        """1 inside, and falling to 0 within 24 px of the border of what it sees."""
        rows, columns = (torch.arange(n) + 0.5 for n in x.shape[2:])
        near = torch.minimum(
            torch.minimum(rows, rows.flip(0))[:, None], torch.minimum(columns, columns.flip(0))
        )
        return (near / 24).clamp(max=1).expand(len(x), 1, -1, -1)

    found = tiled(feels_borders, torch.zeros(1, 1, 300, 300), tile_px=128, overlap_px=64, outputs=1)[0, 0]
    inner = found[32:-32, 32:-32]
    assert inner.min() > 0.9
    steps = torch.cat([inner.diff(dim=0).flatten(), inner.diff(dim=1).flatten()])
    # A bare cut would make a step of 1.
    assert steps.abs().max() < 0.02


@torch.no_grad()
def test_the_network_sees_parts_that_begin_at_multiples_of_its_largest_stride():
    seen = []

    def look(x):
        seen.append((int(x[0, 0, 0, 0]), int(x[0, 1, 0, 0]), *x.shape[2:]))
        return x[:, :1].float()

    rows, columns = torch.meshgrid(torch.arange(1000), torch.arange(333), indexing="ij")
    found = tiled(look, torch.stack([rows, columns])[None], tile_px=256, overlap_px=64, outputs=1)
    assert all(top % 32 == left % 32 == 0 for top, left, _, _ in seen)
    assert max(height for _, _, height, _ in seen) <= 256
    assert torch.allclose(found[0, 0], rows.float(), atol=1e-3)


@torch.no_grad()
def test_half_precision_saves_memory_and_keeps_three_digits():
    net, picture = padded_net(), torch.randn(1, 2, 150, 150)
    found = tiled(net, picture, tile_px=96, overlap_px=32, outputs=4, dtype=torch.float16)
    assert found.dtype == torch.float16
    assert torch.allclose(found.float(), net(picture), atol=2e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tile_px": 100}, r"tile_px: must be a multiple of 32, at least two, got 100"),
        ({"tile_px": 32}, r"tile_px: must be a multiple of 32, at least two, got 32"),
        ({"overlap_px": 16}, r"overlap_px: must lie in \[32, 64\] \(half a tile\), got 16"),
        ({"overlap_px": 65}, r"overlap_px: must lie in \[32, 64\] \(half a tile\), got 65"),
        ({"stride": 3}, r"align_px: must be a multiple of the stride 3, got 32"),
    ],
)
def test_sizes_that_do_not_fit_together_are_refused(options, message):
    usual = {"tile_px": 128, "overlap_px": 64, "outputs": 4} | options
    with pytest.raises(OptionError, match=message):
        tiled(padded_net(), torch.zeros(1, 2, 9, 9), **usual)


def test_pictures_without_pixels_and_answers_of_another_size_are_refused():
    with pytest.raises(ShapeError, match="must be pictures b x c x h x w with pixels, got 1 x 2 x 0 x 9"):
        tiled(padded_net(), torch.zeros(1, 2, 0, 9), outputs=4)
    with pytest.raises(ShapeError, match="the network must answer 1 x 9 x 8 x 8, got 1 x 4 x 8 x 8"):
        tiled(padded_net(), torch.zeros(1, 2, 8, 8), outputs=9)

"""What every dense network and every pyramid must hold."""

import pytest
import torch
from torch.nn import functional

from vitral.core import MissingExtra, OptionError, ShapeError, members
from vitral.nn import (
    DataDependent,
    DenseNetwork,
    EncodedPyramid,
    EncodedPyramidNet,
    FastNet,
    GeneratorEncoder,
    Ladder,
    Pyramid,
    PyramidNet,
    ResidualNet,
    ResidualPyramid,
    TrunkEncoder,
    UNet,
)

SMALL = ResidualPyramid(stem=8, widths=(8, 12, 16), depths=(1, 1, 1))
NETWORKS = [UNet(encoder=SMALL, widths=(8, 8, 12), detail=4, dropout=0.0)]
TRUNKS = [
    TrunkEncoder(network=FastNet(widths=(8, 12))),
    TrunkEncoder(network=ResidualNet(stem=8, widths=(8, 12), depths=(1, 1))),
    GeneratorEncoder(generator=Ladder(width=8, groups=2, resolutions=2), shape=(1, 16, 16)),
]
PYRAMIDS = [
    pytest.param(kind(), id=name) for name, kind in members("pyramid").items() if name != "encoded"
] + [pytest.param(EncodedPyramid(encoder=one), id=f"encoded-{one.kind}-{n}") for n, one in enumerate(TRUNKS)]
ALL = pytest.mark.parametrize("network", NETWORKS, ids=lambda one: one.kind)
EACH = pytest.mark.parametrize("pyramid", PYRAMIDS)
SIZES = pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 3), (1, 40), (33, 16), (41, 67)])


def pyramid_of(spec: Pyramid, inputs: int = 3) -> PyramidNet:
    torch.manual_seed(0)
    try:
        module = spec.build(inputs)
    except MissingExtra as missing:
        pytest.skip(str(missing))
    for one in module.modules():
        if isinstance(one, DataDependent):
            one.prepare(torch.rand(8, getattr(one, "inputs", inputs), 16, 16))
    return module


def test_every_kind_is_tried_here():
    assert {network.kind for network in NETWORKS} == set(members("dense network"))


@ALL
@SIZES
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_it_answers_for_every_place_of_any_size(network: DenseNetwork, height, width, stride):
    model = network.build(3, (5, 2), stride=stride).eval()
    answers = model(torch.rand(2, 3, height, width))
    assert answers.shape == (2, 7, -(-height // stride), -(-width // stride))
    assert answers.isfinite().all()


@ALL
def test_it_trains_on_one_tiny_picture_in_half_precision(network: DenseNetwork):
    torch.manual_seed(4)
    model = network.build(4, (3,), stride=1).train().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    for side in (1, 2, 9):
        with torch.autocast("cpu", torch.bfloat16):
            answers = model(torch.rand(1, 4, side, side))
        answers.float().square().mean().backward()
    learned = [one.grad for one in model.parameters() if one.requires_grad]
    assert all(grad is not None and grad.isfinite().all() for grad in learned)


@ALL
def test_a_picture_is_answered_alone_as_in_a_batch(network: DenseNetwork):
    model, pictures = network.build(3, (2,), stride=2).eval(), torch.rand(4, 3, 21, 30)
    assert torch.allclose(model(pictures)[2:3], model(pictures[2:3]), atol=1e-5)


@ALL
def test_it_learns_which_pixels_are_bright(network: DenseNetwork):
    torch.manual_seed(1)
    model = network.build(1, (2,), stride=1).train()
    pictures = (functional.interpolate(torch.rand(4, 1, 4, 4), 16) > 0.5).float()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(40):
        optimizer.zero_grad()
        functional.cross_entropy(model(pictures), pictures[:, 0].long()).backward()
        optimizer.step()
    assert (model(pictures).argmax(1) == pictures[:, 0]).float().mean() > 0.97


@ALL
def test_it_is_determined_by_the_seed_and_saved_whole(network: DenseNetwork):
    built = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        built.append(network.build(3, (2,), stride=4).eval())
    pictures = torch.rand(1, 3, 20, 20)
    assert torch.equal(built[0](pictures), built[1](pictures))
    assert not torch.equal(built[0](pictures), built[2](pictures))
    built[2].load_state_dict(built[0].state_dict())
    assert torch.equal(built[0](pictures), built[2](pictures))
    assert DenseNetwork.from_json(network.to_json()) == network


@ALL
def test_what_cannot_be_built_is_refused(network: DenseNetwork):
    with pytest.raises(OptionError, match="heads: must name at least one channel each, got"):
        network.build(3, ())
    with pytest.raises(OptionError, match="stride: must be 1, 2 or 4, got 3"):
        network.build(3, (1,), stride=3)
    with pytest.raises(ShapeError, match="pictures must be b x 3 x h x w with h and w at least 1, got"):
        network.build(3, (1,))(torch.zeros(1, 2, 4, 4))


def test_a_unet_whose_maps_are_all_too_fine_is_refused():
    network = UNet(encoder=EncodedPyramid(encoder=TRUNKS[0]))
    with pytest.raises(OptionError, match=r"UNet: must have a map at stride 4 or coarser, got \(2,\)"):
        UNet(encoder=_OnlyHalf()).build(3, (1,), stride=4)
    assert network.build(3, (1,), stride=4).eval()(torch.rand(1, 3, 8, 8)).shape == (1, 1, 2, 2)


@EACH
@SIZES
def test_maps_have_the_widths_and_sizes_they_announce(pyramid: Pyramid, height, width):
    module = pyramid_of(pyramid).eval()
    maps = module(torch.rand(2, 3, height, width))
    assert list(module.strides) == sorted(set(module.strides))
    assert [tuple(one.shape) for one in maps] == [
        (2, channels, -(-height // stride), -(-width // stride))
        for channels, stride in zip(module.widths, module.strides, strict=True)
    ]


@EACH
def test_every_weight_that_may_learn_does(pyramid: Pyramid):
    module = pyramid_of(pyramid).train()
    torch.stack([one.square().mean() for one in module(torch.rand(2, 3, 32, 32))]).sum().backward()
    without = [name for name, one in module.named_parameters() if one.requires_grad and one.grad is None]
    assert not without


@pytest.mark.parametrize("encoder", TRUNKS, ids=lambda one: one.kind)
def test_an_encoder_brings_its_weights_and_may_stay_as_it_is(encoder):
    learned = pyramid_of(EncodedPyramid(encoder=encoder))
    fresh = pyramid_of(EncodedPyramid(encoder=encoder, frozen=True), inputs=4)
    assert isinstance(learned, EncodedPyramidNet)
    assert isinstance(fresh, EncodedPyramidNet)
    for one in learned.encoder.network.parameters():
        one.data += 0.01
    fresh.take(learned.encoder.network.state_dict())
    same = zip(learned.encoder.network.parameters(), fresh.encoder.network.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in same)
    assert not any(one.requires_grad for one in fresh.encoder.parameters())
    fresh.train()
    assert not fresh.encoder.training
    assert len(fresh(torch.rand(1, 4, 24, 24))) == len(fresh.strides)


class _OnlyHalf(ResidualPyramid):
    """A pyramid of one map."""

    def build(self, inputs: int):
        module = super().build(inputs)
        module.strides, module.widths = module.strides[:1], module.widths[:1]
        return module

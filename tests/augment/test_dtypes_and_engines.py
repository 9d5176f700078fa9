"""Inputs of other types and layouts, and the environment variable that chooses the engine."""

from typing import Any

import numpy as np
import pytest
import torch

from vitral.augment import (
    Augmentation,
    Brightness,
    CutMix,
    Flip,
    GaussianBlur,
    Hue,
    MixUp,
    Op,
    PairTransform,
    RandomResizedCrop,
    Rotate,
    Transform,
)
from vitral.core import Batch, OptionError

SIZE: dict[str, Any] = {"height": 18, "width": 22}
TONES: dict[str, Any] = {"mean": (0.4, 0.5, 0.6), "std": (0.2, 0.3, 0.25)}
CHAINS: dict[str, tuple[Op, ...]] = {
    "upright": (RandomResizedCrop(), Flip(), Brightness()),
    "warped": (Rotate(), Hue(turn=(-0.5, 0.5)), GaussianBlur(p=0.5), Rotate()),
    "mixed": (Rotate(), MixUp(p=0.5), CutMix(p=0.5)),
}


@pytest.fixture(params=sorted(CHAINS))
def ops(request) -> tuple[Op, ...]:
    return CHAINS[request.param]


def inputs_of(batch: Batch) -> torch.Tensor:
    assert batch.inputs is not None
    return batch.inputs


@pytest.mark.parametrize("layout", ["channels_last", "contiguous"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("on", ["arrays", "tensor"])
def test_another_type_and_layout_hold_the_same_values(ops, dtype, layout, on, noise, batch_of):
    pixels = noise(6, 20, 26)
    usual = inputs_of(Augmentation(ops, **SIZE, **TONES)(batch_of(pixels)))
    given = pixels if on == "arrays" else torch.from_numpy(pixels)
    made = inputs_of(Augmentation(ops, **SIZE, **TONES, dtype=dtype, layout=layout)(batch_of(given)))
    assert made.dtype == getattr(torch, dtype)
    assert made.shape == (6, 3, 18, 22)
    how = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    assert made.is_contiguous(memory_format=how)
    if on == "arrays":
        assert torch.equal(made, usual.to(made.dtype))
    else:
        assert torch.allclose(made.float(), usual, atol=0.03 if dtype == "bfloat16" else 0.02)


def test_parts_give_what_the_whole_gives_in_any_type(ops, noise, batch_of):
    augmentation = Augmentation(ops, **SIZE, **TONES, dtype="bfloat16", layout="contiguous")
    batch = batch_of(noise(7, 20, 26))
    whole = inputs_of(augmentation(batch))
    work = augmentation.begin(batch, lambda shape: np.full(shape, np.nan, np.float32))
    for start, stop in ((4, 7), (0, 1), (1, 4)):
        work.part(start, stop)
    assert torch.equal(inputs_of(work.finish()), whole)


def test_the_environment_chooses_the_reference(ops, noise, batch_of, monkeypatch):
    augmentation, pixels = Augmentation(ops, **SIZE, **TONES), noise(6, 20, 26)
    compiled = inputs_of(augmentation(batch_of(pixels)))
    called = []
    from vitral.augment.engines import render

    real = render.render_tensor
    monkeypatch.setattr(render, "render_tensor", lambda *a, **k: called.append(1) or real(*a, **k))
    monkeypatch.setenv("VITRAL_AUGMENT_ENGINE", "reference")
    reference = inputs_of(augmentation(batch_of(list(pixels))))
    assert len(called) == 6
    assert torch.allclose(reference, compiled, atol=0.02)
    monkeypatch.setenv("VITRAL_AUGMENT_ENGINE", "compiled")
    assert torch.equal(inputs_of(augmentation(batch_of(pixels))), compiled)


@pytest.mark.parametrize("name", ["upright", "warped"])
def test_the_environment_chooses_the_reference_for_levels_and_single_samples(
    name, noise, batch_of, monkeypatch
):
    pixels, chain = noise(3, 20, 26), CHAINS[name]
    floats: dict[str, Any] = {"mean": (0.0,) * 3, "std": (1 / 255,) * 3}
    augmentation = Augmentation(chain, **SIZE, **floats)
    from vitral.augment.engines import render

    real, called = render.render_tensor, []
    monkeypatch.setattr(render, "render_tensor", lambda *a, **k: called.append(1) or real(*a, **k))
    compiled = list(augmentation.levels(batch_of(pixels)))
    assert not called
    monkeypatch.setenv("VITRAL_AUGMENT_ENGINE", "reference")
    want = inputs_of(augmentation(batch_of(pixels))).permute(0, 2, 3, 1).numpy()
    levels = list(augmentation.levels(batch_of(pixels)))
    assert len(called) == 6
    transform = Transform(chain, **SIZE, seed=1)
    pair = PairTransform(chain, **SIZE, seed=1, **TONES)
    usual = inputs_of(Augmentation(chain, **SIZE, **TONES)(batch_of(pixels))).permute(0, 2, 3, 1).numpy()
    called.clear()
    for i in range(3):
        assert levels[i].dtype == np.uint8
        assert np.abs(levels[i] - want[i]).max() <= 0.5 + 1e-4
        assert np.abs(levels[i].astype(int) - compiled[i]).max() <= 2
        assert np.array_equal(transform(image=pixels[i], index=i)["image"], levels[i])
        assert np.array_equal(pair(pixels[i], index=i), usual[i])
    assert len(called) == 6


def test_an_engine_that_does_not_exist_is_refused_for_levels_and_single_samples(noise, batch_of, monkeypatch):
    monkeypatch.setenv("VITRAL_AUGMENT_ENGINE", "referense")
    message = r"VITRAL_AUGMENT_ENGINE: must be one of compiled, reference, got 'referense'; did you mean 'ref"
    with pytest.raises(OptionError, match=message):
        Augmentation((), **SIZE, **TONES).levels(batch_of(noise(1, 8, 8)))
    with pytest.raises(OptionError, match=message):
        Transform()(image=noise(1, 8, 8)[0])
    with pytest.raises(OptionError, match=message):
        PairTransform(**SIZE, **TONES)(noise(1, 8, 8)[0])


def test_an_engine_that_does_not_exist_is_refused(noise, batch_of, monkeypatch):
    monkeypatch.setenv("VITRAL_AUGMENT_ENGINE", "referense")
    with pytest.raises(OptionError, match=r"VITRAL_AUGMENT_ENGINE: must be one of .*; did you mean"):
        Augmentation((), **SIZE, **TONES)(batch_of(noise(1, 8, 8)))


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"dtype": "float16"}, "dtype: must be one of float32, bfloat16, got 'float16'"),
        ({"layout": "nchw"}, "layout: must be one of channels_last, contiguous, got 'nchw'"),
        ({"border": "black"}, "border: must be one of reflect, edge, fill, got 'black'"),
        ({"fill": (0, 0)}, r"fill: must be three levels in \[0, 255\]"),
        ({"fill": (0, 0, 256)}, r"fill: must be three levels in \[0, 255\]"),
    ],
)
def test_options_outside_what_is_known_are_refused(option, message):
    with pytest.raises(OptionError, match=message):
        Augmentation((), **SIZE, **TONES, **option)

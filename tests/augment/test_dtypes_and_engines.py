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
    RandomResizedCrop,
    Rotate,
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
    from vitral.augment.engines import render_work

    real = render_work.render_tensor
    monkeypatch.setattr(render_work, "render_tensor", lambda *a, **k: called.append(1) or real(*a, **k))
    monkeypatch.setenv("VITRAL_AUGMENT_ENGINE", "reference")
    reference = inputs_of(augmentation(batch_of(list(pixels))))
    assert len(called) == 6
    assert torch.allclose(reference, compiled, atol=0.02)
    monkeypatch.setenv("VITRAL_AUGMENT_ENGINE", "compiled")
    assert torch.equal(inputs_of(augmentation(batch_of(pixels))), compiled)


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

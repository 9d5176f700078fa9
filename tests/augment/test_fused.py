"""What is compiled for a GPU gives what it gives step by step; here both run on the processor."""

import shutil
from typing import Any

import numpy as np
import pytest
import torch

from vitral.augment import Augmentation, Elastic, Gamma, Hue, Rotate, Saturation
from vitral.augment.engines import fused

SIZE: dict[str, Any] = {"height": 20, "width": 24}
needs_compiler = pytest.mark.skipif(
    shutil.which("gcc") is None and shutil.which("c++") is None, reason="torch.compile needs a C++ compiler"
)


@needs_compiler
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch.compile imports what torch deprecates
def test_compiled_and_step_by_step_are_the_same(noise, batch_of, monkeypatch):
    ops = (Elastic(p=0.5), Rotate(), Saturation(), Hue(turn=(-0.5, 0.5)), Gamma())
    augmentation = Augmentation(ops, **SIZE, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.25), border="fill")
    pixels = torch.from_numpy(noise(4, 26, 30))
    plain = augmentation(batch_of(pixels)).inputs
    monkeypatch.setattr(fused, "DEVICES", {"cpu"})
    together = augmentation(batch_of(pixels)).inputs
    assert plain is not None
    assert together is not None
    assert torch.allclose(together, plain, atol=2e-4)


def test_where_nothing_can_be_compiled_a_warning_says_so(monkeypatch):
    def refuse(*_, **__):
        def compiled(*_):
            raise RuntimeError("no such compiler")

        return compiled

    monkeypatch.setattr(torch, "compile", refuse)
    monkeypatch.setattr(fused, "DEVICES", {"cpu"})
    double = fused.fused(lambda values, factor: values * factor)
    with pytest.warns(UserWarning, match="step by step, because torch.compile fails here: no such compiler"):
        assert torch.equal(double(torch.ones(2), 2), torch.full((2,), 2.0))
    assert np.allclose(double(torch.ones(2), 3), 3)


@pytest.mark.gpu
def test_a_gpu_gives_what_the_processor_gives(noise, batch_of):
    ops = (Elastic(p=0.5), Rotate(), Saturation(), Hue(turn=(-0.5, 0.5)), Gamma())
    augmentation = Augmentation(ops, **SIZE, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.25))
    pixels = torch.from_numpy(noise(4, 26, 30))
    here, there = augmentation(batch_of(pixels)).inputs, augmentation(batch_of(pixels.cuda())).inputs
    assert here is not None
    assert there is not None
    assert there.is_cuda
    assert torch.allclose(there.cpu(), here, atol=2e-3)

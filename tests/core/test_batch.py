"""A Batch counts its pictures and moves its tensors."""

import numpy as np
import torch

from vitral.core import Batch


def batch() -> Batch:
    return Batch(
        pixels=np.zeros((2, 4, 4, 3), np.uint8),
        labels=torch.tensor([0, 1]),
        indices=np.array([5, 7]),
        keys=("a/1.png", "b/2.png"),
        seed=0,
        epoch=0,
        position=0,
        inputs=torch.arange(96.0).reshape(2, 3, 4, 4),
        other_labels=torch.tensor([1, 0]),
        share=torch.tensor([0.3, 1.0]),
    )


def test_the_length_is_the_number_of_pictures() -> None:
    assert len(batch()) == 2


def test_moving_keeps_the_values_and_sets_the_layout() -> None:
    before, after = batch(), batch().to(torch.device("cpu"))
    assert before.inputs is not None
    assert after.inputs is not None
    assert torch.equal(before.inputs, after.inputs)
    assert after.inputs.is_contiguous(memory_format=torch.channels_last)
    plain = after.to(torch.device("cpu"), channels_last=False)
    assert plain is after
    assert plain.inputs is not None
    assert plain.inputs.is_contiguous()


def test_moving_a_batch_that_was_not_augmented_moves_its_labels() -> None:
    bare = batch()
    bare.inputs = bare.other_labels = bare.share = None
    moved = bare.to(torch.device("meta"))
    assert moved.labels.device.type == "meta"
    assert moved.inputs is None

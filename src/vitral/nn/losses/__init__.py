"""Losses for classification, one file each."""

from vitral.nn.losses.binary import Binary
from vitral.nn.losses.cross_entropy import CrossEntropy
from vitral.nn.losses.focal import Focal
from vitral.nn.losses.loss import Loss

__all__ = ["Binary", "CrossEntropy", "Focal", "Loss"]

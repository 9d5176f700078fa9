"""Segmentation: the class of every pixel."""

from vitral.tasks.segment.answer import Segmented
from vitral.tasks.segment.task import Segment

__all__ = ["Segment", "Segmented"]

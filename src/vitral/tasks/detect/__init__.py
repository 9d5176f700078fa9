"""Detection: boxes around objects."""

from vitral.tasks.detect.answer import Detected, Found
from vitral.tasks.detect.task import Detect

__all__ = ["Detect", "Detected", "Found"]

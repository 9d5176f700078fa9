"""Metrics: what a person wants to know of a model, one file each."""

from vitral.nn.metrics.calibration import expected_calibration_error
from vitral.nn.metrics.classification import ClassificationMetrics

__all__ = ["ClassificationMetrics", "expected_calibration_error"]

"""Metrics: what a person wants to know of a model, one file each."""

from vitral.nn.metrics.bjontegaard import bd_rate
from vitral.nn.metrics.calibration import expected_calibration_error
from vitral.nn.metrics.classification import ClassificationMetrics
from vitral.nn.metrics.ms_ssim import ms_ssim, ms_ssim_db

__all__ = ["ClassificationMetrics", "bd_rate", "expected_calibration_error", "ms_ssim", "ms_ssim_db"]

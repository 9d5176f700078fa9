"""Losses between pictures, one a file."""

from vitral.nn.reconstruction.l1 import AbsoluteError
from vitral.nn.reconstruction.ms_ssim import StructuralError
from vitral.nn.reconstruction.mse import SquaredError
from vitral.nn.reconstruction.reconstruction import Reconstruction

__all__ = ["AbsoluteError", "Reconstruction", "SquaredError", "StructuralError"]

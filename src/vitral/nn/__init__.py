"""Activations, blocks, losses, metrics and networks."""

from vitral.nn.activations import (
    ELU,
    GELU,
    Activation,
    Identity,
    LeakyReLU,
    Mish,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
)
from vitral.nn.data_dependent import DataDependent
from vitral.nn.losses import Binary, CrossEntropy, Focal, Loss
from vitral.nn.metrics import ClassificationMetrics, expected_calibration_error
from vitral.nn.networks import FastNet, Network, ResidualNet, TimmNet

__all__ = [
    "ELU",
    "GELU",
    "Activation",
    "Binary",
    "ClassificationMetrics",
    "CrossEntropy",
    "DataDependent",
    "FastNet",
    "Focal",
    "Identity",
    "LeakyReLU",
    "Loss",
    "Mish",
    "Network",
    "ReLU",
    "ResidualNet",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Tanh",
    "TimmNet",
    "expected_calibration_error",
]

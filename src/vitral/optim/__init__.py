"""Optimizers, parameter groups and schedules."""

from vitral.optim.newton_schulz import orthogonalize
from vitral.optim.optimizers import (
    Adagrad,
    Adam,
    AdamW,
    GradientDescent,
    Momentum,
    Muon,
    Nesterov,
    Optimizer,
    RMSprop,
)
from vitral.optim.parameter_groups import parameter_groups, trainable
from vitral.optim.schedules import Constant, Cosine, OneCycle, Schedule, Step, Trapezoid

__all__ = [
    "Adagrad",
    "Adam",
    "AdamW",
    "Constant",
    "Cosine",
    "GradientDescent",
    "Momentum",
    "Muon",
    "Nesterov",
    "OneCycle",
    "Optimizer",
    "RMSprop",
    "Schedule",
    "Step",
    "Trapezoid",
    "orthogonalize",
    "parameter_groups",
    "trainable",
]

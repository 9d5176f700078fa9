"""Optimizers, one file each."""

from vitral.optim.optimizers.adagrad import Adagrad
from vitral.optim.optimizers.adam import Adam
from vitral.optim.optimizers.adamw import AdamW
from vitral.optim.optimizers.gradient_descent import GradientDescent
from vitral.optim.optimizers.momentum import Momentum
from vitral.optim.optimizers.muon import Muon
from vitral.optim.optimizers.nesterov import Nesterov
from vitral.optim.optimizers.optimizer import Optimizer
from vitral.optim.optimizers.rmsprop import RMSprop

__all__ = [
    "Adagrad",
    "Adam",
    "AdamW",
    "GradientDescent",
    "Momentum",
    "Muon",
    "Nesterov",
    "Optimizer",
    "RMSprop",
]

"""Activations: what bends a network, one file each, usable by name in every network."""

from vitral.nn.activations.activation import Activation
from vitral.nn.activations.elu import ELU
from vitral.nn.activations.gelu import GELU
from vitral.nn.activations.identity import Identity
from vitral.nn.activations.leaky_relu import LeakyReLU
from vitral.nn.activations.mish import Mish
from vitral.nn.activations.relu import ReLU
from vitral.nn.activations.sigmoid import Sigmoid
from vitral.nn.activations.silu import SiLU
from vitral.nn.activations.softplus import Softplus
from vitral.nn.activations.tanh import Tanh

__all__ = [
    "ELU",
    "GELU",
    "Activation",
    "Identity",
    "LeakyReLU",
    "Mish",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Tanh",
]

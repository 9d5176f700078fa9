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
from vitral.nn.autoencoders import Autoencoder, AutoencoderNet, ContextPrior, ResidualAutoencoder
from vitral.nn.data_dependent import DataDependent
from vitral.nn.generators import BetaVAE, Bound, Generator, GeneratorNet, Ladder, LadderNet
from vitral.nn.likelihoods import Bernoulli, DiscretizedLogistics, Likelihood
from vitral.nn.losses import Binary, CrossEntropy, Focal, Loss
from vitral.nn.metrics import ClassificationMetrics, bd_rate, expected_calibration_error, ms_ssim, ms_ssim_db
from vitral.nn.networks import FastNet, Network, ResidualNet, TimmNet
from vitral.nn.reconstruction import AbsoluteError, Reconstruction, SquaredError, StructuralError

__all__ = [
    "ELU",
    "GELU",
    "AbsoluteError",
    "Activation",
    "Autoencoder",
    "AutoencoderNet",
    "Bernoulli",
    "BetaVAE",
    "Binary",
    "Bound",
    "ClassificationMetrics",
    "ContextPrior",
    "CrossEntropy",
    "DataDependent",
    "DiscretizedLogistics",
    "FastNet",
    "Focal",
    "Generator",
    "GeneratorNet",
    "Identity",
    "Ladder",
    "LadderNet",
    "LeakyReLU",
    "Likelihood",
    "Loss",
    "Mish",
    "Network",
    "ReLU",
    "Reconstruction",
    "ResidualAutoencoder",
    "ResidualNet",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "SquaredError",
    "StructuralError",
    "Tanh",
    "TimmNet",
    "bd_rate",
    "expected_calibration_error",
    "ms_ssim",
    "ms_ssim_db",
]

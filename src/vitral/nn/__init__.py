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
from vitral.nn.encoders import AutoencoderEncoder, Encoder, EncoderNet, GeneratorEncoder
from vitral.nn.generators import BetaVAE, Bound, Generator, GeneratorNet, Ladder, LadderNet, VectorQuantized
from vitral.nn.latents import (
    MOST_POINTS,
    FittedPrior,
    LatentProbe,
    flat_view,
    nearest_classes,
    principal_axes,
    sphere_walk,
)
from vitral.nn.likelihoods import Bernoulli, DiscretizedLogistics, Likelihood
from vitral.nn.losses import Binary, CrossEntropy, Focal, Loss
from vitral.nn.metrics import ClassificationMetrics, bd_rate, expected_calibration_error, ms_ssim, ms_ssim_db
from vitral.nn.networks import (
    EncodedClassifier,
    EncodedNet,
    FastNet,
    Network,
    ResidualNet,
    TimmNet,
    TrunkEncoder,
)
from vitral.nn.reconstruction import AbsoluteError, Reconstruction, SquaredError, StructuralError
from vitral.nn.takes_weights import TakesWeights

__all__ = [
    "ELU",
    "GELU",
    "MOST_POINTS",
    "AbsoluteError",
    "Activation",
    "Autoencoder",
    "AutoencoderEncoder",
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
    "EncodedClassifier",
    "EncodedNet",
    "Encoder",
    "EncoderNet",
    "FastNet",
    "FittedPrior",
    "Focal",
    "Generator",
    "GeneratorEncoder",
    "GeneratorNet",
    "Identity",
    "Ladder",
    "LadderNet",
    "LatentProbe",
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
    "TakesWeights",
    "Tanh",
    "TimmNet",
    "TrunkEncoder",
    "VectorQuantized",
    "bd_rate",
    "expected_calibration_error",
    "flat_view",
    "ms_ssim",
    "ms_ssim_db",
    "nearest_classes",
    "principal_axes",
    "sphere_walk",
]

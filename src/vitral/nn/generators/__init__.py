"""Networks that draw pictures, one a file."""

from vitral.nn.generators.beta_vae import BetaVAE
from vitral.nn.generators.generator import Bound, Generator, GeneratorNet
from vitral.nn.generators.ladder import Ladder
from vitral.nn.generators.ladder_net import LadderNet
from vitral.nn.generators.vector_quantized import VectorQuantized
from vitral.nn.generators.vector_quantized_net import VectorQuantizedNet

__all__ = [
    "BetaVAE",
    "Bound",
    "Generator",
    "GeneratorNet",
    "Ladder",
    "LadderNet",
    "VectorQuantized",
    "VectorQuantizedNet",
]

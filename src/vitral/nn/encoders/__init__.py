"""The parts of trained networks that turn pictures into features."""

from vitral.nn.encoders.autoencoder_encoder import AutoencoderEncoder
from vitral.nn.encoders.encoder import Encoder, EncoderNet
from vitral.nn.encoders.generator_encoder import GeneratorEncoder

__all__ = ["AutoencoderEncoder", "Encoder", "EncoderNet", "GeneratorEncoder"]

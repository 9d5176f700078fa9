"""Networks that encode pictures and decode them back, and what their latents cost."""

from vitral.nn.autoencoders.autoencoder import Autoencoder, AutoencoderNet, pooled
from vitral.nn.autoencoders.context_prior import ContextPrior
from vitral.nn.autoencoders.residual import ResidualAutoencoder

__all__ = ["Autoencoder", "AutoencoderNet", "ContextPrior", "ResidualAutoencoder", "pooled"]

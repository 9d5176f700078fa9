"""Networks that classify pictures, one file each."""

from vitral.nn.networks.encoded import EncodedClassifier, EncodedNet
from vitral.nn.networks.fast import FastNet
from vitral.nn.networks.network import Network
from vitral.nn.networks.picture_unet import PictureUNet
from vitral.nn.networks.residual import ResidualNet
from vitral.nn.networks.timm_net import TimmNet
from vitral.nn.networks.trunk import TrunkEncoder

__all__ = [
    "EncodedClassifier",
    "EncodedNet",
    "FastNet",
    "Network",
    "PictureUNet",
    "ResidualNet",
    "TimmNet",
    "TrunkEncoder",
]

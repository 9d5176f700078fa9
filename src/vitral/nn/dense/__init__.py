"""Networks that answer for every place of a picture."""

from vitral.nn.dense.dense_network import DenseNet, DenseNetwork
from vitral.nn.dense.encoded_pyramid import EncodedPyramid, EncodedPyramidNet
from vitral.nn.dense.pyramid import Pyramid, PyramidNet
from vitral.nn.dense.residual_pyramid import ResidualPyramid
from vitral.nn.dense.timm_pyramid import TimmPyramid
from vitral.nn.dense.unet import UNet
from vitral.nn.dense.unet_net import UNetNet

__all__ = [
    "DenseNet",
    "DenseNetwork",
    "EncodedPyramid",
    "EncodedPyramidNet",
    "Pyramid",
    "PyramidNet",
    "ResidualPyramid",
    "TimmPyramid",
    "UNet",
    "UNetNet",
]

"""Networks that classify pictures, one file each."""

from vitral.nn.networks.fast import FastNet
from vitral.nn.networks.network import Network
from vitral.nn.networks.residual import ResidualNet
from vitral.nn.networks.timm_net import TimmNet

__all__ = ["FastNet", "Network", "ResidualNet", "TimmNet"]

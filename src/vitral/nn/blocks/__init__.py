"""Blocks: the parts that networks are made of."""

from vitral.nn.blocks.batch_norm import BatchNorm
from vitral.nn.blocks.patch_whitening import PatchWhitening
from vitral.nn.blocks.pooled_pair import PooledPair
from vitral.nn.blocks.pooling import halve
from vitral.nn.blocks.residual_block import ConvNormAct, ResidualBlock
from vitral.nn.blocks.shapes import check_pictures

__all__ = [
    "BatchNorm",
    "ConvNormAct",
    "PatchWhitening",
    "PooledPair",
    "ResidualBlock",
    "check_pictures",
    "halve",
]

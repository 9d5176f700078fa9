"""Packed sets: pictures, masks and objects in Arrow files that are mapped, not read."""

from vitral.data.packed.check import check
from vitral.data.packed.pack import Packing, pack
from vitral.data.packed.shard import Shard

__all__ = ["Packing", "Shard", "check", "pack"]

"""Whole numbers to bytes and back: tables, entropy coding, and the file of a compressed picture."""

from vitral.codec.contexts import contexts
from vitral.codec.entropy import decode_latents, encode_latents
from vitral.codec.header import MOST_PIXELS, MOST_SIDE_PX, Header, read_header
from vitral.codec.tables import FRACTION_BITS, MOST_COUNT, MOST_LATENT, MOST_MAGNITUDE, TAPS, Tables
from vitral.codec.vtl import Tile, read_alpha, read_tiles, write_vtl

__all__ = [
    "FRACTION_BITS",
    "MOST_COUNT",
    "MOST_LATENT",
    "MOST_MAGNITUDE",
    "MOST_PIXELS",
    "MOST_SIDE_PX",
    "TAPS",
    "Header",
    "Tables",
    "Tile",
    "contexts",
    "decode_latents",
    "encode_latents",
    "read_alpha",
    "read_header",
    "read_tiles",
    "write_vtl",
]

"""Compression: pictures as small files."""

from vitral.tasks.compress.answer import Compressed
from vitral.tasks.compress.files import Decoded
from vitral.tasks.compress.model import CompressModel
from vitral.tasks.compress.task import QUALITIES, Compress

__all__ = ["QUALITIES", "Compress", "CompressModel", "Compressed", "Decoded"]

"""Networks that draw pictures, one a file."""

from vitral.nn.generators.generator import Bound, Generator, GeneratorNet

__all__ = ["Bound", "Generator", "GeneratorNet"]

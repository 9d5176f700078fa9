"""The ground floor: what every room stands on, and nothing heavy."""

from vitral.core.atomic_write import atomic_write
from vitral.core.axes import AXES, IGNORE
from vitral.core.batch import Batch
from vitral.core.errors import (
    DataError,
    FileFormatError,
    ImageError,
    MissingExtra,
    OptionError,
    ShapeError,
    TrainingError,
    VitralError,
    did_you_mean,
)
from vitral.core.extras import available, require
from vitral.core.picture import Picture
from vitral.core.seeds import derived_seed, permutation, random_bits, stream_number, uniform
from vitral.core.spec import Option, Spec, families, member, members, option

__all__ = [
    "AXES",
    "IGNORE",
    "Batch",
    "DataError",
    "FileFormatError",
    "ImageError",
    "MissingExtra",
    "Option",
    "OptionError",
    "Picture",
    "ShapeError",
    "Spec",
    "TrainingError",
    "VitralError",
    "atomic_write",
    "available",
    "derived_seed",
    "did_you_mean",
    "families",
    "member",
    "members",
    "option",
    "permutation",
    "random_bits",
    "require",
    "stream_number",
    "uniform",
]

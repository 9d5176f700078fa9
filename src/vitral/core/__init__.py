"""The ground floor: what every room stands on, and nothing heavy."""

from vitral.core.allocator import keep_freed_memory
from vitral.core.atomic_write import atomic_write, put_in_place
from vitral.core.axes import AXES, IGNORE
from vitral.core.batch import Batch
from vitral.core.chart import Chart
from vitral.core.device import Choice, Precision, choose_device, choose_precision
from vitral.core.divisible import Divisible, Room, Work
from vitral.core.errors import (
    DataError,
    FileFormatError,
    ImageError,
    MissingExtra,
    OptionError,
    ShapeError,
    TrainingError,
    VitralError,
    check_names,
    did_you_mean,
)
from vitral.core.extras import available, require
from vitral.core.picture import Picture
from vitral.core.record import (
    Chosen,
    End,
    Epoch,
    Event,
    Start,
    Step,
    Warned,
    append,
    read_records,
    without_repeats,
)
from vitral.core.seeds import derived_seed, permutation, random_bits, stream_number, uniform
from vitral.core.spec import Option, Spec, families, late_members, member, members, option
from vitral.core.undecoded import Undecoded
from vitral.core.version import VERSION

__all__ = [
    "AXES",
    "IGNORE",
    "VERSION",
    "Batch",
    "Chart",
    "Choice",
    "Chosen",
    "DataError",
    "Divisible",
    "End",
    "Epoch",
    "Event",
    "FileFormatError",
    "ImageError",
    "MissingExtra",
    "Option",
    "OptionError",
    "Picture",
    "Precision",
    "Room",
    "ShapeError",
    "Spec",
    "Start",
    "Step",
    "TrainingError",
    "Undecoded",
    "VitralError",
    "Warned",
    "Work",
    "append",
    "atomic_write",
    "available",
    "check_names",
    "choose_device",
    "choose_precision",
    "derived_seed",
    "did_you_mean",
    "families",
    "keep_freed_memory",
    "late_members",
    "member",
    "members",
    "option",
    "permutation",
    "put_in_place",
    "random_bits",
    "read_records",
    "require",
    "stream_number",
    "uniform",
    "without_repeats",
]

"""Pictures: where they lie, how they are decoded and split, what is known of them, batches."""

from typing import TYPE_CHECKING

from vitral.data.decode import decode
from vitral.data.facts import DataFacts
from vitral.data.loader import Loader
from vitral.data.objects import Objects
from vitral.data.one_line import one_line
from vitral.data.open_pictures import open_pictures
from vitral.data.padded import Padded
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import ArrayPixels, Masks
from vitral.data.sample import Sample
from vitral.data.sampling import Balanced, InOrder, Sampling, Shuffled, Weighted
from vitral.data.scan import Broken, Scan, scan
from vitral.data.sources import Source
from vitral.data.sources.late import late_source as __getattr__  # noqa: F401
from vitral.data.statistics import Statistics, measure
from vitral.data.stored import shrunk

if TYPE_CHECKING:
    from vitral.data.sources import ClassFolders, Digits, PlainFolder, Scenes, Table, TorchDataset

__all__ = [
    "ArrayPixels",
    "Balanced",
    "Broken",
    "ClassFolders",
    "DataFacts",
    "Digits",
    "InOrder",
    "Loader",
    "Masks",
    "Objects",
    "Padded",
    "PictureSet",
    "PlainFolder",
    "Sample",
    "Sampling",
    "Scan",
    "Scenes",
    "Shuffled",
    "Source",
    "Statistics",
    "Table",
    "TorchDataset",
    "Weighted",
    "decode",
    "measure",
    "one_line",
    "open_pictures",
    "scan",
    "shrunk",
]

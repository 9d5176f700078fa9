"""Pictures: where they lie, how they are decoded and split, what is known of them, batches."""

from vitral.data.decode import decode
from vitral.data.facts import DataFacts
from vitral.data.loader import Loader
from vitral.data.one_line import one_line
from vitral.data.open_pictures import open_pictures
from vitral.data.picture_set import PictureSet
from vitral.data.pixels import ArrayPixels
from vitral.data.scan import Broken, Scan, scan
from vitral.data.sources import ClassFolders, Digits, PlainFolder, Scenes, Source, Table, TorchDataset
from vitral.data.stored import shrunk

__all__ = [
    "ArrayPixels",
    "Broken",
    "ClassFolders",
    "DataFacts",
    "Digits",
    "Loader",
    "PictureSet",
    "PlainFolder",
    "Scan",
    "Scenes",
    "Source",
    "Table",
    "TorchDataset",
    "decode",
    "one_line",
    "open_pictures",
    "scan",
    "shrunk",
]

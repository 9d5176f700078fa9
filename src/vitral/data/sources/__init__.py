"""Places where pictures are found: one file a source; importing this room registers them all."""

from vitral.data.sources.class_folders import ClassFolders
from vitral.data.sources.digits import Digits
from vitral.data.sources.plain_folder import PlainFolder
from vitral.data.sources.scenes import Scenes
from vitral.data.sources.source import Source
from vitral.data.sources.table import Table
from vitral.data.sources.torch_dataset import TorchDataset

__all__ = ["ClassFolders", "Digits", "PlainFolder", "Scenes", "Source", "Table", "TorchDataset"]

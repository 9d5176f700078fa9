"""Places where pictures are found: one file a source.

They are imported when one of them is first asked for, by name or through the registry: nobody who trains on a
folder should wait for the readers of a dozen formats.
"""

from typing import TYPE_CHECKING

from vitral.data.sources.late import late_source as __getattr__  # noqa: F401
from vitral.data.sources.source import Source

if TYPE_CHECKING:
    from vitral.data.sources.class_folders import ClassFolders
    from vitral.data.sources.coco import Coco
    from vitral.data.sources.digits import Digits
    from vitral.data.sources.hugging_face import HuggingFace
    from vitral.data.sources.masked_folder import MaskedFolder
    from vitral.data.sources.packed_set import PackedSet
    from vitral.data.sources.pascal_voc import PascalVoc
    from vitral.data.sources.plain_folder import PlainFolder
    from vitral.data.sources.scenes import Scenes
    from vitral.data.sources.table import Table
    from vitral.data.sources.tar_shards import TarShards
    from vitral.data.sources.torch_dataset import TorchDataset
    from vitral.data.sources.yolo import Yolo

__all__ = [
    "ClassFolders",
    "Coco",
    "Digits",
    "HuggingFace",
    "MaskedFolder",
    "PackedSet",
    "PascalVoc",
    "PlainFolder",
    "Scenes",
    "Source",
    "Table",
    "TarShards",
    "TorchDataset",
    "Yolo",
]

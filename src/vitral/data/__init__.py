"""Pictures: where they lie, how they are decoded and split, what is known of them, batches."""

from vitral.data.facts import DataFacts
from vitral.data.loader import Loader
from vitral.data.picture_set import PictureSet
from vitral.data.scan import Broken, Scan, scan

__all__ = ["Broken", "DataFacts", "Loader", "PictureSet", "Scan", "scan"]

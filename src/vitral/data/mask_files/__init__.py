"""Masks in the formats of others: bytes and JSON values, nothing is written here."""

from vitral.data.mask_files.coco_document import coco_document
from vitral.data.mask_files.palette_png import palette_png
from vitral.data.mask_files.polygons import polygons
from vitral.data.mask_files.probability_png import probability_png
from vitral.data.mask_files.runs import coco_runs, mask_of_runs, run_text

__all__ = [
    "coco_document",
    "coco_runs",
    "mask_of_runs",
    "palette_png",
    "polygons",
    "probability_png",
    "run_text",
]

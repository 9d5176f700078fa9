"""Boxes: targets, losses and peaks of networks that find objects by their centers."""

from vitral.nn.detection.boxes import box_areas, box_overlaps, without_repeats
from vitral.nn.detection.center_losses import generalized_iou, heat_loss
from vitral.nn.detection.center_targets import CenterTargets, Grid, center_targets, gaussian_radius
from vitral.nn.detection.peaks import Peaks, boxes_of_maps, peaks

__all__ = [
    "CenterTargets",
    "Grid",
    "Peaks",
    "box_areas",
    "box_overlaps",
    "boxes_of_maps",
    "center_targets",
    "gaussian_radius",
    "generalized_iou",
    "heat_loss",
    "peaks",
    "without_repeats",
]

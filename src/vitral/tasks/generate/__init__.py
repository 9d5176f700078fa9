"""Generation: how pictures are distributed, how unusual one is, and new ones."""

from vitral.tasks.generate.drawing import GenerateModel, asked_labels, drawn_in_order
from vitral.tasks.generate.figures import Probe
from vitral.tasks.generate.pictures import grid, to_levels
from vitral.tasks.generate.task import Generate, Generated

__all__ = [
    "Generate",
    "GenerateModel",
    "Generated",
    "Probe",
    "asked_labels",
    "drawn_in_order",
    "grid",
    "to_levels",
]

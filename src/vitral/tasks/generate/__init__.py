"""Generation: how pictures are distributed, how unusual one is, and new ones."""

from vitral.tasks.generate.figures import Probe
from vitral.tasks.generate.pictures import grid, to_levels, walk
from vitral.tasks.generate.task import Generate, Generated

__all__ = ["Generate", "Generated", "Probe", "grid", "to_levels", "walk"]

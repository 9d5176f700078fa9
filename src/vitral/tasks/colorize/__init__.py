"""Colorization: grey photographs in color."""

from vitral.tasks.colorize.answer import Colorized
from vitral.tasks.colorize.hints import Hint
from vitral.tasks.colorize.model import ColorizeModel
from vitral.tasks.colorize.task import Colorize

__all__ = ["Colorize", "ColorizeModel", "Colorized", "Hint"]

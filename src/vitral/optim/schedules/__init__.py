"""Schedules of the learning rate, one file each."""

from vitral.optim.schedules.constant import Constant
from vitral.optim.schedules.cosine import Cosine
from vitral.optim.schedules.one_cycle import OneCycle
from vitral.optim.schedules.schedule import Schedule
from vitral.optim.schedules.step import Step
from vitral.optim.schedules.trapezoid import Trapezoid

__all__ = ["Constant", "Cosine", "OneCycle", "Schedule", "Step", "Trapezoid"]

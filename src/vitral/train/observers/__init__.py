"""Those who watch a training: they are told of events and return nothing."""

from vitral.train.observers.console import Console
from vitral.train.observers.metrics_file import MetricsFile
from vitral.train.observers.tensorboard import TensorBoard

__all__ = ["Console", "MetricsFile", "TensorBoard"]

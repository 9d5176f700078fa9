"""The questions Vitral answers about pictures, one file each, blind to each other."""

from vitral.tasks.classify import Classified, Classify
from vitral.tasks.task import Metrics, Prediction, Score, Task, TaskModel

__all__ = ["Classified", "Classify", "Metrics", "Prediction", "Score", "Task", "TaskModel"]

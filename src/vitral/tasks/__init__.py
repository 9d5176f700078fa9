"""The questions Vitral answers about pictures, one file each, blind to each other."""

from vitral.tasks.classify import Classified, Classify
from vitral.tasks.colorize import Colorize, Colorized
from vitral.tasks.compress import Compress, Compressed, Decoded
from vitral.tasks.detect import Detect, Detected
from vitral.tasks.encoding import GivesEncoder, TakesEncoder
from vitral.tasks.generate import Generate, Generated
from vitral.tasks.recognizing import GivesPictures
from vitral.tasks.segment import Segment, Segmented
from vitral.tasks.strangeness import TellsStrangeness
from vitral.tasks.task import Metrics, Prediction, Score, Task, TaskModel, as_they_are
from vitral.tasks.writing import Answered, WritesAnswers, WritesTogether, without_ending

__all__ = [
    "Answered",
    "Classified",
    "Classify",
    "Colorize",
    "Colorized",
    "Compress",
    "Compressed",
    "Decoded",
    "Detect",
    "Detected",
    "Generate",
    "Generated",
    "GivesEncoder",
    "GivesPictures",
    "Metrics",
    "Prediction",
    "Score",
    "Segment",
    "Segmented",
    "TakesEncoder",
    "Task",
    "TaskModel",
    "TellsStrangeness",
    "WritesAnswers",
    "WritesTogether",
    "as_they_are",
    "without_ending",
]

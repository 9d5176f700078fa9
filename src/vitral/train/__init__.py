"""From pictures to a trained model: the loop, checkpoints, resume, evaluation."""

from vitral.train.decide import settle
from vitral.train.evaluate import Evaluated, pictures_for
from vitral.train.evaluate import evaluate as evaluate_model
from vitral.train.folder import read_run
from vitral.train.loop import fit, step, validate
from vitral.train.observers import Console, MetricsFile, TensorBoard
from vitral.train.plan import Budget, Plan
from vitral.train.run import Run
from vitral.train.run_report import per_class, some_of, worst_mistakes
from vitral.train.session import Session
from vitral.train.setup import begin, pick_up, use_threads
from vitral.train.stop import Stop, stop_on_signals
from vitral.train.train import Trained, resume, train

__all__ = [
    "Budget",
    "Console",
    "Evaluated",
    "MetricsFile",
    "Plan",
    "Run",
    "Session",
    "Stop",
    "TensorBoard",
    "Trained",
    "begin",
    "evaluate_model",
    "fit",
    "per_class",
    "pick_up",
    "pictures_for",
    "read_run",
    "resume",
    "settle",
    "some_of",
    "step",
    "stop_on_signals",
    "train",
    "use_threads",
    "validate",
    "worst_mistakes",
]

"""`Run`: one training as a value; with the same pictures it gives the same model."""

from dataclasses import dataclass

from vitral.core import Spec, option
from vitral.data import Sampling, Shuffled
from vitral.optim import Optimizer, Schedule
from vitral.tasks import Task


@dataclass(frozen=True, kw_only=True)
class Run(Spec):
    """Everything that decides a training. What is left open (none) is chosen and printed."""

    task: Task = option(help="the question about the pictures")
    data: str = option("", "folder, table, or one of the embedded sets `digits` and `scenes`")
    validation: float = option(0.1, "share of an unsplit folder kept for validation", low=0, high=0.5)
    test: float = option(0.1, "share of an unsplit folder kept for the final test", low=0, high=0.5)
    epochs: int | None = option(
        None, "passes over the training pictures", low=1, high=100_000, flag="--epochs"
    )
    minutes: float | None = option(
        None, "time budget; the number of epochs is fitted to it", unit="min", low=0.01, flag="--minutes"
    )
    batch: int | None = option(
        None, "pictures per step", low=1, high=65536, flag="--batch", search=(32, 1024, "log")
    )
    sampling: Sampling = option(Shuffled(), "which pictures an epoch shows, how often, in which order")
    accumulate: int = option(1, "steps of the loader whose gradients are added up", low=1, high=1024)
    optimizer: Optimizer | None = option(None, "the rule that changes the weights", flag="--optimizer")
    schedule: Schedule | None = option(None, "how the learning rate changes over the run")
    average: float = option(
        0.02, "share of the run over which weights are averaged (EMA); 0 turns it off", low=0, high=0.5
    )
    clip: float = option(0.0, "largest norm of the gradient; 0 turns clipping off", low=0)
    skip: float = option(
        0.0, "an update is left out when its gradient norm is this many times the recent mean; 0 never", low=0
    )
    patience: int = option(0, "epochs without a better score after which training stops; 0 never", low=0)
    seed: int = option(0, "start of every random number", flag="--seed")
    device: str = option("auto", "where to train", choices=("auto", "cpu", "cuda", "mps"), flag="--device")
    precision: str = option(
        "auto", "arithmetic of the network", choices=("auto", "float32", "bfloat16"), flag="--precision"
    )
    threads: int | None = option(
        None, "processor threads; left open, all of them", low=1, high=1024, flag="--threads"
    )
    strict: bool = option(False, "stop at the first broken picture", flag="--strict")
    save_s: float = option(
        60.0, "seconds between checkpoints, beside the one after every epoch", unit="s", low=0
    )

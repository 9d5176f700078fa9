"""Writes every event to `metrics.jsonl`, one JSON object a line."""

from pathlib import Path

from vitral.core import Event
from vitral.core.record import append


class MetricsFile:
    """Appends events to a run's record. See `core.record` for the lines.

    Steps are written at most once in `every` updates, so that a long training does not make a
    file that nobody can open.
    """

    def __init__(self, path: Path, *, every: int = 10) -> None:
        self.path, self.every = path, every

    def __call__(self, event: Event) -> None:
        """Write one event."""
        if event.kind == "step" and getattr(event, "step", 0) % self.every:
            return
        append(self.path, event)

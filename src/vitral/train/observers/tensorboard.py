"""Mirrors the curves into TensorBoard's event files where TensorBoard is installed."""

from pathlib import Path

from vitral.core import Event
from vitral.core.record import Epoch, Step


class TensorBoard:
    """Writes losses, learning rate and validation figures for TensorBoard.

    Raises:
        ImportError: TensorBoard is not installed; ask `core.available("tensorboard")` first.
    """

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder))

    def __call__(self, event: Event) -> None:
        """Write one event."""
        if isinstance(event, Step) and event.step % 10 == 0:
            self._writer.add_scalar("train/loss", event.loss, event.step)
            self._writer.add_scalar("train/learning_rate", event.learning_rate, event.step)
        elif isinstance(event, Epoch):
            figures = {"validation/" + name: value for name, value in event.scores.items()}
            if event.validation_loss is not None:
                figures["validation/loss"] = event.validation_loss
            for name, value in figures.items():
                self._writer.add_scalar(name, value, event.step)
            self._writer.flush()

    def close(self) -> None:
        """Flush and close the event file."""
        self._writer.close()

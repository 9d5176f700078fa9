"""Shows a training in the terminal: choices, one line an epoch, and a progress bar."""

from typing import TYPE_CHECKING, Any

from vitral.core import Event
from vitral.core.record import Chosen, End, Epoch, Start, Step, Warned

if TYPE_CHECKING:
    from rich.console import Console as RichConsole


class Console:
    """Prints to a rich console, which should write to the standard error stream.

    On a terminal a bar shows the rate, the remaining time and the share of time spent waiting
    for data; elsewhere only whole lines are printed.

    Args:
        console: where to print.
        pictures_per_step: for the rate.
    """

    def __init__(self, console: "RichConsole", *, pictures_per_step: int = 1) -> None:
        self._console, self._pictures_per_step = console, pictures_per_step
        self._bar: Any = None
        self._task: Any = None
        self._waited = self._waited_last = 0.0
        self._first_step, self._score = 0, ""

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, Chosen):
            self._line(
                f"[dim]{event.name:>10}[/dim]  ",
                event.used,
                f"  [dim]asked {_safe(event.asked)}: {_safe(event.why)}[/dim]",
            )
        elif isinstance(event, Warned):
            self._line("[yellow]   warning[/yellow]  ", event.text)
        elif isinstance(event, Start):
            self._pictures_per_step, self._first_step = event.batch, event.step
        elif isinstance(event, Step):
            self._advance(event)
        elif isinstance(event, Epoch):
            self._epoch(event)
        elif isinstance(event, End):
            self.close()

    def close(self) -> None:
        """Take the bar away; safe to call twice."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _line(self, before: str, text: str, after: str = "") -> None:
        self._console.print(before + _safe(text) + after, highlight=False, soft_wrap=True)

    def _epoch(self, event: Epoch) -> None:
        loss = "" if event.train_loss is None else f"loss {event.train_loss:.3f}"
        if event.validation_loss is not None:
            loss += f"  validation {event.validation_loss:.3f}"
        self._score = _safe(event.shown)
        mark = "  [green]best[/green]" if event.best else ""
        speed = "" if event.pictures_per_s is None else f"{event.pictures_per_s:,.0f} pictures/s"
        number = f"{event.epoch + 1:>3}/{event.epochs}"
        self._console.print(
            f"[dim]{'epoch':>10}[/dim]  {number}  {loss}  [bold]{self._score}[/bold]  "
            f"[dim]{event.seconds:.1f} s  {speed}[/dim]{mark}",
            highlight=False,
            soft_wrap=True,
        )

    def _advance(self, event: Step) -> None:
        if not self._console.is_terminal:
            return
        bar = self._bar = self._bar or self._started_bar()
        done, elapsed = event.epoch + event.share, bar.tasks[0].elapsed or 0.0
        rate = (event.step - self._first_step) * self._pictures_per_step / elapsed if elapsed > 0.5 else 0.0
        seconds = max(elapsed, 1e-9)
        self._waited += max(0.0, event.waited_s - self._waited_last)
        self._waited_last = event.waited_s
        bar.update(
            self._task,
            completed=done,
            total=event.epochs,
            epoch=f"{event.epoch + 1}/{event.epochs}",
            loss=f"{event.loss:.3f}",
            score=self._score,
            rate=f"{rate:,.0f}",
            waiting=f"{min(1.0, self._waited / seconds):.0%}",
        )

    def _started_bar(self) -> Any:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._waited = self._waited_last = 0.0
        bar = Progress(
            TextColumn("  training"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[epoch]}"),
            TextColumn("[dim]loss[/dim] {task.fields[loss]}"),
            TextColumn("[bold]{task.fields[score]}[/bold]"),
            TextColumn("{task.fields[rate]} [dim]pictures/s[/dim]"),
            TextColumn("[dim]left[/dim]"),
            TimeRemainingColumn(),
            TextColumn("[dim]data wait[/dim] {task.fields[waiting]}"),
            console=self._console,
            transient=True,
        )
        self._task = bar.add_task("", total=1, loss="", score="", rate="", waiting="", epoch="")
        bar.start()
        return bar


def _safe(text: str) -> str:
    # A file called "[red].jpg" must be printed, not obeyed; a newline in a name must not break the line.
    from rich.markup import escape

    return escape(text.replace("\n", "\\n"))

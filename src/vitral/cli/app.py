"""The words on the command line, and what every command has in common: errors and exit codes."""

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Annotated, Any

import typer

from vitral.cli.colorize import colorize
from vitral.cli.compress import compress
from vitral.cli.decompress import decompress
from vitral.cli.demo import demo
from vitral.cli.encode import encode
from vitral.cli.evaluate import evaluate
from vitral.cli.export import export
from vitral.cli.flags import with_flags
from vitral.cli.interpolate import interpolate
from vitral.cli.look import look
from vitral.cli.pack import pack
from vitral.cli.predict import predict
from vitral.cli.resume import resume
from vitral.cli.sample import sample
from vitral.cli.say import answer, people
from vitral.cli.train import train_command
from vitral.core import VERSION, OptionError, VitralError, members
from vitral.tasks import Task
from vitral.train import Run

app = typer.Typer(
    name="vitral",
    help="Turn a folder of pictures into a working model.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
# Typer names only the subclass; every usage error shares its parent.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]  # pyright: ignore[reportAssignmentType]
_train = typer.Typer(
    no_args_is_help=True, help="Train a model on a folder of pictures.", rich_markup_mode=None
)
app.add_typer(_train, name="train")


def _version(asked: bool) -> None:
    if asked:
        print(f"vitral {VERSION}")
        raise typer.Exit


@app.callback()
def _vitral(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Turn a folder of pictures into a working model."""


for _kind, _task in members("task").items():
    assert issubclass(_task, Task)
    _train.command(_kind, help=_task.summary())(with_flags(train_command(_task), Run, _task))
for _command in (
    colorize, compress, decompress, demo, encode, evaluate, export, interpolate, look, pack, predict,
    resume, sample,
):  # fmt: skip
    app.command(_command.__name__)(_command)


def main(words: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 usage, 130 and 143 after a signal.

    Args:
        words: the arguments; left out, those of the process.
    """
    arguments = sys.argv[1:] if words is None else words
    sys.exit(_guarded(lambda: _run(arguments), json="--json" in arguments))


def _run(words: list[str]) -> int:
    code: Any = app(words, standalone_mode=False)
    return code if isinstance(code, int) else 0


def _guarded(run: Callable[[], int], *, json: bool) -> int:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:  # As `nohup` and scripts set it for what runs in the background.
            signal.signal(number, _signalled)
    try:
        return run()
    except typer.Exit as stop:
        return stop.exit_code
    except _UsageError as error:
        shown: Any = error
        shown.show(sys.stderr)
        if json:
            answer({"error": shown.format_message()})
        return 2
    except OptionError as error:
        return _failed(error, 2, json=json)
    except VitralError as error:
        return _failed(error, 1, json=json)
    except (KeyboardInterrupt, typer.Abort) as stop:
        return _stopped(130, stop, json=json)
    except _Signalled as stop:
        return _stopped(stop.code, stop, json=json)
    except BrokenPipeError:
        # Whoever read our output has enough, as `| head` does.
        sys.stderr.close()
        return 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _stopped(code: int, stop: BaseException, *, json: bool) -> int:
    # A command that can be gone on with puts that into the exception on its way out.
    why = _escaped(str(stop)) or "before there was anything to save"
    people().print(f"[yellow]stopped[/yellow]  {why}", highlight=False, soft_wrap=True)
    if json:
        answer({"error": "stopped"})
    return code


def _failed(error: VitralError, code: int, *, json: bool) -> int:
    people().print(f"[red]error[/red]  {_escaped(str(error))}", highlight=False, soft_wrap=True)
    if json:
        answer({"error": str(error)})
    return code


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


class _Signalled(BaseException):
    """Ctrl-C or SIGTERM; Typer ends without a word at a `KeyboardInterrupt`."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.code = 128 + number


def _signalled(number: int, frame: FrameType | None) -> None:
    raise _Signalled(number)

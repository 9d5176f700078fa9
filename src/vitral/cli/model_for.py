"""`model_for`: the trained model a command was given, if its task can do what the command needs."""

from pathlib import Path
from typing import TypeVar

from vitral.core import DataError, choose_device, members
from vitral.data import one_line
from vitral.saved import Model

Ability = TypeVar("Ability")


def model_for(
    place: Path, ability: type[Ability], *, does: str, flag: str | None = None
) -> tuple[Model, Ability]:
    """Load a model, and give its task as what the command needs.

    Args:
        place: run folder or model file.
        ability: a task, or what several tasks can do.
        does: what a model of such a task does, in words.
        flag: that named the place; None: an argument.
    Raises:
        FileFormatError: no model there, or a damaged one.
        DataError: a model of another task.
    """
    model = Model.load(place, device=choose_device("auto").value)
    if not isinstance(model.task, ability):
        able = "|".join(kind for kind, task in members("task").items() if isinstance(task(), ability))
        where = f"{flag} {one_line(place)}" if flag else one_line(place)
        raise DataError(
            f"{where}: must be a model that {does}, got one for {model.task.kind}; "
            f"`vitral train {able} FOLDER` makes one"
        )
    return model, model.task

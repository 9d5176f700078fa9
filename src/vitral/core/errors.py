"""The one family of errors: where, what must hold, what came, and the way out."""

import difflib
from collections.abc import Collection, Iterable


class VitralError(ValueError):
    """Base of every error Vitral raises on purpose; its text is one sentence for a person."""


class OptionError(VitralError):
    """An option has a wrong name, a wrong type, or a value outside its range."""


class ShapeError(VitralError):
    """Two arrays that must agree in size do not, or an axis has an impossible length."""


class DataError(VitralError):
    """A folder, table or set of pictures cannot be used as it is."""


class ImageError(VitralError):
    """One picture cannot be decoded; the text names the file and the reason."""


class FileFormatError(VitralError):
    """A file that Vitral wrote is damaged, foreign, or of an unknown version."""


class TrainingError(VitralError):
    """Training cannot go on: the loss is not finite, or a run folder cannot be continued."""


class MissingExtra(VitralError, ImportError):
    """A feature needs a package that is installed by one of the optional extras."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Name the known word nearest to `word`, as the tail of an error message.

    Args:
        word: what came.
        known: what could have come.
    Returns:
        `"; did you mean 'x'?"`, or `"; known: a, b, c"` when nothing is near.
    """
    names = sorted(set(known))
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(names)}" if names else ""


def check_names(where: str, given: Iterable[str], known: Collection[str]) -> None:
    """Refuse options that there are not.

    Args:
        where: what they were given to.
        given: the names of the options.
        known: all that may be given.
    Raises:
        OptionError: there is no such option; the nearest name is suggested.
    """
    for name in given:
        if name not in known:
            raise OptionError(f"{where}: has no option {name!r}{did_you_mean(name, known)}")

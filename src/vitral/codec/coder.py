"""The library that does the arithmetic of entropy coding, imported when first needed."""

from typing import Any


def coder() -> Any:
    """The module `constriction.stream`: its range coder and models, which have no types."""
    # Heavy, and only needed where files are written or read.
    import constriction

    stream: Any = vars(constriction)["stream"]
    return stream

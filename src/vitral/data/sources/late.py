"""Sources are imported when they are first asked for: few runs need more than one of a dozen."""

import importlib
import re
from typing import Any

from vitral.core import late_members

_PACKAGE = "vitral.data.sources"


def late_source(name: str) -> Any:
    """What a name of the package means that nobody has asked for yet: its `__getattr__`.

    Raises:
        AttributeError: there is no such source.
    """
    package = importlib.import_module(_PACKAGE)
    if name not in package.__all__:
        raise AttributeError(f"module {_PACKAGE!r} has no attribute {name!r}")
    file = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    return getattr(importlib.import_module(f"{_PACKAGE}.{file}"), name)


def _all_sources() -> None:
    for name in importlib.import_module(_PACKAGE).__all__:
        late_source(name)


late_members("source", _all_sources)

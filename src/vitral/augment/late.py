"""Ops are imported when they are first asked for: dozens of them take as long as all the rest of Vitral."""

import importlib
import re
from pathlib import Path
from typing import Any

from vitral.core import did_you_mean, late_members

_PACKAGE = "vitral.augment"
_FOLDERS = ("ops", "blend_masks")
# Those whose file is not called after them.
_FILES = {
    "AugMix": "ops.augmix",
    "CORRUPTIONS": "corruptions",
    "PRESETS": "presets",
    "PairTransform": "samples.single",
    "Transform": "samples.single",
    "back_to_picture": "targets.backward",
    "corruption": "corruptions",
    "histogram_of": "ops.match_histogram",
    "preset": "presets",
}


def late_name(name: str) -> Any:
    """What a name of the package means that nobody has asked for yet: its `__getattr__`.

    Raises:
        AttributeError: there is no such name; one that is near is suggested.
    """
    package = importlib.import_module(_PACKAGE)
    if name not in package.__all__:
        # Python itself asks for names like `__path__`. Of a hundred names all cannot be told.
        near = "" if name.startswith("_") else did_you_mean(name, package.__all__).partition("; known")[0]
        raise AttributeError(f"module {_PACKAGE!r} has no attribute {name!r}{near}")
    found = getattr(importlib.import_module(f"{_PACKAGE}.{_file(name)}"), name)
    setattr(package, name, found)
    return found


def _file(name: str) -> str:
    """The module that a name is from: one that is called after it, in one of the folders."""
    if name in _FILES:
        return _FILES[name]
    stem, here = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(), Path(__file__).parent
    return next(f"{folder}.{stem}" for folder in _FOLDERS if (here / folder / f"{stem}.py").is_file())


def _all_ops() -> None:
    package = importlib.import_module(_PACKAGE)
    for name in package.__all__:
        getattr(package, name)


late_members("op", _all_ops)

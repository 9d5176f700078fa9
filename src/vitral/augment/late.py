"""Ops are imported when they are first asked for: dozens of them take as long as all the rest of Vitral."""

import importlib
import re
from typing import Any

from vitral.core import did_you_mean, late_members

_PACKAGE = "vitral.augment"
_MASKS = (
    "BlendMask",
    "Checkerboard",
    "Elementwise",
    "Everywhere",
    "FrequencyNoise",
    "HorizontalGradient",
    "InBoxes",
    "RegularGrid",
    "SmoothNoise",
    "SomeColors",
    "VerticalGradient",
)
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
    **dict.fromkeys(_MASKS, "blend_masks"),
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
    file = _FILES.get(name) or "ops." + re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    found = getattr(importlib.import_module(f"{_PACKAGE}.{file}"), name)
    setattr(package, name, found)
    return found


def _all_ops() -> None:
    package = importlib.import_module(_PACKAGE)
    for name in package.__all__:
        getattr(package, name)


late_members("op", _all_ops)

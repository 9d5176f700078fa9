"""The timm collection, once it is known to be installed and to have a network of some name."""

from typing import Any

from vitral.core import OptionError, did_you_mean, require


def timm_with(name: str, *, where: str) -> Any:
    """The module `timm`.

    Args:
        name: of the network that it must have.
        where: the Spec that asks for it.
    Raises:
        MissingExtra: timm is not installed.
        OptionError: timm has no such network.
    """
    timm = require("timm", extra="timm", what=where)
    if not timm.is_model(name):
        near = did_you_mean(name, timm.list_models())
        raise OptionError(f"{where}.name: must be a network of timm, got {name!r}{near}")
    return timm

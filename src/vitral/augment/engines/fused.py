"""`fused`: a function of tensors becomes one kernel where pictures lie on a GPU."""

import functools
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

DEVICES = {"cuda"}
"""The kinds of devices for which functions are compiled; on a processor the compiled engine is quicker."""


def fused(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Compile a function with torch.compile when its first tensor lies on such a device.

    Without a compiler for the device the function is carried out step by step, and a warning says so once.

    Args:
        function: of a tensor and anything else; its results must not depend on anything but these.
    """
    compiled: list[Any] = []

    @functools.wraps(function)
    def either(first: Tensor, *rest: Any) -> Tensor:
        """The function, compiled or not."""
        if first.device.type not in DEVICES:
            return function(first, *rest)
        if not compiled:
            compiled.append(torch.compile(function, dynamic=True))
        if compiled[0] is not function:
            try:
                return compiled[0](first, *rest)
            except Exception as error:  # what compilers of other machines raise has no common kind
                warnings.warn(
                    f"pictures are changed step by step, because torch.compile fails here: {error}",
                    stacklevel=2,
                )
                compiled[0] = function
        return function(first, *rest)

    return either

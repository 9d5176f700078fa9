"""`LateBuffers`: a module that is fitted after training, and that older files know nothing of."""

from collections.abc import Mapping
from typing import Any

from torch import nn


class LateBuffers(nn.Module):
    """Buffers that a file may lack altogether: the module then stays as it was built.

    A file that has some of them and not the others is torn, and is refused as ever.
    """

    def _load_from_state_dict(
        self, state_dict: Mapping[str, Any], prefix: str, *args: Any, **names: Any
    ) -> None:
        if any(name.startswith(prefix) for name in state_dict):
            super()._load_from_state_dict(state_dict, prefix, *args, **names)

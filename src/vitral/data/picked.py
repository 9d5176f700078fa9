"""`Picked`: some texts out of many, looked up only when somebody reads them."""

from collections.abc import Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray


class Picked(Sequence[str]):
    """The texts at some places of a long sequence, like a tuple of them but made in no time."""

    def __init__(self, texts: tuple[str, ...], places: NDArray[np.int64]) -> None:
        self._texts, self._places = texts, places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[str, ...]: ...
    def __getitem__(self, at: int | slice) -> str | tuple[str, ...]:
        if isinstance(at, slice):
            return tuple([self._texts[place] for place in self._places[at].tolist()])
        return self._texts[int(self._places[at])]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))

"""`Op`: one random change of the training pictures."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.augment.plan import Plan
from vitral.core import Batch, Spec, uniform


@dataclass(frozen=True, kw_only=True)
class Op(Spec, family="op"):
    """One random change; it draws numbers for a whole batch and touches no pixel.

    What is drawn for a picture is a pure function of (seed, epoch, `batch.draws`, kind of op):
    worker count, order and composition of the batch do not change it. Only which picture is the
    partner of a mix depends on the other pictures of the batch.
    """

    zero: ClassVar[Mapping[str, Any]]
    """The options at which the op changes nothing."""

    @abstractmethod
    def sample(self, batch: Batch, plan: Plan) -> Plan:
        """Draw this op's numbers for a batch and return the plan with them worked in."""

    def uniform(
        self, batch: Batch, name: str, low: float = 0.0, high: float = 1.0
    ) -> Float[NDArray[np.float64], " b"]:
        """One number in [low, high) per picture; another `name` gives independent numbers."""
        return uniform(batch.seed, batch.epoch, batch.draws, f"{self.kind}.{name}", low=low, high=high)

"""`contrast`: flatter or harder pictures."""

import dataclasses
from dataclasses import dataclass

from vitral.augment.op import Op
from vitral.augment.plan import Plan
from vitral.core import Batch, option


@dataclass(frozen=True, kw_only=True)
class Contrast(Op, kind="contrast"):
    """Move all values of a picture away from their mean or toward it; values stay in [0, 1].

    The mean is one number, over the pixels and channels of what the network will see.
    """

    strength: float = option(
        0.2, "factors lie in [1 - strength, 1 + strength]", low=0, high=1, search=(0.0, 0.5)
    )

    zero = {"strength": 0.0}  # noqa: RUF012

    def sample(self, batch: Batch, plan: Plan) -> Plan:
        """Draw one factor per picture."""
        factor = self.uniform(batch, "factor", 1 - self.strength, 1 + self.strength)
        return dataclasses.replace(plan, contrast=plan.contrast * factor)

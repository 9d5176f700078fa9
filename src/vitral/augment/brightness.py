"""`brightness`: lighter or darker pictures."""

import dataclasses
from dataclasses import dataclass

from vitral.augment.op import Op
from vitral.augment.plan import Plan
from vitral.core import Batch, option


@dataclass(frozen=True, kw_only=True)
class Brightness(Op, kind="brightness"):
    """Multiply all values of a picture by one factor; values stay in [0, 1]."""

    strength: float = option(
        0.2, "factors lie in [1 - strength, 1 + strength]", low=0, high=1, search=(0.0, 0.5)
    )

    zero = {"strength": 0.0}  # noqa: RUF012

    def sample(self, batch: Batch, plan: Plan) -> Plan:
        """Draw one factor per picture."""
        factor = self.uniform(batch, "factor", 1 - self.strength, 1 + self.strength)
        return dataclasses.replace(plan, brightness=plan.brightness * factor)

"""`shift`: move pictures a few pixels, with reflected borders."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from vitral.augment.op import Op
from vitral.augment.plan import Plan
from vitral.core import Batch, option


@dataclass(frozen=True, kw_only=True)
class Shift(Op, kind="shift"):
    """Move pictures a few pixels; what comes in from outside is reflected at the border.

    Pixels count at the size of the network's input, so that a larger picture moves by more of
    its own pixels.
    """

    px: int = option(2, "farthest move in x and in y", unit="px", low=0, high=64, search=(0, 8))

    zero = {"px": 0}  # noqa: RUF012

    def sample(self, batch: Batch, plan: Plan) -> Plan:
        """Move each picture by a whole number of pixels in [-px, px], in x and in y."""
        steps = [np.floor(self.uniform(batch, axis, -self.px, self.px + 1)) for axis in ("x", "y")]
        scale = (plan.box[:, 2:] - plan.box[:, :2]) / (plan.width, plan.height)
        move = np.stack(steps, axis=1) * scale
        return dataclasses.replace(plan, box=plan.box + np.tile(move, 2))

"""`copy-paste`: objects of one picture in another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vitral.augment.draw import Draw
from vitral.augment.frame import Frame
from vitral.augment.ops.mix_op import MixOp
from vitral.augment.stages import Copies, Mix, Stage
from vitral.augment.variables import Param
from vitral.core import option, random_bits


@dataclass(frozen=True, kw_only=True)
class CopyPaste(MixOp, kind="copy-paste"):
    """Paste objects of one picture into another, where they are; boxes, masks and points follow.

    Where a batch has masks, an object is all that the partner shows of one class; where it has boxes,
    what lies in one; where it has both, the part of a box that the mask does not call background.
    At least one object is pasted, if there is one, and no crowd. Without masks and boxes nothing
    changes. Both pictures are as they are after all geometry and tones.

    A box that is covered too far is dropped, else it is cut to what is left. Of what is pasted with an
    object, other boxes come along when as much of them is seen. The label of a whole picture stays.

    A picture that another op has already mixed is left as it is.

    Source:
        Ghiasi et al. 2021, arXiv:2012.07177, sec. 3. Departure: edges are sharp unless `soft_px` is set;
        the paper finds no difference.
    """

    objects: Param = option((0.2, 1.0), "share of the partner's objects that is pasted", low=0.001, high=1)
    soft_px: float = option(0.0, "standard deviation of the blur of pasted edges", unit="px", low=0, high=20)
    least: float = option(
        0.3, "share of an object that must still be seen for its box to stay", low=0, high=1
    )
    background: int = option(0, "class of a mask that is no object; -1 for none", low=-1, high=255)
    classes: tuple[int, ...] | None = option(
        None, "that are pasted; none given: all but the background", low=0, high=255
    )
    p: float = option(0.5, "how often a picture gets objects of another", low=0, high=1)

    zero = {"p": 0.0}  # noqa: RUF012

    def lower(self, draw: Draw, frame: Frame) -> Sequence[Stage]:
        """Choose who gets objects of whom, and draw how many; which ones is known when targets are."""
        count, batch = len(frame), draw.batch
        only = np.zeros(256, dtype=np.bool_)
        only[slice(None) if self.classes is None else list(self.classes)] = True
        partner = self.partners(draw)
        return (
            Mix(
                op="copy-paste",
                partner=partner,
                share=np.ones(count),
                blended=np.zeros(count, dtype=np.bool_),
                pasted=np.zeros((count, 4), dtype=np.int64),
                chosen=draw.chosen(self.p) & (partner != np.arange(count)),
                copies=Copies(
                    share=draw.value(self.objects, "objects"),
                    key=random_bits(batch.seed, batch.epoch, batch.draws, f"{draw.path}.which"),
                    soft_px=np.full(count, self.soft_px),
                    least=np.full(count, self.least),
                    background=np.full(count, self.background),
                    only=np.tile(only, (count, 1)),
                ),
            ),
        )

"""`own_size_plan`: a plan without a size that is asked for: what is made is as large as its canvas."""

import dataclasses

import numpy as np

from vitral.augment.augmentation import Augmentation
from vitral.augment.draw import Draw
from vitral.augment.frame import Frame, part_of_canvas
from vitral.augment.op import lower_in_turn
from vitral.augment.plan import Border, Plan, planned
from vitral.core import Batch


def own_size_plan(augmentation: Augmentation, batch: Batch) -> Plan:
    """The plan of one picture whose result has the size that the ops leave it.

    The canvas behind the last op is rounded to whole pixels; nothing is resampled for that. Ops that
    ask for the size of the input are told the picture's.

    Args:
        augmentation: its height and width do not count.
        batch: one picture.
    """
    height, width = batch.pixels[0].shape[:2]
    sizes = np.array([[height, width]], dtype=np.int64)
    frame = Frame(
        canvas=sizes.astype(np.float64),
        height=height,
        width=width,
        fit=augmentation.fit,
        boxes=batch.boxes,
    )
    stages = lower_in_turn(augmentation.chain, Draw(batch, ""), frame)
    after = frame.after(stages)
    whole = np.rint(after.canvas).clip(min=1)
    if (whole != after.canvas).any():
        corner = np.zeros(1)
        stages = (*stages, part_of_canvas(after, corner, corner, whole[:, 1], whole[:, 0], op="whole-pixels"))
    tall, wide = whole[0].astype(np.int64).tolist()
    red, green, blue = (float(level) for level in augmentation.fill)
    border = Border(kind=augmentation.border, fill=(red, green, blue))
    frame = dataclasses.replace(frame, height=tall, width=wide)
    return planned(stages, frame, sizes=sizes, border=border)

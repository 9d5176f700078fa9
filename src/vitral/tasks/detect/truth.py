"""What was found beside what is there."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from vitral.core import Picture
from vitral.nn.detection import box_overlaps
from vitral.tasks.detect.answer import Detected
from vitral.tasks.detect.drawing import Shown, beside, painted
from vitral.tasks.detect.judging import Marked

_ENOUGH = 0.5


def beside_truth(pixels: NDArray[np.uint8], answer: Detected, marked: Marked, *, key: str) -> Picture:
    """The picture with the found boxes, and again with what is marked; alone where nothing is known.

    It is good when every object was found and nothing was made up. A crowd is neither.

    Args:
        pixels: the picture.
        answer: what was found.
        marked: what is there.
        key: name of the picture.
    """
    if not marked.known:
        return answer.drawn(pixels, key)
    missed, extra = mistakes(answer, marked)
    found = [Shown(box=one.box, label=one.label, number=one.number, score=one.score) for one in answer.boxes]
    there = [
        Shown(box=(x0, y0, x1, y1), label=answer.classes[k], number=k, faint=crowd)
        for (x0, y0, x1, y1), k, crowd in zip(
            marked.boxes.tolist(), marked.labels.tolist(), marked.crowd.tolist(), strict=True
        )
    ]
    words = [f"missed {n} {name}" for name, n in missed.most_common()]
    words += [f"{n} {name} too many" for name, n in extra.most_common()]
    wrong = missed.total() + extra.total()
    return Picture(
        pixels=beside(painted(pixels, found), painted(pixels, there)),
        title=answer.headline(),
        note=", ".join(words) or "all found; right: what is marked",
        mood="bad" if wrong else "good",
        weight=float(wrong),
        wide=True,
    )


def mistakes(answer: Detected, marked: Marked) -> tuple[Counter[str], Counter[str]]:
    """How many objects of each class were missed, and how many were told that are not there.

    Each box, the surest first, takes the free object of its class that it covers best, at least by
    half; what lies in a crowd is no mistake.
    """
    free = ~marked.crowd
    extra: Counter[str] = Counter()
    for one in answer.boxes:
        covered = box_overlaps(np.array([one.box]), marked.boxes, marked.crowd)[0]
        covered = np.where(marked.labels == one.number, covered, 0.0)
        usable = np.where(free, covered, 0.0)
        if len(usable) and usable.max() >= _ENOUGH:
            free[int(usable.argmax())] = False
        elif not (covered[marked.crowd] >= _ENOUGH).any():
            extra[one.label] += 1
    missed = Counter(answer.classes[k] for k in marked.labels[free & ~marked.crowd].tolist())
    return missed, extra

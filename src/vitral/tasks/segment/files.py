"""The formats in which masks are written for others."""

from collections.abc import Iterable, Iterator

import numpy as np
import torch

from vitral.core import OptionError
from vitral.tasks.segment.answer import Segmented, has_background
from vitral.tasks.segment.whole import strips
from vitral.tasks.writing import Answered, one_by_one

FORMATS = ("png", "probabilities", "coco", "polygons")
TOGETHER = ("coco", "polygons")


def written(
    answers: Iterable[Answered], format: str, classes: tuple[str, ...]
) -> Iterator[tuple[str, bytes]]:
    """Files of answers: relative name and content; see `WritesAnswers.written`.

    Args:
        answers: each with a `Segmented`.
        format: `png`: a mask with a palette; `probabilities`: one 8-bit picture for each class;
            `coco`: run lengths of all in one document; `polygons`: outlines likewise.
        classes: class names in the order of their numbers.
    Raises:
        OptionError: there is no such format.
        DataError: two pictures would share a file.
    """
    # Here and below, because `import vitral` writes nothing.
    from vitral.data.mask_files import coco_document, palette_png
    from vitral.report.class_colors import class_colors

    if format == "png":
        colors = class_colors(background=has_background(classes))
        for stem, one in one_by_one(answers):
            yield f"{stem}.png", palette_png(one.answer.mask, colors)
    elif format == "probabilities":
        for stem, one in one_by_one(answers):
            yield from _probabilities(stem, one.answer)
    elif format in ("coco", "polygons"):
        form = "runs" if format == "coco" else "polygons"
        masks = ((one.name, one.answer.mask) for one in answers)
        yield f"{format}.json", coco_document(masks, classes, form=form)
    else:
        raise OptionError(f"--format: must be one of {', '.join(FORMATS)}, got {format!r}")


def _probabilities(stem: str, answer: Segmented) -> Iterator[tuple[str, bytes]]:
    from vitral.data.mask_files import probability_png

    height, width = answer.mask.shape
    coarse = torch.from_numpy(answer.probabilities.astype(np.float32))
    for number, label in enumerate(answer.classes):
        parts = [strip[0].numpy() for strip in strips(coarse[number : number + 1], height, width)]
        plain = "".join(c if c.isalnum() or c in "-_" else "-" for c in label)
        yield f"{stem}.{number}-{plain}.png", probability_png(np.concatenate(parts))

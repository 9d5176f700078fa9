"""What a segmentation chooses from its pictures: classes, size, and weights of classes."""

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from vitral.core import DataError, OptionError
from vitral.data import DataFacts, PictureSet

MULTIPLE = 32
LARGEST_PX = 512
"""The largest size that is chosen when none is asked for."""
_LOOKED_AT = 300
_LIGHTEST, _HEAVIEST = 0.5, 5.0
_LONGEST_SHAPE = 2.0


def check_masks(
    pictures: PictureSet, classes: tuple[str, ...] | None, weights: tuple[float, ...] | None
) -> None:
    """Refuse pictures without masks, and names and weights that are not one for each class.

    Args:
        pictures: the whole set.
        classes: names that were asked for; None: those of the pictures.
        weights: of the classes, as asked for.
    Raises:
        DataError: there are no masks, or fewer than two classes in them.
        OptionError: another number of names or weights.
    """
    if pictures.masks is None:
        raise DataError(
            f"{pictures.name}: segmentation needs a mask for each picture, but there are none; give folders "
            f"such as `images` and `masks`, an export of VOC or COCO with areas, or a table with masks"
        )
    if len(pictures.mask_classes) < 2:
        raise DataError(
            f"{pictures.name}: segmentation needs at least 2 classes in the masks, "
            f"got {len(pictures.mask_classes)}"
        )
    for name, values in (("classes", classes), ("weights", weights)):
        if values is not None and len(values) != len(pictures.mask_classes):
            raise OptionError(
                f"Segment.{name}: must be one for each of the {len(pictures.mask_classes)} classes in the "
                f"masks, got {len(values)}"
            )


def class_weights(pictures: PictureSet, classes: int, balance: float) -> tuple[float, ...]:
    """How much each class counts: the rarer, the more, by (median share / share) ^ balance.

    At most 300 training masks are looked at, evenly spread. A class that never occurs counts as one
    of median share.

    Args:
        pictures: with masks.
        classes: how many there are.
        balance: 0 lets all count alike, 1 evens out their pixels.
    """
    assert pictures.masks is not None
    train = pictures.of_split("train")
    some = train if len(train) else pictures
    chosen = np.unique(np.linspace(0, len(some) - 1, min(_LOOKED_AT, len(some))).astype(int))
    counts = np.zeros(256, dtype=np.int64)
    for row in some.rows[chosen].tolist():
        counts += np.bincount(pictures.masks.read(row).ravel(), minlength=256)
    shares: Float[NDArray[np.float64], " k"] = counts[:classes] / max(int(counts[:classes].sum()), 1)
    present = shares[shares > 0]
    median = float(np.median(present)) if len(present) else 1.0
    weights = (median / np.where(shares > 0, shares, median)) ** balance
    return tuple(float(round(one, 3)) for one in np.clip(weights, _LIGHTEST, _HEAVIEST))


def training_frame(facts: DataFacts, crop: int) -> tuple[int, int]:
    """Height and width of what training cuts out of the pictures.

    Pictures that are all alike keep their shape; of others, squares are seen.

    Args:
        facts: of the pictures.
        crop: the shorter of the two, in pixels.
    """
    (least_h, height, most_h), (least_w, width, most_w) = facts.height_px, facts.width_px
    shape = width / height if least_h == most_h and least_w == most_w else 1.0
    long = crop * min(max(shape, 1 / shape), _LONGEST_SHAPE)
    long = max(crop, round(long / MULTIPLE) * MULTIPLE if crop >= MULTIPLE else round(long))
    return (crop, long) if shape >= 1 else (long, crop)

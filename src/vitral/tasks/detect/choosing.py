"""What a detection task chooses from the pictures: the size the network sees, and a typical object."""

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from vitral.core import DataError
from vitral.data import DataFacts, PictureSet
from vitral.tasks.detect.views import MULTIPLE

LARGEST_PX = 512
"""The largest size that is chosen when none is asked for."""

# Objects of the smallest class should be this large: six places of the maps.
_SMALL_OBJECT_PX = 24
_SMALLEST_PX, _PLENTY = 64, 1000
_LONGEST_SHAPE = 2.0


def check_objects(pictures: PictureSet, facts: DataFacts) -> None:
    """Refuse pictures in which nothing is marked.

    Raises:
        DataError: there is no object, or none that can be learned.
    """
    objects = pictures.objects
    if objects is None or len(objects) == 0 or not facts.classes:
        raise DataError(
            f"{pictures.name}: detection needs boxes around objects, but none was found; give a folder "
            f"in the layout of Pascal VOC, COCO or YOLO, or a table with a box in each row"
        )
    sides = objects.boxes[:, 2:] - objects.boxes[:, :2]
    if not (~objects.crowd & (sides > 0).all(axis=1)).any():
        raise DataError(
            f"{pictures.name}: detection needs objects to learn from, but all {len(objects):,} are crowds, "
            f"difficult, or without area"
        )


def object_sides(
    pictures: PictureSet,
) -> tuple[Float[NDArray[np.float64], " n"], Int[NDArray[np.int64], " n"]]:
    """Side of each object against the short side of its picture, and its class.

    The side is the square root of the area. At most a thousand training pictures are looked at,
    evenly spread.
    """
    assert pictures.objects is not None
    train = pictures.of_split("train")
    some = train if len(train) else pictures
    some = some.subset(np.unique(np.linspace(0, len(some) - 1, min(_PLENTY, len(some))).astype(int)))
    short = some.sizes().min(axis=1)
    shares, labels = [np.zeros(0)], [np.zeros(0, dtype=np.int64)]
    for row, side in zip(some.rows.tolist(), short.tolist(), strict=True):
        here = pictures.objects.of(row)
        lengths = np.sqrt((here.boxes[:, 2:] - here.boxes[:, :2]).prod(axis=1)) / side
        kept = ~here.crowd & (lengths > 0)
        shares.append(lengths[kept])
        labels.append(here.labels[kept])
    return np.concatenate(shares), np.concatenate(labels)


def chosen_size(
    shares: Float[NDArray[np.float64], " n"], labels: Int[NDArray[np.int64], " n"], facts: DataFacts
) -> tuple[int, str]:
    """The short side that the network sees, and why.

    Args:
        shares: side of each object against the short side of its picture.
        labels: class of each.
        facts: of the pictures.
    """
    if not len(shares):
        return 256, "no training picture has an object"
    medians = {facts.classes[k]: float(np.median(shares[labels == k])) for k in np.unique(labels).tolist()}
    name = min(medians, key=lambda one: medians[one])
    short = min(facts.height_px[1], facts.width_px[1])
    wanted = _SMALL_OBJECT_PX / medians[name]
    most = min(LARGEST_PX, max(128, -(-short // MULTIPLE) * MULTIPLE))
    size = int(np.clip(round(wanted / MULTIPLE) * MULTIPLE, _SMALLEST_PX, most))
    seen = round(medians[name] * size)
    return size, f"half of the objects of {name}, the smallest class, are then at least {seen} px large"


def training_frame(facts: DataFacts, size: int) -> tuple[int, int]:
    """Height and width of what training cuts out of the pictures.

    Pictures that are all alike keep their shape; of others, squares are seen.
    """
    (least_h, height, most_h), (least_w, width, most_w) = facts.height_px, facts.width_px
    shape = width / height if least_h == most_h and least_w == most_w else 1.0
    # Rounded down: a frame longer than the pictures would show them larger than prediction does.
    long = int(size * min(max(shape, 1 / shape), _LONGEST_SHAPE)) // MULTIPLE * MULTIPLE
    long = max(long, size)
    return (size, long) if shape >= 1 else (long, size)

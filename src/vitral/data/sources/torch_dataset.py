"""Source `torch`: any map-style torch `Dataset` of pictures, with or without labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import ConcatDataset, Subset, TensorDataset

from vitral.core import IGNORE, DataError, ImageError
from vitral.data.one_line import one_line
from vitral.data.picture_set import PictureSet
from vitral.data.pillow_pixels import rgb_pixels
from vitral.data.pixels import Pixels
from vitral.data.sources.class_notes import class_notes
from vitral.data.sources.source import Source

_PICTURES, _LABELS = ("image", "img", "picture", "pixel_values"), ("label", "labels", "target", "class")


@dataclass(frozen=True, kw_only=True)
class TorchDataset(Source, kind="torch"):
    """Any torch Dataset with a length whose items are a picture, or a picture and a class number.

    An item may be a dictionary of the two, `{"image": ..., "label": ...}`.
    """

    @classmethod
    def recognizes(cls, place: Any) -> bool:
        if isinstance(place, str | bytes | Path | np.ndarray | torch.Tensor | dict):
            return False
        if isinstance(place, list | tuple) and place and isinstance(place[0], str | Path):
            return False  # A list of places, which another source may know.
        return hasattr(place, "__getitem__") and hasattr(place, "__len__")

    def open(self, place: Any) -> PictureSet:
        """Take the labels of a dataset; its pictures are asked for when they are needed.

        Labels come from `targets`, `labels` or `tensors[1]`, through any `Subset` or
        `ConcatDataset`, else from one pass over all items. Class names come from `classes`, else
        they are the numbers.

        Raises:
            DataError: the dataset is empty, or a label is not a whole number from 0.
        """
        name = type(place).__name__
        if len(place) == 0:
            raise DataError(f"{name}: is empty; it must hold pictures")
        labels = _labels(place, name)
        classes = _classes(place, labels, name)
        keys = [f"{i:07d}" for i in range(len(place))]
        splits, split_by = self.splits(keys, labels, None)
        return PictureSet(
            name=name.lower(),
            keys=tuple(keys),
            source=_ItemPixels(place, name),
            classes=classes,
            labels=labels,
            splits=splits,
            origin=f"torch dataset {name}",
            split_by=split_by,
            notes=tuple(class_notes(classes, labels, splits)),
        )


class _ItemPixels(Pixels):
    def __init__(self, dataset: Any, name: str) -> None:
        self._dataset = dataset
        self._name = name

    def read(self, row: int) -> UInt8[NDArray[np.uint8], "h w c=3"]:
        try:
            return item_pixels(_picture(self._dataset[row]))
        except Exception as error:  # The dataset is someone else's code.
            reason = one_line(str(error) or type(error).__name__)
            raise ImageError(f"{self._name}[{row}]: {reason}") from error


def item_pixels(picture: Any) -> UInt8[NDArray[np.uint8], "h w c=3"]:
    """The pixels of a PIL picture, an array (h w, or h w c) or a tensor (h w, or c h w).

    Whole numbers are taken as 0 to 255, floating-point ones as 0 to 1; alpha is laid over white.

    Raises:
        ValueError: the shape, the type or the range is another; the text is the reason alone.
    """
    if isinstance(picture, Image.Image):
        return rgb_pixels(picture)
    if isinstance(picture, torch.Tensor):
        picture = picture.detach().cpu()
        values = (picture.permute(1, 2, 0) if picture.ndim == 3 else picture).numpy()
    elif isinstance(picture, np.ndarray):
        values = picture
    else:
        raise ValueError(f"must be a PIL picture, an array or a tensor, got {type(picture).__name__}")
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    if 0 in values.shape or not (values.ndim == 2 or (values.ndim == 3 and values.shape[2] in (3, 4))):
        raise ValueError(f"must have the shape of a picture with 1, 3 or 4 channels, got {picture.shape}")
    return rgb_pixels(Image.fromarray(_bytes(values)))


def _bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    if values.dtype == np.bool_:
        values = values.astype(np.float32)
    low, high = values.min(), values.max()
    if np.issubdtype(values.dtype, np.integer):
        limit, fits = 255, low >= 0 and high <= 255
    else:  # A little air for a resize that overshoots; a normalized picture goes far beyond it.
        limit, fits = 1, low >= -0.01 and high <= 1.01
        values = np.rint(np.clip(values, 0, 1) * 255) if fits else values
    if not fits:
        raise ValueError(
            f"must have values in [0, {limit}], got {low:g} to {high:g}; "
            "give pictures as they are before normalization"
        )
    return np.ascontiguousarray(values.astype(np.uint8))


def _picture(item: Any) -> Any:
    if isinstance(item, dict):
        return _part(item, _PICTURES)
    return item[0] if isinstance(item, tuple | list) else item


def _label(item: Any) -> Any:
    if isinstance(item, dict):
        return _part(item, _LABELS) if any(name in item for name in _LABELS) else IGNORE
    return item[1] if isinstance(item, tuple | list) and len(item) > 1 else IGNORE


def _part(item: dict[Any, Any], names: Sequence[str]) -> Any:
    for name in names:
        if name in item:
            return item[name]
    raise ValueError(
        f"must have a picture called {', '.join(names)}, got {one_line(', '.join(map(str, item)))}"
    )


def _labels(dataset: Any, name: str) -> NDArray[np.int64]:
    raw = _known_labels(dataset)
    if raw is None:
        items = (dataset[i] for i in range(len(dataset)))
        raw = [_label(item) for item in items]
    try:
        values = np.array([v.item() if isinstance(v, torch.Tensor) else v for v in raw])
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"{name}: a label must be one whole number, got {one_line(error)}") from error
    if values.ndim != 1 or not np.issubdtype(values.dtype, np.integer):
        raise DataError(f"{name}: a label must be one whole number, got {one_line(raw[0])}")
    if ((values < 0) & (values != IGNORE)).any():
        raise DataError(f"{name}: a label must be at least 0, or {IGNORE} for none, got {values.min()}")
    return values.astype(np.int64)


def _known_labels(dataset: Any) -> Sequence[Any] | None:
    """Labels that a dataset keeps in a list, so that no picture need be loaded; None: it does not."""
    if isinstance(dataset, Subset):
        inner = _known_labels(dataset.dataset)
        return None if inner is None else [inner[i] for i in dataset.indices]
    if isinstance(dataset, ConcatDataset):
        parts = [_known_labels(part) for part in dataset.datasets]
        return None if any(part is None for part in parts) else [v for part in parts for v in part or ()]
    if isinstance(dataset, TensorDataset):
        return dataset.tensors[1].tolist() if len(dataset.tensors) > 1 else [IGNORE] * len(dataset)
    for attribute in ("targets", "labels"):
        # A target_transform changes the labels on their way out; only the items tell.
        found = None if getattr(dataset, "target_transform", None) else getattr(dataset, attribute, None)
        if isinstance(found, list | tuple | np.ndarray | torch.Tensor) and len(found) == len(dataset):
            return found.tolist() if isinstance(found, np.ndarray | torch.Tensor) else found
    return None


def _classes(dataset: Any, labels: NDArray[np.int64], name: str) -> tuple[str, ...]:
    count = int(labels.max(initial=-1)) + 1
    while isinstance(dataset, Subset | ConcatDataset):
        dataset = dataset.dataset if isinstance(dataset, Subset) else dataset.datasets[0]
    named = getattr(dataset, "classes", None)
    if named is None or count <= 0:
        return tuple(str(k) for k in range(count))
    if len(named) < count:
        raise DataError(f"{name}: must name {count} classes in `classes`, got {len(named)}")
    return tuple(str(word) for word in named)

"""What callers outside Vitral hold (arrays, tensors, PIL pictures, lists) as arrays, and back as the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vitral.core import ShapeError

Array = NDArray[Any]
_REPLICATE = 'or grey="replicate", which makes three equal channels'


@dataclass(frozen=True, eq=False)
class Held:
    """Something as an array, and how the result becomes what the caller has.

    Args:
        array: the values.
        back: from an array of the same meaning to the caller's kind.
    """

    array: Array
    back: Callable[[Array], Any]


def held_picture(picture: Any, *, where: str, replicate: bool) -> Held:
    """A picture as uint8 of h x w x 3.

    Args:
        picture: a NumPy array h x w x 3, a tensor 3 x h x w, or a PIL picture of mode RGB.
        where: what it is called, for messages.
        replicate: whether grey pictures become three equal channels; else they are refused.
    Raises:
        ShapeError: it is something else.
    """
    if isinstance(picture, torch.Tensor):
        if picture.device.type != "cpu":
            raise ShapeError(
                f"{where}: must lie in the memory of the processor, got a tensor on {picture.device}; "
                "Augmentation takes whole batches on a GPU"
            )
        pixels, back, layout = picture.numpy(), _tensor_of_picture, "3 x h x w"
        pixels = pixels.transpose(1, 2, 0) if pixels.ndim == 3 else pixels
    elif isinstance(picture, np.ndarray):
        pixels, back, layout = picture, _same, "h x w x 3"
    elif _is_pil(picture):
        if picture.mode not in ("RGB", "L"):
            raise ShapeError(
                f'{where}: a PIL picture must be of mode RGB, got {picture.mode}; try picture.convert("RGB")'
            )
        pixels, back, layout = np.asarray(picture), _pil_of_picture, "mode RGB"
    else:
        raise ShapeError(
            f"{where}: must be a NumPy array, a tensor or a PIL picture, got {type(picture).__name__}"
        )
    if pixels.dtype == np.uint8 and 0 not in pixels.shape:
        if pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 1):
            if not replicate:
                raise ShapeError(f"{where}: must have three channels, got a grey picture; {_REPLICATE}")
            pixels = np.repeat(pixels.reshape(*pixels.shape[:2], 1), 3, axis=2)
        if pixels.ndim == 3 and pixels.shape[2] == 3:
            return Held(np.ascontiguousarray(pixels), back)
    shape = " x ".join(str(n) for n in picture.shape) if hasattr(picture, "shape") else str(picture.size)
    raise ShapeError(f"{where}: must be uint8 of {layout}, got {pixels.dtype} of {shape}")


def held_mask(mask: Any, *, where: str, stacked: bool = False) -> Held:
    """Class numbers h x w, or where asked for a stack n x h x w of one mask for each object.

    Raises:
        ShapeError: another shape, not whole numbers, or class numbers outside [0, 255].
    """
    if isinstance(mask, torch.Tensor):
        array, dtype = mask.detach().cpu().numpy(), mask.dtype
        back: Callable[[Array], Any] = lambda made: torch.from_numpy(made).to(dtype)  # noqa: E731
    elif isinstance(mask, np.ndarray):
        array, back = mask, lambda made: made.astype(mask.dtype)
    elif _is_pil(mask):
        if mask.mode not in ("L", "P", "1"):
            raise ShapeError(f"{where}: a PIL picture must be of mode L, P or 1, got {mask.mode}")
        array, back = np.asarray(mask), lambda made: _pil_of_mask(made, mask)
    else:
        raise ShapeError(f"{where}: must be a NumPy array, a tensor or a PIL picture, got {_named(mask)}")
    if array.ndim != 2 and not (stacked and array.ndim == 3):
        wanted = "n x h x w, one for each object, or h x w of class numbers" if stacked else "h x w"
        raise ShapeError(f"{where}: must be {wanted}, got {' x '.join(str(n) for n in array.shape)}")
    if array.dtype.kind not in "uib" or array.dtype == np.int8:
        raise ShapeError(f"{where}: must hold whole numbers up to 255, got {array.dtype}")
    if array.ndim == 2 and array.size and not (array.min() >= 0 and array.max() <= 255):
        raise ShapeError(
            f"{where}: must hold class numbers in [0, 255], got {array.min()} to {array.max()}; "
            "255 is what is not counted"
        )
    return Held(array, back)


def held_numbers(values: Any, *, where: str, last: tuple[int, ...], words: str) -> Held:
    """Rows of coordinates as float64; whole numbers come back as float32, because places are not whole.

    Args:
        values: an array, a tensor, or a list of rows.
        where: what it is called, for messages.
        last: how many numbers a row may have.
        words: what a row is, for messages.
    Raises:
        ShapeError: it is something else, or a number is not finite.
    """
    if isinstance(values, torch.Tensor):
        array = values.detach().cpu().double().numpy()
        dtype = values.dtype if values.dtype.is_floating_point else torch.float32
        back: Callable[[Array], Any] = lambda made: torch.from_numpy(made).to(dtype)  # noqa: E731
    elif isinstance(values, np.ndarray):
        floats = values.dtype if values.dtype.kind == "f" else np.dtype(np.float32)
        array, back = values, lambda made: made.astype(floats)
    elif isinstance(values, list | tuple):
        row = type(values[0]) if values and isinstance(values[0], list | tuple) else tuple
        whole = type(values)
        array, back = values, lambda made: whole(row(one) for one in made.tolist())
    else:
        raise ShapeError(f"{where}: must be an array, a tensor or a list, got {_named(values)}")
    try:
        array = np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ShapeError(f"{where}: must be {words}, got rows of other things ({error})") from error
    if array.size == 0:
        array = array.reshape(array.shape if array.ndim > 1 and array.shape[-1] in last else (0, last[0]))
    if array.ndim < 2 or array.shape[-1] not in last:
        raise ShapeError(f"{where}: must be {words}, got {' x '.join(str(n) for n in array.shape)}")
    if not np.isfinite(array).all():
        raise ShapeError(f"{where}: must be finite")
    return Held(array, back)


def held_boxes(boxes: Any, *, where: str) -> Held:
    """Boxes x0 y0 x1 y1, n x 4.

    Raises:
        ShapeError: it is something else, or a box ends before it begins.
    """
    order = getattr(getattr(boxes, "format", None), "name", "XYXY")
    if order != "XYXY":  # torchvision's boxes say how they are written.
        raise ShapeError(f"{where}: must be x0 y0 x1 y1 (XYXY), got {order}")
    held = held_numbers(boxes, where=where, last=(4,), words="x0 y0 x1 y1 in pixels, n x 4")
    if held.array.ndim != 2:
        raise ShapeError(f"{where}: must be n x 4, got {held.array.ndim} axes")
    wrong = (held.array[:, :2] > held.array[:, 2:]).any(axis=1)
    if wrong.any():
        first = ", ".join(f"{value:g}" for value in held.array[wrong.argmax()])
        raise ShapeError(f"{where}: must have x0 <= x1 and y0 <= y1, got ({first}); not x y width height")
    return held


def held_points(points: Any, *, where: str) -> Held:
    """Points: x y, or x y and visibility, with any axes before these.

    Raises:
        ShapeError: it is something else.
    """
    return held_numbers(points, where=where, last=(2, 3), words="x y, or x y and visibility")


def held_outlines(outlines: Any, *, where: str, least: int) -> list[Held]:
    """Polygons or lines, n x 2 each; one without points stands for an object of which none is known.

    Args:
        outlines: an array, a tensor or a list of such, or of rows.
        where: what it is called, for messages.
        least: how many points each must have, if it has any.
    Raises:
        ShapeError: it is something else.
    """
    if isinstance(outlines, str) or not isinstance(outlines, Sequence | np.ndarray | torch.Tensor):
        raise ShapeError(f"{where}: must be a list of outlines, n x 2 each, got {_named(outlines)}")
    held = [
        held_numbers(outline, where=f"{where}[{number}]", last=(2,), words="x y of each point, n x 2")
        for number, outline in enumerate(outlines)
    ]
    for number, one in enumerate(held):
        if one.array.ndim != 2:
            raise ShapeError(f"{where}[{number}]: must be n x 2, got {one.array.ndim} axes")
        if 0 < len(one.array) < least:
            raise ShapeError(f"{where}[{number}]: must have at least {least} points, got {len(one.array)}")
    return held


def held_map(levels: Any, *, where: str) -> Held:
    """Floats h x w or h x w x channels; of a tensor h x w or channels x h x w.

    Raises:
        ShapeError: it is something else.
    """
    if isinstance(levels, torch.Tensor):
        array, dtype = levels.detach().cpu(), levels.dtype
        array = array.float() if dtype == torch.bfloat16 else array
        array = array.movedim(0, -1).numpy() if levels.ndim == 3 else array.numpy()
        back: Callable[[Array], Any] = lambda made: _tensor_of_map(made).to(dtype)  # noqa: E731
    elif isinstance(levels, np.ndarray):
        array, back = levels, _same
    elif _is_pil(levels):
        if levels.mode != "F":
            raise ShapeError(f"{where}: a PIL picture must be of mode F, got {levels.mode}")
        array, back = np.asarray(levels), _pil_of_map
    else:
        raise ShapeError(f"{where}: must be a NumPy array, a tensor or a PIL picture, got {_named(levels)}")
    if array.ndim not in (2, 3) or 0 in array.shape[:2]:
        shape = " x ".join(str(n) for n in array.shape)
        raise ShapeError(f"{where}: must be h x w, or that for each channel, got {shape}")
    if array.dtype.kind != "f":
        raise ShapeError(f"{where}: must hold floats, got {array.dtype}; class numbers are a mask")
    return Held(array, back)


def kept_of(values: Any, kept: NDArray[np.bool_], *, where: str) -> Any:
    """Those of an array, a tensor or a list that stay with the boxes that stay.

    Raises:
        ShapeError: they are not one for each box.
    """
    if not isinstance(values, Sequence | np.ndarray | torch.Tensor) or isinstance(values, str):
        raise ShapeError(f"{where}: must be an array, a tensor or a list, got {_named(values)}")
    if len(values) != len(kept):
        raise ShapeError(f"{where}: must be one for each of the {len(kept)} boxes, got {len(values)}")
    if isinstance(values, torch.Tensor):
        return values[torch.from_numpy(kept).to(values.device)]
    if isinstance(values, np.ndarray):
        return values[kept]
    some = [value for value, keep in zip(values, kept.tolist(), strict=True) if keep]
    return tuple(some) if isinstance(values, tuple) else some


def _same(made: Array) -> Array:
    return made


def _tensor_of_picture(made: Array) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(made.transpose(2, 0, 1)))


def _tensor_of_map(made: Array) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(made, -1, 0) if made.ndim == 3 else made))


def _pil_of_map(made: Array) -> Any:
    from PIL import Image

    return Image.fromarray(made)


def _pil_of_picture(made: Array) -> Any:
    from PIL import Image

    if made.dtype != np.uint8:
        raise ShapeError(
            "picture: a PIL picture cannot hold normalized floats; give a tensor or an array, "
            "or leave mean and std out"
        )
    return Image.fromarray(made)


def _pil_of_mask(made: Array, like: Any) -> Any:
    from PIL import Image

    mask = Image.fromarray(made.astype(np.bool_ if like.mode == "1" else np.uint8))
    if like.mode == "P":
        mask.putpalette(like.getpalette())
    return mask


def _is_pil(thing: Any) -> bool:
    # By its name, so that nothing is imported for those who hold no PIL picture.
    return any(cls.__module__ == "PIL.Image" for cls in type(thing).__mro__)


def _named(thing: Any) -> str:
    return type(thing).__name__

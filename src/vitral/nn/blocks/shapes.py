"""What every network checks before it looks at pictures."""

from torch import Tensor

from vitral.core import ShapeError


def check_pictures(where: str, pictures: Tensor, *, channels: int) -> None:
    """Refuse what is no batch of pictures with the right number of channels.

    Raises:
        ShapeError: not b x c x h x w, another number of channels, or an empty side.
    """
    shape = tuple(pictures.shape)
    if len(shape) != 4 or shape[1] != channels or 0 in shape[2:]:
        raise ShapeError(
            f"{where}: pictures must be b x {channels} x h x w with h and w at least 1, "
            f"got {' x '.join(map(str, shape)) or 'a single number'}"
        )

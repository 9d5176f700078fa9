"""`Program`: the tones of a pass as numbers for the compiled code."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import NDArray

from vitral.augment.plan import Tone
from vitral.augment.stages import Color, Cover, Curve, Hue

COLOR, CURVE, HUE = 0, 1, 2

Means = Float[NDArray[np.float64], " c=3"]
Arrays = tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]


class Program:
    """The tones of a pass for all pictures of a batch.

    Args:
        tones: in turn; what covers is drawn last, in a color that later tones have changed.
    """

    def __init__(self, tones: Sequence[Tone]) -> None:
        self._tones = [tone for tone in tones if not isinstance(tone, Cover)]
        self._covers = [(tone, tones[n + 1 :]) for n, tone in enumerate(tones) if isinstance(tone, Cover)]
        self._kinds = np.array([_kind(tone) for tone in self._tones], dtype=np.int64)
        self._needs_means = any(isinstance(tone, Color) and tone.of_means.any() for tone in self._tones)
        only = self._tones[0] if len(self._tones) == 1 else None
        self._diagonal = None
        if isinstance(only, Color):
            linear, rows = only.matrix[..., :3], only.of_means
            self._diagonal = (linear == linear * np.eye(3)).all(axis=(1, 2)) & (rows == rows[:, :1]).all(
                axis=(1, 2)
            )
        count = _count(self._tones[0]) if self._tones else 0
        self._apart = np.ones(count, dtype=np.bool_)
        for tone in self._tones:
            if isinstance(tone, Hue):
                self._apart &= tone.turn == 0
            elif isinstance(tone, Color):
                linear = tone.matrix[..., :3]
                self._apart &= (linear == linear * np.eye(3)).all(axis=(1, 2))
        self._numbers = np.zeros((count, len(self._tones), 12), np.float32)
        curves = any(isinstance(tone, Curve) for tone in self._tones)
        self._of_means = np.zeros((count, len(self._tones), 3, 3))
        self._tables = np.zeros((count if curves else 0, len(self._tones), 3, 257), np.float32)
        for n, tone in enumerate(self._tones):
            if isinstance(tone, Color):
                self._numbers[:, n], self._of_means[:, n] = tone.matrix.reshape(count, 12), tone.of_means
            elif isinstance(tone, Hue):
                self._numbers[:, n, 0] = (6 * tone.turn) % 6
            elif isinstance(tone, Curve):
                self._tables[:, n, :, :256], self._tables[:, n, :, 256] = tone.table, tone.table[..., 255]

    def __bool__(self) -> bool:
        return bool(self._tones or self._covers)

    def idle(self, count: int) -> Bool[NDArray[np.bool_], " b"]:
        """Which of `count` pictures it does not change."""
        idle = np.ones(count, dtype=np.bool_)
        for tone in (*self._tones, *(cover for cover, _ in self._covers)):
            if isinstance(tone, Color):
                still = (tone.matrix == np.eye(3, 4)).all(axis=(1, 2))
                idle &= still & (tone.of_means == 0).all(axis=(1, 2))
            elif isinstance(tone, Curve):
                idle &= (tone.table == np.arange(256, dtype=np.float32)).all(axis=(1, 2))
            elif isinstance(tone, Hue):
                idle &= tone.turn == 0
            else:
                low, high = tone.boxes[..., :2], tone.boxes[..., 2:]
                idle &= np.asarray((low >= high).any(axis=2)).all(axis=1)
        return idle

    def means(self, pixels: NDArray[np.uint8], box: Sequence[float]) -> Means | None:
        """The means of the channels over the pixels that a box touches; None where nobody asks."""
        if not self._needs_means:
            return None
        x0, y0, x1, y1 = box
        tall, wide = pixels.shape[:2]
        left, top = min(max(int(x0), 0), wide - 1), min(max(int(y0), 0), tall - 1)
        right, bottom = min(max(int(np.ceil(x1)), left + 1), wide), min(max(int(np.ceil(y1)), top + 1), tall)
        from vitral.augment.kernels.sums import channel_sums

        sums = np.zeros(3, np.int64)
        flat = np.ascontiguousarray(pixels).reshape(tall, 3 * wide)
        channel_sums(flat, top, bottom, left, right, sums)
        return sums / ((bottom - top) * (right - left))

    def rows(self, part: slice) -> tuple[Any, ...]:
        """What `render_warps` needs of some pictures: with means, kinds, numbers, shares of means, tables."""
        if not self._tones:
            count = part.stop - part.start
            return (
                False,
                _NOTHING[0],
                np.zeros((count, 0, 12), np.float32),
                np.zeros((count, 0, 3, 3)),
                _NO_TABLES,
            )
        return (
            self._needs_means,
            self._kinds,
            self._numbers[part],
            self._of_means[part],
            self._tables[part] if len(self._tables) else _NO_TABLES,
        )

    def alone(self, part: slice) -> Bool[NDArray[np.bool_], " b"]:
        """Which of some pictures have a factor and a summand for each channel as their only tone."""
        if self._diagonal is None:
            return np.zeros(part.stop - part.start, dtype=np.bool_)
        return np.ascontiguousarray(self._diagonal[part])

    @property
    def only_covers(self) -> bool:
        """Whether nothing is toned."""
        return not self._tones

    @property
    def covers(self) -> bool:
        """Whether anything is covered."""
        return bool(self._covers)

    def plain(self, i: int, means: Means | None) -> Float[NDArray[np.float32], "c=3 2"] | None:
        """Factor and summand of each channel, where the tones of a picture are no more than that."""
        if not self._tones:
            return np.array([[1, 0], [1, 0], [1, 0]], dtype=np.float32)
        color = self._tones[0]
        if self._diagonal is None or not self._diagonal[i] or not isinstance(color, Color):
            return None
        added = color.matrix[i, :, 3] + (0.0 if means is None else color.of_means[i] @ means)
        return np.stack([np.diag(color.matrix[i]), added], axis=1).astype(np.float32)

    def mixing(self, i: int, means: Means | None) -> NDArray[np.float64] | None:
        """The color matrix of a picture, 3 x 4, where it is all there is to do."""
        if self._covers or len(self._tones) != 1 or not isinstance(self._tones[0], Color):
            return None
        matrix = self._tones[0].matrix[i].copy()
        if means is not None:
            matrix[:, 3] += self._tones[0].of_means[i] @ means
        return matrix

    def table(self, i: int, means: Means | None) -> NDArray[np.uint8] | None:
        """The new level of each channel and level, 3 x 256, where channels do not depend on each other."""
        if not self._tones or self._covers or not self._apart[i]:
            return None
        if means is None:
            return self._level_tables[i]
        kinds, numbers, tables = self.of(i, means)
        return _tables(kinds, numbers[None], tables[None] if len(tables) else _NO_TABLES)[0]

    @functools.cached_property
    def _level_tables(self) -> NDArray[np.uint8]:
        return _tables(self._kinds, self._numbers, self._tables if len(self._tables) else _NO_TABLES)

    def of(self, i: int, means: Means | None, *, nothing: bool = False) -> Arrays:
        """Kinds, numbers and tables of the tones of a picture.

        Args:
            i: number of the picture in the batch.
            means: of the channels, when `means` gives them.
            nothing: no tones at all, because they are done elsewhere.
        """
        if nothing or not self._tones:
            return _NOTHING
        numbers = self._numbers[i]
        if means is not None:
            numbers = numbers.copy()
            # Means behind earlier tones than a matrix are taken as those before them.
            numbers[:, 3::4] += (self._of_means[i] @ means).astype(np.float32)
        tables = self._tables[i] if len(self._tables) else _NOTHING[2]
        return self._kinds, numbers, tables

    def cover(
        self,
        out: NDArray[np.float32] | NDArray[np.uint8],
        i: int,
        gain: NDArray[np.float32] | float = 1.0,
        offset: NDArray[np.float32] | float = 0.0,
    ) -> None:
        """Fill what is covered in a picture that is finished otherwise: normalized, or levels."""
        import cv2

        height, width = len(out), out.shape[1] // 3
        picture = out.reshape(height, width, 3)
        for cover, later in self._covers:
            tall, wide = cover.canvas[i].tolist()
            made: dict[tuple[float, ...], list[float]] = {}
            # Few numbers: quicker without arrays.
            for box, color in zip(cover.boxes[i].tolist(), cover.colors[i].tolist(), strict=True):
                if box[0] >= box[2] or box[1] >= box[3]:
                    continue
                x0, x1 = (min(max(round(x * (width / wide)), 0), width) for x in box[::2])
                y0, y1 = (min(max(round(y * (height / tall)), 0), height) for y in box[1::2])
                if x0 == x1 or y0 == y1:
                    continue
                key = tuple(color)
                if key not in made:
                    levels = _toned(key, later, i)
                    levels = np.rint(levels) if out.dtype == np.uint8 else levels * gain + offset
                    made[key] = levels.tolist()
                # numpy is slow where only three numbers follow each other.
                cv2.rectangle(picture, (x0, y0), (x1 - 1, y1 - 1), made[key], cv2.FILLED)


_NOTHING: Arrays = (
    np.zeros(0, np.int64),
    np.zeros((0, 12), np.float32),
    np.zeros((0, 3, 257), np.float32),
)
_NO_TABLES = np.zeros((0, 0, 3, 257), np.float32)


def _tables(
    kinds: NDArray[np.int64], numbers: NDArray[np.float32], tables: NDArray[np.float32]
) -> NDArray[np.uint8]:
    from vitral.augment.kernels.tones import make_tables

    made = np.empty((len(numbers), 3, 256), np.uint8)
    make_tables(kinds, numbers, tables, made)
    return made


def _kind(tone: Tone) -> int:
    return COLOR if isinstance(tone, Color) else CURVE if isinstance(tone, Curve) else HUE


def _count(tone: Color | Curve | Hue) -> int:
    return len(
        tone.matrix if isinstance(tone, Color) else tone.table if isinstance(tone, Curve) else tone.turn
    )


def _toned(color: tuple[float, ...], tones: Sequence[Tone], i: int) -> NDArray[np.float32]:
    rest = [one for one in tones if not isinstance(one, Cover)]
    if not rest:
        return np.clip(np.array(color, np.float32), 0, 255)
    from vitral.augment.kernels.tones import tone

    red, green, blue = np.array(color, np.float32).reshape(3, 1)
    tone(red, green, blue, *Program(rest).of(i, None))
    return np.clip(np.concatenate([red, green, blue]), 0, 255)

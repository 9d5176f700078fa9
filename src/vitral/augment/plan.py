"""`Plan`: what will happen to each picture of a batch, as numbers and before any pixel is touched.

Stages are gathered into passes. In a pass the pixels are looked up once, through all its geometry
multiplied; then come its tones, one after another on each row; then at most one filter. What commutes
exactly is moved: a color matrix before geometry may as well come behind it, because weights of pixels
add up to one (not where a color fills what is beyond a picture). Levels are brought into [0, 255] at
the end of a pass, and before a curve or a turn of hue.
"""

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from vitral.augment.frame import Frame, identities
from vitral.augment.route import Route, Step, Window, joined
from vitral.augment.stages import (
    Color,
    Copies,
    Cover,
    Curve,
    Field,
    Filter,
    Hue,
    Mix,
    Stage,
    Tiles,
    Warp,
)
from vitral.core import OptionError

Tone = Color | Curve | Hue | Cover
Numbers = TypeVar("Numbers", Tiles, Copies)
BORDERS = ("reflect", "edge", "fill")


@dataclass(frozen=True, kw_only=True)
class Border:
    """What lies beyond a picture.

    Args:
        kind: `reflect`: the picture, reflected at its first and last pixels; `edge`: as these are;
            `fill`: a color.
        fill: red, green and blue levels of that color.
    """

    kind: str = "reflect"
    fill: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Bend:
    """A displacement within the geometry of a pass.

    Args:
        field: the displacement.
        matrix: what comes after it in the chain, up to the next displacement: from (x, y, 1) of what
            was made to (x, y, 1) of the canvas of the displacement, up to a factor.
    """

    field: Field
    matrix: Float[NDArray[np.float64], "b 3 3"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Pass:
    """One look at the pixels.

    Args:
        ops: the ops that are done in it, for a person.
        matrix: from (x, y, 1) of the result to (x, y, 1) of the source, up to a factor, without
            displacements.
        bends: the displacements, in turn, each with the geometry behind it.
        canvas: height and width of the result, in pixels; of all but the last pass they are rounded up.
        tones: what is done to colors, in turn.
        filter: what needs the result of all that as a whole.
        because: why the next pass could not be part of this one; "" for the last.
    """

    ops: tuple[str, ...]
    matrix: Float[NDArray[np.float64], "b 3 3"]
    canvas: Float[NDArray[np.float64], "b hw=2"]
    tones: tuple[Tone, ...]
    filter: Filter | None = None
    because: str = ""
    bends: tuple[Bend, ...] = ()

    @property
    def still(self) -> bool:
        """Whether its geometry changes no picture."""
        return bool((self.matrix == np.eye(3)).all()) and not self.bent.any()

    @functools.cached_property
    def bent(self) -> Bool[NDArray[np.bool_], " b"]:
        """The pictures whose geometry is more than a homography."""
        bent = np.zeros(len(self.matrix), dtype=np.bool_)
        for bend in self.bends:
            bent |= bend.field.bent
        return bent

    @functools.cached_property
    def first(self) -> Float[NDArray[np.float64], "b 3 3"]:
        """What comes before the first displacement."""
        first = self.matrix
        for bend in reversed(self.bends):
            first = first @ np.linalg.inv(bend.matrix)
        return np.asarray(first, dtype=np.float64)

    @property
    def pixels(self) -> Float[NDArray[np.float64], "b hw=2"]:
        """Height and width of the result in whole pixels, of a pass that is not the last."""
        return np.ceil(self.canvas - 1e-6).clip(min=1)

    @property
    def has_horizon(self) -> Bool[NDArray[np.bool_], " b"]:
        """The pictures of which a part of the result lies behind the horizon of a perspective."""
        tall, wide = self.pixels.T
        x, y, corner = self.matrix[:, 2].T
        return (
            np.min(
                [corner, corner + x * wide, corner + y * tall, corner + x * wide + y * tall]
                * np.sign(corner),
                axis=0,
            )
            <= 0
        )

    def stays_inside(
        self, result: Float[NDArray[np.float64], "b hw=2"], source: Float[NDArray[np.float64], "b hw=2"]
    ) -> Bool[NDArray[np.bool_], " b"]:
        """The pictures of which every pixel of a result of some size shows a part of the source.

        Args:
            result: height and width of the result.
            source: height and width of the source.
        """
        tall, wide = result.T
        x, y = np.stack([0 * wide, wide, 0 * wide, wide]), np.stack([0 * tall, 0 * tall, tall, tall])
        rows = self.matrix.reshape(-1, 9).T
        left, top, depth = (rows[k] * x + rows[k + 1] * y + rows[k + 2] for k in (0, 3, 6))
        with np.errstate(divide="ignore", invalid="ignore"):
            left, top = left / depth, top / depth
        inside = (depth * rows[8] > 0) & (np.minimum(left, top) >= -1e-6)
        inside &= (left <= source[:, 1] + 1e-6) & (top <= source[:, 0] + 1e-6)
        return inside.all(axis=0) & ~self.bent

    def steps(self, i: int) -> tuple[Step, ...]:
        """The geometry of a picture; the last step is taken first."""
        if not self.bent[i]:
            return (self.matrix[i],)
        steps: list[Step] = [self.first[i]]
        for bend in self.bends:
            steps += [bend.field.step(i), bend.matrix[i]] if bend.field.bent[i] else [bend.matrix[i]]
        return joined(tuple(steps)).steps


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """All that happens to a batch.

    Args:
        passes: in turn; the last one makes the input.
        mix: what mixes pictures after that.
        sizes: height and width of each picture, in pixels.
        height: rows of the network's input.
        width: columns of the network's input.
        border: what lies beyond each picture.
    """

    passes: tuple[Pass, ...]
    mix: Mix
    sizes: Int[NDArray[np.int64], "b hw=2"]
    height: int
    width: int
    border: Border = Border()

    def __str__(self) -> str:
        lines = []
        for number, one in enumerate(self.passes, start=1):
            lines.append(f"pass {number}: {', '.join(one.ops)}")
            if one.because:
                lines.append(f"        then another, because {one.because}")
        mixed = int(self.mix.chosen.sum())
        if mixed:
            lines.append(f"mixed: {mixed} of {len(self.sizes)} by {self.mix.op}")
        return "\n".join(lines)

    def route(self, i: int) -> Route:
        """From points of the input of a picture to those of the picture, through all passes.

        A pass sees nothing beyond what the one before it has made: where it looks there is a window.
        """
        steps = list(self.passes[0].steps(i))
        for before, one, beyond in zip(self.passes[:-1], self.passes[1:], self.beyond, strict=True):
            if beyond[i]:
                tall, wide = before.pixels[i].tolist()
                steps.append(Window(height=tall, width=wide))
            steps += one.steps(i)
        return joined(tuple(steps))

    @functools.cached_property
    def beyond(self) -> tuple[Bool[NDArray[np.bool_], " b"], ...]:
        """For each pass but the first: the pictures of which it looks beyond what was made before it."""
        found = []
        for before, one in zip(self.passes[:-1], self.passes[1:], strict=True):
            last = one is self.passes[-1]
            made = np.tile([float(self.height), self.width], (len(self.sizes), 1)) if last else one.pixels
            found.append(~one.stays_inside(made, before.pixels) | before.has_horizon)
        return tuple(found)

    @property
    def matrix(self) -> Float[NDArray[np.float64], "b 3 3"]:
        """From (x, y, 1) of the input to (x, y, 1) of the picture, up to a factor, through all passes.

        Displacements are left out, and windows too; `route` has them.
        """
        whole = self.passes[0].matrix
        for one in self.passes[1:]:
            whole = whole @ one.matrix
        return whole

    @property
    def mixed(self) -> Bool[NDArray[np.bool_], " b"]:
        """Which pictures are given a partner."""
        return self.mix.chosen


def planned(
    stages: Sequence[Stage],
    frame: Frame,
    *,
    sizes: Int[NDArray[np.int64], "b hw=2"],
    border: Border = Border(),
) -> Plan:
    """Gather the stages of a chain into passes.

    Args:
        stages: in turn; `frame.into_input()` comes last.
        frame: where the chain began.
        sizes: height and width of each picture.
        border: what lies beyond each.
    """
    making = _Making(frame, filled=border.kind == "fill")
    mix = _unmixed(len(frame))
    for stage in stages:
        if isinstance(stage, Mix):
            mix = _mixed(mix, stage)
        else:
            making.add(stage)
    return Plan(
        passes=tuple(making.passes()),
        mix=mix,
        sizes=sizes,
        height=frame.height,
        width=frame.width,
        border=border,
    )


def with_fit(stages: Sequence[Stage], after: Frame) -> tuple[Stage, ...]:
    """The stages of a chain with what brings its canvas to the input's size.

    That comes behind all geometry, but before the tones that end the chain: they look at single pixels,
    and so they need no pass of their own. What they cover is covered at the input's size.

    Args:
        stages: in turn.
        after: the frame behind all of them.
    """
    place, fit = len(stages), after.into_input()
    while place and isinstance(stages[place - 1], Color | Curve | Hue | Cover | Mix):
        place -= 1
    rest = (_fitted(stage, fit[0]) if fit and isinstance(stage, Cover) else stage for stage in stages[place:])
    return (*stages[:place], *fit, *rest)


def _fitted(cover: Cover, fit: Warp) -> Cover:
    """The same rectangles on the canvas behind the fit, which is upright."""
    scale = fit.matrix[:, None, [0, 1], [0, 1]]
    start = fit.matrix[:, None, [0, 1], [2, 2]]
    corners = cover.boxes.reshape(*cover.boxes.shape[:2], 2, 2)
    moved = (corners - start[:, :, None]) / scale[:, :, None]
    return dataclasses.replace(cover, boxes=moved.reshape(cover.boxes.shape), canvas=fit.canvas)


class _Making:
    """The pass that stages are being added to, and those that are done."""

    def __init__(self, frame: Frame, *, filled: bool) -> None:
        self._filled = filled
        self._done: list[Pass] = []
        self._canvas = frame.canvas
        self._begin()

    def _begin(self) -> None:
        self._ops: list[str] = []
        self._matrix: Float[NDArray[np.float64], "b 3 3"] | None = None
        self._bends: list[Bend] = []
        self._tones: list[Tone] = []

    def add(self, stage: Stage) -> None:
        """Join a stage to the pass when it can be, else begin another."""
        if isinstance(stage, Warp | Field):
            # A matrix of colors would change the color beyond the picture as well.
            behind = next((tone for tone in self._tones if self._filled or not isinstance(tone, Color)), None)
            if behind is not None and _moves(stage, self._canvas):
                self._close(f"{stage.op} moves pixels, and {behind.op} ({behind.sort}) must come before that")
            self._move(stage)
        elif isinstance(stage, Color):
            before = next((tone for tone in self._tones if not isinstance(tone, Color)), None)
            if before is not None and stage.of_means.any():
                self._close(f"{stage.op} needs the means of what {before.op} ({before.sort}) makes")
            if self._tones and isinstance(self._tones[-1], Color):
                self._tones[-1] = _multiplied(self._tones[-1], stage)
            else:
                self._tones.append(stage)
        elif isinstance(stage, Curve | Hue | Cover):
            self._tones.append(stage)
        elif isinstance(stage, Filter):
            self._ops.append(stage.op)
            self._close(f"{stage.op} ({stage.sort}) needs the picture as a whole", stage)
            return
        self._ops.append(stage.op)

    def _move(self, stage: Warp | Field) -> None:
        if isinstance(stage, Field):
            self._bends.append(Bend(field=stage, matrix=identities(len(stage.nodes))))
            return
        self._matrix = stage.matrix if self._matrix is None else self._matrix @ stage.matrix
        self._canvas = stage.canvas
        if self._bends:
            last = self._bends[-1]
            self._bends[-1] = dataclasses.replace(last, matrix=last.matrix @ stage.matrix)

    def passes(self) -> list[Pass]:
        """All passes, the last one closed."""
        self._close("")
        return self._done

    def _close(self, because: str, filter_: Filter | None = None) -> None:
        if self._matrix is not None:
            _check(self._matrix, self._canvas, self._ops)
        self._done.append(
            Pass(
                ops=tuple(dict.fromkeys(self._ops)),
                matrix=identities(len(self._canvas)) if self._matrix is None else self._matrix,
                canvas=self._canvas,
                tones=tuple(self._tones),
                filter=filter_,
                because=because,
                bends=tuple(self._bends),
            )
        )
        self._begin()


def _moves(stage: Warp | Field, canvas: NDArray[np.float64]) -> bool:
    if isinstance(stage, Field):
        return bool(stage.bent.any())
    return bool((stage.matrix != np.eye(3)).any() or (stage.canvas != canvas).any())


def _check(matrix: NDArray[np.float64], canvas: NDArray[np.float64], ops: Sequence[str]) -> None:
    """Refuse geometry that leads nowhere.

    Raises:
        OptionError: a number of it is not finite, or it presses all pixels onto a line.
    """
    sound = np.isfinite(matrix).all() and np.isfinite(canvas).all() and (matrix[:, 2, 2] != 0).all()
    if not sound or (np.linalg.det(matrix) == 0).any():
        raise OptionError(f"{', '.join(ops)}: the geometry of a picture must be finite and leave it an area")


def _multiplied(first: Color, second: Color) -> Color:
    """Two color matrices as one; both may add a part of the means of what will be seen."""
    m1, t1, m2, t2 = (
        first.matrix[..., :3],
        first.matrix[..., 3:],
        second.matrix[..., :3],
        second.matrix[..., 3:],
    )
    matrix = np.concatenate([m2 @ m1, m2 @ t1 + t2 + second.of_means @ t1], axis=2)
    means = m2 @ first.of_means + second.of_means @ (m1 + first.of_means)
    return dataclasses.replace(first, op=f"{first.op}, {second.op}", matrix=matrix, of_means=means)


def _unmixed(count: int) -> Mix:
    return Mix(
        op="",
        partner=np.arange(count),
        share=np.ones(count),
        blended=np.zeros(count, dtype=np.bool_),
        pasted=np.zeros((count, 4), dtype=np.int64),
        chosen=np.zeros(count, dtype=np.bool_),
    )


def _mixed(before: Mix, stage: Mix) -> Mix:
    """A picture that is mixed already is left as it is."""
    new = stage.chosen & ~before.chosen
    return Mix(
        op=", ".join(dict.fromkeys(filter(None, (before.op, stage.op if new.any() else "")))),
        partner=np.where(new, stage.partner, before.partner),
        share=np.where(new, stage.share, before.share),
        blended=np.where(new, stage.blended, before.blended),
        pasted=np.where(new[:, None], stage.pasted, before.pasted),
        chosen=before.chosen | new,
        tiles=_either(before.tiles, stage.tiles, new),
        copies=_either(before.copies, stage.copies, new),
    )


def _either(
    before: Numbers | None, after: Numbers | None, new: Bool[NDArray[np.bool_], " b"]
) -> Numbers | None:
    """Of some pictures the numbers after, of the others those before; zeros where there are none."""
    some = after if after is not None else before
    if some is None:
        return None
    picked = {}
    for name, like in vars(some).items():
        now, then = (np.zeros_like(like) if one is None else getattr(one, name) for one in (before, after))
        picked[name] = np.where(new.reshape(-1, *[1] * (like.ndim - 1)), then, now)
    return dataclasses.replace(some, **picked)

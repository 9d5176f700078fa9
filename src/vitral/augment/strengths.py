"""`strengths`: one op from nothing over its usual strength to more, for looking at it."""

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, replace
from typing import Any, get_origin

from vitral.augment.op import Op
from vitral.augment.variables import Discrete, Uniform, Variable
from vitral.core import OptionError, member

STEPS = 7


@dataclass(frozen=True)
class _Walk:
    """How one option goes from where its op does nothing to where it does much.

    Args:
        nothing: where it begins; the first step has the op's `zero` instead.
        usual: in the middle: the strong end of the default.
        much: where it ends; the same as `usual` where there is no more, and then the way is even.
        by_factors: each step multiplies, and does not add.
    """

    nothing: float
    usual: float
    much: float
    by_factors: bool = False

    def at(self, strength: float) -> float:
        """The number at a strength in [0, 2]: 1 is the usual one. It has three digits."""
        low, high, share = self.nothing, self.usual, strength
        if self.usual == self.much:
            share = strength / 2
        elif strength > 1:
            low, high, share = self.usual, self.much, strength - 1
        value = low * (high / low) ** share if self.by_factors else low + (high - low) * share
        return float(f"{value:.3g}")


# What `_walks` would get wrong: options that are strong where they are low, that are best seen together,
# or that say where and not how much. Without any, draws differ and strength does not.
_WALKS: dict[str, dict[str, _Walk]] = {
    "augmix": {"severity": _Walk(0, 3, 10)},
    "auto-contrast": {"cutoff_percent": _Walk(0, 10, 30)},
    "bilateral-blur": {"sigma_levels": _Walk(1, 80, 160), "sigma_px": _Walk(0.3, 4, 8)},
    "box-safe-crop": {},
    "canny": {"share": _Walk(0, 0.7, 1)},
    "cartoon": {
        "reach_levels": _Walk(1, 35, 70),
        "saturation": _Walk(1, 2, 3),
        "ink": _Walk(0, 1, 1),
    },
    "clahe": {"limit": _Walk(0.5, 4, 8, by_factors=True)},
    "cloud-cover": {"cover": _Walk(0, 0.7, 1), "density": _Walk(0.6, 1, 1)},
    "crop-around-box": {"context": _Walk(0.3, 0, 0)},
    "crop-to": {"aspect": _Walk(1, 0.6, 0.3)},
    "frost": {"ice": _Walk(0, 0.75, 1), "cover": _Walk(0, 1, 1), "keep": _Walk(1, 0.8, 0.6)},
    "grid-mask": {"share": _Walk(0, 0.6, 0.9)},
    "iso-noise": {"grain": _Walk(0, 10, 20), "color": _Walk(0, 10, 20)},
    "jigsaw": {"swaps": _Walk(0, 10, 20)},
    "jpeg-artifacts": {"quality": _Walk(100, 30, 1)},
    "k-means-colors": {"count": _Walk(64, 4, 2, by_factors=True)},
    "lighting": {"deviation": _Walk(0, 0.1, 1)},
    "log-contrast": {"gain": _Walk(0.7, 1.4, 2)},
    "mean-shift-blur": {"reach_px": _Walk(1, 15, 20), "reach_levels": _Walk(1, 40, 80)},
    "mosaic": {},
    "one-of": {},
    "pad-to": {"aspect": _Walk(1, 2, 4)},
    "poisson-noise": {"photons": _Walk(3000, 30, 4, by_factors=True)},
    "polar-warp": {},
    "quantize-colors": {"levels": _Walk(256, 4, 2, by_factors=True)},
    "quarter-turn": {"turns": _Walk(0, 3, 3)},
    "rand-augment": {"magnitude": _Walk(0, 9, 30)},
    "random-resized-crop": {"scale": _Walk(1, 0.35, 0.08)},
    "shuffle": {},
    "sigmoid-contrast": {"gain": _Walk(4, 10, 20)},
    "snowfall": {"mean": _Walk(-0.1, 0.3, 0.42), "pale": _Walk(0, 0.3, 0.5)},
    "snowy-landscape": {"threshold": _Walk(0, 200, 256), "factor": _Walk(1, 2, 3)},
    "some-of": {"count": _Walk(0, 4, 4)},
    "sometimes": {},
    "stretch": {"x": _Walk(1, 1.25, 1.6), "y": _Walk(1, 0.8, 0.6)},
    "superpixels": {"count": _Walk(2000, 60, 15, by_factors=True)},
    "voronoi": {"count": _Walk(5000, 50, 12, by_factors=True)},
    "webp-artifacts": {"quality": _Walk(100, 10, 0)},
}


def _shown() -> dict[str, Mapping[str, Any]]:
    """Options in place of an op's example, where that shows little of the op."""
    from vitral.augment.blend_masks import HorizontalGradient
    from vitral.augment.ops.hue import Hue
    from vitral.augment.ops.invert import Invert
    from vitral.augment.ops.offset import Offset
    from vitral.augment.ops.pixel_dropout import PixelDropout
    from vitral.augment.ops.posterize import Posterize
    from vitral.augment.ops.rotate import Rotate
    from vitral.augment.ops.saturation import Saturation
    from vitral.augment.ops.translate import Translate

    turned, moved = Rotate(deg=30.0), Translate(x=0.3, y=0.0)
    return {
        "blend": {"ops": (Invert(p=1.0),), "mask": HorizontalGradient()},
        "clahe": {"tiles": 3},
        "crop-to": {"aspect": 0.6},
        "mixup": {"alpha": 1.0},
        "one-of": {"ops": (turned, Hue(turn=0.4), Posterize(bits=2.0), Invert(p=1.0))},
        "pad-to": {"aspect": 2.0},
        "random-resized-crop": {"ratio": (1.0, 1.0)},
        "sequence": {"ops": (Rotate(), Saturation(factor=(1.0, 2.0)), PixelDropout(p=1.0))},
        "shuffle": {"ops": (turned, moved)},
        "some-of": {
            "ops": (turned, Hue(turn=0.4), Posterize(bits=2.0), moved),
            "count": Discrete(low=0, high=4),
        },
        "snowfall": {"threshold": 0.7},
        "sometimes": {"ops": (turned, Saturation(factor=0.0)), "p": 0.5},
        "superpixels": {"share": 1.0},
        "voronoi": {"share": 1.0},
        "with-channels": {"ops": (Offset(levels=(0.0, 60.0)),), "channels": "r"},
    }


def strengths(kind: str, steps: int = STEPS) -> list[Op]:
    """One op of a kind from nothing to much: only what makes it strong differs.

    The first is the op's `zero`; that in the middle has the strong end of its default (or of its
    example); the last goes about twice as far, where the option allows it. Every other option
    stays, and `p` is 1, so that with the same draw only the strength changes.

    Where an option is a whole number, steps may fall together, and there are fewer. An op that has no
    strength, as a mirror, gives two: nothing and all.

    Args:
        kind: of a registered op.
        steps: how many at most, at least 2.
    Raises:
        OptionError: there is no such op, or there are too few steps.
    """
    if steps < 2:
        raise OptionError(f"strengths.steps: must be at least 2, got {steps}")
    cls: Any = member("op", kind)
    shown = _shown()
    options: Mapping[str, Any] = shown.get(kind, dict(cls.example))
    op: Op = cls(**options)
    # Beside the size at which nothing changes there can be no other.
    other = {"aspect": None} if "aspect" in options else {}
    nothing: Op = cls(**{**_always(op), **options, **cls.zero, **other})
    found = [nothing]
    for step in range(1, steps):
        now = at_strength(op, 2 * step / (steps - 1))
        if now != found[-1]:
            found.append(now)
    return found


def at_strength(op: Op, strength: float) -> Op:
    """An op at a strength in (0, 2]: 1 is the strong end of what it is given.

    Without an option that makes it strong, the ops that it holds get that strength.
    """
    walks, changed = _walks(op), _always(op)
    for name, walk in walks.items():
        changed[name] = _written(op, name, walk.at(strength))
    if str(op.kind) not in _WALKS and not walks:
        for name in op.options():
            held = getattr(op, name)
            if isinstance(held, tuple) and held and all(isinstance(one, Op) for one in held):
                changed[name] = tuple(at_strength(one, strength) for one in held)
    return replace(op, **changed)


def _always(op: Op) -> dict[str, Any]:
    """That every picture is changed; only of `Sometimes` it is the point that some are not."""
    return {"p": 1.0} if "p" in op.options() and op.kind != "sometimes" else {}


def _walks(op: Op) -> Mapping[str, _Walk]:
    """Which options make an op strong, and how they go.

    Those of its `zero`, where they are numbers. Else the first that is a range: from its lowest number
    allowed, where ops do nothing, to the upper end. Angles say where, and not how much.
    """
    if str(op.kind) in _WALKS:
        return _WALKS[str(op.kind)]
    found: dict[str, _Walk] = {}
    for name, value in type(op).zero.items():
        ends, start = _ends(getattr(op, name)), _ends(value)
        if name != "p" and ends is not None and start is not None:
            nothing, (low, high) = start[0], ends
            far = low if nothing - low > high - nothing else high
            if far != nothing:
                found[name] = _walk(op, name, nothing, far)
    if found:
        return found
    for name, (_, default, known) in op.options().items():
        ends = _ends(getattr(op, name))
        if ends is None or ends[0] == ends[1] or default is MISSING or known.unit == "deg":
            continue
        return {name: _walk(op, name, ends[0] if known.low is None else known.low, ends[1])}
    return {}


def _walk(op: Op, name: str, nothing: float, usual: float) -> _Walk:
    known = op.options()[name][2]
    low = -math.inf if known.low is None else known.low
    high = math.inf if known.high is None else known.high
    return _Walk(nothing, usual, min(max(2 * usual - nothing, low), high))


def _ends(value: Any) -> tuple[float, float] | None:
    """The lowest and the highest number of an option; None where it holds none."""
    if isinstance(value, Discrete | Uniform):
        return float(value.low), float(value.high)
    if isinstance(value, Variable):
        low, high = value.bounds
        return (low, high) if math.isfinite(low + high) else None
    numbers = value if isinstance(value, tuple) else (value,)
    if len(numbers) not in (1, 2) or any(
        isinstance(n, bool) or not isinstance(n, int | float) for n in numbers
    ):
        return None
    return float(numbers[0]), float(numbers[-1])


def _written(op: Op, name: str, value: float) -> Any:
    """A number as an option holds it: whole where it counts, a pair where nothing else is taken."""
    hint, default, _ = op.options()[name]
    if hint is int:
        return round(value)
    if isinstance(default, Discrete) or isinstance(getattr(op, name), Discrete):
        return float(round(value))
    return (value, value) if get_origin(hint) is tuple else value

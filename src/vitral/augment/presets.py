"""`preset`: a plain chain of ops for a subject, from nothing to strong by one number."""

from collections.abc import Callable, Mapping

from vitral.augment.op import Op
from vitral.augment.ops.brightness import Brightness
from vitral.augment.ops.coarse_dropout import CoarseDropout
from vitral.augment.ops.contrast import Contrast
from vitral.augment.ops.flip import Flip
from vitral.augment.ops.flip_vertical import FlipVertical
from vitral.augment.ops.fog import Fog
from vitral.augment.ops.gamma import Gamma
from vitral.augment.ops.gaussian_blur import GaussianBlur
from vitral.augment.ops.gaussian_noise import GaussianNoise
from vitral.augment.ops.grayscale import Grayscale
from vitral.augment.ops.hue import Hue
from vitral.augment.ops.jpeg_artifacts import JpegArtifacts
from vitral.augment.ops.perspective import Perspective
from vitral.augment.ops.quarter_turn import QuarterTurn
from vitral.augment.ops.random_resized_crop import RandomResizedCrop
from vitral.augment.ops.rotate import Rotate
from vitral.augment.ops.saturation import Saturation
from vitral.augment.ops.scale import Scale
from vitral.augment.ops.sequence import Sequence
from vitral.augment.ops.shadow import Shadow
from vitral.augment.ops.shear import Shear
from vitral.augment.ops.translate import Translate
from vitral.augment.variables import Choice, Discrete
from vitral.core import OptionError, did_you_mean

Ops = tuple[Op, ...]
Pair = tuple[float, float]


def preset(name: str, strength: float = 0.5) -> Sequence:
    """The ops that suit a subject, as a chain that can be printed, changed and added to.

    Which changes a subject bears is knowledge that no number replaces: digits and documents are never
    mirrored, cells and satellites have no above, a face keeps its proportions. How large they are
    grows with `strength`.

    Args:
        name: the subject, one of `PRESETS`.
        strength: 0 leaves every picture as it is, 0.5 is usual, 1 is strong; in [0, 1].
    Raises:
        OptionError: an unknown name (with the nearest one), or a strength outside [0, 1].
    """
    if name not in _CHAINS:
        near = did_you_mean(name, _CHAINS)
        raise OptionError(f"preset: must be one of {', '.join(PRESETS)}, got {name!r}{near}")
    if not 0 <= strength <= 1:
        raise OptionError(f"preset.strength: must lie in [0, 1], got {strength}")
    # Nothing at all, so that nothing is paid for: a filter that no picture gets still ends a pass.
    return Sequence(ops=_CHAINS[name](float(strength)) if strength else ())


def _photos(s: float) -> Ops:
    return (
        RandomResizedCrop(scale=(_kept(1 - 0.9 * s), 1.0), ratio=_times(s / 3)),
        Flip(p=_half(s)),
        Brightness(strength=_kept(0.4 * s)),
        Contrast(strength=_kept(0.4 * s)),
        Saturation(factor=_around(1.0, 0.4 * s)),
        Hue(turn=_around(0.0, 0.06 * s)),
        GaussianBlur(sigma_px=(0.0, _kept(2 * s)), p=_kept(0.2 * s)),
        CoarseDropout(count=1, side=(0.0, _kept(0.4 * s)), p=_kept(0.5 * s)),
    )


def _digits(s: float) -> Ops:
    return (
        Rotate(deg=_around(0.0, 20 * s)),
        Shear(x_deg=_around(0.0, 20 * s)),
        Scale(factor=_times(0.25 * s), ratio=_times(0.2 * s)),
        Translate(x=_around(0.0, 0.15 * s), y=_around(0.0, 0.15 * s)),
        Brightness(strength=_kept(0.3 * s)),
        Contrast(strength=_kept(0.4 * s)),
        GaussianBlur(sigma_px=(0.0, _kept(1.5 * s)), p=_kept(0.3 * s)),
        GaussianNoise(deviation=(0.0, _kept(20 * s)), p=_kept(0.5 * s)),
    )


def _microscopy(s: float) -> Ops:
    return (
        *_any_side_up(s),
        Rotate(deg=_around(0.0, 45 * s)),
        Scale(factor=_times(0.3 * s)),
        Brightness(strength=_kept(0.3 * s)),
        Contrast(strength=_kept(0.4 * s)),
        Gamma(power=_times(0.4 * s)),
        Saturation(factor=_around(1.0, 0.4 * s)),
        Hue(turn=_around(0.0, 0.05 * s)),
        GaussianBlur(sigma_px=(0.0, _kept(2.5 * s)), p=_kept(0.5 * s)),
        GaussianNoise(deviation=(0.0, _kept(15 * s)), p=_kept(0.5 * s)),
    )


def _satellite(s: float) -> Ops:
    return (
        *_any_side_up(s),
        Scale(factor=_times(0.5 * s)),
        Translate(x=_around(0.0, 0.2 * s), y=_around(0.0, 0.2 * s)),
        Brightness(strength=_kept(0.3 * s)),
        Contrast(strength=_kept(0.4 * s)),
        Saturation(factor=_around(1.0, 0.3 * s)),
        Fog(density=(0.0, _kept(0.6 * s)), p=_kept(0.4 * s)),
        Shadow(strength=(0.0, _kept(0.6 * s)), p=_kept(0.3 * s)),
        GaussianNoise(deviation=(0.0, _kept(10 * s)), p=_kept(0.3 * s)),
    )


def _documents(s: float) -> Ops:
    return (
        Perspective(strength=(0.0, _kept(0.08 * s))),
        Rotate(deg=_around(0.0, 6 * s)),
        Scale(factor=_times(0.15 * s)),
        Brightness(strength=_kept(0.3 * s)),
        Contrast(strength=_kept(0.4 * s)),
        Shadow(strength=(0.0, _kept(0.6 * s)), soft=0.05, p=_kept(0.5 * s)),
        Grayscale(p=_kept(0.2 * s)),
        GaussianBlur(sigma_px=(0.0, _kept(1.5 * s)), p=_kept(0.4 * s)),
        GaussianNoise(deviation=(0.0, _kept(15 * s)), p=_kept(0.4 * s)),
        _photographed_again(s),
    )


def _faces(s: float) -> Ops:
    return (
        Flip(p=_half(s)),
        Rotate(deg=_around(0.0, 15 * s)),
        Scale(factor=_times(0.2 * s)),
        Translate(x=_around(0.0, 0.08 * s), y=_around(0.0, 0.08 * s)),
        Brightness(strength=_kept(0.4 * s)),
        Contrast(strength=_kept(0.3 * s)),
        Gamma(power=_times(0.4 * s)),
        Saturation(factor=_around(1.0, 0.4 * s)),
        Hue(turn=_around(0.0, 0.02 * s)),
        Grayscale(p=_kept(0.2 * s)),
        GaussianBlur(sigma_px=(0.0, _kept(2 * s)), p=_kept(0.2 * s)),
        _photographed_again(s),
        CoarseDropout(count=1, side=(0.0, _kept(0.5 * s)), p=_kept(0.4 * s)),
    )


def _none(_: float) -> Ops:
    return ()


_CHAINS: Mapping[str, Callable[[float], Ops]] = {
    "digits": _digits,
    "documents": _documents,
    "faces": _faces,
    "microscopy": _microscopy,
    "none": _none,
    "photos": _photos,
    "satellite": _satellite,
}

PRESETS = tuple(_CHAINS)
"""The subjects that `preset` knows."""


def _any_side_up(s: float) -> Ops:
    turned = _kept(min(0.25, s / 2))
    weights = (1 - 3 * turned, turned, turned, turned)
    turns = Choice(values=(0.0, 1.0, 2.0, 3.0), weights=weights)
    return (Flip(p=_half(s)), FlipVertical(p=_half(s)), QuarterTurn(turns=turns))


def _photographed_again(s: float) -> Op:
    return JpegArtifacts(quality=Discrete(low=round(95 - 65 * s), high=95), p=_kept(0.6 * s))


def _half(s: float) -> float:
    """How often to mirror: half of the pictures, from the usual strength on."""
    return _kept(min(0.5, s))


def _around(middle: float, reach: float) -> Pair:
    return _kept(middle - reach), _kept(middle + reach)


def _times(reach: float) -> Pair:
    """Factors from 1 / (1 + reach) to 1 + reach."""
    return _kept(1 / (1 + reach)), _kept(1 + reach)


def _kept(number: float) -> float:
    """Four digits, so that a printed chain can be read."""
    return round(number, 4)

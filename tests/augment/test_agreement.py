"""What SciPy, Pillow, NumPy and the standard library say that a rotation, a hue or a saturation is."""

import colorsys
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps
from scipy import ndimage

from vitral.augment import (
    Brightness,
    Flip,
    FlipVertical,
    Gamma,
    Grayscale,
    Hue,
    Invert,
    Perspective,
    Posterize,
    QuarterTurn,
    Rotate,
    Saturation,
    Scale,
    Shear,
    Shift,
    Solarize,
    Transform,
    Translate,
    Transpose,
)
from vitral.augment.plan import Plan

SIZE = (48, 64)


@pytest.fixture
def picture(noise) -> np.ndarray:
    """Smooth, so that a hundredth of a pixel is a small part of a level, and with all levels."""
    grid: Any = ndimage.zoom(noise(9, 11).astype(float), (SIZE[0] / 9, SIZE[1] / 11, 1), order=1)
    return np.clip(grid, 0, 255).round().astype(np.uint8)


def plan_of(ops: Any, batch: Any) -> Plan:
    from vitral.augment import Augmentation

    size: dict[str, Any] = {"height": SIZE[0], "width": SIZE[1]}
    return Augmentation((ops,), **size, mean=(0, 0, 0), std=(1, 1, 1)).plan(batch)


@pytest.mark.parametrize(
    "ops",
    [
        Rotate(deg=(-45.0, 45.0)),
        Rotate(deg=180.0),
        Shear(x_deg=(-20.0, 20.0)),
        Scale(factor=(1.0, 1.3)),  # smaller pictures are averaged, which SciPy does not do
        Translate(),
        Rotate() + Scale(factor=(0.9, 1.1)) + Shear() + Translate() + Flip(),
        Perspective(strength=(0.02, 0.08)),
    ],
    ids=lambda op: str(op.kind),
)
def test_geometry_is_that_of_scipy(ops, picture, changed, batch_of):
    pixels = np.stack([picture] * 4)
    made, plan = changed(pixels, ops), plan_of(ops, batch_of(pixels))
    y, x = np.meshgrid(np.arange(SIZE[0]) + 0.5, np.arange(SIZE[1]) + 0.5, indexing="ij")
    for i in range(4):
        places = plan.matrix[i] @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
        rows, columns = places[1] / places[2] - 0.5, places[0] / places[2] - 0.5
        for c in range(3):
            values = picture[..., c].astype(float)
            want = ndimage.map_coordinates(values, [rows, columns], order=1, mode="mirror")
            assert np.abs(made[i, ..., c].ravel() - want).max() < 1.0


def test_rotation_is_that_of_scipy_with_its_own_matrix(picture, changed):
    angle = 17.0
    made = changed(picture[None], Rotate(deg=angle))[0]
    turn = np.deg2rad(angle)
    # SciPy has rows first, and counts from the middle of the first pixel.
    linear = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    center = (np.array(SIZE) - 1) / 2
    both = []
    for sign in (linear, linear.T):
        offset: Any = center - sign @ center
        planes = [
            ndimage.affine_transform(picture[..., c].astype(float), sign, offset, order=1, mode="mirror")
            for c in range(3)
        ]
        both.append(np.abs(np.stack(planes, axis=2) - made).max())
    assert min(both) < 1.0


@pytest.mark.parametrize(
    ("op", "want"),
    [
        (Flip(p=1.0), lambda a: a[:, ::-1]),
        (FlipVertical(p=1.0), lambda a: a[::-1]),
        (Transpose(p=1.0), lambda a: a.transpose(1, 0, 2)),
        (QuarterTurn(turns=1.0), lambda a: np.rot90(a, 1)),
        (QuarterTurn(turns=2.0), lambda a: np.rot90(a, 2)),
        (QuarterTurn(turns=3.0), lambda a: np.rot90(a, 3)),
    ],
)
def test_turns_and_flips_are_those_of_numpy(op, want, noise):
    pixels = noise(13, 17)
    made = [Transform(op, size="canvas")(image=pixels)["image"]]
    made += [
        Transform(op, size="canvas", border=border)(image=pixels)["image"] for border in ("edge", "fill")
    ]
    turned = [want(pixels), np.rot90(want(pixels), 2)] if isinstance(op, QuarterTurn) else [want(pixels)]
    for one in made:
        assert any(np.array_equal(one, other) for other in turned)


def test_moves_by_whole_pixels_are_those_of_numpy(noise, changed, batch_of):
    pixels = noise(8, *SIZE)
    made, plan = changed(pixels, Shift(px=5)), plan_of(Shift(px=5), batch_of(pixels))
    for i in range(8):
        x, y = plan.matrix[i, :2, 2].astype(int)
        wide = np.pad(pixels[i], ((5, 5), (5, 5), (0, 0)), mode="reflect")
        assert np.allclose(made[i], wide[5 + y : 5 + y + SIZE[0], 5 + x : 5 + x + SIZE[1]], atol=1e-3)


def test_hue_is_that_of_the_standard_library(noise, changed):
    pixels = noise(1, 12, 12)
    for turn in (-0.7, -0.05, 0.1, 0.5, 0.99):
        made = changed(pixels, Hue(turn=turn))[0].reshape(-1, 3)
        for levels, found in zip(pixels[0].reshape(-1, 3) / 255, made, strict=True):
            h, s, v = colorsys.rgb_to_hsv(*levels)
            assert found == pytest.approx(255 * np.array(colorsys.hsv_to_rgb((h + turn) % 1, s, v)), abs=0.1)


@pytest.mark.parametrize("factor", [0.0, 0.4, 1.0, 1.8])
def test_saturation_is_that_of_pillow(factor, picture, changed):
    image = Image.fromarray(picture)
    made = changed(picture[None], Saturation(factor=factor))[0]
    want = np.asarray(ImageEnhance.Color(image).enhance(factor), float)
    assert np.abs(np.rint(made) - want).max() <= 1 + (factor > 1)  # Pillow's grey is rounded before


def test_brightness_is_that_of_pillow(picture, changed, batch_of):
    op = Brightness(strength=0.6)
    factor = plan_of(op, batch_of(picture[None])).passes[0].tones[0].matrix[0, 0, 0]  # pyright: ignore[reportAttributeAccessIssue]
    want = np.asarray(ImageEnhance.Brightness(Image.fromarray(picture)).enhance(factor), float)
    assert np.abs(changed(picture[None], op)[0] - want).max() <= 1


@pytest.mark.parametrize(
    ("op", "want"),
    [
        (Gamma(power=1.7), lambda image: image.point(lambda v: round(255 * (v / 255) ** 1.7))),
        (Gamma(power=0.6), lambda image: image.point(lambda v: round(255 * (v / 255) ** 0.6))),
        (Invert(p=1.0), ImageOps.invert),
        (Solarize(threshold=128.0), lambda image: ImageOps.solarize(image, 128)),
        (Posterize(bits=3.0), lambda image: ImageOps.posterize(image, 3)),
        (Grayscale(p=1.0), lambda image: image.convert("L").convert("RGB")),
    ],
    ids=lambda value: str(getattr(value, "kind", "")),
)
def test_curves_are_those_of_pillow(op, want, picture, changed):
    made = changed(picture[None], op)[0]
    assert np.abs(made - np.asarray(want(Image.fromarray(picture)), float)).max() <= 1
    levels = Transform(op)(image=picture)["image"]
    assert np.abs(levels - np.rint(made)).max() <= 1

"""Writes `docs/ops.md` and the strips in `docs/ops/`: every op over its strength.

    make docs

The photographs are those that come with scikit-learn. The text is a function of the ops alone; a test
compares it with what is committed, and asks for every strip, but not for equal pixels.
"""

import io
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from vitral.augment import Op
from vitral.augment.corruptions import CORRUPTIONS, SEVERITIES, corruption
from vitral.augment.strengths import strengths
from vitral.cli.look_strip import side_by_side, steps_of, strip
from vitral.core import Batch, Spec, members

DOCS = Path(__file__).parent
STRIPS = DOCS / "ops"
MOST_BYTES = 12_000
SIDE_PX = 112
_QUALITIES = (70, 60, 50, 40, 30, 20, 10, 5, 1)

SUBJECTS: dict[str, str] = {
    "Position": "flip flip-vertical transpose quarter-turn rotate scale stretch shear translate shift "
    "affine-jitter perspective random-resized-crop random-crop center-crop crop crop-to pad pad-to "
    "box-safe-crop crop-around-box",
    "Bent geometry": "elastic grid-distortion piecewise-affine optical-distortion swirl polar-warp "
    "with-polar",
    "Color and levels": "brightness contrast channel-contrast saturation hue hsv-shift temperature lighting "
    "offset gamma log-contrast sigmoid-contrast solarize posterize quantize-colors k-means-colors invert "
    "grayscale sepia channel-shuffle channel-drop auto-contrast equalize clahe match-histogram",
    "Blur and sharpness": "gaussian-blur box-blur median-blur bilateral-blur mean-shift-blur defocus "
    "motion-blur trail-blur zoom-blur glass-blur sharpen convolve",
    "Noise": "gaussian-noise laplace-noise uniform-noise count-noise poisson-noise speckle-noise "
    "salt-and-pepper iso-noise",
    "Quality": "jpeg-artifacts webp-artifacts downscale pooling",
    "Weather and light": "rain snow snowfall snowy-landscape fog haze cloud-cover frost spatter shadow "
    "sun-flare",
    "Dropout": "pixel-dropout coarse-dropout random-erasing grid-mask",
    "Edges and styles": "edges directed-edges canny emboss relief cartoon superpixels voronoi jigsaw",
    "Mixing": "mixup cutmix mosaic copy-paste",
    "Policies": "rand-augment trivial-augment auto-augment augmix",
    "Compositions": "sequence sometimes one-of some-of shuffle blend with-channels",
}
"""Subject -> the kinds of its ops. An op that stands nowhere comes last, under `Further ops`."""

INTRODUCTION = """# Ops

Every op, what can be chosen of it, and how it looks. This page and its pictures are made by `make docs`;
nothing here is written by hand. [Augmentation](ideas/augment.md) says how ops are put together.

A strip shows a photograph as it is, and then the op from weak to strong: in a strip of seven, the fourth
picture has the strong end of the default and the last goes about twice as far, where that is allowed. All
have the same draw, so that only the strength changes. The strip of an op without a strength shows different
draws, from the least to the greatest change. Lengths in pixels are for pictures of the size of these,
112 x 112. To see the same on pictures of one's own: `vitral look photos/ --strip rotate`.

Of each option there is its default, what it means, and the range and unit of what is allowed. Where it says
*number*, that may be a constant, a pair (low, high), or a variable.

The photographs come with scikit-learn: `china.jpg` by
[danielbuechele](https://www.flickr.com/photos/danielbuechele/6061409035/) and `flower.jpg` by
[vultilion](https://www.flickr.com/photos/vultilion/6056698931/), both under
[CC BY 2.0](https://creativecommons.org/licenses/by/2.0/). Here they are cropped, shrunk, and changed by ops;
the strips are under the same license.
"""
CORRUPTED = """## Corruptions

The fifteen corruptions of ImageNet-C are chains of ops: `corruption("fog", 3)`. Each strip has the severities
1 to 5, made of pictures of 224 x 224, as in the paper, and shown at half of that.
"""


def page() -> str:
    """The text of `docs/ops.md`."""
    parts = [INTRODUCTION]
    known = members("op")
    for subject, kinds in _subjects(known).items():
        parts.append(f"## {subject}\n")
        parts += [_section(kind, known[kind]) for kind in kinds]
    parts.append(CORRUPTED)
    parts += [f"### `{name}`\n\n![{name}](ops/{_file(name)})\n" for name in CORRUPTIONS]
    return "\n".join(parts)


def expected_strips() -> list[str]:
    """The file names of all strips."""
    return [f"{kind}.webp" for kind in members("op")] + [_file(name) for name in CORRUPTIONS]


def _file(name: str) -> str:
    return f"corruption-{name.replace('_', '-')}.webp"


def _subjects(known: Mapping[str, type[Spec]]) -> dict[str, list[str]]:
    found = {
        subject: [kind for kind in kinds.split() if kind in known] for subject, kinds in SUBJECTS.items()
    }
    placed = {kind for kinds in found.values() for kind in kinds}
    rest = [kind for kind in known if kind not in placed]
    return found | ({"Further ops": rest} if rest else {})


def _section(kind: str, op: type[Spec]) -> str:
    lines = [f"### `{op.__name__}`, {kind}\n", f"{op.summary()}\n", f"![{kind}](ops/{kind}.webp)\n"]
    steps = steps_of(strengths(kind))
    walked = [
        f"`{name}` = {', '.join(_text(row[name]) for row in steps)}" for name in (steps[0] if steps else ())
    ]
    lines.append(_caption(kind, walked))
    lines += [f"- {_option(name, *row)}" for name, row in op.options().items()]
    return "\n".join(lines) + "\n"


def _caption(kind: str, walked: list[str]) -> str:
    """What the strip shows: the numbers of its steps, and of an op that holds others those, too."""
    op = strengths(kind)[-1]
    holds = any(
        isinstance(one, Op) for value in vars(op).values() if isinstance(value, tuple) for one in value
    )
    of = f" of `{_short(op)}`" if holds else ""
    if not walked:
        return f"Strip: different draws{of}; there is no strength.\n"
    return f"Strip: {'; '.join(walked)}{f'; the last{of}' if of else ''}.\n"


def _short(value: Any) -> str:
    """A value as Python, without the options that have their defaults."""
    if isinstance(value, tuple) and value and isinstance(value[0], Op):
        return f"({', '.join(map(_short, value))}{',' if len(value) == 1 else ''})"
    if not isinstance(value, Spec):
        return repr(value)
    rows = {name: (getattr(value, name), default) for name, (_, default, _) in value.options().items()}
    options = [f"{name}={_short(given)}" for name, (given, default) in rows.items() if given != default]
    return f"{type(value).__name__}({', '.join(options)})"


def _option(name: str, hint: Any, default: Any, known: Any) -> str:
    unit = f" {known.unit}" if known.unit else ""
    if known.choices is not None:
        allowed = f"; one of {', '.join(f'`{choice}`' for choice in known.choices)}"
    elif known.low is not None and known.high is not None:
        allowed = f"; in [{known.low:g}, {known.high:g}]{unit}"
    elif known.low is not None:
        allowed = f"; at least {known.low:g}{unit}"
    else:
        allowed = f";{unit}" if unit else ""
    number = ", number" if "Variable" in str(hint) else ""
    return f"`{name} = {_text(default)}`{number}: {known.help}{allowed}"


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple) and value and all(isinstance(part, float) for part in value):
        low, *more = (f"{part:g}" for part in value)
        return low if more == [low] else f"({', '.join((low, *more))})"
    return str(value)


def drawn_strips() -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """File name -> pixels of every strip."""
    alone, mixed, boxed, large, plain = _batches()
    for kind in members("op"):
        batch = alone
        how: dict[str, Any] = {}
        if kind in SUBJECTS["Mixing"].split():
            batch, how["targets"] = mixed, False
        elif "box" in kind.split("-"):
            batch = boxed if kind in SUBJECTS["Position"].split() else alone
        elif kind in SUBJECTS["Noise"].split():
            batch = plain  # Fine detail would leave few bytes for the noise.
        elif kind == "random-crop":
            batch = large
        elif kind.startswith("pad"):
            how = {"fit": "squash", "border": "fill", "fill": (128, 128, 128)}
        tiles = strip(strengths(kind), batch, height=SIDE_PX, width=SIDE_PX, **how)[0]
        yield f"{kind}.webp", side_by_side(tiles)
    for name in CORRUPTIONS:
        ops = [corruption(name, severity) for severity in SEVERITIES]
        tiles = strip([type(ops[0])(), *ops], large, height=2 * SIDE_PX, width=2 * SIDE_PX)[0]
        small = [cv2.resize(tile, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA) for tile in tiles]
        yield _file(name), side_by_side([np.asarray(tile, np.uint8) for tile in small])


def _batches() -> tuple[Batch, Batch, Batch, Batch, Batch]:
    """The temple; four pictures with objects; the flower with its box; the temple, larger; the flower."""
    from sklearn.datasets import load_sample_image

    china, flower = load_sample_image("china.jpg"), load_sample_image("flower.jpg")
    crops = [china[:, :427], flower[:, 94:521], china[:, 213:], flower[:, 213:]]
    pictures = [_shrunk(crop, SIDE_PX) for crop in crops]
    objects = [_objects(picture) for picture in pictures]
    mixed = _batch(pictures)
    mixed.boxes, mixed.masks = [boxes for boxes, _ in objects], [mask for _, mask in objects]
    mixed.box_labels = [np.zeros(len(boxes), dtype=np.int64) for boxes in mixed.boxes]
    boxed = _batch(pictures[1:2])
    boxed.boxes, boxed.box_labels = [mixed.boxes[1][:1]], [mixed.box_labels[1][:1]]
    larger = _batch([_shrunk(crops[0], 2 * SIDE_PX)])
    return _batch(pictures[:1]), mixed, boxed, larger, _batch(pictures[1:2])


def _batch(pictures: list[NDArray[np.uint8]]) -> Batch:
    return Batch(
        pixels=pictures,
        labels=torch.arange(len(pictures)),
        indices=np.arange(len(pictures)),
        keys=tuple(f"{number}.jpg" for number in range(len(pictures))),
        seed=0,
        epoch=0,
        position=0,
    )


def _shrunk(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def _objects(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Boxes around the flowers, and their mask: what is much redder than blue, in large patches."""
    red, blue = pixels[..., 0].astype(int), pixels[..., 2].astype(int)
    count, labels, facts, _ = cv2.connectedComponentsWithStats(
        ((red - blue > 40) & (red > 110)).astype(np.uint8)
    )
    large = [k for k in range(1, count) if facts[k, cv2.CC_STAT_AREA] > 0.03 * labels.size]
    mask = np.isin(labels, large).astype(np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)), np.uint8)
    boxes = [(x, y, x + w, y + h) for x, y, w, h, _ in facts[large].tolist()]
    return np.array(boxes, dtype=np.float64).reshape(-1, 4), mask


def encoded(pixels: NDArray[np.uint8]) -> bytes:
    """A strip as WebP of at most MOST_BYTES, where that can be; noise needs a lower quality."""
    content = b""
    for quality in _QUALITIES:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "webp", quality=quality, method=6)
        content = file.getvalue()
        if len(content) <= MOST_BYTES:
            break
    return content


def main() -> None:
    """Write the page and all strips, and remove strips of ops that are no more."""
    STRIPS.mkdir(exist_ok=True)
    (DOCS / "ops.md").write_text(page(), encoding="utf-8")
    if "--text" in sys.argv[1:]:
        return
    for old in STRIPS.glob("*.webp"):
        if old.name not in expected_strips():
            old.unlink()
    for name, pixels in drawn_strips():
        (STRIPS / name).write_bytes(encoded(pixels))


if __name__ == "__main__":
    main()

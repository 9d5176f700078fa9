"""Claim: of the ops of albumentations' own benchmark that Vitral shares, at least 80 % are not slower here,
on photographs of 500 x 375 and one thread, and none takes more than twice as long.

Run: .venv/bin/pip install -c constraints.txt '.[rivals]', then VITRAL_DATA=... .venv/bin/python
benchmarks/augment_ops.py [--quick] [--table]   (about 8 minutes)
Pictures: 64 of `photos/original`, decoded before. Bytes in, bytes out, every op always acts, with the same
ranges where both have the same parameters. Ours plans in batches, as a loader does, and makes one
picture after another (`Augmentation.levels`);
the column "alone" is one picture a call (`Transform`), as albumentations is called. Rounds alternate within
one process; a ratio is the median of those within a round. `--table` prints the last result for the docs.
"""

import json
import os
import statistics
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # It would ask the network for its newest version.

import cv2
import numpy as np
import torch
from machine import data_folder, write_result
from PIL import Image

import vitral.augment as V
from vitral.augment import Augmentation, Discrete, Op, Transform
from vitral.core import Batch

TALL, WIDE, COUNT = 375, 500, 64
ASKED = {"share_not_slower": 0.8, "slowest": 0.5}
HERE = Path(__file__).parent


def pairs() -> dict[str, tuple[Op, Any]]:
    """Ours and theirs, under albumentations' name."""
    import albumentations as A  # pyright: ignore[reportMissingImports]

    one: dict[str, Any] = {"p": 1.0}
    return {
        "HorizontalFlip": (V.Flip(**one), A.HorizontalFlip(**one)),
        "VerticalFlip": (V.FlipVertical(**one), A.VerticalFlip(**one)),
        "Transpose": (V.Transpose(**one), A.Transpose(**one)),
        "RandomRotate90": (V.QuarterTurn(), A.RandomRotate90(**one)),
        "Rotate": (V.Rotate(deg=(-45.0, 45.0)), A.Rotate(45, **one)),
        "Affine": (
            V.Rotate(deg=(-20.0, 20.0)) + V.Scale(factor=(0.8, 1.2)) + V.Shear() + V.Translate(),
            A.Affine(rotate=(-20, 20), scale=(0.8, 1.2), shear=(-8, 8), translate_percent=(-0.1, 0.1), **one),
        ),
        "Shear": (V.Shear(x_deg=(-20.0, 20.0), y_deg=0.0), A.Affine(shear={"x": (-20, 20)}, **one)),
        "Perspective": (V.Perspective(strength=(0.05, 0.1)), A.Perspective((0.05, 0.1), **one)),
        "RandomCrop128": (V.CropTo(height=128, width=128), A.RandomCrop(128, 128, **one)),
        "Pad": (V.Pad(px=10.0), A.Pad(10, **one)),
        "Elastic": (V.Elastic(), A.ElasticTransform(alpha=50, sigma=5, **one)),
        "GridDistortion": (V.GridDistortion(), A.GridDistortion(**one)),
        "OpticalDistortion": (V.OpticalDistortion(), A.OpticalDistortion(**one)),
        "Brightness": (
            V.Brightness(strength=0.2),
            A.RandomBrightnessContrast(contrast_limit=0, **one),
        ),
        "Contrast": (V.Contrast(strength=0.2), A.RandomBrightnessContrast(brightness_limit=0, **one)),
        "ColorJitter": (
            V.Brightness() + V.Contrast() + V.Saturation() + V.Hue(),
            A.ColorJitter(0.2, 0.2, 0.2, 0.05, **one),
        ),
        "HSV": (V.HsvShift(), A.HueSaturationValue(**one)),
        "RGBShift": (V.Offset(), A.RGBShift(**one)),
        "RandomGamma": (V.Gamma(), A.RandomGamma(**one)),
        "Grayscale": (V.Grayscale(**one), A.ToGray(**one)),
        "Sepia": (V.Sepia(**one), A.ToSepia(**one)),
        "InvertImg": (V.Invert(**one), A.InvertImg(**one)),
        "Posterize": (V.Posterize(bits=Discrete(low=3, high=5)), A.Posterize(**one)),
        "Solarize": (V.Solarize(), A.Solarize(**one)),
        "Equalize": (V.Equalize(**one), A.Equalize(**one)),
        "AutoContrast": (V.AutoContrast(**one), A.AutoContrast(**one)),
        "CLAHE": (V.Clahe(**one), A.CLAHE(**one)),
        "ChannelShuffle": (V.ChannelShuffle(**one), A.ChannelShuffle(**one)),
        "ChannelDropout": (V.ChannelDrop(**one), A.ChannelDropout(**one)),
        "PlanckianJitter": (V.Temperature(), A.PlanckianJitter(**one)),
        "FancyPCA": (V.Lighting(), A.FancyPCA(**one)),
        "GaussianBlur": (V.GaussianBlur(sigma_px=(0.5, 3.0), **one), A.GaussianBlur((0, 0), **one)),
        "Blur": (V.BoxBlur(radius_px=Discrete(low=1, high=3), **one), A.Blur((3, 7), **one)),
        "MedianBlur": (V.MedianBlur(size_px=Discrete(low=1, high=3), **one), A.MedianBlur((3, 7), **one)),
        "MotionBlur": (V.MotionBlur(length_px=(3.0, 7.0), **one), A.MotionBlur((3, 7), **one)),
        "Defocus": (V.Defocus(radius_px=(3.0, 10.0), **one), A.Defocus((3, 10), **one)),
        "ZoomBlur": (V.ZoomBlur(factor=(1.05, 1.31), **one), A.ZoomBlur((1.05, 1.31), **one)),
        "GlassBlur": (
            V.GlassBlur(reach_px=4.0, rounds=2, **one),
            A.GlassBlur(max_delta=4, iterations=2, **one),
        ),
        "Sharpen": (V.Sharpen(**one), A.Sharpen(**one)),
        "Emboss": (V.Emboss(**one), A.Emboss(**one)),
        "GaussNoise": (V.GaussianNoise(deviation=(20.0, 50.0), **one), A.GaussNoise((0.08, 0.2), **one)),
        "ISONoise": (V.IsoNoise(**one), A.ISONoise(**one)),
        "ShotNoise": (V.PoissonNoise(**one), A.ShotNoise(**one)),
        "SaltAndPepper": (V.SaltAndPepper(share=(0.01, 0.06), **one), A.SaltAndPepper(**one)),
        "MultiplicativeNoise": (V.SpeckleNoise(**one), A.MultiplicativeNoise(elementwise=True, **one)),
        "PixelDropout": (V.PixelDropout(share=0.01, **one), A.PixelDropout(**one)),
        "CoarseDropout": (V.CoarseDropout(**one), A.CoarseDropout(**one)),
        "Erasing": (V.RandomErasing(**one), A.Erasing(**one)),
        "GridDropout": (V.GridMask(**one), A.GridDropout(**one)),
        "JpegCompression": (
            # Both with color at half of the resolution: that is what OpenCV encodes.
            V.JpegArtifacts(quality=Discrete(low=80, high=100), halved=True, **one),
            A.ImageCompression(quality_range=(80, 100), **one),
        ),
        "Downscale": (V.Downscale(picked=True, by="nearest", **one), A.Downscale(**one)),
        "Superpixels": (V.Superpixels(count=100.0, **one), A.Superpixels(**one)),
        "RandomRain": (V.Rain(**one), A.RandomRain(**one)),
        "RandomSnow": (V.SnowyLandscape(**one), A.RandomSnow(**one)),
        "RandomFog": (V.Fog(**one), A.RandomFog(**one)),
        "RandomShadow": (V.Shadow(**one), A.RandomShadow(**one)),
        "RandomSunFlare": (V.SunFlare(**one), A.RandomSunFlare(**one)),
        "Spatter": (V.Spatter(**one), A.Spatter(**one)),
    }


def in_batches(op: Op, pixels: np.ndarray) -> Callable[[], None]:
    """All pictures as one batch, all epochs different."""
    height, width = shape_after(op)
    tones: dict[str, Any] = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
    augmentation, epoch = Augmentation((op,), height=height, width=width, **tones), iter(range(10**9))

    def run() -> None:
        batch = Batch(
            pixels=pixels,
            labels=torch.zeros(len(pixels), dtype=torch.long),
            indices=np.arange(len(pixels)),
            keys=[""] * len(pixels),
            seed=0,
            epoch=next(epoch),
            position=0,
        )
        deque(augmentation.levels(batch), maxlen=0)  # each picture is dropped before the next is made

    return run


def shape_after(op: Op) -> tuple[int, int]:
    """The size of what an op makes."""
    if isinstance(op, V.CropTo):
        return 128, 128
    if isinstance(op, V.Pad):
        return TALL + 20, WIDE + 20
    if isinstance(op, V.QuarterTurn):
        return TALL, TALL
    return (WIDE, TALL) if isinstance(op, V.Transpose) else (TALL, WIDE)


def one_by_one(op: Op, pixels: np.ndarray) -> Callable[[], None]:
    """One call for each picture."""
    height, width = shape_after(op)
    transform = Transform(op, height=height, width=width)

    def run() -> None:
        for picture in pixels:
            transform(image=picture)

    return run


def theirs(op: Any, pixels: np.ndarray) -> Callable[[], None]:
    """One call for each picture, through `Compose`, as its documentation has it."""
    import albumentations as A  # pyright: ignore[reportMissingImports]

    chain = A.Compose([op])

    def run() -> None:
        for picture in pixels:
            chain(image=picture)

    return run


def pictures() -> np.ndarray:
    """Photographs of one size."""
    paths = sorted(data_folder("photos").joinpath("original").glob("*.jpg"))[:COUNT]
    fitted = [
        Image.open(path).convert("RGB").resize((WIDE, TALL), Image.Resampling.BILINEAR) for path in paths
    ]
    return np.stack([np.asarray(one) for one in fitted])


def microseconds(run: Callable[[], None], seconds: float) -> float:
    """Per picture, the median of as many runs as fit."""
    times, end = [], time.perf_counter() + seconds
    while len(times) < 2 or time.perf_counter() < end:
        begun = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun)
    return 1e6 * statistics.median(times) / COUNT


def measure(ours: Op, rival: Any, pixels: np.ndarray, *, rounds: int, seconds: float) -> dict[str, float]:
    """Times and ratios of one pair; above 1 ours is quicker."""
    runs = {
        "vitral": in_batches(ours, pixels),
        "alone": one_by_one(ours, pixels),
        "albumentations": theirs(rival, pixels),
    }
    for run in runs.values():
        run()
    rows = [{name: microseconds(run, seconds) for name, run in runs.items()} for _ in range(rounds)]
    found = {f"{name}_us": statistics.median(row[name] for row in rows) for name in runs}
    for name in ("vitral", "alone"):
        found[f"{name}_ratio"] = statistics.median(row["albumentations"] / row[name] for row in rows)
    return found


def table(ops: dict[str, dict[str, float]]) -> str:
    """The result for the docs."""
    lines = [
        "| op | Vitral, us | alone, us | albumentations, us | ratio | ratio alone |",
        "|---|---|---|---|---|---|",
    ]
    for name, found in ops.items():
        numbers = [f"{found[f'{who}_us']:,.0f}" for who in ("vitral", "alone", "albumentations")]
        ratios = [f"{found[f'{who}_ratio']:.2f}" for who in ("vitral", "alone")]
        lines.append(f"| {name} | {' | '.join((*numbers, *ratios))} |")
    return "\n".join(lines)


def main() -> None:
    """Measure all pairs and write `results/augment_ops.json`."""
    if "--table" in sys.argv:
        print(table(json.loads((HERE / "results" / "augment_ops.json").read_text())["ops"]))
        return
    quick = "--quick" in sys.argv
    only = [word for word in sys.argv[1:] if not word.startswith("-")]
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    pixels, ops = pictures(), {}
    for name, (ours, rival) in pairs().items():
        if only and name not in only:
            continue
        # Quarter turns keep the size of squares only.
        given = np.ascontiguousarray(pixels[:, :, :TALL]) if name == "RandomRotate90" else pixels
        found = measure(ours, rival, given, rounds=1 if quick else 5, seconds=0.1 if quick else 0.3)
        ops[name] = found
        print(
            f"{name:20} {found['vitral_us']:9,.0f} us  alone {found['alone_us']:9,.0f}  albumentations "
            f"{found['albumentations_us']:9,.0f}  ratio {found['vitral_ratio']:5.2f}  alone "
            f"{found['alone_ratio']:5.2f}",
            flush=True,
        )
    ratios = [found["vitral_ratio"] for found in ops.values()]
    measured = {
        "share_not_slower": sum(ratio >= 1 for ratio in ratios) / len(ratios),
        "slowest": min(ratios),
        "share_not_slower_alone": sum(found["alone_ratio"] >= 1 for found in ops.values()) / len(ratios),
    }
    for name, bound in ASKED.items():
        word = "reached" if measured[name] >= bound else "missed"
        print(f"{name:28} asked {bound:6.2f}   measured {measured[name]:6.2f}   {word}")
    if not quick and not only:
        write_result("augment_ops", {"asked": ASKED, **measured, "ops": ops})


if __name__ == "__main__":
    main()

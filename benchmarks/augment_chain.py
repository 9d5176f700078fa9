"""Claim: one thread mirrors, rotates, scales, moves, crops, tones and normalizes pictures of 256 x 256 into
float batches of 224 x 224 at least 6x as fast as albumentations 2.0.8 and 40x as fast as kornia; with a
mask, 10 boxes and 10 points each at least 6x; and random resized crops of 500 x 375 at least 3x.

Run: .venv/bin/pip install -c constraints.txt '.[rivals]', then VITRAL_DATA=... .venv/bin/python
benchmarks/augment_chain.py [--quick]   (about 2 minutes)
Pictures: `photos/256` and `photos/original`, decoded before. Each side as its own documentation has it:
ours in batches of 64, albumentations picture by picture (its output is made a tensor), kornia in
batches of 64. Rounds alternate within one process; the ratios are medians of those within a round.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # It would ask the network for its newest version.

import cv2
import numpy as np
import torch
from machine import data_folder, write_result
from PIL import Image
from rates import in_rounds, medians, verdict

from vitral.augment import (
    Augmentation,
    Brightness,
    Contrast,
    Flip,
    Hue,
    RandomCrop,
    RandomResizedCrop,
    Rotate,
    Saturation,
    Scale,
    Translate,
)
from vitral.core import Batch

BATCH, SIZE = 64, 224
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
ASKED = {"affine_over_albumentations": 6.0, "targets_over_albumentations": 6.0} | {
    "crop_over_albumentations": 3.0,
    "affine_over_kornia": 40.0,
}
TONES = (Brightness(strength=0.3), Contrast(strength=0.3), Saturation(), Hue())
AFFINE = (Flip(), Rotate(), Scale(), Translate(), RandomCrop(), *TONES)
CROP = (RandomResizedCrop(scale=(0.08, 1.0)), Flip(), *TONES)


def pictures(folder: str, size: tuple[int, int]) -> np.ndarray:
    """Photographs, cut or resized to one size (width, height)."""
    paths = sorted(data_folder("photos").joinpath(folder).glob("*.jpg"))[:BATCH]
    fitted = [Image.open(path).convert("RGB").resize(size, Image.Resampling.BILINEAR) for path in paths]
    return np.stack([np.asarray(one) for one in fitted])


def targets(count: int, height: int, width: int) -> dict[str, Any]:
    """A mask, ten boxes and ten points for each picture."""
    random = np.random.default_rng(0)
    corners = random.uniform(0, 0.7, (count, 10, 2)) * (width, height)
    boxes = np.concatenate([corners, corners + random.uniform(8, 60, (count, 10, 2))], axis=2)
    boxes = np.minimum(boxes, [width, height, width, height])
    points = random.uniform(0, 1, (count, 10, 2)) * (width, height)
    masks = random.integers(0, 5, (count, height // 8, width // 8)).astype(np.uint8)
    masks = masks.repeat(8, axis=1).repeat(8, axis=2)
    return {"masks": masks, "boxes": boxes, "points": points}


def ours(pixels: np.ndarray, ops: tuple[Any, ...], marked: dict[str, Any] | None) -> Callable[[], None]:
    """One batch, all epochs different."""
    augmentation = Augmentation(ops, height=SIZE, width=SIZE, mean=MEAN, std=STD)
    count, epoch = len(pixels), iter(range(10**9))
    room = torch.empty(
        (count, SIZE, SIZE, 3)
    ).numpy()  # as the loader's: it begins where a line of memory does

    def run() -> None:
        batch = Batch(
            pixels=pixels,
            labels=torch.zeros(count, dtype=torch.long),
            indices=np.arange(count),
            keys=[""] * count,
            seed=0,
            epoch=next(epoch),
            position=0,
        )
        if marked is not None:
            visible = np.full((count, 10, 1), 2.0)
            batch.masks, batch.boxes = list(marked["masks"]), list(marked["boxes"])
            batch.box_labels = [np.zeros(10, np.int64)] * count
            batch.points = list(np.concatenate([marked["points"], visible], axis=2)[:, :, None])
        work = augmentation.begin(batch, lambda shape: room)
        work.part(0, count)
        work.finish()

    return run


def albumentations(
    pixels: np.ndarray, geometry: list[Any], marked: dict[str, Any] | None
) -> Callable[[], None]:
    """The same chain in albumentations."""
    import albumentations as A  # pyright: ignore[reportMissingImports]
    from albumentations.pytorch import ToTensorV2  # pyright: ignore[reportMissingImports]

    steps = [*geometry, A.ColorJitter(0.3, 0.3, 0.3, 0.05, p=1), A.Normalize(MEAN, STD), ToTensorV2()]
    options = {}
    if marked is not None:
        options["bbox_params"] = A.BboxParams("pascal_voc", label_fields=["labels"])
        options["keypoint_params"] = A.KeypointParams("xy", remove_invisible=False)
    chain = A.Compose(steps, **options)

    def run() -> None:
        for number, picture in enumerate(pixels):
            if marked is None:
                chain(image=picture)
            else:
                chain(
                    image=picture,
                    mask=marked["masks"][number],
                    bboxes=marked["boxes"][number],
                    labels=[0] * 10,
                    keypoints=marked["points"][number],
                )

    return run


def kornia(pixels: np.ndarray | torch.Tensor) -> Callable[[], None]:
    """The same chain in kornia, on the batch as floats."""
    import kornia.augmentation as K  # pyright: ignore[reportMissingImports]

    chain = K.AugmentationSequential(
        K.RandomHorizontalFlip(),
        K.RandomAffine(20.0, (0.1, 0.1), (0.8, 1.25), p=1.0),
        K.RandomCrop((SIZE, SIZE)),
        K.ColorJitter(0.3, 0.3, 0.3, 0.05, p=1.0),
        K.Normalize(torch.tensor(MEAN), torch.tensor(STD)),
    )
    batch = torch.as_tensor(pixels).permute(0, 3, 1, 2).contiguous()

    def run() -> None:
        chain(batch.float() / 255)

    return run


def rate(run: Callable[[], None], seconds: float) -> Callable[[], float]:
    """Pictures per second of something that does a batch."""

    def measured() -> float:
        run()
        done, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < seconds:
            run()
            done += BATCH
        return done / (time.perf_counter() - begun)

    return measured


def main() -> None:
    """Measure in rounds and write `results/augment_chain.json`."""
    import albumentations as A  # pyright: ignore[reportMissingImports]

    quick = "--quick" in sys.argv
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    seconds = 0.7 if quick else 3.0
    square, wide = pictures("256", (256, 256)), pictures("original", (500, 375))
    marked = targets(BATCH, 256, 256)
    move = A.Affine(rotate=(-20, 20), scale=(0.8, 1.25), translate_percent=(-0.1, 0.1), p=1)
    affine = [A.HorizontalFlip(p=0.5), move, A.RandomCrop(SIZE, SIZE)]
    crop = [A.RandomResizedCrop((SIZE, SIZE), scale=(0.08, 1.0)), A.HorizontalFlip(p=0.5)]
    contenders = {
        "affine": rate(ours(square, AFFINE, None), seconds),
        "affine_albumentations": rate(albumentations(square, affine, None), seconds),
        "targets": rate(ours(square, AFFINE, marked), seconds),
        "targets_albumentations": rate(albumentations(square, affine, marked), seconds),
        "crop": rate(ours(wide, CROP, None), seconds),
        "crop_albumentations": rate(albumentations(wide, crop, None), seconds),
    }
    asked = dict(ASKED)
    try:
        contenders["affine_kornia"] = rate(kornia(square), seconds)
    except ImportError:
        print("kornia is not installed; its row is left out")
        del asked["affine_over_kornia"]
    rows = in_rounds(contenders, rounds=2 if quick else 7)
    measured = medians(rows, _pairs(asked))
    verdict(measured, asked)
    if not quick:
        write_result("augment_chain", {"asked": asked, **measured, "rounds": rows})


def _pairs(asked: dict[str, float]) -> dict[str, tuple[str, str]]:
    """The contenders of each ratio: `affine_over_kornia` is `affine` over `affine_kornia`."""
    found = {}
    for name in asked:
        what, rival = name.split("_over_")
        found[name] = (what, f"{what}_{rival}")
    return found


if __name__ == "__main__":
    main()

"""`vitral look --augment`: what a chain of ops makes of the pictures of a set."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from vitral.augment import Augmentation, Op
from vitral.augment import Sequence as Chain
from vitral.augment.presets import PRESETS, preset
from vitral.core import Batch, ImageError, OptionError, Picture, did_you_mean
from vitral.data import PictureSet
from vitral.data.findings import Findings
from vitral.data.sample import Sample
from vitral.report.overlay import overlay

PICTURES, DRAWS = 6, 8
_SIDE_PX = 256


@dataclass(frozen=True, kw_only=True)
class Augmented:
    """What a chain made of some pictures, to be shown.

    Args:
        chain: the op.
        plan: its plan, as it is printed.
        height: rows of what was made.
        width: columns.
        pictures: each original and its draws, one group a picture.
        left_out: of each picture that was chosen and is not drawn, why, in a sentence.
    """

    chain: Op
    plan: str
    height: int
    width: int
    pictures: Sequence[Picture]
    left_out: Sequence[str] = ()


def read_chain(words: str) -> Op:
    """The op that a preset's name or a JSON file stands for.

    Args:
        words: a name, perhaps with a strength, as `photos:0.8`; or the path of a file that holds an op as
            `to_json` writes it, or a list of ops.
    Raises:
        OptionError: there is neither, the file does not hold an op, or the strength is not in [0, 1].
    """
    name, colon, strength = words.partition(":")
    if name in PRESETS:
        return preset(name, _strength(name, strength)) if colon else preset(name)
    path = Path(words)
    if not path.is_file():
        raise OptionError(
            f"--augment: must be one of {', '.join(PRESETS)}, perhaps with a strength such as photos:0.8, "
            f"or a JSON file of an op, got {words!r}{did_you_mean(name, PRESETS)}"
        )
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise OptionError(f"--augment {path}: is not a readable JSON file ({error})") from error
    try:
        if isinstance(found, list):
            return Chain(ops=tuple(Op.from_json(one) for one in found))
        return Op.from_json(found)
    except OptionError as error:
        raise OptionError(f"--augment {path}: {error}") from error


def _strength(name: str, text: str) -> float:
    try:
        strength = float(text)
    except ValueError:
        strength = math.nan
    if not 0 <= strength <= 1:
        raise OptionError(f"--augment {name}: the strength must be a number in [0, 1], got {text!r}")
    return strength


def augmented(chain: Op, pictures: PictureSet, findings: Findings) -> Augmented:
    """Apply a chain to pictures spread over a set, as training does in its first epochs with seed 0.

    Args:
        chain: the op.
        pictures: the set; those with objects come first.
        findings: of the set; what is broken is left out.
    """
    chosen, left_out = chosen_samples(pictures, findings)
    samples = [sample for _, sample in chosen]
    height, width = input_size(samples)
    augmentation = Augmentation((chain,), height=height, width=width, mean=(0, 0, 0), std=(1, 1, 1))
    batches = [batch_of([i for i, _ in chosen], samples, epoch) for epoch in range(DRAWS)]
    draws = [_drawn(augmentation, augmentation(batch)) for batch in batches] if samples else []
    drawn: list[Picture] = []
    for number, sample in enumerate(samples):
        drawn += [_original(sample), *(pictures_of_epoch[number] for pictures_of_epoch in draws)]
    plan = str(augmentation.plan(batches[0])) if samples else ""
    return Augmented(chain=chain, plan=plan, height=height, width=width, pictures=drawn, left_out=left_out)


def chosen_samples(pictures: PictureSet, findings: Findings) -> tuple[list[tuple[int, Sample]], list[str]]:
    """Samples with their numbers, and why some are not among them."""
    broken = {one.key for one in findings.broken}
    sound = np.array([i for i, key in enumerate(pictures.keys) if key not in broken], dtype=np.int64)
    if pictures.objects is not None:
        counts = np.diff(pictures.objects.starts)[pictures.rows[sound]]
        marked = sound[counts > 0]
        sound = marked if len(marked) else sound
    if len(sound) > PICTURES:
        sound = sound[np.linspace(0, len(sound) - 1, PICTURES).round().astype(int)]
    samples: list[tuple[int, Sample]] = []
    left_out: list[str] = []
    for i in sound.tolist():
        try:
            samples.append((i, replace(pictures.sample(i), picture=pictures.pixels(i))))
        except ImageError as error:  # Of a picture that is sound the mask may not be.
            left_out.append(f"{pictures.keys[i]} is not drawn, because its mask is broken: {error}")
    return samples, left_out


def _pixels(sample: Sample) -> NDArray[np.uint8]:
    assert isinstance(sample.picture, np.ndarray)
    return sample.picture


def input_size(samples: Sequence[Sample]) -> tuple[int, int]:
    """The median shape, with its longer side as long as the page needs."""
    if not samples:
        return 1, 1
    height, width = np.median([_pixels(sample).shape[:2] for sample in samples], axis=0)
    scale = _SIDE_PX / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def batch_of(indices: Sequence[int], samples: Sequence[Sample], epoch: int) -> Batch:
    """The batch of some samples as a training with seed 0 would see it in an epoch."""
    masks = [sample.mask for sample in samples if sample.mask is not None]
    objects = [sample.objects for sample in samples if sample.objects is not None]
    points = [here.points for here in objects if here.points is not None]
    every = len(samples)
    return Batch(
        pixels=[_pixels(sample) for sample in samples],
        labels=torch.tensor([sample.label for sample in samples]),
        indices=np.array(indices, dtype=np.int64),
        keys=tuple(sample.key for sample in samples),
        seed=0,
        epoch=epoch,
        position=0,
        masks=masks if len(masks) == every else None,
        boxes=[here.boxes for here in objects] if len(objects) == every else None,
        box_labels=[here.labels for here in objects] if len(objects) == every else None,
        box_crowd=[here.crowd for here in objects] if len(objects) == every else None,
        points=points if len(points) == every else None,
    )


def _original(sample: Sample) -> Picture:
    pixels, objects = _pixels(sample), sample.objects
    height, width = pixels.shape[:2]
    scale = min(1.0, _SIDE_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    by = np.array([size[0] / width, size[1] / height])
    points = None if objects is None else objects.points
    mask = sample.mask
    drawn = overlay(
        np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8),
        mask=None
        if mask is None
        else np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.uint8),
        boxes=None if objects is None else objects.boxes * np.tile(by, 2),
        labels=None if objects is None else objects.labels,
        points=None if points is None else points * (*by, 1.0),
    )
    return Picture(pixels=drawn, title="original", note=f"{width} × {height} px", group=sample.key)


def _drawn(augmentation: Augmentation, batch: Batch) -> list[Picture]:
    drawn: list[Picture] = []
    for number, shown in enumerate(augmentation.show(batch)):
        pixels = overlay(
            shown.pixels,
            mask=None if batch.masks is None else batch.masks[number],
            boxes=None if batch.boxes is None else batch.boxes[number],
            labels=None if batch.box_labels is None else batch.box_labels[number],
            points=None if batch.points is None else batch.points[number],
        )
        title, key = f"epoch {batch.epoch + 1}", batch.keys[number]
        drawn.append(Picture(pixels=pixels, title=title, note=shown.note, group=key))
    return drawn

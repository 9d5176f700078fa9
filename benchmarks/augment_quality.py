"""Claim: rotating, scaling, shearing and cropping in one pass is closer to the truth than the step-by-step
chains of the rivals, for things that get smaller as for things that get larger.

Run: .venv/bin/pip install -c constraints.txt '.[rivals]', then VITRAL_DATA=... .venv/bin/python
benchmarks/augment_quality.py   (about 2 minutes)
Pictures: 40 of `photos/original`, 448 x 320 of them; results of 224 x 224. Truth: 8 x 8 places in every pixel
of the result, each looked up linearly in float64, and averaged. Rivals, each with the very same matrices: the
warps of albumentations (bytes after each step, linear, borders reflected) and of kornia (floats, linear), and
`tensors`, what torchvision does on float tensors (`grid_sample` after each step). PSNR in dB over the pixels
of which the truth lies wholly inside the picture; figures are means over pictures.
"""

import math
import os

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # It would ask the network for its newest version.

import cv2
import numpy as np
import torch
from machine import data_folder, write_result
from PIL import Image

from vitral.augment.engines.render import Rendering
from vitral.augment.frame import Frame, about_center, part_of_canvas
from vitral.augment.plan import planned
from vitral.augment.stages import Warp

SIZE, FINE = 224, 8
HEIGHT, WIDTH = 320, 448


def steps(deg: float, factor: float, slant: float) -> list[np.ndarray]:
    """Rotation, scaling and shear around the center, each from new places to old ones."""
    cos, sin = math.cos(math.radians(deg)), math.sin(math.radians(deg))
    linear = ([[cos, sin], [-sin, cos]], [[1 / factor, 0], [0, 1 / factor]], [[1, -slant], [0, 1]])
    return [np.array([one], dtype=np.float64) for one in linear]


def truth(picture: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The averaged result, and which of its pixels need nothing from beyond the border."""
    at = (np.arange(SIZE * FINE) + 0.5) / FINE
    u, v = np.meshgrid(at, at)
    x = matrix[0, 0] * u + matrix[0, 1] * v + matrix[0, 2] - 0.5
    y = matrix[1, 0] * u + matrix[1, 1] * v + matrix[1, 2] - 0.5
    inside = (x >= 0) & (x <= WIDTH - 1) & (y >= 0) & (y <= HEIGHT - 1)
    left, top = (
        np.clip(np.floor(x), 0, WIDTH - 2).astype(int),
        np.clip(np.floor(y), 0, HEIGHT - 2).astype(int),
    )
    right, below = (x - left)[..., None], (y - top)[..., None]
    values = picture.astype(np.float64)
    found = (values[top, left] * (1 - right) + values[top, left + 1] * right) * (1 - below)
    found += (values[top + 1, left] * (1 - right) + values[top + 1, left + 1] * right) * below
    blocks = found.reshape(SIZE, FINE, SIZE, FINE, 3).mean(axis=(1, 3))
    return blocks, inside.reshape(SIZE, FINE, SIZE, FINE).all(axis=(1, 3))


def ours(picture: np.ndarray, linear: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The result in one pass, and the matrix of it all."""
    frame = Frame(canvas=np.array([[HEIGHT, WIDTH]], float), height=SIZE, width=SIZE, fit="crop")
    stages: list[Warp] = [about_center(frame, one, op="step") for one in linear]
    start = np.array([(WIDTH - SIZE) / 2]), np.array([(HEIGHT - SIZE) / 2])
    side = np.array([float(SIZE)])
    stages.append(part_of_canvas(frame, *start, side, side, op="crop"))
    plan = planned(stages, frame, sizes=np.array([[HEIGHT, WIDTH]]))
    out = np.empty((1, SIZE, SIZE, 3), np.float32)
    Rendering(picture[None], plan).part(0, 1, np.ones(3, np.float32), np.zeros(3, np.float32), out)
    return out[0].astype(np.float64), plan.matrix[0]


def around(linear: np.ndarray) -> np.ndarray:
    """The matrix of a step for places whose first pixel has its center at 0."""
    center = np.array([WIDTH - 1, HEIGHT - 1]) / 2
    return np.concatenate([linear, (center - linear @ center)[:, None]], axis=1)


def cut(picture: np.ndarray) -> np.ndarray:
    """The middle of a picture."""
    y, x = (HEIGHT - SIZE) // 2, (WIDTH - SIZE) // 2
    return picture[y : y + SIZE, x : x + SIZE]


def albumentations(picture: np.ndarray, linear: list[np.ndarray]) -> np.ndarray:
    """One step after the other on bytes, by the function that its `Affine`, `Rotate` and others end in."""
    from albumentations.augmentations.geometric import functional  # pyright: ignore[reportMissingImports]

    for one in linear:
        forward = np.linalg.inv(np.concatenate([around(one[0]), [[0, 0, 1]]]))
        how = {"interpolation": cv2.INTER_LINEAR, "border_mode": cv2.BORDER_REFLECT_101, "fill": 0}
        picture = functional.warp_affine(picture, forward, output_shape=(HEIGHT, WIDTH), **how)
    return cut(picture).astype(np.float64)


def kornia(picture: np.ndarray, linear: list[np.ndarray]) -> np.ndarray:
    """One step after the other on floats, by the function that its augmentations end in."""
    from kornia.geometry.transform import warp_affine  # pyright: ignore[reportMissingImports]

    values = torch.from_numpy(picture.astype(np.float64)).permute(2, 0, 1)[None]
    for one in linear:
        forward = np.linalg.inv(np.concatenate([around(one[0]), [[0, 0, 1]]]))[:2]
        matrix = torch.from_numpy(forward)[None]
        values = warp_affine(values, matrix, (HEIGHT, WIDTH), padding_mode="reflection", align_corners=True)
    return cut(values[0].permute(1, 2, 0).numpy())


def tensors(picture: np.ndarray, linear: list[np.ndarray]) -> np.ndarray:
    """One step after the other on floats."""
    values = torch.from_numpy(picture.astype(np.float64)).permute(2, 0, 1)[None]
    shape = np.diag([WIDTH / 2, HEIGHT / 2])
    for one in linear:
        normalized = np.linalg.inv(shape) @ one[0] @ shape
        theta = torch.from_numpy(np.concatenate([normalized, np.zeros((2, 1))], axis=1))[None]
        grid = torch.nn.functional.affine_grid(theta, [1, 3, HEIGHT, WIDTH], align_corners=False)
        values = torch.nn.functional.grid_sample(values, grid, padding_mode="reflection", align_corners=False)
    return cut(values[0].permute(1, 2, 0).numpy())


def psnr(made: np.ndarray, true: np.ndarray, counted: np.ndarray) -> float:
    """Decibels over the pixels that count."""
    return float(10 * np.log10(255**2 / ((made - true)[counted] ** 2).mean()))


def main() -> None:
    """Measure and write `results/augment_quality.json`."""
    paths = sorted((data_folder("photos") / "original").glob("*.jpg"))
    opened = (np.asarray(Image.open(path).convert("RGB")) for path in paths)
    large = [one[:HEIGHT, :WIDTH] for one in opened if one.shape[0] >= HEIGHT and one.shape[1] >= WIDTH][:40]
    random, rows = np.random.default_rng(0), {}
    rivals = {"albumentations": albumentations, "kornia": kornia, "tensors": tensors}
    for name, low, high in (("smaller", 0.5, 0.8), ("alike", 0.8, 1.25), ("larger", 1.25, 2.0)):
        found: dict[str, list[float]] = {"ours": [], **{rival: [] for rival in rivals}}
        for picture in large:
            linear = steps(random.uniform(-30, 30), random.uniform(low, high), random.uniform(-0.2, 0.2))
            made, matrix = ours(picture, linear)
            true, counted = truth(picture, matrix)
            found["ours"].append(psnr(made, true, counted))
            for rival, chain in rivals.items():
                found[rival].append(psnr(chain(picture, linear), true, counted))
        rows[name] = {side: round(float(np.mean(values)), 2) for side, values in found.items()}
        print(name, rows[name], flush=True)
    better = all(row["ours"] > max(row[rival] for rival in rivals) for row in rows.values())
    print("one pass is better in every row" if better else "a rival is better somewhere")
    write_result("augment_quality", {"psnr_db": rows, "pictures": len(large), "better_everywhere": better})


if __name__ == "__main__":
    main()

"""The rival of `camvid_segmentation.py`: what a careful person trains with plain PyTorch.

segmentation-models-pytorch's `Unet` with an uninitialized ResNet-18 where that package imports, else
the U-Net of github.com/milesial/Pytorch-UNet, written out here: double convolutions of 3x3 with batch
norm, widths 64 to 1024 halved on the bilinear way up, as published. Cross-entropy plus Dice as in that
repository; AdamW under a one-cycle schedule that ends exactly with the given wall-clock in place of its
RMSprop; random flips and crops; bfloat16 autocast and channels last, as ours. The width (64 as
published, or half of it, which takes a quarter of the time) and the learning rate are the best of
`TRIALS`, judged on val after three minutes on train; that costs the rival nothing of its time.
"""

import importlib.util
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from vitral.nn.metrics.segmentation import SegmentationMetrics

TRIALS = ((64, 1e-3), (32, 3e-4), (32, 1e-3), (32, 3e-3))  # Width and learning rate.
MEAN, STD = (torch.tensor(v)[:, None, None] for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
_LARGEST_STRIDE, _IGNORED = 32, 255


@dataclass(frozen=True, kw_only=True)
class Street:
    """Pictures and masks in memory."""

    pixels: list[NDArray[np.uint8]]
    masks: list[NDArray[np.uint8]]
    classes: tuple[str, ...]

    @classmethod
    def read(cls, root: Path, *splits: str) -> "Street":
        """All pictures of some splits; numbers beyond the last class are not counted."""
        named = (root / "classes.txt").read_text(encoding="utf-8").split()
        classes = tuple(name for name in named if name != "unlabelled")
        pictures, masks = [], []
        for path in sorted(path for split in splits for path in (root / split / "images").iterdir()):
            pictures.append(np.asarray(Image.open(path).convert("RGB")))
            numbers = np.asarray(Image.open(path.parent.parent / "masks" / f"{path.stem}.png"))
            masks.append(np.where(numbers < len(classes), numbers, _IGNORED).astype(np.uint8))
        return cls(pixels=pictures, masks=masks, classes=classes)

    def batch(self, rows: NDArray[np.int64], size: tuple[int, int], draw: np.random.Generator) -> Any:
        """Random crops of some pictures, half of them mirrored."""
        height, width = size
        inputs, targets = [], []
        for row in rows.tolist():
            pixels, mask = self.pixels[row], self.masks[row]
            y = draw.integers(0, mask.shape[0] - height + 1)
            x = draw.integers(0, mask.shape[1] - width + 1)
            step = draw.choice((1, -1))
            part = np.s_[y : y + height, x : x + width]
            inputs.append(np.ascontiguousarray(pixels[part][:, ::step]))
            targets.append(np.ascontiguousarray(mask[part][:, ::step]))
        return normalized(np.stack(inputs)), torch.from_numpy(np.stack(targets)).long()


class Double(nn.Sequential):
    """Twice: 3x3 convolution, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, middle: int | None = None) -> None:
        middle = middle or outputs
        super().__init__(
            nn.Conv2d(inputs, middle, 3, padding=1, bias=False),
            nn.BatchNorm2d(middle),
            nn.ReLU(inplace=True),
            nn.Conv2d(middle, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class PlainUNet(nn.Module):
    """Pytorch-UNet with `bilinear=True`; 17.3 million weights at the published width of 64."""

    def __init__(self, classes: int, base: int = 64) -> None:
        super().__init__()
        widths = (base, 2 * base, 4 * base, 8 * base, 8 * base)
        self.down = nn.ModuleList(
            Double(inputs, outputs) for inputs, outputs in zip((3, *widths[:-1]), widths, strict=True)
        )
        self.up = nn.ModuleList(
            Double(2 * skip, max(skip // 2, base), skip) for skip in reversed(widths[:-1])
        )
        self.out = nn.Conv2d(base, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of every pixel; sides must be multiples of 16."""
        maps = []
        for number, level in enumerate(self.down):
            maps.append(level(functional.max_pool2d(maps[-1], 2) if number else x))
        y = maps[-1]
        for level, skip in zip(self.up, reversed(maps[:-1]), strict=True):
            y = functional.interpolate(y, scale_factor=2, mode="bilinear", align_corners=True)
            y = level(torch.cat([skip, y], 1))
        return self.out(y)


def rival_network(classes: int, base: int) -> tuple[str, nn.Module]:
    """The network and its name; that of the package has one width."""
    if importlib.util.find_spec("segmentation_models_pytorch") is not None:
        import segmentation_models_pytorch as smp  # pyright: ignore[reportMissingImports]

        return "smp Unet, ResNet-18", smp.Unet("resnet18", encoder_weights=None, classes=classes)
    return f"plain U-Net (milesial), width {base}", PlainUNet(classes, base)


def train_rival(
    root: Path,
    *,
    seconds: float,
    trial_s: float = 180.0,
    size: tuple[int, int] = (288, 384),
    batch: int = 8,
    seed: int = 0,
) -> dict[str, Any]:
    """Train on train and val for the given wall-clock, and judge on test.

    Returns:
        The figures of `SegmentationMetrics`, answers averaged over a picture and its mirror, and how
        they came about.
    """
    torch.set_num_threads(min(2, len(os.sched_getaffinity(0))))
    known, held = Street.read(root, "train"), Street.read(root, "val")
    trials = {}
    for trial in TRIALS:
        network, _ = _trained(known, trial, seconds=trial_s, size=size, batch=batch, seed=seed)
        trials[trial] = judged(network, held)["mean_iou"]
        print(f"rival: width and rate {trial} give {trials[trial]:.4f} in {trial_s:.0f} s", flush=True)
    best = max(trials, key=trials.__getitem__)
    begin = time.perf_counter()
    both = Street.read(root, "train", "val")
    # Reading counts as ours does; judging does not, as ours.
    left = seconds - (time.perf_counter() - begin)
    network, epochs = _trained(both, best, seconds=left, size=size, batch=batch, seed=seed)
    spent = time.perf_counter() - begin
    figures = judged(network, Street.read(root, "test"))
    plain = judged(network, Street.read(root, "test"), mirrored=False)
    return {
        "network": rival_network(2, best[0])[0], "rate": best[1],
        "trials": {f"width {base}, rate {rate:g}": iou for (base, rate), iou in trials.items()},
        "epochs": round(epochs, 1), "seconds": round(spent, 1),
        "mean_iou_without_mirror": plain["mean_iou"],
    } | figures  # fmt: skip


def _trained(
    data: Street, trial: tuple[int, float], *, seconds: float, size: tuple[int, int], batch: int, seed: int
) -> tuple[nn.Module, float]:
    """A network after so many seconds, and the passes it made over the pictures."""
    torch.manual_seed(seed)
    draw = np.random.default_rng(seed)
    base, rate = trial
    network = rival_network(len(data.classes), base)[1].train()
    network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
    begin, epochs, spent, last = time.perf_counter(), 0.0, 0.0, math.nan
    while spent < seconds:
        order = draw.permutation(len(data.pixels))
        for at in range(0, len(order) - batch + 1, batch):
            spent = time.perf_counter() - begin
            if spent >= seconds:
                break
            for group in optimizer.param_groups:
                group["lr"] = rate * one_cycle(spent / seconds)
            inputs, masks = data.batch(order[at : at + batch], size, draw)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                scores = network(inputs)
            loss = cross_entropy_and_dice(scores.float(), masks)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            epochs, last = epochs + batch / len(order), loss.item()
        print(f"rival: {epochs:.1f} epochs in {spent:.0f} s, loss {last:.3f}", flush=True)
    return network, epochs


def cross_entropy_and_dice(scores: Tensor, masks: Tensor) -> Tensor:
    """The loss of Pytorch-UNet for several classes, with pixels that do not count."""
    nats = functional.cross_entropy(scores, masks, ignore_index=_IGNORED)
    counted = (masks != _IGNORED)[:, None]
    truth = functional.one_hot(masks.where(masks != _IGNORED, 0), scores.shape[1]).permute(0, 3, 1, 2)
    p, truth = scores.softmax(1) * counted, truth * counted
    overlap, whole = 2 * (p * truth).sum((0, 2, 3)), (p + truth).sum((0, 2, 3))
    return nats + 1 - ((overlap + 1e-6) / (whole + 1e-6)).mean()


@torch.inference_mode()
def judged(network: nn.Module, data: Street, *, mirrored: bool = True) -> dict[str, Any]:
    """The figures of a network, by the same counters as ours."""
    network.eval()
    metrics = SegmentationMetrics(data.classes)
    for pixels, mask in zip(data.pixels, data.masks, strict=True):
        height, width = mask.shape
        inputs = normalized(pixels[None])
        inputs = functional.pad(
            inputs, (0, -width % _LARGEST_STRIDE, 0, -height % _LARGEST_STRIDE), mode="replicate"
        )
        with torch.autocast("cpu", dtype=torch.bfloat16):
            scores = network(inputs)[:, :, :height, :width].float().softmax(1)
            if mirrored:
                turned = functional.pad(inputs[:, :, :, :width].flip(-1), (0, -width % _LARGEST_STRIDE, 0, 0))
                scores = scores + network(turned)[:, :, :height, :width].float().softmax(1).flip(-1)
        metrics.update(scores.argmax(1)[0].numpy().astype(np.uint8), mask)
    network.train()
    return metrics.result()


def normalized(pixels: NDArray[np.uint8]) -> Tensor:
    """Pictures as the network sees them, channels last."""
    levels = torch.from_numpy(pixels.copy()).permute(0, 3, 1, 2).float() / 255
    return ((levels - MEAN) / STD).contiguous(memory_format=torch.channels_last)


def one_cycle(progress: float) -> float:
    """Up by a cosine over the first tenth, then down to nothing (Smith 2018)."""
    if progress < 0.1:
        return 1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * progress / 0.1)) / 2
    return (1 + math.cos(math.pi * (progress - 0.1) / 0.9)) / 2

"""The rival of `clothing.py`: what a careful person writes with plain PyTorch.

ResNet-18 from random weights at 128 px, fp32, `torch.utils.data.DataLoader` with two worker
processes and Pillow, random resized crop and flip, label smoothing, AdamW under a one-cycle
schedule that ends exactly with the given wall-clock, mirror averaging at test time. This is
fastai's recipe without fastai.
"""

import math
import random
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

MEAN, STD = (
    torch.tensor([0.485, 0.456, 0.406])[:, None, None],
    torch.tensor([0.229, 0.224, 0.225])[:, None, None],
)


class Folder(Dataset[tuple[Tensor, int]]):
    """Class folders: random resized crop and flip for training, a center crop otherwise."""

    def __init__(self, root: Path, *, size: int, train: bool) -> None:
        self.classes = sorted(p.name for p in root.iterdir() if p.is_dir())
        self.files = [(p, k) for k, c in enumerate(self.classes) for p in sorted((root / c).iterdir())]
        self.size, self.train = size, train

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        path, label = self.files[index]
        picture = Image.open(path).convert("RGB")
        picture = self._random(picture) if self.train else self._center(picture)
        pixels = torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1).float() / 255
        return (pixels - MEAN) / STD, label

    def _random(self, picture: Image.Image) -> Image.Image:
        width, height = picture.size
        for _ in range(10):
            area = random.uniform(0.35, 1.0) * width * height
            ratio = math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
            w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if w <= width and h <= height:
                x, y = random.randint(0, width - w), random.randint(0, height - h)
                picture = picture.crop((x, y, x + w, y + h))
                break
        picture = picture.resize((self.size, self.size), Image.Resampling.BILINEAR)
        return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if random.random() < 0.5 else picture

    def _center(self, picture: Image.Image) -> Image.Image:
        width, height = picture.size
        side = min(width, height)
        x, y = (width - side) // 2, (height - side) // 2
        return picture.crop((x, y, x + side, y + side)).resize(
            (self.size, self.size), Image.Resampling.BILINEAR
        )


class Block(nn.Module):
    """Two 3x3 convolutions and a shortcut (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first, self.norm1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.second, self.norm2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        self.short: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.short = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm2(self.second(torch.relu(self.norm1(self.first(x)))))
        return torch.relu(y + self.short(x))


def resnet18(classes: int) -> nn.Sequential:
    """ResNet-18 as in the paper and in torchvision, 11.2 million weights."""
    layers: list[nn.Module] = [
        nn.Conv2d(3, 64, 7, 2, 3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, 1),
    ]
    inputs = 64
    for width, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Block(inputs, width, stride), Block(width, width, 1)]
        inputs = width
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, classes))
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
    return network


def train_rival(
    root: Path, *, seconds: float, size: int = 128, batch: int = 64, seed: int = 0
) -> dict[str, float]:
    """Train on `root/train` for the given wall-clock and test on `root/test`.

    Returns:
        Accuracy with and without mirror averaging, epochs and seconds.
    """
    torch.manual_seed(seed)
    random.seed(seed)
    torch.set_num_threads(2)
    begin = time.perf_counter()
    data = Folder(root / "train", size=size, train=True)
    loader = DataLoader(data, batch, shuffle=True, num_workers=2, drop_last=True, persistent_workers=True)
    network, lossy = resnet18(len(data.classes)), nn.CrossEntropyLoss(label_smoothing=0.1)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.01, betas=(0.9, 0.99))
    limit = seconds - 15  # the rest is for the test pictures
    epochs = spent = last = 0.0
    while spent < limit:
        for pictures, labels in loader:
            spent = time.perf_counter() - begin
            if spent >= limit:
                break
            for group in optimizer.param_groups:
                group["lr"] = 3e-3 * one_cycle(spent / limit)
            loss = lossy(network(pictures), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            epochs, last = epochs + 1 / len(loader), loss.item()
        print(f"rival: {epochs:.1f} epochs in {spent:.0f} s, loss {last:.3f}", flush=True)
    plain, mirrored = accuracies(network, Folder(root / "test", size=size, train=False))
    return {
        "accuracy": mirrored, "accuracy_without_mirror": plain, "epochs": round(epochs, 1),
        "seconds": round(time.perf_counter() - begin, 1),
    }  # fmt: skip


def one_cycle(progress: float) -> float:
    """Up by a cosine over the first quarter, then down to nothing (Smith 2018; fastai's shape)."""
    if progress < 0.25:
        return 1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * progress / 0.25)) / 2
    return (1 + math.cos(math.pi * (progress - 0.25) / 0.75)) / 2


@torch.inference_mode()
def accuracies(network: nn.Module, data: Folder) -> tuple[float, float]:
    """Share of right answers, plain and averaged over a picture and its mirror."""
    network.eval()
    plain = mirrored = 0
    for pictures, labels in DataLoader(data, 64, num_workers=2):
        scores = network(pictures)
        plain += int((scores.argmax(1) == labels).sum())
        mirrored += int(((scores + network(pictures.flip(-1))).argmax(1) == labels).sum())
    return plain / len(data), mirrored / len(data)

"""The rivals of the loader benchmarks: `torch.utils.data.DataLoader` with two workers that stay.

The tutorials' pipelines do step by step what torchvision's transforms do; torchvision itself does not
import beside every build of torch. The lean ones do the same in as few steps as one picture at a time
allows: `resize(box=)` crops and resizes at once, and normalization writes float32 once.
"""

import random
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

MEAN, STD = (0.5, 0.45, 0.4), (0.25, 0.25, 0.25)


class TutorialPhotographs(Dataset):
    """Files, as tutorials train on photographs: `RandomResizedCrop`, `RandomHorizontalFlip`, `ToTensor`
    and `Normalize`, step by step."""

    def __init__(self, files: list[Path], size: int) -> None:
        self.files, self.size = files, size

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> torch.Tensor:
        with Image.open(self.files[index]) as picture:
            picture = picture.convert("RGB")
        x0, y0, x1, y1 = (round(side) for side in crop(picture.width, picture.height))
        small = picture.crop((x0, y0, x1, y1)).resize((self.size, self.size), Image.Resampling.BILINEAR)
        if torch.rand(1) < 0.5:
            small = small.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return normalized(small)


class Photographs(Dataset):
    """The same in as few steps as one picture at a time allows: the leanest rival."""

    def __init__(self, files: list[Path], size: int) -> None:
        self.files, self.size = files, size
        self.scale = 1 / (255 * np.array(STD, np.float32))
        self.offset = -np.array(MEAN, np.float32) / np.array(STD, np.float32)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> torch.Tensor:
        with Image.open(self.files[index]) as picture:
            picture = picture.convert("RGB")
        box = crop(picture.width, picture.height)
        small = picture.resize((self.size, self.size), Image.Resampling.BILINEAR, box=box)
        if random.random() < 0.5:
            small = small.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        values = np.asarray(small, np.float32)
        values *= self.scale
        values += self.offset
        return torch.from_numpy(values).permute(2, 0, 1)


class TutorialPictures(Dataset):
    """One array in memory, as tutorials train on CIFAR-10: each picture goes through Pillow.

    Step by step what `torchvision.datasets.CIFAR10` does with `RandomCrop(padding=2,
    padding_mode="reflect")`, `RandomHorizontalFlip`, `ToTensor` and `Normalize`; torchvision itself
    does not import beside every build of torch.
    """

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels = pixels

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: int) -> torch.Tensor:
        picture = Image.fromarray(self.pixels[index])
        padded = Image.fromarray(np.pad(np.asarray(picture), ((2, 2), (2, 2), (0, 0)), mode="reflect"))
        x, y = (int(torch.randint(0, 5, (1,)).item()) for _ in range(2))
        picture = padded.crop((x, y, x + picture.width, y + picture.height))
        if torch.rand(1) < 0.5:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return normalized(picture)


class SmallPictures(Dataset):
    """The same in as few steps as one picture at a time allows, without Pillow: the leanest rival."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()
        self.mean, self.std = (torch.tensor(v).view(3, 1, 1) for v in (MEAN, STD))

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: int) -> torch.Tensor:
        picture = self.pixels[index].float().div_(255)
        padded = torch.nn.functional.pad(picture[None], (2, 2, 2, 2), mode="reflect")[0]
        y, x = random.randrange(5), random.randrange(5)
        picture = padded[:, y : y + picture.shape[1], x : x + picture.shape[2]]
        if random.random() < 0.5:
            picture = picture.flip(-1)
        return (picture - self.mean) / self.std


def normalized(picture: Image.Image) -> torch.Tensor:
    """What `ToTensor` and `Normalize` make of a picture."""
    values = torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous().float().div(255)
    mean, std = (torch.as_tensor(v).view(-1, 1, 1) for v in (MEAN, STD))
    return values.sub_(mean).div_(std)


def crop(width: int, height: int) -> tuple[float, float, float, float]:
    """A random box: 35 % to all of the area, sides from 3:4 to 4:3."""
    area = random.uniform(0.35, 1.0) * width * height
    ratio = np.exp(random.uniform(np.log(3 / 4), np.log(4 / 3)))
    w, h = (area * ratio) ** 0.5, (area / ratio) ** 0.5
    fit = min(1.0, width / w, height / h)
    w, h = w * fit, h * fit
    x, y = random.uniform(0, max(width - w, 0.0)), random.uniform(0, max(height - h, 0.0))
    return x, y, min(x + w, width), min(y + h, height)


def loader(data: Dataset, batch: int) -> DataLoader:
    """Two workers that stay."""
    return DataLoader(data, batch, shuffle=True, num_workers=2, drop_last=True, persistent_workers=True)

"""Targets stay with their pictures when a scan leaves some out, keeps them in memory, or shrinks them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vitral.data import Loader, PictureSet, open_pictures, scan


@pytest.fixture
def marked(tmp_path: Path) -> PictureSet:
    """Pictures whose level is their number, with masks of that number; two pictures are broken."""
    for number in range(44):
        for folder in ("images", "masks"):
            (tmp_path / folder).mkdir(exist_ok=True)
        picture = np.full((20 + number % 3, 30, 3), number, np.uint8)
        Image.fromarray(picture).save(tmp_path / f"images/{number:02}.png")
        Image.fromarray(picture[..., 0]).save(tmp_path / f"masks/{number:02}.png")
    for number in (3, 20):
        (tmp_path / f"images/{number:02}.png").write_bytes(b"")
    return open_pictures(tmp_path, validation=0.2, test=0.2)


@pytest.mark.parametrize("short_side", [None, 10])
@pytest.mark.parametrize("memory", [None, 0])
def test_masks_belong_to_their_pictures_after_a_scan(marked, short_side, memory) -> None:
    options = {} if memory is None else {"memory_bytes": memory}
    found = scan(marked.of_split("train"), short_side=short_side, strict=False, **options)
    seen = 0
    for batch in Loader(found.pictures, batch_size=5, shuffle=True, workers=2):
        assert batch.masks is not None
        for picture, mask, key in zip(batch.pixels, batch.masks, batch.keys, strict=True):
            number = int(Path(key).stem)
            assert picture.shape[:2] == mask.shape
            assert short_side is None or min(mask.shape) == short_side
            assert np.unique(np.asarray(picture)).tolist() == np.unique(mask).tolist() == [number]
            seen += 1
    assert seen == len(found.pictures) > 15


def test_boxes_shrink_with_their_pictures(tmp_path: Path) -> None:
    lines = []
    for number in range(20):
        Image.fromarray(np.full((20, 40, 3), number, np.uint8)).save(tmp_path / f"{number}.png")
        lines.append(f'{{"path": "{number}.png", "boxes": [[{number}, 2, 40, 20]], "box_labels": ["a"]}}')
    (tmp_path / "table.jsonl").write_text("\n".join(lines), encoding="utf-8")
    pictures = open_pictures(tmp_path / "table.jsonl", validation=0.3, test=0.0).of_split("train")
    for batch in Loader(scan(pictures, short_side=10).pictures, batch_size=3):
        assert batch.boxes is not None
        for key, boxes in zip(batch.keys, batch.boxes, strict=True):
            assert boxes.tolist() == [[int(Path(key).stem) / 2, 1, 20, 10]]

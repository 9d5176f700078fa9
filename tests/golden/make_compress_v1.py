"""Made `compress-v1.safetensors`, `compress-v1.vtl` and `compress-v1.png`, once. Never run again over them.

Run: .venv/bin/python tests/golden/make_compress_v1.py
A model of the task compress in version 1 of the model file, a picture that it compressed in version 1 of
`.vtl`, and what came back.
"""

import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import vitral as vt
from vitral.data import open_pictures

HERE = Path(__file__).parent
QUALITY = 14


def drawn() -> np.ndarray:
    """A picture of 40 x 52 pixels with an edge and a slope."""
    rows, columns = np.mgrid[:40, :52]
    red = np.where((rows - 20) ** 2 + (columns - 26) ** 2 < 150, 230, 60)
    return np.stack([red, 4 * columns, 5 * rows], axis=2).astype(np.uint8)


def main() -> None:
    """Train for a moment, compress, and write the three files."""
    torch.set_num_threads(1)
    task = vt.Compress(size=32).with_settings(
        {"network.latents": 8, "network.widths": (8, 8, 8), "network.blocks": (1, 1, 1)}
    )
    run = vt.Run(task=task).with_settings(
        {"device": "cpu", "precision": "float32", "threads": 1, "epochs": 20, "batch": 8}
    )
    pictures = open_pictures("scenes", validation=0.1, test=0.1).subset(range(200))
    with tempfile.TemporaryDirectory() as place:
        model = vt.train(run, pictures, out=Path(place) / "run").model
        assert model is not None
        digest = bytes.fromhex(model.save(HERE / "compress-v1.safetensors"))[:8]
    assert isinstance(model.task, vt.Compress)
    data = model.task.encode(model.module, drawn(), quality=QUALITY, digest=digest)
    (HERE / "compress-v1.vtl").write_bytes(data)
    made = model.task.decode(model.module, data, digest=digest).pixels
    Image.fromarray(made).save(HERE / "compress-v1.png")


if __name__ == "__main__":
    main()

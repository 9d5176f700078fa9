"""Claim: a `.vtl` file holds the same latents on every machine: decoded in other processes, with one
and two threads and without oneDNN, they are equal for 400 pictures at 4 qualities.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/compressed_latents.py RUN   (about 4 minutes)
RUN is a finished run of `vitral train compress`. The latents that are compared are those that the
encoder rounded, by a checksum of each file's.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from machine import data_folder, write_result

from vitral.codec import read_tiles
from vitral.data import open_pictures
from vitral.saved import Model
from vitral.tasks import Compress
from vitral.tasks.compress import CompressModel
from vitral.tasks.compress.windows import quantized_tile

PICTURES, QUALITIES = 400, (1, 6, 11, 16)
SETTINGS = {
    "1 thread": (1, True),
    "2 threads": (2, True),
    "without oneDNN": (1, False),
}


def digests(model: CompressModel, digest: bytes, folder: Path) -> dict[str, str]:
    """A checksum of the latents of each file in a folder."""
    found: dict[str, str] = {}
    for file in sorted(folder.glob("*.vtl")):
        total = hashlib.sha256()
        for tile in read_tiles(file.read_bytes(), model.tables(), digest):
            assert tile.latents is not None
            total.update(tile.latents.astype("<i4").tobytes())
        found[file.name] = total.hexdigest()
    return found


def loaded(run: str) -> tuple[Compress, CompressModel, bytes]:
    """The task and module of a run, and the digest that its files carry."""
    model = Model.load(run)
    assert isinstance(model.task, Compress)
    assert isinstance(model.module, CompressModel)
    return model.task, model.module, bytes.fromhex(model.digest)[:8]


def decode_here(run: str, folder: str, threads: str, fast: str) -> None:
    """What each other process does: print the checksums of all files."""
    import torch

    torch.set_num_threads(int(threads))
    torch.backends.mkldnn.enabled = fast == "True"
    task, module, digest = loaded(run)
    found = digests(module, digest, Path(folder))
    # The pixels too, which need not be equal to the last bit, must be decoded without an error.
    for file in sorted(Path(folder).glob("*.vtl"))[:8]:
        task.decode(module, file.read_bytes(), digest=digest)
    print(json.dumps(found))


def main() -> None:
    """Write the files, decode them in every setting, write `results/compressed_latents.json`."""
    run, root = sys.argv[1], data_folder("flowers")
    task, module, digest = loaded(run)
    pictures = open_pictures(str(root), validation=0.0, test=0.1).of_split("test")
    wanted: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as place:
        for number in range(PICTURES):
            pixels = np.asarray(pictures.pixels(number))
            for quality in QUALITIES:
                name = f"{number:03d}-{quality:02d}.vtl"
                Path(place, name).write_bytes(task.encode(module, pixels, quality=quality, digest=digest))
                tiles = module.tables().tiles(*pixels.shape[:2])
                total = hashlib.sha256()
                for tile in tiles:
                    total.update(quantized_tile(module, pixels, tile, quality - 1).astype("<i4").tobytes())
                wanted[name] = total.hexdigest()
        equal: dict[str, float] = {}
        for setting, (threads, fast) in SETTINGS.items():
            words = [sys.executable, __file__, "--decode", run, place, str(threads), str(fast)]
            found = json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True, text=True).stdout)
            equal[setting] = sum(found[name] == wanted[name] for name in wanted) / len(wanted)
    write_result(
        "compressed_latents",
        {"asked": 1.0, "files": len(wanted), "pictures": PICTURES, "qualities": QUALITIES, "equal": equal},
    )


if __name__ == "__main__":
    if sys.argv[1] == "--decode":
        decode_here(*sys.argv[2:])
    else:
        main()

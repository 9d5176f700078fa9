"""Claim: a photograph of 512 x 512 is encoded and decoded in at most half a second on 2 cores, and one
of 40 megapixels needs at most 1 GB of memory either way, the whole process counted.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/compression_speed.py RUN   (about 3 minutes)
RUN is a finished run of `vitral train compress`. Seconds are medians over the 24 photographs of
`cid22` of one picture alone, at quality 8, three rounds; the 40 megapixels are one of them enlarged,
through `vitral compress` and `vitral decompress`.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from machine import data_folder, write_result
from PIL import Image

from vitral.data import open_pictures
from vitral.saved import Model

QUALITY, ROUNDS = 8, 3
LARGE = (8000, 5000)


def seconds_a_picture(run: str, root: Path) -> dict[str, float]:
    """Median seconds to encode and to decode one photograph."""
    torch.set_num_threads(2)
    model = Model.load(run)
    task, module = model.task, model.module
    pictures = open_pictures(str(root), validation=0.0, test=0.0)
    encode: list[float] = []
    decode: list[float] = []
    for _ in range(ROUNDS):
        for number in range(len(pictures)):
            pixels = np.asarray(pictures.pixels(number))
            begun = time.perf_counter()
            data = task.encode(module, pixels, quality=QUALITY)  # pyright: ignore[reportAttributeAccessIssue]
            between = time.perf_counter()
            task.decode(module, data)  # pyright: ignore[reportAttributeAccessIssue]
            encode.append(between - begun)
            decode.append(time.perf_counter() - between)
    both = [first + second for first, second in zip(encode, decode, strict=True)]
    return {
        "encode_s": statistics.median(encode),
        "decode_s": statistics.median(decode),
        "both_s": statistics.median(both),
        "slowest_s": max(both),
    }


def measured(*words: str) -> dict[str, float]:
    """Seconds and peak memory of one command."""
    program = (
        "import json, resource, runpy, sys, time\n"
        "begun = time.perf_counter()\n"
        "sys.argv = ['vitral', *sys.argv[1:]]\n"
        "try:\n    runpy.run_module('vitral', run_name='__main__')\n"
        "except SystemExit as end:\n    code = end.code\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(json.dumps({'code': code, 'seconds': time.perf_counter() - begun, 'peak_kib': peak}))\n"
    )
    command = [sys.executable, "-c", program, *words]
    found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)
    assert found["code"] == 0, found
    scale = 1 if sys.platform == "darwin" else 1024
    return {"seconds": found["seconds"], "peak_mb": found["peak_kib"] * scale / 1e6}


def main() -> None:
    """Measure both and write `results/compression_speed.json`."""
    run, root = sys.argv[1], data_folder("cid22")
    small = seconds_a_picture(run, root)
    with tempfile.TemporaryDirectory() as place:
        source = Path(place, "large.png")
        first = sorted(root.glob("*.png"))[0]
        Image.open(first).convert("RGB").resize(LARGE, Image.Resampling.BICUBIC).save(
            source, compress_level=1
        )
        encode = measured(
            "compress", run, str(source), "-o", str(Path(place, "out")), "--quality", str(QUALITY)
        )
        decode = measured(
            "decompress", str(Path(place, "out", "large.vtl")), "-o", str(Path(place, "back")), "--model", run
        )
        size = Image.open(Path(place, "back", "large.png")).size
    assert size == LARGE, size
    write_result(
        "compression_speed",
        {
            "asked": {"both_s": 0.5, "peak_mb": 1000},
            "photographs of 512 x 512": small,
            "40 megapixels": {"compress": encode, "decompress": decode},
        },
    )


if __name__ == "__main__":
    main()

"""Claim: `pngsuite` and 2,000 mutated pictures: each decodes to exactly Pillow's pixels or raises
`ImageError`; none crashes or hangs; <= 1 s and <= 512 MB each; the C libraries write nothing to stderr.

Run: VITRAL_DATA=... .venv/bin/python benchmarks/decode_damaged.py [--quick] [--only N]  (about 5 minutes)
Files: `pngsuite`, and mutations (one to three each, from one seed: flipped bits, runs overwritten, cut,
inserted, deleted, sizes in the head set to extremes, chunks swapped, repeated, dropped, two files spliced)
of real JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, JPEG 2000 and PPM files; see `damaged_pictures.py`. Besides
them, small files of blank pictures about as large as `decode` lets pass, and twice as large.
Each file is decoded in a process of its own (forked, so a crash or a hang is that file's alone; one that
takes 30 s is ended and counted as a hang), from its bytes and from a file; both must give the same.

- Pillow's pixels are worked out here, without Vitral: `Image.open`, `exif_transpose`, then the result that
  `decode` states for the mode. An EXIF block that `exif_transpose` itself cannot read turns nothing.
- Memory is by how much the peak of the process (VmHWM, set back before) exceeds what it held before, in
  MB of 10^6 bytes; library code touched for the first time counts. A limit on the address space, 2 GiB
  above what is in use, protects the machine; so "does not fit in the memory" is a counterexample too.
- Seconds are wall clock, the larger of both ways. A file slower than half the limit is measured three times
  and the fastest counts, because the machine may be shared.
- The rival is Pillow itself on the same files: how many it decodes, refuses, crashes on.
"""

import collections
import ctypes
import hashlib
import io
import json
import os
import resource
import select
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from damaged_pictures import Damaged, bombs, damaged
from machine import data_folder, write_result
from numpy.typing import NDArray
from PIL import Image, ImageOps
from rates import verdict

from vitral.core import ImageError
from vitral.data import decode

SEED, MUTANTS, HANG_S, FUSE_BYTES = 17, 2000, 30.0, 2 * 2**30
ASKED = {"counterexamples": 0.0, "crashes_and_hangs": 0.0, "slowest_s": 1.0, "largest_mb": 512.0}
Row = dict[str, Any]


def main() -> None:
    """Decode all of them, and write `results/decode_damaged.json`."""
    quick = "--quick" in sys.argv
    only = int(sys.argv[sys.argv.index("--only") + 1]) if "--only" in sys.argv else None
    suite = [
        Damaged(f"pngsuite {'broken' if path.name[0] == 'x' else 'whole'}", path.name, path.read_bytes())
        for path in sorted(data_folder("pngsuite").glob("*.png"))
    ]
    for picture in suite[::20]:  # Loads the codecs, so that the processes forked from this one have them.
        outcome(lambda picture=picture: decode(picture.data))
    rows: list[Row] = []
    for number, picture in enumerate([*suite, *bombs(), *damaged(200 if quick else MUTANTS, SEED)]):
        if only is not None and number != only:
            continue
        row = {"number": number, "kind": picture.kind, "mutation": picture.mutation, **examined(picture.data)}
        rows.append(row)
        if row["counterexample"] or row.get("seconds", 0) > ASKED["slowest_s"] or only is not None:
            print(json.dumps(row), flush=True)
    measured = {
        "counterexamples": float(sum(bool(row["counterexample"]) for row in rows)),
        "crashes_and_hangs": float(sum(row["end"] != "ended" for row in rows)),
        "slowest_s": max(row.get("seconds", 0.0) for row in rows),
        "largest_mb": max(row.get("peak_mb", 0.0) for row in rows),
    }
    verdict(measured, ASKED, at_most=ASKED)
    if not quick and only is None:
        write_result("decode_damaged", {"asked": ASKED, **measured, "seed": SEED, **summary(rows)})


def summary(rows: list[Row]) -> dict[str, Any]:
    """Counts by family of files, the slowest and the largest, and what was wrong."""
    families: dict[str, dict[str, float]] = collections.defaultdict(lambda: collections.defaultdict(int))
    for row in rows:
        family = row["kind"] if row["kind"].startswith("pngsuite") else row["kind"].split()[0]
        for key in ("all", family):
            families[key]["files"] += 1
            families[key][row.get("ours", row["end"])] += 1
            if row.get("ours") == "refused":
                families[key][f"refused, pillow: {row.get('pillow')}"] += 1
            for figure in ("seconds", "peak_mb"):
                most = max(families[key][f"most {figure}"], row.get(figure, 0.0))
                families[key][f"most {figure}"] = most
    shown = ("number", "kind", "mutation", "ours", "seconds", "peak_mb", "reason")

    def top(key: str) -> list[Row]:
        most = sorted(rows, key=lambda row: row.get(key, 0.0), reverse=True)[:5]
        return [{name: row.get(name) for name in shown} for row in most]

    return {
        "files": {family: dict(sorted(counts.items())) for family, counts in families.items()},
        "slowest": top("seconds"),
        "largest": top("peak_mb"),
        "wrong": [row for row in rows if row["counterexample"]],
    }


def examined(data: bytes) -> Row:
    """What became of one file, and what contradicts the claim (an empty text: nothing)."""
    row = in_a_process(data)
    for _ in range(2):
        if row.get("seconds", 0.0) > ASKED["slowest_s"] / 2:
            row = min(row, in_a_process(data), key=lambda row: row.get("seconds", HANG_S))
    if row["end"] != "ended":
        return row | {"counterexample": row["end"]}
    wrong = []
    if row["ours"] == "raised":
        wrong.append("raised something else")
    if row["stderr"]:
        wrong.append("wrote to stderr")
    if not row["same_from_file"]:
        wrong.append("another result from the file")
    if row["ours"] == "pixels" and row["pillow"] != "pixels":
        wrong.append(f"pixels, but pillow {row['pillow']}")
    if row["ours"] == row["pillow"] == "pixels" and not row["equal"]:
        wrong.append("other pixels than pillow")
    if "fit in the memory" in row["reason"] or row["peak_mb"] > ASKED["largest_mb"]:
        wrong.append("memory")
    return row | {"counterexample": ", ".join(wrong)}


def in_a_process(data: bytes) -> Row:
    """Fork, decode, watch: what the child wrote, whether it crashed or had to be ended."""
    answers, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(answers)
        try:
            work(data, theirs)
        finally:
            os._exit(0)
    os.close(theirs)
    said, end = b"", "ended"
    limit = time.monotonic() + HANG_S
    while True:
        if not select.select([answers], [], [], max(0.0, limit - time.monotonic()))[0]:
            os.kill(child, signal.SIGKILL)
            end = "hung"
            break
        part = os.read(answers, 2**16)
        if not part:
            break
        said += part
    os.close(answers)
    _, status = os.waitpid(child, 0)
    lines = [json.loads(line) for line in said.splitlines()]
    row: Row = {key: value for line in lines for key, value in line.items()}
    if len(lines) == 2:
        return row | {"end": "ended"}
    if len(lines) == 1:  # Pillow alone, in the comparison after the measurement.
        return row | {"end": "ended", "pillow": "hung" if end == "hung" else "crashed"}
    return row | {"end": end if end == "hung" else f"crashed (status {status})"}


def work(data: bytes, answers: int) -> None:
    """In the child: decode from the bytes and from a file, measured; then compare with Pillow."""
    ctypes.CDLL(None).malloc_trim(0)  # Freed memory of the parent would hide what this file takes.
    spoken = os.memfd_create("stderr")
    os.dup2(spoken, 2)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    whole = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + FUSE_BYTES, whole[1]))
    ours, pixels, reason, seconds, peak = measured(lambda: decode(data, name="x"))
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        again = measured(lambda: decode(file.name, name="x"))
    row = {
        "ours": ours,
        "reason": reason,
        "seconds": round(max(seconds, again[3]), 4),
        "peak_mb": round(max(peak, again[4]) / 1e6, 1),
        "same_from_file": (ours, digest(pixels), reason) == (again[0], digest(again[1]), again[2]),
        "stderr": os.fstat(spoken).st_size,
    }
    os.write(answers, json.dumps(row).encode() + b"\n")
    resource.setrlimit(resource.RLIMIT_AS, whole)
    theirs, expected, refusal = outcome(lambda: pixels_of_pillow(data))
    row = {"pillow": theirs, "pillow_reason": refusal, "equal": digest(pixels) == digest(expected)}
    os.write(answers, json.dumps(row).encode() + b"\n")


def measured(call: Callable[[], NDArray[Any]]) -> tuple[str, NDArray[Any] | None, str, float, int]:
    """What a call came to, its seconds, and the bytes by which the peak of this process grew."""
    Path("/proc/self/clear_refs").write_text("5")
    held, begun = memory_of_process("VmRSS"), time.perf_counter()
    kind, pixels, reason = outcome(call)
    return kind, pixels, reason, time.perf_counter() - begun, memory_of_process("VmHWM") - held


def outcome(call: Callable[[], NDArray[Any]]) -> tuple[str, NDArray[Any] | None, str]:
    """Whether it gave pixels, refused with an `ImageError`, or raised something else; and the words."""
    try:
        return "pixels", call(), ""
    except ImageError as error:
        return "refused", None, str(error)
    except Exception as error:
        return "raised", None, f"{type(error).__name__}: {error}"


def memory_of_process(name: str) -> int:
    """A line of /proc/self/status, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise ValueError(name)


def digest(pixels: NDArray[Any] | None) -> str:
    """Shape, type and bytes in a few letters."""
    if pixels is None:
        return "none"
    return f"{pixels.shape} {pixels.dtype} {hashlib.blake2b(pixels.tobytes()).hexdigest()}"


def pixels_of_pillow(data: bytes) -> NDArray[np.uint8]:
    """Pillow's pixels by the statement of `decode`, without Vitral."""
    warnings.simplefilter("ignore")
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        clear = picture.info.get("transparency")
        try:
            turned = ImageOps.exif_transpose(picture)
        except Exception:  # Pillow raises what it likes on a broken block; the picture is whole.
            turned = picture
    if turned.mode.startswith("I"):
        values = np.asarray(turned).astype(float)
        if values.min() < 0 or values.max() > 65535:
            raise ValueError("32 bits")
        grey = np.rint(values / 257)
        if isinstance(clear, int):
            grey[values == clear] = 255
        return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)
    if turned.mode in ("F", "LAB"):
        raise ValueError("no stated result")
    if clear is not None or turned.mode in ("RGBA", "RGBa", "LA", "La", "PA"):
        layer = turned.convert("RGBA")
        paper = Image.new("RGB", layer.size, "white")
        paper.paste(layer, mask=layer.getchannel("A"))
        return np.asarray(paper)
    return np.asarray(turned.convert("RGB"))


if __name__ == "__main__":
    main()

"""Damaged pictures for `decode_damaged.py`: real files of every format, and seeded ways to break them."""

import contextlib
import io
import itertools
import random
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machine import data_folder
from PIL import Image

SOURCES = 8
# Zero, one, the ends of the number types, and between them what still fits into the memory.
EXTREMES = (0, 1, 2, 255, 256, 1000, 2048, 3000, 4096, 4900, 5500, 6500, 7000, 8000, 9999, 10500, 16383)
EXTREMES += (32767, 65500, 65535, 2**16, 2**24 - 1, 2**31 - 1, 2**32 - 1)
RUN = re.compile(rb"(.)\1{0,254}", re.DOTALL)
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Damaged:
    """One broken file."""

    kind: str
    mutation: str
    data: bytes


def _saved(kind: str, mode: str = "RGB", **options: Any) -> Callable[[Image.Image], bytes]:
    def save(photograph: Image.Image) -> bytes:
        with io.BytesIO() as file:
            picture = photograph.convert(mode)
            picture.save(file, kind, **options)
            return file.getvalue()

    return save


def _rotated(kind: str) -> Callable[[Image.Image], bytes]:
    def save(photograph: Image.Image) -> bytes:
        exif = Image.Exif()
        exif[0x010F], exif[0x0112] = "A camera", 2 + sum(photograph.tobytes()[:99]) % 7
        return _saved(kind, exif=exif.tobytes())(photograph)

    return save


def _clear(kind: str, **options: Any) -> Callable[[Image.Image], bytes]:
    def save(photograph: Image.Image) -> bytes:
        photograph.putalpha(photograph.convert("L"))
        return _saved(kind, "RGBA", **options)(photograph)

    return save


def _moving(kind: str) -> Callable[[Image.Image], bytes]:
    def save(photograph: Image.Image) -> bytes:
        turned = photograph.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return _saved(kind, save_all=True, append_images=[turned, photograph], duration=50)(photograph)

    return save


def _deep(photograph: Image.Image) -> bytes:
    wide = photograph.convert("I").point(lambda value: value * 257)
    with io.BytesIO() as file:
        wide.convert("I;16").save(file, "TIFF", compression="tiff_lzw")
        return file.getvalue()


def _wide_ppm(photograph: Image.Image) -> bytes:
    values = b"".join(bytes((value, 255 - value)) for value in photograph.tobytes())
    return b"P6\n%d %d\n65535\n" % photograph.size + values


def _plain_ppm(photograph: Image.Image) -> bytes:
    values = " ".join(str(value) for value in photograph.tobytes())
    return b"P3\n# values as text\n%d %d\n255\n" % photograph.size + values.encode()


def _run_length_bmp(photograph: Image.Image) -> bytes:
    """8 bits, runs of equal pixels; Pillow reads such files but writes none."""
    grey, (width, height) = (
        photograph.convert("L").point([value & 0xF0 for value in range(256)]),
        photograph.size,
    )
    rows = [grey.tobytes()[at : at + width] for at in range(0, width * height, width)]
    body = b""
    for row in reversed(rows):
        body += b"".join(bytes((len(run[0]), run[0][0])) for run in RUN.finditer(row)) + b"\0\0"
    body += b"\0\1"
    palette = b"".join(bytes((value, value, value, 0)) for value in range(256))
    start = 14 + 40 + len(palette)
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(body), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + head + palette + body


MADE: dict[str, Callable[[Image.Image], bytes]] = {
    "jpeg progressive": _saved("JPEG", progressive=True),
    "jpeg 4:4:4": _saved("JPEG", quality=95, subsampling=0, optimize=True),
    "jpeg grey": _saved("JPEG", "L"),
    "jpeg cmyk": _saved("JPEG", "CMYK"),
    "jpeg cmyk progressive": _saved("JPEG", "CMYK", progressive=True),
    "jpeg rotated": _rotated("JPEG"),
    "jpeg restarts": _saved("JPEG", restart_marker_rows=1),
    "png palette": _saved("PNG", "P"),
    "png alpha": _clear("PNG"),
    "png rotated": _rotated("PNG"),
    "webp": _saved("WEBP"),
    "webp lossless": _saved("WEBP", lossless=True, method=0),
    "webp alpha": _clear("WEBP"),
    "webp rotated": _rotated("WEBP"),
    "webp animated": _moving("WEBP"),
    "gif": _saved("GIF", "P"),
    "gif animated": _moving("GIF"),
    "bmp": _saved("BMP"),
    "bmp palette": _saved("BMP", "P"),
    "bmp run-length": _run_length_bmp,
    "tiff": _saved("TIFF"),
    "tiff lzw": _saved("TIFF", compression="tiff_lzw"),
    "tiff deflate": _saved("TIFF", compression="tiff_adobe_deflate"),
    "tiff packbits": _saved("TIFF", compression="packbits"),
    "tiff jpeg": _saved("TIFF", compression="jpeg"),
    "tiff fax": _saved("TIFF", "1", compression="group4"),
    "tiff cmyk": _saved("TIFF", "CMYK", compression="tiff_lzw"),
    "tiff 16 bit": _deep,
    "tiff rotated": _rotated("TIFF"),
    "avif": _saved("AVIF", speed=9),
    "avif rotated": _rotated("AVIF"),
    "jpeg2000": _saved("JPEG2000", quality_layers=[20], irreversible=True),
    "jpeg2000 codestream": _saved("JPEG2000", no_jp2=True),
    "ppm": _saved("PPM"),
    "ppm 16 bit": _wide_ppm,
    "ppm plain": _plain_ppm,
    "ppm grey": _saved("PPM", "L"),
}


def real_files() -> dict[str, list[bytes]]:
    """Whole files by kind: those that are there, and those that Pillow writes of real photographs."""
    photos = _spread(sorted(data_folder("photos").glob("original/*.jpg")))
    files = {
        "jpeg photos": photos,
        "jpeg clothing": _spread(sorted(data_folder("clothing").glob("train/*/*.jpg"))),
        "png mnist": _spread(sorted(data_folder("mnist").glob("*.png"))),
        "png suite": _spread(sorted(data_folder("pngsuite").glob("[!x]*.png")), 3 * SOURCES),
    }
    read = {kind: [path.read_bytes() for path in paths] for kind, paths in files.items()}
    read["png photographs"] = [
        _saved("PNG")(Image.open(path).resize((256, 256)))
        for path in _spread(sorted(data_folder("cid22").glob("*")))
    ]
    for kind, make in MADE.items():
        read[kind] = [make(Image.open(path).convert("RGB")) for path in photos]
    return read


def damaged(count: int, seed: int) -> Iterator[Damaged]:
    """Some broken files: every kind in turn, the mutations in turn, one to three mutations a file."""
    draw, files = random.Random(seed), real_files()
    kinds, mutations = list(files), list(MUTATIONS)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        first = mutations[number // len(kinds) % len(mutations)]
        data = draw.choice(files[kind])
        names = [first, *draw.choices(mutations, k=draw.choice((0, 0, 1, 2)))]
        for name in names:
            other = draw.choice(files[draw.choice((kind, kind, draw.choice(kinds)))])
            data = MUTATIONS[name](draw, data, other) or b"\0"
        if data.startswith(_PNG) and draw.random() < 0.6:
            data, names = _checksums_mended(data), [*names, "mend checksums"]
        yield Damaged(kind, " + ".join(names), data)


def bombs() -> Iterator[Damaged]:
    """Small files of blank pictures about as large as `decode` lets pass, and too large."""
    for much, mutation in ((1.0, "as large as passes"), (2.0, "twice as large")):
        for kind, (mode, side) in BOMBS.items():
            size = int(side * much), side
            name, _, rest = kind.partition(" ")
            options: dict[str, Any] = {"compression": rest} if name == "TIFF" else {}
            options |= {"progressive": True} if rest.endswith("progressive") else {}
            with contextlib.suppress(OSError, ValueError):  # WebP ends at 16383 pixels, for example.
                yield Damaged(f"bomb {kind}", mutation, _saved(name, mode, **options)(Image.new(mode, size)))


BOMBS = {
    "PNG grey": ("L", 10800),
    "PNG bits": ("1", 10800),
    "PNG color": ("RGB", 8100),
    "PNG alpha": ("RGBA", 8100),
    "GIF": ("P", 7600),
    "TIFF tiff_adobe_deflate": ("RGB", 8100),
    "TIFF group4": ("1", 10800),
    "BMP": ("RGB", 4000),
    "PPM": ("RGB", 4000),
    "WEBP": ("RGB", 4900),
    "AVIF": ("RGB", 4900),
    "JPEG2000": ("RGB", 4100),
    "JPEG": ("RGB", 10000),
    "JPEG progressive": ("RGB", 7200),
    "JPEG cmyk progressive": ("CMYK", 5500),
    "JPEG cmyk": ("CMYK", 8000),
}


def _spread(paths: list[Path], count: int = SOURCES) -> list[Path]:
    return paths[:: max(1, len(paths) // count)][:count]


def _flip_bits(draw: random.Random, data: bytes, other: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 8, 64))):
        changed[draw.randrange(_reach(draw, data))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def _overwrite(draw: random.Random, data: bytes, other: bytes) -> bytes:
    at = draw.randrange(_reach(draw, data))
    length = min(draw.choice((1, 2, 4, 16, 256, 4096)), len(data) - at)
    return data[:at] + _run(draw, length) + data[at + length :]


def _truncate(draw: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: draw.choice((draw.randrange(1, len(data) + 1), max(1, len(data) - draw.randrange(1, 40))))]


def _insert(draw: random.Random, data: bytes, other: bytes) -> bytes:
    at, start = draw.randrange(_reach(draw, data)), draw.randrange(len(data))
    length = draw.choice((1, 2, 3, 16, 1000))
    return data[:at] + draw.choice((_run(draw, length), data[start : start + length])) + data[at:]


def _delete(draw: random.Random, data: bytes, other: bytes) -> bytes:
    at = draw.randrange(_reach(draw, data))
    return data[:at] + data[at + draw.choice((1, 2, 3, 16, 1000)) :]


def _claim(draw: random.Random, data: bytes, other: bytes) -> bytes:
    """Set one or two sizes in the head to an extreme."""
    if data[:1] == b"P":
        numbers = list(re.finditer(rb"\d+", data[:20]))[1:]
        if not numbers:
            return data
        number = draw.choice(numbers)
        return data[: number.start()] + str(draw.choice(EXTREMES)).encode() + data[number.end() :]
    changed, fields = bytearray(data), list(_size_fields(data))
    for _ in range(draw.choice((1, 2, 2))):
        if not fields:
            break
        at, form = draw.choice(fields)
        bits = 8 * struct.calcsize(form)
        if at + bits // 8 <= len(data):
            struct.pack_into(form, changed, at, draw.choice(EXTREMES) & (2**bits - 1))
    return _checksums_mended(bytes(changed)) if data.startswith(_PNG) else bytes(changed)


def _swap(draw: random.Random, data: bytes, other: bytes) -> bytes:
    parts = _parts(draw, data)
    one, two = draw.randrange(len(parts)), draw.randrange(len(parts))
    parts[one], parts[two] = parts[two], parts[one]
    return b"".join(parts)


def _repeat(draw: random.Random, data: bytes, other: bytes) -> bytes:
    parts = _parts(draw, data)
    parts.insert(draw.randrange(len(parts) + 1), draw.choice(parts))
    return b"".join(parts)


def _drop(draw: random.Random, data: bytes, other: bytes) -> bytes:
    parts = _parts(draw, data)
    del parts[draw.randrange(len(parts))]
    return b"".join(parts)


def _splice(draw: random.Random, data: bytes, other: bytes) -> bytes:
    if draw.random() < 0.5:
        return data[: draw.randrange(1, len(data) + 1)] + other[draw.randrange(len(other)) :]
    return b"".join(
        (*_parts(draw, data)[: draw.randrange(1, 9)], *_parts(draw, other)[draw.randrange(1, 9) :])
    )


MUTATIONS: dict[str, Callable[[random.Random, bytes, bytes], bytes]] = {
    "flip bits": _flip_bits,
    "overwrite": _overwrite,
    "truncate": _truncate,
    "insert": _insert,
    "delete": _delete,
    "claim": _claim,
    "swap parts": _swap,
    "repeat a part": _repeat,
    "drop a part": _drop,
    "splice": _splice,
}


def _reach(draw: random.Random, data: bytes) -> int:
    """How far in to damage: half of the time only the head, where a flipped bit says the most."""
    return min(len(data), draw.choice((len(data), 600)))


def _run(draw: random.Random, length: int) -> bytes:
    return draw.choice((draw.randbytes(length), b"\0" * length, b"\xff" * length))


def _size_fields(data: bytes) -> Iterator[tuple[int, str]]:
    """Where a head holds sizes, counts and lengths."""
    if data.startswith(b"\xff\xd8"):
        for found in re.finditer(rb"\xff[\xc0-\xc2]\0", data):
            yield from ((found.start() + at, form) for at, form in ((5, ">H"), (7, ">H"), (4, "B"), (9, "B")))
    elif data.startswith(_PNG):
        yield from ((16, ">I"), (20, ">I"), (16, ">I"), (20, ">I"), (24, "B"), (25, "B"), (28, "B"))
    elif data.startswith(b"GIF"):
        descriptor = data.find(b",", 13)
        yield from ((at, "<H") for at in (6, 8, descriptor + 5, descriptor + 7) if descriptor > 0)
    elif data.startswith(b"BM"):
        yield from ((18, "<I"), (22, "<I"), (10, "<I"), (28, "<H"), (30, "<I"), (46, "<I"))
    elif data[:4] in (b"II*\0", b"MM\0*"):
        order = "<" if data[:1] == b"I" else ">"
        (start,) = struct.unpack_from(f"{order}I", data, 4)
        for entry in range(start + 2, min(start + 2 + 12 * 20, len(data)), 12):
            yield from ((entry + 8, f"{order}I"), (entry + 8, f"{order}H"), (entry + 4, f"{order}I"))
    elif data.startswith(b"RIFF"):
        yield from ((4, "<I"), (16, "<I"), (24, "<H"), (26, "<H"), (27, "<H"), (28, "<H"), (21, "<I"))
    for mark, offsets in ((b"ispe", (8, 12)), (b"ihdr", (4, 8)), (b"\xff\x51", (6, 10, 22, 26))):
        for found in re.finditer(re.escape(mark), data[:2000]):
            yield from ((found.start() + at, ">I") for at in offsets)


def _parts(draw: random.Random, data: bytes) -> list[bytes]:
    """A file cut where its format has seams, or into some equal blocks."""
    ends: list[int] = []
    if data.startswith(b"\xff\xd8"):
        ends = [found.start() for found in re.finditer(rb"\xff[\xc0-\xfe]", data)]
    elif data.startswith(_PNG):
        ends = list(_walk(data, len(_PNG), lambda at: 12 + struct.unpack_from(">I", data, at)[0]))
    elif data.startswith(b"RIFF"):
        ends = list(_walk(data, 12, lambda at: 8 + (struct.unpack_from("<I", data, at + 4)[0] + 1 & ~1)))
    elif data[4:8] in (b"ftyp", b"jP  "):
        ends = list(_walk(data, 0, lambda at: max(8, struct.unpack_from(">I", data, at)[0])))
    elif data[:4] in (b"II*\0", b"MM\0*") and draw.random() < 0.7:
        (start,) = struct.unpack_from("<I" if data[:1] == b"I" else ">I", data, 4)
        ends = list(range(start + 2, min(start + 2 + 12 * 20, len(data)), 12))
    if len(ends) < 3:
        size = max(1, len(data) // draw.choice((8, 32, 128)))
        ends = list(range(size, len(data), size))
    edges = [0, *(end for end in ends if 0 < end < len(data)), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


def _walk(data: bytes, at: int, length: Callable[[int], int]) -> Iterator[int]:
    while at + 8 <= len(data):
        yield at
        at += length(at)


def _checksums_mended(data: bytes) -> bytes:
    """A PNG whose chunks have the right checksum again, so that the damage is met farther in."""
    mended = bytearray(data)
    for at in _walk(data, len(_PNG), lambda at: 12 + struct.unpack_from(">I", data, at)[0]):
        close = at + 8 + struct.unpack_from(">I", data, at)[0]
        if close + 4 <= len(data):
            struct.pack_into(">I", mended, close, zlib.crc32(data[at + 4 : close]))
    return bytes(mended)

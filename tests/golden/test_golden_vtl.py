"""A compressed picture of version 1: its latents are read, for ever, as they were written."""

import json
from pathlib import Path

import numpy as np

from vitral.codec import Header, Tables, read_alpha, read_header, read_tiles, write_vtl

HERE = Path(__file__).parent
DIGEST = b"golden\0\1"


def golden():
    arrays = json.loads((HERE / "tables-v1.json").read_text())
    tables = Tables.from_arrays({name: np.array(values) for name, values in arrays.items()})
    return tables, (HERE / "latents-v1.vtl").read_bytes()


def stated_latents(rows, columns):
    c, i, j = np.indices((5, rows, columns))
    found = (3 * c * c + 5 * i * j + 7 * i + j * j) % 11 // (c + 1) - 1
    found[(c + i + j) % 17 == 0] *= -40_000
    found[0, 0, :2] = -(2**31), 2**31 - 1
    return found.astype(np.int32)


def test_the_latents_of_version_1_are_read_as_they_were_written():
    tables, data = golden()
    assert read_header(data) == Header(digest=DIGEST, height=37, width=50, quality=11, grey=True, alpha=True)
    found = np.zeros((5, *tables.grid(37, 50)), np.int32)
    for tile in read_tiles(data, tables, DIGEST):
        assert tile.latents is not None
        found[:, *tile.places] = tile.latents
    assert np.array_equal(found, stated_latents(10, 13))
    rows, columns = np.indices((37, 50))
    disk = np.clip(300 - (rows - 18) ** 2 - (columns - 25) ** 2, 0, 255)
    alpha = read_alpha(data, tables, DIGEST)
    assert alpha is not None
    assert np.array_equal(alpha, disk)


def test_the_same_latents_are_written_with_the_same_bytes():
    tables, data = golden()
    latents = stated_latents(10, 13)
    tiles = (latents[:, *places] for places in tables.tiles(37, 50))
    made = write_vtl(read_header(data), tables, tiles, alpha=read_alpha(data, tables, DIGEST))
    # Deflate may be done by another library, which packs the opacities otherwise.
    assert made[:400] == data[:400]

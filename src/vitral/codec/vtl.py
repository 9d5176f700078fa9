"""The file `.vtl`: a header, tiles of latents with a checksum each, and a plane of opacities.

After the header (see `Header.to_bytes`) comes every tile, row after row, and then, if the header says
so, the plane: a length (7 bits a byte, low ones first, the upper bit says that more follow), a CRC-32
in 4 bytes, little-endian, and so many bytes of payload. The checksum is of the header, the number of
the tile (4 bytes; all ones for the plane), the payload, and what it decodes to (latents as 4-byte
integers, channel by channel; or the pixels). Nothing follows.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from jaxtyping import Int, UInt8
from numpy.typing import NDArray

from vitral.codec.entropy import decode_latents, encode_latents
from vitral.codec.header import HEADER_BYTES, Header, read_header
from vitral.codec.opacity import pack_opacity, unpack_opacity
from vitral.codec.tables import Tables
from vitral.core import FileFormatError, ShapeError

_PLANE_NUMBER = 2**32 - 1
_MOST_LENGTH_BYTES = 4
_CHECKSUM_BYTES = 4
# Lists of so many are no burden, whatever a damaged header says.
_TILES_AT_ANY_SIZE = 2**16


@dataclass(frozen=True, kw_only=True, eq=False)
class Tile:
    """A part of a picture's latents.

    Args:
        row: number of the tile from above, from 0.
        column: number of the tile from the left, from 0.
        places: rows and columns of the latents, in places.
        latents: c x rows x columns; None where the file is damaged and this was to be passed over.
    """

    row: int
    column: int
    places: tuple[slice, slice]
    latents: Int[NDArray[np.int32], "c h w"] | None


def write_vtl(
    header: Header,
    tables: Tables,
    tiles: Iterable[Int[NDArray[np.int32], "c h w"]],
    *,
    alpha: UInt8[NDArray[np.uint8], "h w"] | None = None,
) -> bytes:
    """A compressed picture as the bytes of a file.

    Args:
        header: its size and quality, and what it is made with.
        tables: of the model.
        tiles: the latents of each of `tables.tiles`, in that order; taken one by one.
        alpha: opacities, if the header says that there are.
    Raises:
        ShapeError: tiles, opacities or quality do not fit the header and the tables.
    """
    if header.quality > tables.qualities:
        raise ShapeError(f"write_vtl: there are {tables.qualities} qualities, got quality {header.quality}")
    if (alpha is not None) != header.alpha or (
        alpha is not None and alpha.shape != (header.height, header.width)
    ):
        raise ShapeError("write_vtl: alpha must be there if the header says so, and of the picture's size")
    head = header.to_bytes()
    data = bytearray(head)
    expected = tables.tiles(header.height, header.width)
    for number, (latents, places) in enumerate(zip_longest(tiles, expected)):
        shape = None if places is None else (tables.channels, *_sizes(places))
        if latents is None or shape is None or latents.shape != shape:
            came = None if latents is None else latents.shape
            raise ShapeError(
                f"write_vtl: tile {number} of {len(expected)} must have the shape {shape}, got {came}"
            )
        payload = encode_latents(latents, tables, header.quality - 1)
        data += _section(head, number, payload, latents.astype("<i4"))
    if alpha is not None:
        data += _section(head, _PLANE_NUMBER, pack_opacity(alpha), alpha)
    return bytes(data)


def read_tiles(
    data: bytes | memoryview, tables: Tables, digest: bytes, *, rescue: bool = False
) -> Iterator[Tile]:
    """The tiles of a compressed picture, one by one.

    Every tile is checked before it is given; that the file is whole is checked before the first.

    Args:
        data: the file.
        tables: of the model.
        digest: first 8 bytes of the digest of the model file.
        rescue: give damaged tiles without latents instead of an error.
    Raises:
        FileFormatError: no `.vtl` file, a newer version, another model, cut short, damaged, or
            something follows.
    """
    header, sections, tiles = _opened(data, tables, digest, rescue=rescue)
    head = bytes(data[:HEADER_BYTES])
    for number, (section, places) in enumerate(zip_longest(sections[: len(tiles)], tiles)):
        row, column = (place.start // tables.tile for place in places)
        try:
            latents = None
            if section is not None:
                shape = (tables.channels, *_sizes(places))
                latents = decode_latents(section.payload, shape, tables, header.quality - 1)
                section.check(head, number, latents.astype("<i4"))
        except FileFormatError as error:
            if not rescue:
                raise FileFormatError(
                    f"the .vtl file is damaged in tile {row}, {column} (row and column, from 0, of "
                    f"{tables.tile * tables.stride} px each): {error}"
                ) from error
            latents = None
        yield Tile(row=row, column=column, places=places, latents=latents)


def read_alpha(
    data: bytes | memoryview, tables: Tables, digest: bytes, *, rescue: bool = False
) -> UInt8[NDArray[np.uint8], "h w"] | None:
    """The opacities of a compressed picture; None where it has none.

    Args:
        data: the file.
        tables: of the model.
        digest: first 8 bytes of the digest of the model file.
        rescue: None for damaged opacities too, instead of an error.
    Raises:
        FileFormatError: see `read_tiles`.
    """
    header, sections, tiles = _opened(data, tables, digest, rescue=rescue)
    if not header.alpha or len(sections) <= len(tiles):
        return None
    section = sections[-1]
    try:
        plane = unpack_opacity(section.payload, header.height, header.width)
        section.check(bytes(data[:HEADER_BYTES]), _PLANE_NUMBER, plane)
    except FileFormatError as error:
        if rescue:
            return None
        raise FileFormatError(f"the .vtl file is damaged in its opacities: {error}") from error
    return plane


@dataclass(frozen=True, kw_only=True)
class _Section:
    """A payload and its checksum."""

    payload: memoryview
    checksum: int

    def check(self, head: bytes, number: int, content: NDArray[np.generic]) -> None:
        if _checksum(head, number, self.payload, content) != self.checksum:
            raise FileFormatError("its checksum is wrong; copy the file again from its source")


def _opened(
    data: bytes | memoryview, tables: Tables, digest: bytes, *, rescue: bool
) -> tuple[Header, list[_Section], list[tuple[slice, slice]]]:
    header = read_header(data)
    if header.digest != digest:
        raise FileFormatError(
            f"the .vtl file was compressed with another model: with {header.digest.hex()}, and this is "
            f"{digest.hex()}; name the run or model file it was made with (--model)"
        )
    if header.quality > tables.qualities:
        raise FileFormatError(
            f"the .vtl file is damaged: its quality is {header.quality}, the model has {tables.qualities}"
        )
    rows, columns = tables.grid(header.height, header.width)
    number = -(-rows // tables.tile) * -(-columns // tables.tile)
    if number > max(len(data), _TILES_AT_ANY_SIZE):
        raise FileFormatError(
            f"the .vtl file is cut short or damaged: {len(data):,} bytes cannot hold {number:,} tiles"
        )
    tiles = tables.tiles(header.height, header.width)
    try:
        return header, _sections(memoryview(data), len(tiles) + header.alpha), tiles
    except _Broken as broken:
        if rescue:
            return header, broken.sections[: len(tiles) + header.alpha], tiles
        raise FileFormatError(str(broken)) from None


class _Broken(Exception):
    """The file does not hold what its header says; what was found before is kept."""

    def __init__(self, words: str, sections: list[_Section]) -> None:
        super().__init__(words)
        self.sections = sections


def _sections(data: memoryview, number: int) -> list[_Section]:
    found: list[_Section] = []
    at = HEADER_BYTES
    while len(found) < number:
        length, at = _length(data, at)
        begin = at + _CHECKSUM_BYTES
        if length is None or begin + length > len(data):
            words = f"the .vtl file is cut short or damaged: it ends inside part {len(found) + 1} of {number}"
            raise _Broken(words, found)
        checksum = int.from_bytes(data[at:begin], "little")
        found.append(_Section(payload=data[begin : begin + length], checksum=checksum))
        at = begin + length
    if at != len(data):
        raise _Broken(f"the .vtl file is damaged: {len(data) - at:,} bytes follow its end", found)
    return found


def _section(head: bytes, number: int, payload: bytes, content: NDArray[np.generic]) -> bytes:
    checksum = _checksum(head, number, payload, content)
    return _length_bytes(len(payload)) + checksum.to_bytes(_CHECKSUM_BYTES, "little") + payload


def _checksum(head: bytes, number: int, payload: bytes | memoryview, content: NDArray[np.generic]) -> int:
    total = zlib.crc32(number.to_bytes(4, "little"), zlib.crc32(head))
    return zlib.crc32(np.ascontiguousarray(content).data, zlib.crc32(payload, total))


def _length_bytes(length: int) -> bytes:
    digits = bytearray()
    while length >= 128:
        digits.append(128 | length & 127)
        length >>= 7
    return bytes([*digits, length])


def _length(data: memoryview, at: int) -> tuple[int | None, int]:
    """A length and where it ends; None: there is none, or it was not written in the fewest bytes."""
    length = 0
    for number, digit in enumerate(data[at : at + _MOST_LENGTH_BYTES]):
        length |= (digit & 127) << 7 * number
        if digit < 128:
            return (None if number and digit == 0 else length), at + number + 1
    return None, at


def _sizes(places: tuple[slice, slice]) -> tuple[int, int]:
    rows, columns = places
    return rows.stop - rows.start, columns.stop - columns.start

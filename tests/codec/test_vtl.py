"""The file of a compressed picture: small, whole, and any damage is found and named."""

import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitral.codec import Header, Tables, decode_latents, read_alpha, read_header, read_tiles, write_vtl
from vitral.core import FileFormatError, ShapeError

DIGEST = bytes(range(1, 9))
HEADER_BYTES = 17


def made_file(tables, latents, *, quality=3, height=None, width=None, alpha=None, grey=False):
    """The file of one picture's latents."""
    rows, columns = latents.shape[1:]
    header = Header(
        digest=DIGEST,
        height=height or rows * tables.stride,
        width=width or columns * tables.stride,
        quality=quality,
        grey=grey,
        alpha=alpha is not None,
    )
    tiles = (latents[:, *places] for places in tables.tiles(header.height, header.width))
    return write_vtl(header, tables, tiles, alpha=alpha)


def all_of(data, tables, *, rescue=False):
    """Latents put together, tiles that are missing, and opacities."""
    header = read_header(data)
    latents = np.full((tables.channels, *tables.grid(header.height, header.width)), 99, np.int32)
    missing = []
    for tile in read_tiles(data, tables, DIGEST, rescue=rescue):
        if tile.latents is None:
            missing.append((tile.row, tile.column))
        else:
            latents[:, *tile.places] = tile.latents
    return latents, missing, read_alpha(data, tables, DIGEST, rescue=rescue)


def same_plane(one, other):
    return (one is None) == (other is None) and (one is None or bool((one == other).all()))


def some_alpha(seed, height, width):
    random = np.random.default_rng(seed)
    return random.choice([0, 128, 255], (height, width)).astype(np.uint8)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    height=st.integers(1, 80),
    width=st.integers(1, 80),
    quality=st.integers(1, 16),
    grey=st.booleans(),
    with_alpha=st.booleans(),
)
def test_a_picture_comes_back_from_its_file(
    tables_of, latents_of, seed, height, width, quality, grey, with_alpha
):
    tables = tables_of(seed % 50)
    latents = latents_of(seed, tables.channels, *tables.grid(height, width))
    alpha = some_alpha(seed, height, width) if with_alpha else None
    data = made_file(tables, latents, quality=quality, height=height, width=width, alpha=alpha, grey=grey)
    header = read_header(data[:HEADER_BYTES])
    assert (header.height, header.width, header.quality) == (height, width, quality)
    assert (header.grey, header.alpha, header.digest) == (grey, with_alpha, DIGEST)
    found, missing, plane = all_of(data, tables)
    assert missing == []
    assert np.array_equal(found, latents)
    assert same_plane(plane, alpha)


def test_a_picture_of_one_tile_takes_23_bytes_more_than_its_latents(tables_of, latents_of):
    tables, latents = tables_of(1), latents_of(1, 6, 3, 2, strength=0.3)
    data = made_file(tables, latents)
    payload = data[HEADER_BYTES + 5 :]
    assert len(data) - len(payload) == 22
    assert data[HEADER_BYTES] == len(payload) < 128
    assert np.array_equal(decode_latents(payload, (6, 3, 2), tables, 2), latents)


def test_the_bytes_of_a_file_are_those_that_the_format_states(tables_of):
    tables, latents = tables_of(1), np.zeros((6, 1, 1), np.int32)
    data = made_file(tables, latents, quality=9, height=3, width=2, grey=True)
    head = b"VTL" + bytes([0x11, 0x81]) + DIGEST + bytes([3, 0, 2, 0])
    assert data[:HEADER_BYTES] == head
    payload = data[HEADER_BYTES + 5 :]
    checksum = zlib.crc32(head + bytes(4) + payload + bytes(24))
    assert data[HEADER_BYTES:] == bytes([len(payload)]) + checksum.to_bytes(4, "little") + payload


@pytest.fixture(scope="module")
def small(tables_of, latents_of) -> tuple[Tables, bytes]:
    """Tables, and a file of 2 x 2 tiles with opacities."""
    tables = replace(tables_of(2), tile=2)
    latents = latents_of(3, 6, 3, 4, strength=1.0)
    return tables, made_file(tables, latents, height=10, width=15, alpha=some_alpha(1, 10, 15))


def test_every_flipped_bit_is_an_error(small):
    tables, data = small
    reasons = set()
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            with pytest.raises(FileFormatError) as found:
                all_of(bytes(changed), tables)
            reasons.add(str(found.value)[:30])
    assert len(reasons) >= 5


def test_every_truncation_is_an_error(small):
    tables, data = small
    for length in range(len(data)):
        with pytest.raises(FileFormatError, match=r"cut short|no \.vtl file"):
            all_of(data[:length], tables)


@pytest.mark.parametrize("more", [b"\0", b"VTL", bytes(1000)])
def test_bytes_behind_the_end_are_an_error(small, more):
    tables, data = small
    with pytest.raises(FileFormatError, match=f"damaged: {len(more):,} bytes follow its end"):
        all_of(data + more, tables)


def test_tiles_that_changed_places_are_an_error(tables_of):
    tables = replace(tables_of(2), tile=1)
    latents = np.zeros((6, 1, 2), np.int32)
    latents[:, 0, 1] = 1
    parts = [made_file(tables, latents), made_file(tables, latents[:, :, ::-1].copy())]
    assert len(parts[0]) == len(parts[1])
    at = HEADER_BYTES + 5 + parts[0][HEADER_BYTES]
    first, second = parts[0][HEADER_BYTES:at], parts[0][at:]
    with pytest.raises(FileFormatError, match=r"damaged in tile 0, 0 .*its checksum is wrong"):
        all_of(parts[0][:HEADER_BYTES] + second + first, tables)


def test_a_damaged_tile_is_named_and_the_others_can_be_rescued(tables_of, latents_of):
    tables = replace(tables_of(2), tile=2)
    latents = latents_of(3, 6, 5, 6)
    data = bytearray(made_file(tables, latents, alpha=some_alpha(1, 20, 24)))
    at = HEADER_BYTES
    for _ in range(4):
        at += 5 + data[at]
    data[at + 7] ^= 4
    with pytest.raises(
        FileFormatError, match=r"damaged in tile 1, 1 \(row and column, from 0, of 8 px each\)"
    ):
        all_of(bytes(data), tables)
    found, missing, alpha = all_of(bytes(data), tables, rescue=True)
    assert missing == [(1, 1)]
    latents[:, 2:4, 2:4] = 99
    assert np.array_equal(found, latents)
    assert same_plane(alpha, some_alpha(1, 20, 24))
    with pytest.raises(FileFormatError, match="damaged in its opacities: it"):
        read_alpha(bytes([*data[:-12], data[-12] ^ 1, *data[-11:]]), tables, DIGEST)


def test_of_a_file_that_was_cut_short_the_beginning_can_be_rescued(small):
    tables, data = small
    whole, _, _ = all_of(data, tables)
    at = HEADER_BYTES + 5 + data[HEADER_BYTES]
    found, missing, alpha = all_of(data[: at + 2], tables, rescue=True)
    assert missing == [(0, 1), (1, 0), (1, 1)]
    assert np.array_equal(found[:, :2, :2], whole[:, :2, :2])
    assert alpha is None
    assert all_of(data + b"more", tables, rescue=True)[1] == []


@settings(max_examples=200)
@given(place=st.integers(0, 10**6), change=st.binary(min_size=1, max_size=20), cut=st.integers(0, 40))
def test_rescue_never_gives_wrong_latents(small, place, change, cut):
    tables, data = small
    whole, _, plane = all_of(data, tables)
    changed = bytearray(data)
    place %= len(data)
    changed[place : place + len(change)] = change
    changed = bytes(changed[: len(changed) - cut])
    try:
        found, missing, alpha = all_of(changed, tables, rescue=True)
    except FileFormatError:  # The header itself.
        found, missing, alpha = whole, [(0, 0)], None
    for row, column in np.ndindex(2, 2):
        if (row, column) not in missing:
            places = (slice(None), slice(2 * row, 2 * row + 2), slice(2 * column, 2 * column + 2))
            assert np.array_equal(found[places], whole[places])
    assert alpha is None or same_plane(alpha, plane)


def test_another_model_is_named_with_the_way_out(small):
    tables, data = small
    words = r"with another model: with 0102030405060708, and this is 0{16}; name the run .*\(--model\)"
    for rescue in (False, True):
        with pytest.raises(FileFormatError, match=words):
            next(read_tiles(data, tables, bytes(8), rescue=rescue))
    with pytest.raises(FileFormatError, match=words):
        read_alpha(data, tables, bytes(8))


def test_a_quality_that_the_model_lacks_is_an_error(tables_of, latents_of):
    tables, latents = tables_of(1), latents_of(1, 6, 2, 2)
    fewer = tables_of(1, qualities=4)
    data = made_file(tables, latents, quality=5)
    with pytest.raises(FileFormatError, match="damaged: its quality is 5, the model has 4"):
        all_of(data, fewer)
    with pytest.raises(ShapeError, match="write_vtl: there are 4 qualities, got quality 5"):
        made_file(fewer, latents, quality=5)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", r"this is no \.vtl file: it does not begin with VTL"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), r"this is no \.vtl file"),
        (b"VTL\x11", r"cut short: it ends inside its header \(4 bytes\)"),
        (b"VTL\x21" + bytes(13), r"version 2 of the format, this Vitral reads up to 1; update Vitral"),
        (b"VTL\x12" + bytes(13), r"version 2 of the coder, this Vitral reads up to 1; update Vitral"),
        (b"VTL\x01" + bytes(13), r"damaged: there is no version 0 of the format"),
        (b"VTL\x11\x04" + bytes(12), r"unknown flags"),
        (b"VTL\x11" + bytes(13), r"damaged: a compressed picture: its sides must lie in \[1, 65,535\] px"),
        (b"VTL\x11" + bytes(9) + b"\xff" * 4, r"damaged: .* at most 178,956,970 pixels"),
    ],
)
def test_what_is_no_readable_file_is_told_by_its_header(data, words):
    with pytest.raises(FileFormatError, match=words):
        read_header(data)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"height": 65_536}, r"its sides must lie in \[1, 65,535\] px, got 4 x 65,536; cut it into parts"),
        ({"width": 0}, r"its sides must lie in \[1, 65,535\] px, got 0 x 4"),
        ({"width": 60_000, "height": 60_000}, r"at most 178,956,970 pixels, got 60,000 x 60,000"),
        ({"quality": 17}, r"a quality in \[1, 16\], got 8 bytes and quality 17"),
        ({"digest": b"short"}, r"needs 8 bytes of digest .* got 5 bytes"),
    ],
)
def test_a_header_that_cannot_be_written_is_refused(change, words):
    with pytest.raises(ShapeError, match=words):
        Header(**({"digest": DIGEST, "height": 4, "width": 4, "quality": 1} | change))


def test_tiles_and_opacities_must_fit_the_header(tables_of, latents_of):
    tables, latents = tables_of(1), latents_of(1, 6, 2, 2)
    header = Header(digest=DIGEST, height=8, width=8, quality=1)
    for tiles, words in (
        ([], r"tile 0 of 1 must have the shape \(6, 2, 2\), got None"),
        ([latents[:, :1]], r"tile 0 of 1 must have the shape \(6, 2, 2\), got \(6, 1, 2\)"),
        ([latents, latents], r"tile 1 of 1 must have the shape None, got \(6, 2, 2\)"),
    ):
        with pytest.raises(ShapeError, match=words):
            write_vtl(header, tables, tiles)
    for head, alpha in ((header, np.zeros((8, 8), np.uint8)), (replace(header, alpha=True), None)):
        with pytest.raises(ShapeError, match="alpha must be there if the header says so"):
            write_vtl(head, tables, [latents], alpha=alpha)
    with pytest.raises(ShapeError, match="of the picture's size"):
        write_vtl(replace(header, alpha=True), tables, [latents], alpha=np.zeros((8, 7), np.uint8))


def test_a_few_bytes_that_claim_many_tiles_are_refused_at_once(tables_of):
    tables = replace(tables_of(1), stride=1, tile=1)
    data = Header(digest=DIGEST, height=13_000, width=13_000, quality=1).to_bytes() + bytes(100)
    for rescue in (False, True):
        with pytest.raises(FileFormatError, match="117 bytes cannot hold 169,000,000 tiles"):
            next(read_tiles(data, tables, DIGEST, rescue=rescue))


def test_a_length_of_more_bytes_than_needed_is_an_error(tables_of):
    tables, latents = tables_of(1), np.zeros((6, 1, 1), np.int32)
    data = made_file(tables, latents)
    longer = data[:HEADER_BYTES] + bytes([128 | data[HEADER_BYTES], 0]) + data[HEADER_BYTES + 1 :]
    with pytest.raises(FileFormatError, match="cut short or damaged: it ends inside part 1 of 1"):
        all_of(longer, tables)
    endless = data[:HEADER_BYTES] + b"\xff" * 20
    with pytest.raises(FileFormatError, match="cut short or damaged: it ends inside part 1 of 1"):
        all_of(endless, tables)


def test_tiles_are_taken_and_given_one_by_one(tables_of, latents_of):
    tables = replace(tables_of(1), tile=1)
    latents = latents_of(1, 6, 1, 5)
    seen = []

    def tiles():
        for column in range(5):
            seen.append(column)
            yield latents[:, :, column : column + 1]

    data = write_vtl(Header(digest=DIGEST, height=4, width=20, quality=1), tables, tiles())
    assert seen == [0, 1, 2, 3, 4]
    broken = bytearray(data)
    broken[-1] ^= 1
    tiles_of_broken = read_tiles(bytes(broken), tables, DIGEST)
    assert [next(tiles_of_broken).column for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(FileFormatError, match="damaged in tile 0, 4"):
        next(tiles_of_broken)

"""Latents to bytes and back: equal, small, in any process, and never more than an error."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vitral.codec import FRACTION_BITS, TAPS, Tables, contexts, decode_latents, encode_latents
from vitral.codec.coder import coder
from vitral.codec.shortest import shortest_bytes
from vitral.codec.waves import waves
from vitral.core import FileFormatError, ShapeError

SHAPES = [(1, 1), (1, 7), (7, 1), (2, 2), (3, 40), (40, 3), (13, 17), (40, 40)]
GROUPS = [(1,), (5,), (2, 3, 1), (1, 1, 1, 1)]
INT32 = st.integers(-(2**31), 2**31 - 1)


def checked_after_coding(latents, tables, quality):
    data = encode_latents(latents, tables, quality)
    found = decode_latents(data, latents.shape, tables, quality)
    assert found.dtype == np.int32
    assert np.array_equal(found, latents)
    return data


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.sampled_from(SHAPES) | st.tuples(st.integers(1, 12), st.integers(1, 12)),
    groups=st.sampled_from(GROUPS),
    quality=st.integers(0, 15),
    strength=st.sampled_from([0.0, 0.3, 3.0, 300.0, 1e6]),
)
def test_latents_come_back_equal(tables_of, latents_of, seed, shape, groups, quality, strength):
    tables = tables_of(seed, groups=groups)
    checked_after_coding(latents_of(seed, tables.channels, *shape, strength=strength), tables, quality)


@settings(max_examples=60)
@given(
    latents=arrays(
        np.int32,
        st.tuples(st.just(3), st.integers(1, 5), st.integers(1, 5)),
        elements=INT32 | st.sampled_from([0, 0, 0, -(2**31), 2**31 - 1, 2**18, -(2**18) - 1, 65535, 65536]),
    ),
    seed=st.integers(0, 99),
)
def test_huge_values_come_back_equal(tables_of, latents, seed):
    checked_after_coding(latents, tables_of(seed, groups=(2, 1)), 3)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_value_of_every_number_of_bits_comes_back(tables_of, sign):
    values = [sign * n for k in range(31) for n in (2**k - 1, 2**k, 2**k + 1)] + [-(2**31)]
    checked_after_coding(np.array(values, np.int32).reshape(1, 1, -1), tables_of(5, groups=(1,)), 0)


def largest_tables(tables_of, sign):
    """The largest weights that are allowed, all of one sign."""
    plain = tables_of(1, groups=(2, 2)).to_arrays()
    for kind in ("mean", "scale"):
        plain[f"{kind}_bias"] = np.full((16, 4), sign * (2**31 - 1))
        plain[f"{kind}_taps"] = np.full((4, 6), sign * (2**33 // 10 - 2))
        plain[f"{kind}_cross"] = np.full((4, 4), sign * (2**33 // 10 - 2))
    return Tables.from_arrays(plain)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("value", [2**31 - 1, -(2**31), 3])
def test_the_largest_weights_and_values_come_back_equal(tables_of, sign, value):
    checked_after_coding(np.full((4, 6, 6), value, np.int32), largest_tables(tables_of, sign), 7)


def plain_contexts(latents, tables, quality):
    """Every context by itself, with Python's integers."""
    channels, height, width = latents.shape
    group = np.repeat(np.arange(len(tables.groups)), tables.groups)

    def at(channel, row, column):
        inside = 0 <= row < height and 0 <= column < width
        return int(np.clip(latents[channel, row, column], -(2**18), 2**18)) if inside else 0

    numbers, means = np.empty(latents.shape, np.int64), np.empty(latents.shape, np.int64)
    for c, i, j in np.ndindex(*latents.shape):
        near = [at(c, i + row, j + column) for row, column in TAPS]
        others = [(d, at(d, i, j)) for d in range(channels) if group[d] < group[c]]
        sums = []
        for kind, of in (("mean", lambda v: v), ("scale", lambda v: min(abs(v), 255))):
            bias, taps, cross = (getattr(tables, f"{kind}_{part}") for part in ("bias", "taps", "cross"))
            total = int(bias[quality, c]) + sum(int(w) * of(v) for w, v in zip(taps[c], near, strict=True))
            sums.append(total + sum(int(cross[c, d]) * of(v) for d, v in others))
        half = 1 << (FRACTION_BITS - 1)
        means[c, i, j] = np.clip((sums[0] + half) >> FRACTION_BITS, -(2**30), 2**30)
        numbers[c, i, j] = np.searchsorted(tables.edges, sums[1], side="right")
    return numbers, means


@pytest.mark.parametrize("strength", [1.0, 1e5])
def test_contexts_are_the_sums_that_the_format_states(tables_of, latents_of, strength):
    tables = tables_of(3)
    latents = latents_of(4, 6, 5, 7, strength=strength)
    for found, stated in zip(contexts(latents, tables, 2), plain_contexts(latents, tables, 2), strict=True):
        assert np.array_equal(found, stated)


def test_contexts_of_the_largest_weights_are_exact(tables_of):
    latents = np.random.default_rng(0).integers(-(2**31), 2**31, (4, 4, 5), dtype=np.int32)
    for sign in (1, -1):
        tables = largest_tables(tables_of, sign)
        numbers, means = contexts(latents, tables, 0)
        stated = plain_contexts(latents, tables, 0)
        assert np.array_equal(numbers, stated[0])
        assert np.array_equal(means, stated[1])


@pytest.mark.parametrize("size", SHAPES)
def test_all_neighbors_of_a_place_are_in_earlier_waves(size):
    height, width = size
    order = waves(height, width)
    assert sorted(order.places.tolist()) == list(range(height * width))
    wave_of = {}
    for number, (begin, end) in enumerate(zip(order.begins, order.begins[1:], strict=False)):
        assert end > begin
        wave_of |= dict.fromkeys(order.places[begin:end].tolist(), number)
    for row, column in np.ndindex(height, width):
        for down, right in TAPS:
            i, j = row + down, column + right
            if i >= 0 and 0 <= j < width:
                assert wave_of[i * width + j] < wave_of[row * width + column]


def ideal_bits(latents, tables, quality):
    numbers, means = contexts(latents, tables, quality)
    bits = 0.0
    for number, symbol in zip(numbers.reshape(-1), (latents - means).reshape(-1), strict=True):
        counts, place = tables.counts[number], int(symbol - tables.lows[number])
        held = 0 <= place < len(counts) - 1
        bits -= np.log2(counts[place if held else -1] / counts.sum())
        # Sign and number of bits in one of 66 symbols, then the bits.
        bits += 0 if held else np.log2(66) + int(np.log2(abs(symbol) + 1))
    return bits


@pytest.mark.parametrize("strength", [0.2, 2.0, 40.0])
def test_a_tile_takes_the_bits_that_its_tables_promise(tables_of, latents_of, strength):
    tables = tables_of(11, groups=(8, 8), tables=20)
    latents = latents_of(12, 16, 32, 32, strength=strength)
    ideal = ideal_bits(latents, tables, 5) / 8
    # The coder rounds probabilities to 24 bits, which makes the rarest a little more probable.
    assert len(encode_latents(latents, tables, 5)) == pytest.approx(ideal, rel=0.003, abs=2)


@pytest.mark.parametrize(("side", "most"), [(1, 1), (8, 1), (32, 4)])
def test_a_tile_of_zeros_takes_next_to_nothing(side, most):
    channels = 192
    zeros = {"mean_bias": (1, channels), "mean_taps": (channels, 6), "mean_cross": (channels, channels)}
    weights = {name: np.zeros(shape, np.int32) for name, shape in zeros.items()}
    scales = {name.replace("mean", "scale"): array for name, array in weights.items()}
    counts = np.array([1, 2**20 - 3, 1, 1], np.int32)
    tables = Tables(
        stride=16,
        tile=32,
        groups=(48,) * 4,
        edges=np.zeros(0, np.int64),
        lows=np.array([-1]),
        counts=(counts,),
        **weights,
        **scales,
    )
    data = checked_after_coding(np.zeros((channels, side, side), np.int32), tables, 0)
    assert len(data) <= most


@given(seed=st.integers(0, 2**32 - 1), zeros=st.integers(0, 40))
def test_zeros_behind_the_bytes_change_nothing(tables_of, latents_of, seed, zeros):
    tables, latents = tables_of(seed), latents_of(seed, 6, 4, 5)
    data = encode_latents(latents, tables, 1)
    assert not data.endswith(b"\0")
    assert np.array_equal(decode_latents(data + bytes(zeros), latents.shape, tables, 1), latents)


@settings(max_examples=300)
@given(
    counts=st.lists(st.integers(1, 2**17), min_size=2, max_size=6),
    draws=st.lists(st.integers(0, 2**24), max_size=40),
)
def test_the_shortest_bytes_still_hold_the_message(counts, draws):
    model = coder().model.Categorical(np.array(counts, np.float32), perfect=False)
    symbols = np.array([draw % len(counts) for draw in draws], np.int32)
    encoder = coder().queue.RangeEncoder()
    encoder.encode(symbols, model)
    data = shortest_bytes(encoder)
    assert len(data) <= 4 * len(encoder.get_compressed())
    words = np.frombuffer(data + bytes(-len(data) % 4 + 8), ">u4").astype(np.uint32)
    decoder = coder().queue.RangeDecoder(words)
    assert decoder.decode(model, len(symbols)).tolist() == symbols.tolist()


@given(data=st.binary(max_size=200), seed=st.integers(0, 20))
def test_any_bytes_give_latents_or_one_clear_error(tables_of, data, seed):
    try:
        found = decode_latents(data, (6, 5, 4), tables_of(seed), 0)
    except FileFormatError as error:
        found, words = np.zeros((6, 5, 4)), str(error)
    else:
        words = ""
    assert found.shape == (6, 5, 4)
    assert words in ("", "its bytes are those of no latents", "its latents are out of range")


def test_a_value_beyond_32_bits_is_refused(tables_of):
    tables = tables_of(1, groups=(1,), tables=2)
    encoder = coder().queue.RangeEncoder()
    numbers, _ = contexts(np.zeros((1, 1, 1), np.int32), tables, 0)
    counts = tables.counts[numbers.item()]
    model = coder().model.Categorical(counts.astype(np.float32), perfect=False)
    encoder.encode(np.array([len(counts) - 1], np.int32), model)
    encoder.encode(np.array([2 * 32], np.int32), coder().model.Uniform(66))
    with pytest.raises(FileFormatError, match="latents are out of range"):
        decode_latents(shortest_bytes(encoder), (1, 1, 1), tables, 0)


@pytest.mark.parametrize("shape", [(5, 4, 4), (6, 0, 4), (6, 4)])
def test_latents_of_another_shape_are_refused(tables_of, shape):
    with pytest.raises(ShapeError, match=r"latents: must be 6 x rows x columns, got \("):
        encode_latents(np.zeros(shape, np.int32), tables_of(1), 0)
    with pytest.raises(ShapeError, match=r"latents: must be 6 x rows x columns, got \("):
        decode_latents(b"", shape, tables_of(1), 0)


def test_threads_may_share_tables(tables_of, latents_of):
    tables = tables_of(21, groups=(8, 8))
    tiles = [latents_of(seed, 16, 8, 8) for seed in range(16)]
    alone = [encode_latents(tile, tables, 4) for tile in tiles]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda tile: encode_latents(tile, tables, 4), tiles))
        back = list(pool.map(lambda data: decode_latents(data, (16, 8, 8), tables, 4), alone))
    assert together == alone
    assert all(map(np.array_equal, back, tiles))


def test_another_process_decodes_equal_latents(tables_of, latents_of, tmp_path: Path):
    tables, latents = tables_of(31, groups=(16, 16)), latents_of(32, 32, 9, 11)
    data = encode_latents(latents, tables, 6)
    np.savez(tmp_path / "tables.npz", allow_pickle=False, **tables.to_arrays())
    (tmp_path / "data").write_bytes(data)
    script = (
        "import sys, hashlib, numpy as np; from vitral.codec import Tables, decode_latents\n"
        "tables = Tables.from_arrays(np.load(sys.argv[1] + '/tables.npz'))\n"
        "data = open(sys.argv[1] + '/data', 'rb').read()\n"
        "print(hashlib.sha256(decode_latents(data, (32, 9, 11), tables, 6).tobytes()).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == hashlib.sha256(latents.tobytes()).hexdigest()

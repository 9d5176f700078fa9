"""Latents of one tile to bytes and back, with an entropy coder."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from vitral.codec.coder import coder
from vitral.codec.contexts import Weights, contexts, known
from vitral.codec.escapes import read_escaped, write_escaped
from vitral.codec.shortest import shortest_bytes
from vitral.codec.tables import Tables
from vitral.codec.waves import PAD, Waves, waves
from vitral.core import FileFormatError, ShapeError

# The decoder reads two words at once; more zeros than it ever looks at.
_ZEROS = bytes(16)


def encode_latents(latents: Int[NDArray[np.int32], "c h w"], tables: Tables, quality: int) -> bytes:
    """The latents of one tile as bytes.

    Symbols are written in the order in which `decode_latents` can know their contexts: wave by wave
    of places (see `Waves`), in a wave group by group of channels, and in such a step all symbols of
    one table together, in the order of places and channels. What is beyond the tables follows the
    step. Zeros at the end are left out.

    Args:
        latents: whole numbers of 32 bits.
        tables: of the model.
        quality: number of the quality, from 0.
    Raises:
        ShapeError: not the tables' number of channels, or no places at all.
    Source:
        Range coding by the library constriction (Bamler 2022, arXiv:2201.01741).
    """
    _check_shape(latents.shape, tables)
    encoder = coder().queue.RangeEncoder()
    models = _models(tables)
    message = _message(latents, tables, quality)
    escaped = 0
    for step, runs in enumerate(message.runs):
        for number, begin, end in runs:
            encoder.encode(message.coded[begin:end], models.of_table[number])
        if number := message.escaped_of_step[step]:
            write_escaped(encoder, message.escaped[escaped : escaped + number])
            escaped += number
    return shortest_bytes(encoder)


def decode_latents(
    data: bytes | memoryview, shape: tuple[int, int, int], tables: Tables, quality: int
) -> Int[NDArray[np.int32], "c h w"]:
    """The latents that `encode_latents` wrote.

    Damaged bytes give other latents, or an error; the checksum of a file tells.

    Args:
        data: the bytes.
        shape: channels, rows and columns of the tile.
        tables: of the model.
        quality: number of the quality, from 0.
    Raises:
        FileFormatError: the bytes cannot come from `encode_latents`.
        ShapeError: not the tables' number of channels, or no places at all.
    """
    _check_shape(shape, tables)
    data = bytes(data) + _ZEROS
    words = np.frombuffer(data[: len(data) // 4 * 4], dtype=">u4").astype(np.uint32)
    try:
        latents = _decoded(coder().queue.RangeDecoder(words), shape, tables, quality)
    except AssertionError as error:  # What the library raises at numbers no encoder writes.
        raise FileFormatError("its bytes are those of no latents") from error
    if latents.min() < -(2**31) or latents.max() >= 2**31:
        raise FileFormatError("its latents are out of range")
    return latents.T.reshape(shape).astype(np.int32)


def _decoded(
    decoder: Any, shape: tuple[int, int, int], tables: Tables, quality: int
) -> Float[NDArray[np.float64], "p c"]:
    channels, height, width = shape
    order, weights, models = waves(height, width), Weights.of(tables, quality), _models(tables)
    seen = np.zeros((2, (height + PAD) * (width + 2 * PAD), channels))
    latents = np.empty((height * width, channels))
    for begin, end in zip(order.begins, order.begins[1:], strict=False):
        total = (seen[:, order.near[begin:end]] * weights.taps[:, None]).sum(2)
        total += weights.bias[:, None]
        found, here = np.empty((end - begin, channels)), np.empty((2, end - begin, channels))
        for part in tables.parts:
            numbers, means = weights.looked_up(part, total, here)
            found[:, part] = means + _read(decoder, numbers, models)
            here[:, :, part] = known(found[:, part])
        seen[:, order.padded[begin:end]] = here
        latents[order.places[begin:end]] = found
    return latents


@dataclass(frozen=True, eq=False)
class _Models:
    """The tables as the coder takes them, their smallest symbols, and their escape symbols."""

    of_table: list[Any]
    lows: NDArray[np.int64]
    escapes: NDArray[np.int64]


@lru_cache(maxsize=8)
def _models(tables: Tables) -> _Models:
    made = [coder().model.Categorical(counts.astype(np.float32), perfect=False) for counts in tables.counts]
    escapes = np.array([len(counts) - 1 for counts in tables.counts], dtype=np.int64)
    return _Models(made, tables.lows.astype(np.int64), escapes)


@dataclass(frozen=True, eq=False)
class _Message:
    """All symbols of a tile in the order of writing, and for each step its runs and escaped values."""

    coded: NDArray[np.int32]
    runs: list[list[tuple[int, int, int]]]
    escaped: NDArray[np.int64]
    escaped_of_step: list[int]


def _message(latents: NDArray[np.int32], tables: Tables, quality: int) -> _Message:
    order, models = waves(*latents.shape[1:]), _models(tables)
    numbers, means = contexts(latents, tables, quality)
    step = _steps(order, tables)
    # Numbers of steps and tables in one, which a sort of integers can order at once.
    key = step * len(models.of_table) + numbers.reshape(len(latents), -1).T[order.places]
    small = key.astype(np.uint16) if key.max() < 2**16 else key
    place = np.argsort(small.reshape(-1), kind="stable")
    key = key.reshape(-1)[place]
    numbers = key % len(models.of_table)
    symbols = (latents.astype(np.int64) - means).reshape(len(latents), -1).T[order.places].reshape(-1)[place]
    coded = symbols - models.lows[numbers]
    beyond = (coded < 0) | (coded >= models.escapes[numbers])
    coded = np.where(beyond, models.escapes[numbers], coded).astype(np.int32)
    steps = (len(order.begins) - 1) * len(tables.groups)
    begins = np.concatenate([[0], np.flatnonzero(np.diff(key)) + 1])
    runs: list[list[tuple[int, int, int]]] = [[] for _ in range(steps)]
    first = key[begins]
    for at, number, begin, end in zip(
        (first // len(models.of_table)).tolist(),
        (first % len(models.of_table)).tolist(),
        begins.tolist(),
        [*begins[1:].tolist(), len(key)],
        strict=True,
    ):
        runs[at].append((number, begin, end))
    escaped_of_step = np.bincount(key[beyond] // len(models.of_table), minlength=steps)
    return _Message(coded, runs, symbols[beyond], escaped_of_step.tolist())


def _steps(order: Waves, tables: Tables) -> NDArray[np.int64]:
    """Number of the step in which each latent is coded: places in the order of waves, by channels."""
    wave = np.repeat(np.arange(len(order.begins) - 1), np.diff(order.begins))
    group = np.repeat(np.arange(len(tables.groups)), tables.groups)
    return wave[:, None] * len(tables.groups) + group


def _read(decoder: Any, numbers: NDArray[np.int64], models: _Models) -> NDArray[np.int64]:
    flat = numbers.reshape(-1)
    # Sixteen bits are sorted in one go over them.
    place = flat.astype(np.uint16).argsort(kind="stable")
    coded = np.empty(len(flat), np.int64)
    begin = 0
    sizes = np.bincount(flat)
    for number in sizes.nonzero()[0].tolist():
        end = begin + int(sizes[number])
        coded[begin:end] = decoder.decode(models.of_table[number], end - begin)
        begin = end
    table = flat[place]
    beyond = coded == models.escapes[table]
    coded += models.lows[table]
    if beyond.any():
        coded[beyond] = read_escaped(decoder, int(beyond.sum()))
    symbols = np.empty(len(flat), np.int64)
    symbols[place] = coded
    return symbols.reshape(numbers.shape)


def _check_shape(shape: tuple[int, ...], tables: Tables) -> None:
    if len(shape) != 3 or shape[0] != tables.channels or min(shape) < 1:
        raise ShapeError(f"latents: must be {tables.channels} x rows x columns, got {shape}")

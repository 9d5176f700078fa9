"""`look_up`: new levels from tables, byte by byte, compiled.

Processors that can permute bytes of whole registers (AVX-512 VBMI) look up 64 at once; there is no word
for that which all have, so it is called by its own name where it exists, and all others go byte by byte.
It is imported when the first table is used, and by nobody else; see `compiled`.
"""

from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import types, uint8, void
from numba.core import cgutils
from numba.core import config as numba_config
from numba.extending import intrinsic as numba_intrinsic

from vitral.augment.kernels.compiled import LINE, compiled

_intrinsic: Any = numba_intrinsic
_numba: Any = numba_config
_WIDE = 64
_BYTES = ir.VectorType(ir.IntType(8), _WIDE)


def _can_permute() -> bool:
    """Whether the processor that code is compiled for permutes bytes; Numba can be told of another."""
    if _numba.CPU_FEATURES is not None:
        return "+avx512vbmi" in _numba.CPU_FEATURES.split(",")
    return _numba.CPU_NAME is None and bool(llvm.get_host_cpu_features().get("avx512vbmi", False))


_CAN_PERMUTE = _can_permute()


@_intrinsic
def _permute(_context, source, table, out, count):  # pyright: ignore[reportMissingParameterType]
    """Look up whole registers in one table; `count` is a multiple of 64."""
    signature = types.void(source, table, out, count)

    def instructions(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        """One register at a time."""
        levels, entries, made = _pointers(context, builder, signature, args)
        size = args[3].type
        parts = [_load(builder, entries, ir.Constant(size, _WIDE * k)) for k in range(4)]
        zero, step = ir.Constant(size, 0), ir.Constant(size, _WIDE)
        with cgutils.for_range_slice(builder, zero, args[3], step) as (at, _):
            found = _found(builder, parts, _load(builder, levels, at))
            builder.store(found, _at(builder, made, at)).align = 1
        return context.get_dummy_value()

    return signature, instructions


@_intrinsic
def _permute_three(_context, source, tables, out, count):  # pyright: ignore[reportMissingParameterType]
    """Look up red, green and blue of whole registers in their tables; `count` is a multiple of 192."""
    signature = types.void(source, tables, out, count)

    def instructions(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        """Three registers at a time: in each of them channels follow each other in another order."""
        levels, entries, made = _pointers(context, builder, signature, args)
        size = args[3].type
        parts = [_load(builder, entries, ir.Constant(size, _WIDE * k)) for k in range(12)]
        zero, step = ir.Constant(size, 0), ir.Constant(size, 3 * _WIDE)
        with cgutils.for_range_slice(builder, zero, args[3], step) as (place, _):
            for k in range(3):
                at = builder.add(place, ir.Constant(size, _WIDE * k))
                level, chosen = _load(builder, levels, at), None
                for channel in range(3):
                    found = _found(builder, parts[4 * channel : 4 * channel + 4], level)
                    mine = [int((_WIDE * k + lane) % 3 == channel) for lane in range(_WIDE)]
                    mask = ir.Constant(ir.VectorType(ir.IntType(1), _WIDE), mine)
                    chosen = found if chosen is None else builder.select(mask, found, chosen)
                builder.store(chosen, _at(builder, made, at)).align = 1
        return context.get_dummy_value()

    return signature, instructions


def _pointers(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return (context.make_array(signature.args[k])(context, builder, args[k]).data for k in range(3))


def _found(builder: Any, parts: list[Any], level: Any) -> Any:
    """Both halves of a table are asked, and the highest bit of a level says which one is right."""
    kind = ir.FunctionType(_BYTES, [_BYTES] * 3)
    permute = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.avx512.vpermi2var.qi.512")
    low, high = (builder.call(permute, [parts[k], level, parts[k + 1]]) for k in (0, 2))
    is_high = builder.icmp_signed("<", level, ir.Constant(_BYTES, [0] * _WIDE))
    return builder.select(is_high, high, low)


def _load(builder: Any, base: Any, place: Any) -> Any:
    loaded = builder.load(_at(builder, base, place))
    loaded.align = 1
    return loaded


def _at(builder: Any, base: Any, place: Any) -> Any:
    return builder.bitcast(builder.gep(base, [place]), _BYTES.as_pointer())


@compiled(void(LINE, uint8[:, ::1], uint8[::1]))
def _one_by_one(source, tables, out):  # pyright: ignore[reportMissingParameterType]
    for x in range(np.uint64(source.size // 3)):
        for c in range(3):
            k = np.uint64(3) * x + np.uint64(c)
            out[k] = tables[c, np.uint64(source[k])]


if _CAN_PERMUTE:

    @compiled(void(LINE, uint8[:, ::1], uint8[::1]))
    def look_up(source, tables, out):  # pyright: ignore[reportMissingParameterType]
        """Write what the tables of red, green and blue, 3 x 256, have for each level."""
        whole, alike = source.size // (3 * _WIDE) * (3 * _WIDE), True
        for level in range(256):
            alike = alike and tables[0, level] == tables[1, level] and tables[0, level] == tables[2, level]
        if alike:
            _permute(source, tables, out, whole)
        else:
            _permute_three(source, tables, out, whole)
        _one_by_one(source[whole:], tables, out[whole:])

else:
    look_up = _one_by_one

"""`stream`: copy what is finished to where a batch is collected, past the caches.

What is written there is next read by the network, when the rest of the batch has long pushed it out of
every cache. Usual stores would first read the line of memory that they fill, and push out the picture
that is being sampled.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import boolean, float32, int64, types
from numba.core import cgutils
from numba.extending import intrinsic as numba_intrinsic

from vitral.augment.kernels.compiled import compiled

_intrinsic: Any = numba_intrinsic
_LINE = 16
"""Floats in a line of memory."""
_SMALL = 2**14
"""Pictures of fewer floats are written as usual: a batch of them stays in the caches."""


@_intrinsic
def stream(_context, source, target, count):  # pyright: ignore[reportMissingParameterType]
    """Copy whole lines of floats; in the target they must begin where a line of memory does; see `fits`."""
    signature = types.void(source, target, count)

    def instructions(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        """LLVM's stores that leave no trace in the caches."""
        here, there = (context.make_array(signature.args[k])(context, builder, args[k]).data for k in (0, 1))
        line = ir.VectorType(ir.FloatType(), _LINE)
        past = builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)])
        start, step = ir.Constant(args[2].type, 0), ir.Constant(args[2].type, _LINE)
        with cgutils.for_range_slice(builder, start, args[2], step) as (at, _):
            loaded = builder.load(builder.bitcast(builder.gep(here, [at]), line.as_pointer()))
            loaded.align = 4
            stored = builder.store(loaded, builder.bitcast(builder.gep(there, [at]), line.as_pointer()))
            stored.align = 4 * _LINE
            stored.set_metadata("nontemporal", past)
        return context.get_dummy_value()

    return signature, instructions


@_intrinsic
def stream_line(_context, source, target, at):  # pyright: ignore[reportMissingParameterType]
    """One line of memory of the same, from number `at` on."""
    signature = types.void(source, target, at)

    def instructions(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        """One store that leaves no trace in the caches."""
        here, there = (context.make_array(signature.args[k])(context, builder, args[k]).data for k in (0, 1))
        line = ir.VectorType(ir.FloatType(), _LINE)
        loaded = builder.load(builder.bitcast(builder.gep(here, [args[2]]), line.as_pointer()))
        loaded.align = 4
        stored = builder.store(loaded, builder.bitcast(builder.gep(there, [args[2]]), line.as_pointer()))
        stored.align = 4 * _LINE
        stored.set_metadata("nontemporal", builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)]))
        return context.get_dummy_value()

    return signature, instructions


@compiled(boolean(float32[:, ::1], int64))
def fits(out, rows):  # pyright: ignore[reportMissingParameterType]
    """Whether some rows at a time can be streamed to where a picture belongs: in whole lines of memory."""
    count = out.shape[1] * rows
    return np.int64(out.ctypes.data) % (4 * _LINE) == 0 and count % _LINE == 0 and out.size >= _SMALL

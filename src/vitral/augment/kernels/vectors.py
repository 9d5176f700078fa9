"""`blend_four`, `widest`: what Numba has no words for, in LLVM's own.

`blend_four` looks up four places of a picture of bytes, each between four pixels. Numba turns loops into
vectors, but not that one: a pixel has three bytes, and eight bytes in a row are two pixels. The words
are the same for every processor.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic as numba_intrinsic

_intrinsic: Any = numba_intrinsic
_INT = ir.IntType(32)
_FLOAT = ir.FloatType()


@_intrinsic
def widest(_context):  # pyright: ignore[reportMissingParameterType]
    """Let the loops of a function use the widest vectors there are; compilers keep to half of them."""

    def instructions(context: Any, builder: Any, _signature: Any, _args: Any) -> Any:
        # Past the check of names, which knows only those without a value.
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), instructions


@_intrinsic
def blend_four(_context, source, place, step, right, below, red, green, blue, at):  # pyright: ignore[reportMissingParameterType]
    """Write red, green and blue of four places, from number `at` on.

    Args:
        source: bytes of a picture, row by row; eight from each place on and from the one below are read.
        place: int32: of each place the first byte of its upper left pixel.
        step: bytes from a row to the next.
        right: float32: how far each place lies from the upper left pixel to the next one.
        below: the same downward.
        red: float32; four are written.
        green: the same.
        blue: the same.
        at: number of the first of the four.
    """
    signature = types.void(source, place, step, right, below, red, green, blue, at)

    def instructions(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        """Four pixels one by one, and then turned into three channels."""

        def data(number: int) -> Any:
            return context.make_array(signature.args[number])(context, builder, args[number]).data

        pixels = []
        for k in range(4):
            number = builder.add(args[8], ir.Constant(args[8].type, k))
            first = builder.zext(builder.load(builder.gep(data(1), [number])), args[8].type)
            u, v = (builder.load(builder.gep(data(n), [number])) for n in (3, 4))
            pixels.append(_pixel(builder, data(0), first, args[2], u, v))
        pairs = [
            builder.shuffle_vector(one, other, _order(0, 4, 1, 5, 2, 6, 3, 7))
            for one, other in (pixels[:2], pixels[2:])
        ]
        for k in range(3):
            channel = builder.shuffle_vector(*pairs, _order(2 * k, 2 * k + 1, 8 + 2 * k, 9 + 2 * k))
            target = builder.gep(data(5 + k), [args[8]])
            stored = builder.store(channel, builder.bitcast(target, channel.type.as_pointer()))
            stored.align = 4
        return context.get_dummy_value()

    return signature, instructions


def _pixel(builder: Any, base: Any, first: Any, step: Any, u: Any, v: Any) -> Any:
    """Red, green, blue and one number more, between four pixels."""
    upper, lower = (_eight(builder, base, at) for at in (first, builder.add(first, step)))
    both = _between(builder, upper, lower, v)
    nothing = ir.Constant(both.type, ir.Undefined)
    near = builder.shuffle_vector(both, nothing, _order(0, 1, 2, 3))
    next_ = builder.shuffle_vector(both, nothing, _order(3, 4, 5, 6))
    return _between(builder, near, next_, u)


def _eight(builder: Any, base: Any, at: Any) -> Any:
    """Eight bytes as floats."""
    bytes_ = ir.VectorType(ir.IntType(8), 8)
    loaded = builder.load(builder.bitcast(builder.gep(base, [at]), bytes_.as_pointer()))
    loaded.align = 1
    return builder.sitofp(builder.zext(loaded, ir.VectorType(_INT, 8)), ir.VectorType(_FLOAT, 8))


def _between(builder: Any, one: Any, other: Any, share: Any) -> Any:
    alone = builder.insert_element(ir.Constant(one.type, ir.Undefined), share, ir.Constant(_INT, 0))
    shares = builder.shuffle_vector(alone, alone, _order(*[0] * one.type.count))
    how = ["contract"]
    return builder.fadd(one, builder.fmul(shares, builder.fsub(other, one, flags=how), flags=how), flags=how)


def _order(*numbers: int) -> Any:
    return ir.Constant(ir.VectorType(_INT, len(numbers)), list(numbers))

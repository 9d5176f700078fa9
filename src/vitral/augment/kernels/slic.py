"""`find_patches`, `join_small`, `paint`: patches of similar pixels, compiled.

It is imported when the first picture falls into patches, and by nobody else; see `compiled`.
"""

import numpy as np
from numba import float32, int32, int64, types, uint8, void

from vitral.augment.kernels.compiled import PICTURES, compiled
from vitral.augment.kernels.vectors import widest

_ROW, _PLANES, _PLACES = float32[::1], float32[:, :, ::1], int32[:, ::1]


@compiled(void(_PLANES, types.UniTuple(int64, 4), _ROW, float32, int32, float32[:, ::1], _PLACES))
def _compare(planes, cell, center, weight, number, least, found):  # pyright: ignore[reportMissingParameterType]
    """Give the pixels of a cell to a patch where it is nearer than all before."""
    widest()
    top, bottom, begin, end = cell
    light, green, blue, x = center[0], center[1], center[2], center[3] - np.float32(begin)
    for v in range(top, bottom):
        first, second, third = planes[0, v, begin:end], planes[1, v, begin:end], planes[2, v, begin:end]
        down, best, taken = np.float32(v) - center[4], least[v, begin:end], found[v, begin:end]
        near = weight * (down * down)
        for k in range(best.size):
            one, two, three = first[k] - light, second[k] - green, third[k] - blue
            away = np.float32(np.int32(k)) - x
            distance = one * one + two * two + three * three + weight * (away * away) + near
            better = distance < best[k]
            best[k] = distance if better else best[k]
            taken[k] = number if better else taken[k]


@compiled(void(_PLANES, _PLACES, float32[:, ::1]))
def _average(planes, found, centers):  # pyright: ignore[reportMissingParameterType]
    """The mean color and place of each patch; that of an empty one stays."""
    tall, wide = found.shape
    sums = np.zeros((len(centers), 6), np.float64)
    for v in range(tall):
        for u in range(wide):
            own = sums[np.uint32(found[v, u])]
            own[0] += planes[0, v, u]
            own[1] += planes[1, v, u]
            own[2] += planes[2, v, u]
            own[3] += np.float32(u)
            own[4] += np.float32(v)
            own[5] += np.float32(1)
    for n in range(len(centers)):
        if sums[n, 5] > 0:
            for c in range(5):
                centers[n, c] = np.float32(sums[n, c] / sums[n, 5])


@compiled(void(_PLANES, int64, int64, float32, int64, _PLACES))
def find_patches(planes, rows, columns, weight, rounds, found):  # pyright: ignore[reportMissingParameterType]
    """Move the cells of a grid over a picture until they are patches of similar pixels.

    Args:
        planes: float32 of 3 x h x w: lightness and the two other channels of CIELAB.
        rows: cells of the grid from top to bottom.
        columns: cells from left to right.
        weight: of the square of one pixel of distance, against that of one level.
        rounds: how often patches are moved.
        found: int32 of h x w, all of it is written: the number of each pixel's patch.
    """
    tall, wide = found.shape
    centers, least = np.zeros((rows * columns, 5), np.float32), np.empty((tall, wide), np.float32)
    for v in range(tall):
        for u in range(wide):
            found[v, u] = np.int32(v * rows // tall * columns + u * columns // wide)
    for _ in range(rounds):
        _average(planes, found, centers)
        least[:] = np.float32(np.inf)
        for row in range(rows):
            top, bottom = -(-row * tall // rows), -(-(row + 1) * tall // rows)
            for column in range(columns):
                cell = (top, bottom, -(-column * wide // columns), -(-(column + 1) * wide // columns))
                for other in range(max(row - 1, 0), min(row + 2, rows)):
                    for beside in range(max(column - 1, 0), min(column + 2, columns)):
                        number = other * columns + beside
                        _compare(planes, cell, centers[number], weight, np.int32(number), least, found)


@compiled(int64(int32[::1], int64))
def _root(parents, number):  # pyright: ignore[reportMissingParameterType]
    """The piece that stands for all that a piece has joined; ways there are made shorter."""
    while parents[number] != number:
        parents[number] = parents[parents[number]]
        number = parents[number]
    return number


@compiled(void(int32[::1], int64, int64))
def _join(parents, one, other):  # pyright: ignore[reportMissingParameterType]
    """Make one of two; the earlier one stands for both."""
    one, other = _root(parents, one), _root(parents, other)
    parents[max(one, other)] = min(one, other)


@compiled(int64(_PLACES, int32[::1], int64))
def _renumber(found, parents, count):  # pyright: ignore[reportMissingParameterType]
    """Give pieces that have joined one number, from 0 on and without gaps; how many are left."""
    tall, wide = found.shape
    names, left = np.empty(count, np.int32), 0
    for n in range(count):
        root = _root(parents, n)
        if root == n:
            names[n] = left
            left += 1
        else:
            names[n] = names[root]
    for v in range(tall):
        for u in range(wide):
            found[v, u] = names[np.uint32(found[v, u])]
    for n in range(left):
        parents[n] = n
    return left


@compiled(int64(_PLACES, int32[::1]))
def _pieces(found, parents):  # pyright: ignore[reportMissingParameterType]
    """Number the connected pieces of patches from 0 on, in place of the patches; how many there are."""
    tall, wide = found.shape
    above, here, count = np.empty(wide, np.int32), np.empty(wide, np.int32), 0
    for v in range(tall):
        here[:] = found[v]
        for u in range(wide):
            left, up = u > 0 and here[u - 1] == here[u], v > 0 and above[u] == here[u]
            if left:
                found[v, u] = found[v, u - 1]
                if up and found[v - 1, u] != found[v, u]:
                    _join(parents, found[v, u], found[v - 1, u])
            elif up:
                found[v, u] = found[v - 1, u]
            else:
                found[v, u] = parents[count] = count
                count += 1
        above[:] = here
    return _renumber(found, parents, count)


@compiled(void(int64, int64, float32[:, ::1], _ROW, int32[::1]))
def _nearer(one, other, colors, least, best):  # pyright: ignore[reportMissingParameterType]
    """Keep for two pieces that meet which of their neighbors is most alike."""
    distance = np.float32(0)
    for c in range(3):
        distance += (colors[one, c] - colors[other, c]) ** 2
    if distance < least[one]:
        least[one], best[one] = distance, other
    if distance < least[other]:
        least[other], best[other] = distance, one


@compiled(int64(_PLANES, int64, _PLACES))
def join_small(planes, least_px, found):  # pyright: ignore[reportMissingParameterType]
    """Number the connected pieces of patches; a small one joins the neighbor whose color is most alike.

    Args:
        planes: float32 of 3 x h x w: what colors are compared by.
        least_px: pieces of fewer pixels are small.
        found: int32 of h x w: the number of each pixel's patch before, and of its piece after.
    Returns:
        How many pieces there are.
    """
    tall, wide = found.shape
    parents = np.empty(tall * wide, np.int32)
    count = _pieces(found, parents)
    while count > 1:
        means, sizes = np.zeros((count, 5), np.float32), np.zeros(count, np.int64)
        _average(planes, found, means)
        for v in range(tall):
            for u in range(wide):
                sizes[np.uint32(found[v, u])] += 1
        if sizes.min() >= least_px:
            break
        least, best = np.full(count, np.inf, np.float32), np.zeros(count, np.int32)
        for v in range(tall):
            for u in range(wide):
                if u > 0 and found[v, u] != found[v, u - 1]:
                    _nearer(found[v, u], found[v, u - 1], means, least, best)
                if v > 0 and found[v, u] != found[v - 1, u]:
                    _nearer(found[v, u], found[v - 1, u], means, least, best)
        for n in range(count):
            if sizes[n] < least_px:
                _join(parents, n, best[n])
        count = _renumber(found, parents, count)
    return count


@compiled(void(PICTURES, _PLACES, uint8[::1], uint8[:, :, ::1]))
def paint(pixels, found, replaced, out):  # pyright: ignore[reportMissingParameterType]
    """Paint pieces in their average colors.

    Args:
        pixels: uint8 of h x w x 3.
        found: int32 of h x w: the number of each pixel's piece.
        replaced: for each piece 1, or 0 where its pixels stay.
        out: uint8 of h x w x 3, all of it is written.
    """
    tall, wide = found.shape
    sums, colors = np.zeros((len(replaced), 4), np.int64), np.empty((len(replaced), 3), np.uint8)
    for v in range(tall):
        for u in range(wide):
            own = sums[np.uint32(found[v, u])]
            for c in range(3):
                own[c] += pixels[v, u, c]
            own[3] += 1
    for n in range(len(replaced)):
        for c in range(3):
            colors[n, c] = (2 * sums[n, c] + sums[n, 3]) // (2 * max(sums[n, 3], 1))
    for v in range(tall):
        for u in range(wide):
            number = np.uint32(found[v, u])
            for c in range(3):
                out[v, u, c] = colors[number, c] if replaced[number] else pixels[v, u, c]

"""Ask the C library to keep freed memory: a training step frees and takes the same blocks again."""

import ctypes
import sys

# Numbers from glibc's malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_MOST = 2**31 - 1


def keep_freed_memory() -> bool:
    """Stop glibc from handing large freed blocks back to the system after every use.

    By default each large tensor is mapped anew and every page of it faults again, which takes a
    tenth of a training step on a processor. The price: the process keeps the memory of its
    largest moment until it ends.

    Returns:
        Whether the C library took the hint; False where it is not glibc.
    """
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version") or not hasattr(library, "mallopt"):
        return False
    hints = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, _MOST), (_TOP_PAD, 2**28))
    return all(library.mallopt(name, value) == 1 for name, value in hints)

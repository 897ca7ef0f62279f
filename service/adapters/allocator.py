"""The C library's allocator, as large bodies need it: of hostile registries, and of fleets."""

import ctypes

# Source: glibc, malloc/malloc.h.
_M_MMAP_THRESHOLD = -3
_LARGE_BYTES = 128 * 1024


def return_large_blocks() -> None:
    """Have large blocks go back to the system as soon as they are free.

    By itself glibc counts as large what is larger than anything that was freed before, so that a
    heap keeps what bodies took. Other C libraries have no such habit, and no such switch.

    Source: mallopt(3), M_MMAP_THRESHOLD.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)

"""Memory of a process that has loaded a model and will now use it for long."""

from __future__ import annotations

import ctypes
import gc
import sys


def settle() -> None:
    """Set aside what is loaded, and give back what loading needed.

    Otherwise the garbage collector looks through the model again and again, up to a tenth of the time, and writes to
    every page, so that each process that is forked gets a copy. :func:`gc.unfreeze` undoes it.
    """
    gc.freeze()
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):  # of glibc alone
        libc.malloc_trim(0)

"""Imports of libraries so large that looking through them for garbage takes seconds."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept() -> Iterator[None]:
    """What is imported here stays: Python never looks through it, not even when the process ends.

    Evidently brings three thousand modules, after which a process takes a second to end. Where
    nothing is new nothing is kept: it would be what the last window left behind, for ever.
    """
    collected, known = gc.isenabled(), len(sys.modules)
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > known:
            gc.freeze()
        if collected:
            gc.enable()

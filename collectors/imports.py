"""Imports of libraries so large that looking through them for garbage takes seconds."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept() -> Iterator[None]:
    """What is imported here stays: Python never looks through it, not even when the process ends.

    Evidently brings three thousand modules, after which a process takes a second to end.
    """
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collected:
            gc.enable()

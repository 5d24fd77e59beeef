"""When Python looks for garbage: not while all that is made stays, never in what is imported."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def pause_collection() -> Iterator[None]:
    """Look for no garbage meanwhile; nests.

    A build or a check keeps nearly all that it makes until it ends: of a thousand monitors, half of
    the time went into looking at it again and again (benchmarks/build.py).
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def keep_imports() -> Iterator[None]:
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

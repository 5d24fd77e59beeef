"""Keeps Python from searching for garbage while everything that is made stays."""

import gc
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

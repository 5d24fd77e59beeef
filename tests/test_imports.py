"""Imports that stay do not keep anything else."""

import gc
import sys
import weakref
from collections.abc import Iterator

import pytest

from driftdeck.garbage import keep_imports


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """Nothing that is kept here outlives its test."""
    yield
    gc.unfreeze()


class Left:
    """What a window leaves behind: a circle that only the collector of garbage can free."""

    def __init__(self) -> None:
        self.own = self


def test_what_is_imported_already_keeps_nothing() -> None:
    """A program that collects for months would keep what every window left behind."""
    gc.disable()
    left = weakref.ref(Left())
    with keep_imports():
        import json  # noqa: F401 - imported already, which is the point
    gc.enable()
    gc.collect()

    assert left() is None


def test_what_is_imported_first_is_kept() -> None:
    """Python looks through it no more."""
    sys.modules.pop("this", None)
    before = gc.get_freeze_count()
    with keep_imports():
        sys.modules["this"] = sys

    assert gc.get_freeze_count() > before
    assert gc.isenabled()
    del sys.modules["this"]

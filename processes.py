"""Processes beside this one: forked where there is much to do, ended with the one that asked."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

EACH: Final = 50
"""Items from which on a process is worth its start."""
CHUNKS: Final = 8
"""Parts that each process takes one after another, so that none waits long for the last."""

Item = TypeVar("Item")
Made = TypeVar("Made")
_work: list[tuple[Callable[[Any], Any], Sequence[Any]]] = []
"""What a forked process does; empty in one that was not."""


def spread(function: Callable[[Item], Made], items: Sequence[Item]) -> list[Made]:
    """function of each item, in their order, beside one another where there are many.

    What it answers must be picklable; the function and the items need not be, since a fork has
    them. Where this process cannot fork safely (another system, other threads), it does it all.
    """
    count = min(_processors(), len(items) // EACH)
    if count < 2 or threading.active_count() > 1:
        return [function(item) for item in items]
    context = multiprocessing.get_context("fork")
    with context.Pool(count, _begin, (function, items)) as pool:
        chunk = -(-len(items) // (count * CHUNKS))
        return pool.map(_one, range(len(items)), chunk)


def end_with_parent() -> None:
    """Have this process end when the one that began it does.

    One that was killed cannot tell its processes to end; they would wait for ever.
    """
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _processors() -> int:
    """How many this process may use; one where processes are not safely forked."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def _begin(function: Callable[[Any], Any], items: Sequence[Any]) -> None:
    _work.append((function, items))
    end_with_parent()


def _one(index: int) -> Any:
    function, items = _work[-1]
    return function(items[index])

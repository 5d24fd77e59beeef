"""Processes beside this one: forked where there is much to do, ended with the one that asked."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, Final, TypeVar

EACH: Final = 50
"""Items from which on a process is worth its start."""
CHUNKS: Final = 8
"""Parts that each process takes one after another, so that none waits long for the last."""
WATCH: Final = "ends with its parent"

Item = TypeVar("Item")
Made = TypeVar("Made")
_work: list[tuple[Callable[[Any], Any], Sequence[Any]]] = []
"""What a forked process does; empty in one that was not."""
_sharing = [1]
"""How many processes share the processors that this one may use, itself among them."""


def spread(function: Callable[[Item], Made], items: Sequence[Item]) -> list[Made]:
    """function of each item, in their order, beside one another where there are many.

    What it answers must be picklable; the function and the items need not be, since a fork has
    them. Where this process cannot fork safely (another system, other threads), it does it all.
    """
    count = min(_processors() // _sharing[-1], len(items) // EACH)
    if count < 2 or not _forks():
        return [function(item) for item in items]
    context = multiprocessing.get_context("fork")
    with context.Pool(count, _begin, (function, items)) as pool:
        chunk = -(-len(items) // (count * CHUNKS))
        return pool.map(_one, range(len(items)), chunk)


@contextmanager
def beside(function: Callable[[], Made]) -> Iterator[Callable[[], Made]]:
    """Begin a function in a process of its own; what is given waits for its answer.

    Until the block is left, each of the two spreads its work over half the processors. Where this
    process cannot fork safely, what is given is the function itself.
    """
    if _processors() // _sharing[-1] < 2 or not _forks():
        yield function
        return
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    _sharing.append(_sharing[-1] * 2)
    process = context.Process(target=_answer, args=(function, sender))
    process.start()
    sender.close()

    def answer() -> Made:
        made, error = receiver.recv()
        if error is not None:
            raise error
        found: Made = made
        return found

    try:
        yield answer
    finally:
        _sharing.pop()
        process.terminate()
        process.join()


def end_with_parent() -> None:
    """Have this process end when the one that began it does.

    One that was killed cannot tell its processes to end; they would wait for ever.
    """
    threading.Thread(target=_wait_for_parent, name=WATCH, daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _processors() -> int:
    """How many this process may use; one where processes are not safely forked."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def _forks() -> bool:
    """Whether no thread could hold a lock that a fork would wait for."""
    return {one.name for one in threading.enumerate()} <= {threading.current_thread().name, WATCH}


def _begin(function: Callable[[Any], Any], items: Sequence[Any]) -> None:
    _work.append((function, items))
    end_with_parent()


def _one(index: int) -> Any:
    function, items = _work[-1]
    return function(items[index])


def _answer(function: Callable[[], Any], sender: Connection) -> None:
    end_with_parent()
    try:
        sender.send((function(), None))
    except Exception as error:  # whatever it is, it is the caller's
        sender.send((None, error))

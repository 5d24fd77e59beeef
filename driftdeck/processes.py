"""Processes beside this one: forked where there is much to do, ended with the one that asked."""

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from multiprocessing.connection import Connection
from typing import Any, Final, TypeVar

from driftdeck.errors import DriftdeckError

EACH: Final = 50
"""Items that are worth a process: of fewer than two times as many, all stay here."""
CHUNKS: Final = 8
"""Parts that each process takes one after another, so that none waits long for the last."""
WATCH: Final = "ends with its parent"
DIED: Final = "a process that was to help ended without a word ({}); is memory short?"


class WorkerDiedError(DriftdeckError):
    """A process that was to help has ended: says how, and what may be short."""


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
    Raises: what the function raised of the first item, WorkerDiedError.
    """
    count = min(_processors() // _sharing[-1], len(items) // EACH)
    if count < 2 or not _forks():
        return [function(item) for item in items]
    context = multiprocessing.get_context("fork")
    chunk = -(-len(items) // (count * CHUNKS))
    try:
        with ProcessPoolExecutor(count, context, _begin, (function, items)) as pool:
            return list(pool.map(_one, range(len(items)), chunksize=chunk))
    except BrokenProcessPool as error:
        raise WorkerDiedError(DIED.format(error)) from error


@contextmanager
def beside(function: Callable[[], Made]) -> Iterator[Callable[[], Made]]:
    """Begin a function in a process of its own; what is given waits for its answer.

    Until the block is left, each of the two spreads its work over half the processors. Where this
    process cannot fork safely, what is given is the function itself.
    Raises: what the function raised, WorkerDiedError.
    """
    if _processors() // _sharing[-1] < 2 or not _forks():
        yield cache(function)
        return
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(function, sender))
    _sharing.append(_sharing[-1] * 2)
    try:
        process.start()
        sender.close()
        yield cache(lambda: _answered(receiver, process))
    finally:
        _sharing.pop()
        if process.pid is not None:
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
    """What a process of many does first; its processor is its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that asked hears it, and ends this one
    _sharing.append(_processors())
    _work.append((function, items))
    end_with_parent()


def _one(index: int) -> Any:
    function, items = _work[-1]
    try:
        return function(items[index])
    except Exception as error:
        if (told := _told(error)) is error:
            raise
        raise told from error


def _answer(function: Callable[[], Any], sender: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what is open is tidied up
    end_with_parent()
    try:
        sender.send((function(), None))
    except Exception as error:  # whatever it is, it is the caller's
        sender.send((None, _told(error)))


def _answered(receiver: Connection, process: multiprocessing.process.BaseProcess) -> Any:
    try:
        made, error = receiver.recv()
    except EOFError as silence:
        process.join()
        raise WorkerDiedError(DIED.format(f"exit {process.exitcode}")) from silence
    if error is not None:
        raise error
    return made


def _told(error: Exception) -> Exception:
    """An error as another process can take it: some do not come back out of their pickle."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return ValueError(f"{type(error).__name__}: {error}")
    return error

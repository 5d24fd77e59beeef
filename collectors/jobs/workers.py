"""Processes beside this one: forked from a server that has imported everything once.

The server holds no connection and no lock, which a fork of this process would share; a spawned
process would import everything anew, which takes as long as twenty windows.
"""

import gc
import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor

PRELOADED = ["driftdeck.collectors.jobs.work", "scipy.linalg"]


def start_server() -> None:
    """Start the server early: it imports while this process does the same."""
    if _can_fork():
        from multiprocessing import forkserver

        multiprocessing.set_forkserver_preload(PRELOADED)
        forkserver.ensure_running()


def start_worker() -> ProcessPoolExecutor:
    """One process, for one task at a time."""
    context = multiprocessing.get_context("forkserver" if _can_fork() else "spawn")
    return ProcessPoolExecutor(1, context, initializer=_initialise)


def _can_fork() -> bool:
    return "forkserver" in multiprocessing.get_all_start_methods()


def _initialise() -> None:
    """What a process does first.

    BLAS's threads wait in a busy loop: half of a processor's time where sums are small.
    """
    import scipy.linalg  # noqa: F401  # a library that is loaded later is not limited
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1, user_api="blas")
    gc.freeze()  # what is imported stays, and is never looked through
    _end_with_parent()


def _end_with_parent() -> None:
    """One that was killed cannot tell its processes to end; they would wait for ever."""
    threading.Thread(target=_wait_for_parent, name="ends with its parent", daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

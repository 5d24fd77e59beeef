"""Batches of windows as tasks, and what runs them: this process, others, or a cluster."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import psycopg

from driftdeck.collectors.jobs.runner import Outcome, Runner
from driftdeck.collectors.jobs.workers import start_worker
from driftdeck.collectors.retraining.retraining import retrain
from driftdeck.database import connect
from driftdeck.declare import Window
from driftdeck.diagnostics import begin_log, keep_log
from driftdeck.events import log_lines
from driftdeck.load import find_monitor
from driftdeck.project import SettingsError
from driftdeck.settings import Settings

RUNNERS_KEPT = 4
"""So many monitors' references stay in a process."""


@dataclass(frozen=True)
class Batch:
    """Windows of one monitor that are run together.

    trains: each is stored before the next is looked at, and may call for a retraining; one that was
    cut off comes before the first. What others wait for is not checked: those that are sampled are
    collected again beside it, by an ordinary batch.
    reports: each gets a report.
    """

    monitor: str
    windows: tuple[Window, ...]
    trains: bool = False
    reports: bool = False


@dataclass(frozen=True)
class BatchResult:
    """What became of a batch, and what there is to say of it."""

    outcomes: list[Outcome]
    messages: list[str]


def run_batch(settings: str, batch: Batch) -> BatchResult:
    """Run a batch. settings: as JSON, the same in every process.

    Raises SourceError, SettingsError, psycopg.Error.
    """
    runner, connection = _load_runner(settings, batch.monitor)
    if batch.reports:
        return BatchResult([runner.run(window, report=True) for window in batch.windows], [])
    if not batch.trains:
        return BatchResult(runner.run_batch(batch.windows), [])
    result = BatchResult([], [retrain(runner.settings, connection, runner.monitor)])
    for window in batch.windows:
        result.outcomes.append(runner.run(window, check=False, trains=True))
        result.messages.append(retrain(runner.settings, connection, runner.monitor))
    return result


@lru_cache(maxsize=RUNNERS_KEPT)
def _load_runner(settings_json: str, name: str) -> tuple[Runner, psycopg.Connection]:
    settings = Settings.model_validate_json(settings_json)
    if multiprocessing.parent_process() is not None:  # one beside the command keeps the log, too
        begin_log()
        keep_log(settings.stack_dir)
        log_lines(settings.log_format)
    connection = connect(settings)
    monitor = find_monitor(name, *settings.monitor_folders)
    return Runner(monitor, settings, connection, backfill=True), connection


@contextmanager
def open_executors(workers: int, dask: str) -> Iterator[list[Executor]]:
    """Executors of batches, each of one at a time.

    On this machine one is a process, which remembers the references of what it has run.
    dask: the address of a scheduler, whose workers have this project, its data and its database;
    '' for this machine. Raises SettingsError.
    """
    with ExitStack() as stack:
        if dask:
            client = stack.enter_context(_connect_to_dask(dask))
            pool: Executor = client.get_executor()
            executors = [pool] * max(sum(client.nthreads().values()), 1)
        else:
            executors = _open_local_executors(workers)
        try:
            yield executors
        except BaseException:
            for executor in executors:
                executor.shutdown(wait=False, cancel_futures=True)
            raise
        finally:
            _load_runner.cache_clear()
        for executor in executors:
            executor.shutdown()


def _open_local_executors(workers: int) -> list[Executor]:
    if workers <= 1:
        return [ThreadPoolExecutor(1)]
    return [start_worker() for _ in range(workers)]


def _connect_to_dask(address: str) -> Any:
    """A client of a Dask scheduler, which is closed by the `with` that it is used in."""
    try:
        from distributed import Client
    except ImportError:
        raise SettingsError(
            "--dask needs Dask's distributed; install it: .venv/bin/python -m uv pip install"
            " distributed"
        ) from None
    try:
        return Client(address, timeout="10s")
    except OSError as error:
        raise SettingsError(f"--dask {address}: no scheduler answers there: {error}") from None

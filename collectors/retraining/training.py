"""Runs what trains a model, and what promotes it, in processes that end with this one."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from driftdeck.declare import Monitor, Retrain, Window

GUARD = Path(__file__).parent / "guard.py"
CALL = """\
import importlib, sys
from driftdeck.garbage import keep_imports
from driftdeck.project import find_root
sys.path.insert(0, str(find_root()))
module, _, function = sys.argv[1].partition(":")
with keep_imports():
    called = getattr(importlib.import_module(module), function)
answer = called(*sys.argv[2:])
"""
TRAIN = CALL + "sys.exit('no version returned') if answer is None else print(answer)\n"
CHECK_INTERVAL = 1.0
"""Seconds between two looks whether the training may still go on."""


@dataclass(frozen=True)
class TrainingOutcome:
    """What became of a training. version: of the new model, '' where it failed."""

    status: str
    version: str
    output: str

    @property
    def is_done(self) -> bool:
        """Whether it did not fail."""
        return self.status == "done"


def train(
    plan: Retrain, monitor: Monitor, window: Window, check: Callable[[], None] = lambda: None
) -> TrainingOutcome:
    """Run the training for no longer than its limit.

    check: raises, now and then, if it may not go on; then it is ended, and that is raised.
    """
    arguments = {"MONITOR": monitor.name, "DAY": window.name}
    status, output = _run(plan, plan.run, TRAIN, arguments, check)
    version = output.strip().rpartition("\n")[2].strip()
    if status or not version:
        return TrainingOutcome("failed", "", f"{output}\n{status or 'no version printed'}")
    return TrainingOutcome("done", version, output)


def promote(
    plan: Retrain,
    monitor: Monitor,
    window: Window,
    version: str,
    check: Callable[[], None] = lambda: None,
) -> TrainingOutcome:
    """Have a version that was trained answer from now on; the same limit, and the same check."""
    arguments = {"MONITOR": monitor.name, "DAY": window.name, "VERSION": version}
    status, output = _run(plan, plan.promote, CALL, arguments, check)
    if status:
        return TrainingOutcome("failed", version, f"{output}\n{status}")
    return TrainingOutcome("done", version, output)


def _run(
    plan: Retrain, run: str, code: str, arguments: dict[str, str], check: Callable[[], None]
) -> tuple[str, str]:
    """Run a command, or call a function; how it failed ('' if it did not), and what it printed."""
    command, environment = shlex.split(run), {**os.environ, **arguments}
    if plan.is_function(run):
        command = [sys.executable, "-W", "ignore", "-c", code, run, *arguments.values()]
        # It is imported as this process would, which may lie elsewhere than the project.
        path = [*sys.path, os.environ.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, path))
    reading, writing = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARD), str(reading), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=environment,
            pass_fds=[reading],
            start_new_session=True,  # so that what it has started ends with it
        )
    finally:
        os.close(reading)
    try:
        output, in_time = _communicate(process, plan.limit.delta.total_seconds(), check)
    finally:
        os.close(writing)
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if not in_time:
        return f"ended after {plan.limit.hours:g} hours", output
    return f"exit status {process.returncode}" if process.returncode else "", output


def _communicate(
    process: "subprocess.Popen[str]", limit: float, check: Callable[[], None]
) -> tuple[str, bool]:
    """What a process printed until its end, and whether that came within so many seconds."""
    ends = time.monotonic() + limit
    while (left := ends - time.monotonic()) > 0:
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=min(CHECK_INTERVAL, left))[0], True
        check()
    os.killpg(process.pid, signal.SIGKILL)
    return process.communicate()[0], False

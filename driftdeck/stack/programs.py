"""Programs in the background: started with a log and a pid file, ended by their pid."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from driftdeck.stack.errors import StackError


def attend(command: Sequence[str], **options: Any) -> int:
    """Run a program to its end; Ctrl-C is for it to hear, too. Its exit status."""
    with subprocess.Popen(command, **options) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            return process.wait()


class Program:
    """One program of the local stack. Its log and pid lie in `folder`."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._pid_file = folder / f"{name}.pid"

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start in a session of its own, so that Ctrl-C here does not end it.

        Raises OSError; what cannot be found again by its pid file does not go on.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                start_new_session=True,
            )
        beside = self._pid_file.with_suffix(".new")
        try:
            beside.write_text(f"{process.pid} {psutil.Process(process.pid).create_time()}")
            beside.replace(self._pid_file)
        except BaseException:
            process.kill()
            process.wait()
            beside.unlink(missing_ok=True)
            raise

    def running(self) -> bool:
        """Whether the program that was started still runs: pids are used again, start times not."""
        return self._process() is not None

    def stop(self) -> bool:
        """End it; whether it ran."""
        process = self._process()
        if process is None:
            return False
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGTERM)
            _, alive = psutil.wait_procs([process], timeout=15)
            for left in alive:
                left.kill()
        self._pid_file.unlink(missing_ok=True)
        return True

    def tail(self, characters: int = 800) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else ""

    def _process(self) -> psutil.Process | None:
        if not self._pid_file.exists():
            return None
        try:
            pid, born = self._pid_file.read_text(errors="replace").split()
            process = psutil.Process(int(pid))
            alive = process.status() != psutil.STATUS_ZOMBIE
            return process if alive and abs(process.create_time() - float(born)) < 1 else None
        except psutil.NoSuchProcess:
            return None
        except ValueError:  # a full disk has left it so
            return self._writer()

    def _writer(self) -> psutil.Process | None:
        """The oldest process that writes the log: a program's own children may do so, too."""
        log = str(self.log.resolve())
        writers = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if any(file.path == log for file in process.open_files()):
                    writers.append(process)
        return min(writers, key=psutil.Process.create_time, default=None)


def wait_until(ready: Callable[[], bool], seconds: float, program: Program, what: str) -> None:
    """Call `ready` until it is true. Raises StackError with the log's end."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return
        if not program.running():
            break
        time.sleep(0.2)
    raise StackError(f"{what} did not come up; the end of {program.log}:\n{program.tail()}")

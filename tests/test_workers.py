"""The collectors' processes beside a command: none is left behind, and their errors come back."""

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from driftdeck.declare import DeclarationError
from repository import ROOT

KILLED = """\
import os, time
from driftdeck.collectors.jobs import workers

def main():
    workers.start_server()
    with workers.start_worker() as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(60)

if __name__ == "__main__":
    main()
"""


def is_running(process: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are seen in /proc")
def test_none_is_left_of_a_killed_command(tmp_path: Path) -> None:
    """kill -9 leaves no time to tell: a worker notices."""
    script = tmp_path / "killed.py"
    script.write_text(KILLED, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, str(script)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stdout is not None
        worker = int(command.stdout.readline())
        assert is_running(worker)
        command.send_signal(signal.SIGKILL)
    until = time.monotonic() + 20
    while is_running(worker) and time.monotonic() < until:
        time.sleep(0.05)

    assert not is_running(worker)


def test_a_declaration_s_error_comes_back() -> None:
    """One with more than a message is, out of its pickle, what it was."""
    error = DeclarationError("a", "b", "c")
    back = pickle.loads(pickle.dumps(error))

    assert (type(back), str(back), vars(back)) == (type(error), str(error), vars(error))

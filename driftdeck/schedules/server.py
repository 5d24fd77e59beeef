"""Prefect with a server of its own, for as long as the command runs."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from driftdeck.errors import DriftdeckError
from driftdeck.project import STACK, VARIABLE
from driftdeck.schedules.windows import INTERPRETER
from driftdeck.settings import Settings

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
}
"""No phoning home, and no questions at the start."""


class PrefectError(DriftdeckError):
    """Prefect's server cannot be started: says why, and the mend."""


def prefect(settings: Settings) -> int:
    """Start a Prefect server and serve the flow until Ctrl-C; the server ends with it.

    Raises PrefectError.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    root = settings.root
    program = root / STACK / "prefect-venv" / "bin"
    address = f"http://127.0.0.1:{settings.prefect_port}"
    if answers(address):
        raise PrefectError(f"{address} is taken; stop what listens there, or set PREFECT_PORT")
    where = {
        "PREFECT_HOME": str(root / STACK / "prefect"),
        VARIABLE: str(root),
        INTERPRETER: sys.executable,
        "PREFECT_API_URL": f"{address}/api",
    }
    listen = ["server", "start", "--host", "127.0.0.1", "--port", str(settings.prefect_port)]
    with running([str(program / "prefect"), *listen], where, root) as server:
        while not answers(f"{address}/api/health"):
            if server.poll() is not None:
                raise PrefectError("the Prefect server did not start, see above")
            time.sleep(0.5)
        with running(
            [str(program / "python"), "-m", "driftdeck.schedules.prefect_flow"], where, root
        ) as served:
            return served.wait()
    return 0


@contextmanager
def running(
    command: list[str], where: dict[str, str], root: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """A program that runs as long as the block; Ctrl-C ends the block, and so the program."""
    process = subprocess.Popen(
        command,
        cwd=root,
        env={**os.environ, **QUIET, **where},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    except KeyboardInterrupt:
        pass
    finally:
        if process.poll() is None:
            process.terminate()  # which both hear even where Ctrl-C is ignored, as behind nohup
            process.wait()


def answers(address: str) -> bool:
    """Whether a server answers there."""
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True

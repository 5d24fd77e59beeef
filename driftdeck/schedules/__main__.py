"""python -m schedules cron | prefect: a line for a crontab; Prefect with its own server."""

import argparse
import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from driftdeck.project import SettingsError
from driftdeck.schedules.windows import PYTHON, ROOT
from driftdeck.settings import Settings, load_settings

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
}
"""No phoning home, and no questions at the start."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when all went well, 2 when it could not start."""
    parser = argparse.ArgumentParser(prog="python -m schedules", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("cron", help="print a line for a crontab")
    commands.add_parser("prefect", help="serve the flow until Ctrl-C, with a server")
    parsed = parser.parse_args(arguments)
    try:
        if parsed.command == "prefect":
            return prefect(load_settings())
        print(cron_line())
    except (SettingsError, RuntimeError) as error:
        print(f"schedules: {error}", file=sys.stderr)
        return 2
    return 0


def cron_line(root: Path = ROOT, python: Path = PYTHON) -> str:
    """`collectors due` every hour, for a crontab: there, an unescaped % would end the line."""
    command = (
        f"cd {shlex.quote(str(root))} && mkdir -p .stack &&"
        f" {shlex.quote(str(python))} -W ignore -m driftdeck.collectors due >> .stack/due.log 2>&1"
    )
    return "17 * * * * " + command.replace("%", r"\%")


def prefect(settings: Settings) -> int:
    """Start a Prefect server and serve the flow until Ctrl-C; the server ends with it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    program = ROOT / ".stack" / "prefect-venv" / "bin"
    address = f"http://127.0.0.1:{settings.prefect_port}"
    if answers(address):
        raise RuntimeError(f"{address} is taken; stop what listens there, or set PREFECT_PORT")
    where = {
        "PREFECT_HOME": str(ROOT / ".stack" / "prefect"),
        "PREFECT_API_URL": f"{address}/api",
    }
    listen = ["server", "start", "--host", "127.0.0.1", "--port", str(settings.prefect_port)]
    with running([str(program / "prefect"), *listen], where) as server:
        while not answers(f"{address}/api/health"):
            if server.poll() is not None:
                raise RuntimeError("the Prefect server did not start, see above")
            time.sleep(0.5)
        with running(
            [str(program / "python"), "-m", "driftdeck.schedules.prefect_flow"], where
        ) as served:
            return served.wait()
    return 0


@contextmanager
def running(command: list[str], where: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A program that runs as long as the block; Ctrl-C ends the block, and so the program."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
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


if __name__ == "__main__":
    sys.exit(main())

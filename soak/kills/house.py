"""A house of its own for a soak: an embedded database, a small model's log, its declaration."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg

from driftdeck.database import Role, connect, migrate
from driftdeck.database.embedded import Embedded, free_port
from driftdeck.database.locks import held
from driftdeck.settings import IsolatedSettings
from soak.kills import model

ROOT = Path(__file__).parents[2]
DECLARATION = '''"""A model whose world changes twice."""

from driftdeck import declare as d

MONITOR = d.Monitor(
    name="small",
    title="Small",
    description="A model whose world changes twice.",
    owner="soak",
    source=d.Parquet("log", time="at"),
    starts="2024-01-01",
    ends="2024-01-24",
    reference=d.Between("2024-01-01", "2024-01-05"),
    columns=(d.number("x"),),
    prediction=d.probability("p", cut=0.5),
    target="y",
    model_version="version",
    metrics=(d.drift(warn=1.0, alert=2.0), d.accuracy(warn=0.7, alert=0.6)),
    retrain=d.Retrain(
        "soak.kills.model:train",
        promote="soak.kills.model:promote",
        after=2,
        of=3,
        cooldown=d.Days(5),
        reference=d.Days(4),
        during_backfill=True,
    ),
    never_late="a soak",
)
'''
ENDS = "2024-01-25 01:00Z"
OF_A_RUN = {"collected_at", "started_at", "finished_at", "seconds", "source_state", "report_path"}
"""Columns that differ between two runs that come to the same."""
TABLES = (
    *("metric_value", "window_status", "histogram", "reference_histogram"),
    *("model_version", "retraining"),
)


class House:
    """The folder, its settings and its database, which is made anew for each run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = IsolatedSettings(
            stack_dir=folder / "stack",
            data_dir=folder / "data",
            monitors=(str(folder / "monitors"),),
            postgres_port=free_port(),
            check_every=0,
        )
        self._server = Embedded(folder / "stack" / "postgres", self.settings.postgres_port)

    def begin(self) -> None:
        """Start the database, write the declaration and a log to start from."""
        (self.folder / "monitors").mkdir(parents=True, exist_ok=True)
        (self.folder / "monitors" / "small.py").write_text(DECLARATION, encoding="utf-8")
        model.prepare(self.folder / "fresh" / "log")
        self.start_server()
        migrate(self.settings)

    def start_server(self) -> None:
        """Start the database's server; after it was killed, too."""
        own = self.settings
        self._server.start(own.postgres_user, own.postgres_password, own.postgres_db)

    def end(self) -> None:
        """Stop it."""
        self._server.stop()

    def kill_server(self) -> None:
        """End the server and every connection at once, as a machine that loses power."""
        text = (self._server.folder / "postmaster.pid").read_text(encoding="utf-8")
        server = psutil.Process(int(text.split()[0]))
        server.send_signal(signal.SIGQUIT)
        server.wait(30)

    def admin(self) -> psycopg.Connection:
        """A connection that commits each statement."""
        return connect(self.settings, Role.ADMIN, autocommit=True)

    @contextmanager
    def holding(self, name: str) -> Iterator[None]:
        """A lock that the collectors wait for; it ends with the server, too."""
        connection = self.admin()
        with held(connection, name):
            yield
        connection.close()

    def clear(self) -> None:
        """Nothing is collected, the log is as the first model answered it, the year is over."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        shutil.copytree(self.folder / "fresh", self.folder / "data")
        with self.admin() as connection:
            connection.execute(f"truncate {', '.join(f'monitoring.{table}' for table in TABLES)}")
            connection.execute("truncate monitoring.clock")
            connection.execute("insert into monitoring.clock (played_at) values (%s)", [ENDS])

    @contextmanager
    def collecting(self, arguments: Sequence[str]) -> Iterator["subprocess.Popen[str]"]:
        """A collectors' command beside this process; nothing of it is left after the block."""
        variables = self.settings.variables(secrets=True)
        process = subprocess.Popen(
            [sys.executable, "-m", "driftdeck", *arguments],
            cwd=ROOT,
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            for leftover in self.processes():
                leftover.kill()
            process.wait()

    def collect(self, arguments: Sequence[str]) -> str:
        """A collectors' command to its end; what it said. Raises RuntimeError if it failed."""
        with self.collecting(arguments) as process:
            output, _ = process.communicate()
            if process.returncode:
                raise RuntimeError(f"driftdeck {' '.join(arguments)}: {output}")
        return output

    def processes(self) -> list[psutil.Process]:
        """Every process of this house, whoever its parent is now, but the database's."""
        processes = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("DATA_DIR") == str(self.settings.data_dir):
                    processes.append(process)
            except psutil.Error:
                continue
        return [process for process in processes if process.status() != psutil.STATUS_ZOMBIE]

    def marked(self, step: str, day: str) -> bool:
        """Whether the training that a day called for has come to a step."""
        return (self.folder / "data" / "marks" / f"{step}, {day}").exists()

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that is stored, but for what differs between two runs; and the log."""
        stored: dict[str, list[tuple[Any, ...]]] = {}
        with self.admin() as connection:
            for table in TABLES:
                cursor = connection.execute(f"select * from monitoring.{table}".encode())
                names = [column.name for column in cursor.description or ()]
                kept = [n for n, name in enumerate(names) if name not in OF_A_RUN]
                stored[table] = sorted((tuple(row[n] for n in kept) for row in cursor), key=repr)
        paths = sorted((self.folder / "data" / "log").rglob("*.parquet"))
        stored["log"] = [(path.parent.name, path.read_bytes()) for path in paths]
        return stored


def wait(condition: Any, what: str, seconds: float = 60) -> None:
    """Until a condition holds. Raises TimeoutError."""
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError(what)
        time.sleep(0.005)

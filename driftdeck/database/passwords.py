"""Passwords that nobody has chosen are random, and kept where only this user reads them."""

import os
import secrets
import time
from collections.abc import Iterable

import psycopg
from psycopg import sql

from driftdeck.database.connect import Role, connect
from driftdeck.errors import DriftdeckError
from driftdeck.settings import SECRETS, Settings

WAIT_SECONDS = 60.0


class PasswordError(DriftdeckError):
    """The database has another password than the settings: names the variable and the mend."""


def new_password() -> str:
    """A random password that needs no quotes anywhere."""
    return secrets.token_urlsafe(24)


def chosen(settings: Settings) -> Settings:
    """The settings with a password of its own for each role: random where nobody has chosen one.

    What is random is kept in `settings.secrets`. Raises OSError.
    """
    passwords = {}
    for name in SECRETS:
        if name not in settings.model_fields_set:
            passwords[name] = kept(settings, name) or new_password()
            keep(settings, name, passwords[name])
    return settings.model_copy(update=passwords)


def kept(settings: Settings, name: str) -> str:
    """A password that is kept, '' if none is. Raises OSError."""
    path = settings.secrets / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def keep(settings: Settings, name: str, password: str) -> None:
    """Keep a password in a file that only this user may read. Raises OSError."""
    if kept(settings, name) == password:
        return
    settings.secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.secrets.chmod(0o700)
    path = settings.secrets / name
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(password)
    beside.replace(path)


def adopt(settings: Settings, former: Iterable[str]) -> None:
    """Give the superuser the settings' password, where it still has one of the former ones.

    Waits up to a minute for a server that is starting. Raises PasswordError, psycopg.Error.
    """
    for password in (settings.postgres_password, *former):
        connection = _login(settings, password)
        if connection is None:
            continue
        with connection:
            if password != settings.postgres_password:
                _change(connection, settings)
        return
    raise PasswordError(
        f"the database has another password of {settings.postgres_user!r}; set POSTGRES_PASSWORD,"
        " in .env or the environment, to the one that its data was made with"
    )


def _login(settings: Settings, password: str) -> psycopg.Connection | None:
    """The superuser's connection to the database that every server has; None if it is refused."""
    login = settings.model_copy(update={"postgres_password": password, "postgres_db": "postgres"})
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return connect(login, Role.ADMIN)
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                return None
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


def _change(connection: psycopg.Connection, settings: Settings) -> None:
    user, password = settings.postgres_user, settings.postgres_password
    # Hashed here: the server's log may keep statements.
    hashed = connection.pgconn.encrypt_password(password.encode(), user.encode(), b"scram-sha-256")
    change = sql.SQL("alter role {} password {}")
    connection.execute(change.format(sql.Identifier(user), sql.Literal(hashed.decode())))

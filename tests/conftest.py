"""A database for the tests: an embedded PostgreSQL, migrated once, emptied before each test."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest

from driftdeck import declare as d
from driftdeck.database import Role, connect, migrate
from driftdeck.database.embedded import Embedded, free_port
from driftdeck.database.passwords import new_password
from driftdeck.settings import IsolatedSettings, Settings

SECRET = "p'a$s\"w%o\\rd={x}&ü"
"""Any character but a blank must work as a password."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make record`: keep a live Grafana's answers for the tests that run without one."""
    parser.addoption("--record", action="store_true", help="write tests/recorded/ anew")


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a running, migrated, embedded database in a temporary folder."""
    folder = tmp_path_factory.mktemp("stack")
    chosen = IsolatedSettings(
        stack_dir=folder,
        postgres_port=free_port(),
        postgres_password=new_password(),
        collector_password=SECRET,
        evidently_password=SECRET,
        runtime="embedded",
    )
    server = Embedded(folder / "postgres", chosen.postgres_port)
    server.start(chosen.postgres_user, chosen.postgres_password, chosen.postgres_db)
    try:
        migrate(chosen)
        yield chosen
    finally:
        server.stop()


@pytest.fixture
def connection(settings: Settings) -> Iterator[psycopg.Connection]:
    """The administrator's connection to an emptied database."""
    with connect(settings, Role.ADMIN) as opened:
        tables = opened.execute(
            "select string_agg(format('%I.%I', schemaname, tablename), ', ')"
            " from pg_tables where schemaname = 'monitoring' and tablename <> 'schema_migration'"
        ).fetchone()
        opened.execute(f"truncate {tables[0]}")
        opened.execute("drop schema if exists outages cascade")
        opened.execute("drop schema if exists live cascade")
        opened.commit()
        yield opened


@pytest.fixture
def mine(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with folders of their own for monitors, data and `.env`."""
    for name in ("monitors", "data"):
        (tmp_path / name).mkdir()
    return settings.model_copy(
        update={
            "root": tmp_path,
            "monitors": ("monitors",),
            "dashboards": ("dashboards",),
            "data_dir": tmp_path / "data",
            "provisioning_dir": tmp_path / "provisioning",
        }
    )


REFERENCE_DAYS = 4


def rows(day: date, count: int = 400, shift: float = 0.0) -> pd.DataFrame:
    """A day of a small classifier's log: x (number), c (category), p (probability), y (label)."""
    random = np.random.default_rng(day.toordinal())
    x = random.normal(shift, 1.0, count)
    p = 1 / (1 + np.exp(-2 * x))
    start = pd.Timestamp(day, tz="UTC")
    return pd.DataFrame(
        {
            "id": [f"{day}-{n}" for n in range(count)],
            "at": start + pd.to_timedelta(np.sort(random.uniform(0, 86399, count)), unit="s"),
            "x": x,
            "c": random.choice(["a", "b", "c"], count),
            "p": p.round(6),
            "y": (random.random(count) < p).astype(int),
            "version": "1",
        }
    )


def small_monitor(folder: str = "log", **changes: object) -> d.Monitor:
    """A declaration of the log that `rows` makes, with fixed levels."""
    given: dict[str, object] = {
        "name": "small",
        "title": "Small model",
        "description": "A classifier of random rows.",
        "owner": "tests",
        "source": d.Parquet(folder, time="at"),
        "starts": "2024-01-01",
        "reference": d.Between("2024-01-01", f"2024-01-0{REFERENCE_DAYS}"),
        "columns": (d.number("x"), d.category("c")),
        "prediction": d.probability("p", cut=0.5),
        "target": "y",
        "model_version": "version",
        "metrics": (
            d.drift(warn=0.2, alert=0.4),
            d.prediction_drift(warn=0.2, alert=0.4),
            d.target_drift(warn=0.1, alert=0.2),
            d.missing(warn=0.01, alert=0.05),
            d.row_count(warn=(200, 600), alert=(100, 800)),
            d.accuracy(warn=0.7, alert=0.6),
            d.precision(warn=0.7, alert=0.6),
            d.recall(warn=0.7, alert=0.6),
            d.roc_auc(warn=0.8, alert=0.7),
            d.log_loss(warn=0.6, alert=0.8),
            d.target_mean(unjudged="read beside the mean prediction"),
        ),
        "late_after": d.Hours(24),
        "min_rows": 50,
    }
    return d.Monitor(**{**given, **changes})


def write_day(folder: Path, day: date, frame: pd.DataFrame) -> None:
    """One partition of a Parquet log, replaced if it is there."""
    partition = folder / f"date={day}"
    partition.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(partition / "part-0.parquet", index=False)


@pytest.fixture
def reader(settings: Settings, connection: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """What Grafana may read, of a database with nothing in it."""
    with connect(settings, Role.READER) as opened:
        yield opened


def house(
    settings: Settings, connection: psycopg.Connection, folder: Path, changes: str = ""
) -> Settings:
    """A team's folder with one monitor, its twelve days collected, of which the last four drifted.

    changes: source text of what its declaration has other than `small_monitor`'s.
    """
    from driftdeck.collectors.jobs.runner import Runner
    from driftdeck.collectors.windows.calendar import find_window
    from driftdeck.load import find_monitor

    days = [date(2024, 1, n) for n in range(1, REFERENCE_DAYS + 9)]
    for n, day in enumerate(days):
        write_day(folder / "log", day, rows(day, shift=2.0 if n >= REFERENCE_DAYS + 4 else 0.0))
    declared = folder / "declared"
    declared.mkdir()
    (declared / "small.py").write_text(
        f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from conftest import small_monitor\nfrom driftdeck import declare as d\n"
        f"MONITOR = small_monitor({str(folder / 'log')!r}, ends='2024-01-12', {changes})\n"
    )
    monitor = find_monitor("small", declared)
    runner = Runner(monitor, settings, connection)
    for day in days:
        runner.run(find_window(monitor, day))
    connection.commit()
    given = {"monitors": (str(declared),), "provisioning_dir": folder / "provisioning"}
    return settings.model_copy(update=given)


@pytest.fixture
def small_house(settings: Settings, connection: psycopg.Connection, tmp_path: Path) -> Settings:
    """A team's folder with one monitor, its twelve days collected."""
    return house(settings, connection, tmp_path)


@pytest.fixture
def collected(small_house: Settings) -> tuple[Settings, list[dict[str, Any]]]:
    """That folder's settings, and its dashboards."""
    from driftdeck.generator.artefacts import artefacts
    from driftdeck.verify.provisioning import Provisioning

    return small_house, Provisioning(artefacts(small_house), {}).dashboards()

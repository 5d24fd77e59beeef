"""From data that nobody has declared to a monitor that is built, checked and collected."""

import ast
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
import pytest
import yaml

from driftdeck import declare as d
from driftdeck import settings as environment
from driftdeck.collectors.jobs.runner import Runner
from driftdeck.collectors.new.command import make, make_and_collect
from driftdeck.collectors.values import Status
from driftdeck.database import uri
from driftdeck.errors import DriftdeckError
from driftdeck.generator.artefacts import artefacts
from driftdeck.generator.stale_thresholds import stale_thresholds
from driftdeck.load import RESERVED, find_monitor, load
from driftdeck.preflight.check import check
from driftdeck.preflight.findings import Report
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.releases import Release
from driftdeck.settings import Settings
from own_data import DAYS, FIRST, asked, log, saved

ODD = [
    "all",
    "accuracy",
    "sepal length (cm)",
    "it's",
    'say "x"',
    "a.b",
    "$column",
    "größe [m²]",
    "x\\y",
]


def proved(mine: Settings) -> None:
    """What is declared builds, its thresholds fit, and Grafana would read all of it."""
    assert stale_thresholds(mine) == []
    for name, text in artefacts(mine).items():
        path = mine.provisioning_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    secrets = {f"{name.upper()}": "x" for name in environment.SECRETS}
    assert check(mine.provisioning_dir, Reading(Report(), Release.of("13.3"), secrets)) == []


def test_from_a_log_to_collected_windows(
    mine: Settings, connection: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command alone: windows are ok, hardly one beyond its threshold, every guess is said."""
    path = saved(log(), mine.data)
    request = asked("churn", path, "--owner", "growth")
    assert make_and_collect(mine, request, workers=1, reports=0) == 0
    said = capsys.readouterr().out
    stored = connection.execute("select status from monitoring.collection").fetchall()
    alarms = connection.execute(
        "select avg((level = 2)::int) from monitoring.metric where level is not null"
    ).fetchone()
    monitor = find_monitor("churn", *mine.monitor_folders)

    assert [status for (status,) in stored] == ["ok"] * DAYS
    assert alarms is not None
    assert alarms[0] < 0.08
    assert monitor.source == d.Csv("log.csv", time="at", layout="undated")
    assert monitor.reference == d.Between("2024-01-01", "2024-01-14")
    assert (monitor.starts, monitor.ends) == ("2024-01-01", "2024-01-24")
    assert [(one.name, one.kind) for one in monitor.columns] == [("x", "number"), ("c", "category")]
    assert monitor.prediction.cut == 0.5
    assert (monitor.target.name, monitor.model_version) == ("label", "model_version")
    assert {"recall", "precision", "accuracy", "roc_auc", "log_loss"} < {
        metric.name for metric in monitor.metrics
    }
    for name in ("id", "note", "same", "never", "counter"):
        assert f"left out {name}: " in said
    assert "driftdeck build" in said
    proved(mine)


def test_the_file_is_as_a_person_would_have_written_it(mine: Settings) -> None:
    """It keeps the house style, and says why a column is left out."""
    make(mine, asked("churn", saved(log()[["at", "c", "note"]], mine.data)))
    path = mine.monitors_dir / "churn.py"
    text = path.read_text(encoding="utf-8")
    for tool in (["check", "--select", "E,F,I,UP"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *tool, "--line-length", "100", str(path)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
    assert '# "note": free text' in text
    assert ast.get_docstring(ast.parse(text)) == "Churn."


def test_columns_of_odd_names_work_to_the_end(
    mine: Settings, connection: psycopg.Connection
) -> None:
    """Blanks, quotes, brackets, dots, a $, and names of our own: levels, dashboards, windows."""
    random = np.random.default_rng(0)
    frame = log()
    odd = pd.DataFrame({name: random.normal(size=len(frame)) for name in ODD})
    frame = pd.concat([frame[["at", "label"]], odd], axis=1).assign(prediction=frame["label"])
    monitor = make(mine, asked("odd", saved(frame, mine.data, "log.parquet")))
    levels = {series.key: series.thresholds for series in monitor.series()}
    runner = Runner(monitor, mine, connection)
    for window in map(monitor.every.window, monitor.reference.days()[:2]):
        assert runner.run(window).status is Status.OK
    stored = connection.execute(
        "select column_name, count(alert_above) from monitoring.metric where metric = 'drift'"
        " group by 1"
    ).fetchall()

    assert {column for metric, column in levels if metric == "drift"} == set(ODD)
    assert all(levels["drift", name] for name in ODD)
    assert dict(stored) == dict.fromkeys(ODD, 2)
    proved(mine)


def test_a_folder_a_day_in_a_zone_and_a_table_need_no_hand(
    mine: Settings, connection: psycopg.Connection, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Naive times are of --timezone; the URI goes into .env, and never into the declaration."""
    frame = log()[["at", "x", "c"]]
    frame["at"] = frame["at"].dt.tz_localize(None)
    for day, part in frame.groupby(frame["at"].dt.date):
        (mine.data / "log" / f"dt={day}").mkdir(parents=True)
        saved(part, mine.data / "log" / f"dt={day}")
    make(mine, asked("hive", mine.data / "log", "--timezone", "Europe/Lisbon"))
    hive = find_monitor("hive", *mine.monitor_folders)
    assert hive.source == d.Csv("log", time="at", partition="dt", naive="Europe/Lisbon")
    assert hive.every == d.Daily(timezone="Europe/Lisbon")

    connection.execute("create schema outages; create table outages.log (at date, x float, c text)")
    with connection.cursor() as cursor:
        cursor.executemany("insert into outages.log values (%s, %s, %s)", frame.values.tolist())
    connection.commit()
    away = uri(mine).replace("//collector", "//postgres").split("@")[1]
    password = mine.postgres_password
    secret = f"postgresql://postgres:{password}@localhost:{away.split(':')[1]}?application_name=new"
    compose = tmp_path / "docker-compose.yml"
    compose.write_bytes((Path(__file__).parents[1] / compose.name).read_bytes())
    address = secret.replace("/driftdeck?", "/postgres?")
    with psycopg.connect(address, autocommit=True) as other:
        other.execute("drop table if exists log; create table log (at date, x float, c text)")
        with other.cursor() as cursor:
            cursor.executemany("insert into log values (%s, %s, %s)", frame.values.tolist())
    make(mine, asked("shop", address))
    shop = find_monitor("shop", *mine.monitor_folders)
    kept = tmp_path / ".env"

    assert shop.source == d.Table("log", time="at", address="SHOP_URI", naive="UTC")
    assert kept.read_text() == f"SHOP_URI='{address}'\n"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert f"{password}@" not in (mine.monitors_dir / "shop.py").read_text()
    assert f"{password}@" not in capsys.readouterr().out
    services = yaml.safe_load(compose.read_text())["services"]
    handed = {name for name, service in services.items() if "SHOP_URI" in service["environment"]}
    assert handed == {"collectors"}
    with pytest.raises(DriftdeckError, match="SHOP_URI is set to another value"):
        mine.keep_variable("SHOP_URI", "postgresql://elsewhere/db")
    assert stale_thresholds(mine) == []


def test_labels_elsewhere_are_joined(mine: Settings) -> None:
    """The shared column and the label's column are found; a regression gets its metrics."""
    frame = log()
    frame["predicted_minutes"] = frame["x"] * 10 + 50
    labels = frame[["id"]].assign(
        minutes=frame["predicted_minutes"] + np.random.default_rng(0).normal(size=len(frame)),
        known_at=frame["at"] + pd.Timedelta(days=1),
    )
    source = saved(frame[["id", "at", "x", "c", "predicted_minutes"]], mine.data)
    late = saved(labels.iloc[::2], mine.data, "labels.parquet")
    monitor = make(mine, asked("late", source, "--labels", str(late)))

    assert monitor.labels == d.Parquet("labels.parquet", time="known_at", on="id", layout="undated")
    assert (monitor.prediction.name, monitor.target.name) == ("predicted_minutes", "minutes")
    assert {"mae", "rmse", "mean_error", "agreement"} < {one.name for one in monitor.metrics}
    assert 20 <= monitor.min_rows <= 30
    assert stale_thresholds(mine) == []


def test_no_weekend_cries_wolf(mine: Settings) -> None:
    """Days that are quiet every week have levels, min_rows and lateness that know them."""
    frame = log(days=42)[["at", "c"]]
    quiet = frame["at"].dt.dayofweek >= 5
    monitor = make(mine, asked("week", saved(frame[~quiet | (frame.index % 3 == 0)], mine.data)))
    closed = make(mine, asked("shut", saved(frame[~quiet], mine.data, "shut.csv")))
    counts = {one.metric.name: one.thresholds for one in monitor.series()}["row_count"]
    shut = {one.metric.name: one.thresholds for one in closed.series()}["row_count"]

    assert counts.judge(20) == counts.judge(60) == 0
    assert counts.judge(5) == counts.judge(200) == 2
    assert monitor.min_rows == 20
    assert shut.judge(0) == shut.judge(60) == 0
    assert closed.late_after == d.Hours(30 + 48)


def test_data_that_still_comes_has_no_end(mine: Settings) -> None:
    """Where the newest rows are of today, nothing ends, and today is no whole day."""
    frame = log()[["at", "c"]]
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    frame["at"] += today - pd.Timestamp(FIRST, tz="UTC") - timedelta(days=DAYS - 1)
    frame = frame[(frame["at"] < datetime.now(UTC)) & (frame["at"].dt.hour >= 0)]
    late = frame["at"].dt.date == frame["at"].dt.date.min()
    frame = frame[~late | (frame["at"].dt.hour > 15)]  # the log begins in the afternoon
    monitor = make(mine, asked("running", saved(frame, mine.data)))

    assert monitor.ends == ""
    assert monitor.late_after == d.Hours(30)
    assert monitor.first_day == today.date() - timedelta(days=DAYS - 2)


def test_a_failure_on_the_way_leaves_everything_as_it_was(
    mine: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A declaration is never overwritten unasked, nor lost when calibrating fails."""
    path = saved(log(), mine.data)
    theirs = mine.monitors_dir / "churn.py"
    theirs.write_text("mine")
    with pytest.raises(DriftdeckError, match=r"churn.py is there; .* --force"):
        make(mine, asked("churn", path))

    monkeypatch.setattr("driftdeck.collectors.new.command.measure_windows", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        make(mine, asked("churn", path, "--force"))
    assert theirs.read_text() == "mine"
    theirs.unlink()
    with pytest.raises(ZeroDivisionError):
        make(mine, asked("other", path))
    assert [one for one in mine.monitors_dir.iterdir() if one.is_file()] == []
    taken = mine.provisioning_dir / "dashboards" / "all-regions.json"
    taken.parent.mkdir(parents=True)
    taken.touch()
    with pytest.raises(DriftdeckError, match="a dashboard is called 'all_regions' already"):
        make(mine, asked("all_regions", path))
    for name in ("contacts", "Bad", *sorted(RESERVED)):
        with pytest.raises(DriftdeckError, match="cannot be a monitor's name"):
            make(mine, asked(name, path))


def test_what_cannot_be_calibrated_is_left_out_with_its_reason(mine: Settings) -> None:
    """A column with values on a few days, and a metric whose labels lack positives."""
    frame = log()
    early = frame["at"].dt.day < 4
    frame["rare"] = frame["x"].where(early)
    frame["label"] = frame["label"].where(early, 0)
    make(mine, asked("rare", saved(frame, mine.data)))
    load.cache_clear()
    monitor = find_monitor("rare", *mine.monitor_folders)
    unjudged = {metric.name: metric.unjudged for metric in monitor.metrics}

    assert [one.name for one in monitor.columns] == ["x", "c"]
    assert unjudged["recall"] == "only 3 days of the reference have a value"
    assert unjudged["accuracy"] == ""
    assert (
        '# "rare": a value on 3 days of the reference, too few'
        in (mine.monitors_dir / "rare.py").read_text()
    )
    assert stale_thresholds(mine) == []

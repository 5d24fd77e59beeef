"""A label belongs to its row however each side stores the id; what belongs to none is said."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import psycopg
import pytest
from sklearn import metrics

from conftest import small_monitor
from driftdeck import declare as d
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.reader import Reader, Rows
from driftdeck.collectors.values import Status, WindowResult
from driftdeck.collectors.windows.collect import collect
from driftdeck.settings import Settings

DAY = date(2024, 1, 5)
NOW = datetime(2024, 2, 1, tzinfo=UTC)
COUNT = 40
NUMBERS: dict[str, Callable[[int], Any]] = {
    "int": int, "float": float, "text": str, "decimal": Decimal,
}  # fmt: skip
POSTGRES = {"int": "bigint", "float": "float8", "text": "text", "decimal": "numeric(10,2)"}


def rows(ids: list[Any], day: date = DAY) -> pd.DataFrame:
    """Rows of a classifier, their ids as one side stores them."""
    at = pd.Timestamp(day, tz="UTC") + pd.to_timedelta(range(len(ids)), unit="min")
    return pd.DataFrame({"id": ids, "at": at, "x": 1.0, "p": np.linspace(0.01, 0.99, len(ids))})


def labels(ids: list[Any], day: date = DAY) -> pd.DataFrame:
    """Labels of rows, known a day later: the upper half are positive."""
    known = pd.Timestamp(day, tz="UTC") + timedelta(days=1)
    y = [int(n >= len(ids) // 2) for n in range(len(ids))]
    return pd.DataFrame({"id": ids, "known": known, "y": y})


def monitor(source: d.Source, truth: d.Source, **more: Any) -> d.Monitor:
    """A monitor that joins two sources by id."""
    given: dict[str, Any] = {
        "columns": (d.number("x"),), "reference": None, "model_version": "",
        "metrics": (d.accuracy(alert=0.5), d.row_count(alert=(1, 1000))),
    }  # fmt: skip
    return small_monitor(source=source, labels=truth, **{**given, **more})


def read(found: d.Monitor, settings: Settings, day: date = DAY, now: datetime = NOW) -> Rows:
    """A window's rows."""
    return Reader(found, settings).read(found.every.window(day), now)


def run(found: d.Monitor, settings: Settings, day: date = DAY, now: datetime = NOW) -> WindowResult:
    """What a window amounts to."""
    window = found.every.window(day)
    reader = Reader(found, settings)
    return collect(found, window, reader, lambda _: None, now, backfill=True, report=False)


def in_files(folder: Path, frame: pd.DataFrame, name: str, time: str, kind: str) -> d.Source:
    """An undated log in one file."""
    path = folder / f"{name}.{kind}"
    frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path, index=False)
    source = d.Csv if kind == "csv" else d.Parquet
    return source(str(path), time=time, on="id", layout="undated")


@pytest.mark.parametrize("left", NUMBERS)
@pytest.mark.parametrize("right", NUMBERS)
def test_ids_of_files_match(left: str, right: str, settings: Settings, tmp_path: Path) -> None:
    """Each storage of the same number, in every pairing and direction; one id is missing."""
    ids = list(range(1000, 1000 + COUNT))
    log = rows([NUMBERS[left](n) for n in ids])
    if left in ("float", "text"):
        log.loc[COUNT - 1, "id"] = None
    source = in_files(tmp_path, log, "log", "at", "parquet")
    truth = in_files(tmp_path, labels([NUMBERS[right](n) for n in ids]), "y", "known", "parquet")
    found = read(monitor(source, truth), settings).frame
    assert found["y"].notna().sum() >= COUNT - 1
    assert set(found["y"].iloc[: COUNT // 2]) == {"0"}


@pytest.mark.parametrize("left", POSTGRES)
@pytest.mark.parametrize("right", POSTGRES)
def test_ids_of_tables_match(
    left: str, right: str, settings: Settings, connection: psycopg.Connection
) -> None:
    """Each type of PostgreSQL, in every pairing and direction."""
    connection.execute(
        f"create schema outages; create table outages.log (id {POSTGRES[left]}, at timestamptz,"
        f" x float8, p float8); create table outages.y (id {POSTGRES[right]}, known timestamptz,"
        " y int); grant usage on schema outages to collector;"
        " grant select on all tables in schema outages to collector"
    )
    ids = list(range(1000, 1000 + COUNT))
    for name, frame in (("log", rows(ids)), ("y", labels(ids))):
        with connection.cursor().copy(f"copy outages.{name} from stdin") as copy:
            for row in frame.itertuples(index=False):
                copy.write_row(row)
    connection.commit()
    source = d.Table("outages.log", time="at")
    found = run(monitor(source, d.Table("outages.y", time="known", on="id")), settings)
    assert (found.status, found.labelled_count) == (Status.OK, COUNT)


def test_a_uuid_is_the_same_as_its_text(
    settings: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """Typed in a table, text in capitals and categories in files."""
    ids = [UUID(int=n) for n in range(COUNT)]
    connection.execute(
        "create schema outages; create table outages.y (id uuid, known timestamptz, y int);"
        " grant usage on schema outages to collector; grant select on outages.y to collector"
    )
    with connection.cursor().copy("copy outages.y from stdin") as copy:
        for row in labels(ids).itertuples(index=False):
            copy.write_row(row)
    connection.commit()
    log = rows([str(one).upper() for one in ids]).astype({"id": "category"})
    source = in_files(tmp_path, log, "log", "at", "parquet")
    found = read(monitor(source, d.Table("outages.y", time="known", on="id")), settings)
    assert found.frame["y"].notna().all()


def test_ids_that_match_nothing_are_shown_on_both_sides(settings: Settings, tmp_path: Path) -> None:
    """'1000.0' and '1000' are two texts: an error, not labels that have yet to come."""
    ids = list(range(1000, 1000 + COUNT))
    source = in_files(tmp_path, rows([f"{n}.0" for n in ids]), "log", "at", "csv")
    truth = in_files(tmp_path, labels(ids), "y", "known", "csv")
    with pytest.raises(SourceError, match=r"no label belongs to a row.*'1000'.*'1000\.0'"):
        read(monitor(source, truth), settings)
    found = run(monitor(source, truth), settings)
    assert found.status is Status.FAILED
    assert "'1000.0'" in found.error


@pytest.mark.parametrize("stored", ["undated", "folders", "table"])
def test_labels_that_come_late_are_waited_for(
    stored: str, settings: Settings, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """Labels of the days before come while a day lasts; its own are waited for, and then there."""
    days = [DAY - timedelta(days=n) for n in (3, 2, 1, 0)]
    ids = {day: [f"{day}-{n}" for n in range(COUNT)] for day in days}
    log = pd.concat([rows(ids[day], day) for day in days])
    known = pd.concat([labels(ids[day], day + timedelta(days=2)) for day in days])
    source = in_files(tmp_path, log, "log", "at", "parquet")
    if stored == "undated":
        truth: d.Source = in_files(tmp_path, known, "y", "known", "parquet")
    elif stored == "folders":
        for day in days:
            part = tmp_path / "y" / f"date={day}"
            part.mkdir(parents=True)
            known[known["id"].isin(ids[day])].to_parquet(part / "part.parquet")
        truth = d.Parquet(str(tmp_path / "y"), time="known", on="id")
    else:
        connection.execute(
            "create schema outages; create table outages.y (id text, known timestamptz, y int);"
            " grant usage on schema outages to collector; grant select on outages.y to collector"
        )
        with connection.cursor().copy("copy outages.y from stdin") as copy:
            for row in known.itertuples(index=False):
                copy.write_row(row)
        connection.commit()
        truth = d.Table("outages.y", time="known", on="id")
    watched = monitor(source, truth)
    end = watched.every.window(DAY).end
    assert run(watched, settings, now=end).status is Status.WAITING
    assert run(watched, settings, now=end + timedelta(days=3)).status is Status.OK


def test_duplicates_are_left_out_and_counted(settings: Settings, tmp_path: Path) -> None:
    """The newest that is known counts; two of one moment that differ are an error."""
    ids = list(range(COUNT))
    first = labels(ids)
    again = first.iloc[:5].assign(known=first["known"] + timedelta(days=1), y=1)
    both = pd.concat([first, again])
    source = in_files(tmp_path, rows(ids), "log", "at", "parquet")
    truth = in_files(tmp_path, both, "y", "known", "parquet")
    found = run(monitor(source, truth), settings)

    assert found.labels is not None
    assert (found.labels.read, found.labels.used) == (COUNT + 5, COUNT)
    assert found.labels.count_by_reason() == {"a duplicate of a label": 5}
    assert found.status is Status.PARTIAL
    assert "5 of 45 labels left out: 5 superseded by another" in found.error
    frame = read(monitor(source, truth), settings).frame
    assert list(frame["y"].iloc[:5]) == ["1"] * 5

    torn = pd.concat([first, first.iloc[:1].assign(y=1)])
    truth = in_files(tmp_path, torn, "y", "known", "parquet")
    with pytest.raises(SourceError, match=r"several labels that differ for a row.*id = '0'"):
        read(monitor(source, truth), settings)


WORDS: dict[str, tuple[list[Any], d.Column | str]] = {
    "churn and stay": (["churn", "stay"], d.label("y", positive="churn", negative="stay")),
    "one declared": (["churn", "stay"], d.label("y", positive="churn")),
    "yes and no": (["yes", "no"], d.label("y", positive="yes")),
    "True and False": (["True", "False"], "y"),
    "booleans": ([True, False], "y"),
    "declared True": ([True, False], d.label("y", positive=True)),
    "declared 1": ([True, False], d.label("y", positive=1)),
    "declared true": ([1, 0], d.label("y", positive=True)),
    "1 and -1": ([1, -1], d.label("y", positive=1)),
    "1.0 and -1.0": (["1.0", "-1.0"], d.label("y", positive=1, negative=-1)),
    "1.0 and 0.0": (["1.0", "0.0"], "y"),
    "floats": ([1.0, 0.0], "y"),
}


@pytest.mark.parametrize("case", WORDS)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_labels_as_people_have_them(
    case: str, kind: str, settings: Settings, tmp_path: Path
) -> None:
    """Every way to say yes and no gives scikit-learn's numbers of yes and no."""
    (yes, no), target = WORDS[case]
    random = np.random.default_rng(3)
    frame = rows(list(range(200)))
    truth = random.random(200) < frame["p"]
    frame["y"] = [yes if one else no for one in truth]
    source = in_files(tmp_path, frame, "log", "at", kind)
    wanted = (d.accuracy, d.precision, d.recall, d.roc_auc)
    watched = small_monitor(
        source=source, target=target, columns=(d.number("x"),), reference=None, model_version="",
        metrics=(*(one(alert=0.1) for one in wanted), d.log_loss(alert=9),
                 d.target_mean(unjudged="-")),
    )  # fmt: skip
    found = run(watched, settings)
    values = {v.series.key[0]: v.outcome.value for v in found.values}
    said = frame["p"] >= 0.5

    assert found.status is Status.OK, found.error
    assert values["accuracy"] == pytest.approx(metrics.accuracy_score(truth, said), abs=1e-12)
    assert values["precision"] == pytest.approx(metrics.precision_score(truth, said), abs=1e-12)
    assert values["recall"] == pytest.approx(metrics.recall_score(truth, said), abs=1e-12)
    assert values["roc_auc"] == pytest.approx(metrics.roc_auc_score(truth, frame["p"]), abs=1e-12)
    assert values["log_loss"] == pytest.approx(metrics.log_loss(truth, frame["p"]), abs=1e-12)
    assert values["target_mean"] == pytest.approx(float(truth.mean()), abs=1e-12)


@pytest.mark.parametrize(
    ("words", "target", "said"),
    [
        ([1, -1], "y", r"labels must be 0 and 1, found -1, 1; say which word means yes"),
        (["churn", "stay"], "y", r"labels must be 0 and 1, found churn, stay"),
        (
            ["churn", "Churn"],
            d.label("y", positive="churn"),
            r"the label 'Churn' is not 'churn', wh",
        ),
        (["a", "b", "c"], d.label("y", positive="a"), r"beside 'a' there are the labels b, c"),
    ],
)
def test_no_label_is_taken_for_what_it_is_not(
    words: list[Any], target: d.Column | str, said: str, settings: Settings, tmp_path: Path
) -> None:
    """Where nobody can tell yes from no, performance has a reason, and the rest its numbers."""
    frame = rows(list(range(60)))
    frame["y"] = [words[n % len(words)] for n in range(60)]
    watched = small_monitor(
        source=in_files(tmp_path, frame, "log", "at", "csv"), target=target,
        columns=(d.number("x"),), reference=None, model_version="",
        metrics=(d.accuracy(alert=0.1), d.missing(alert=0.1)),
    )  # fmt: skip
    found = run(watched, settings)
    outcomes = {v.series.key[0]: v.outcome for v in found.values}
    assert found.status is Status.PARTIAL
    assert outcomes["missing_share"].value == 0.0
    assert outcomes["accuracy"].value is None
    assert said in outcomes["accuracy"].reason.replace("\n", " ")[:200]


def test_a_third_word_is_counted_and_named(settings: Settings, tmp_path: Path) -> None:
    """With both words declared another is unusable; the numbers are of the others."""
    frame = rows(list(range(60)))
    frame["y"] = ["churn" if p >= 0.5 else "stay" for p in frame["p"]]
    frame.loc[3, "y"] = "unknown"
    watched = small_monitor(
        source=in_files(tmp_path, frame, "log", "at", "csv"), columns=(d.number("x"),),
        target=d.label("y", positive="churn", negative="stay"), reference=None, model_version="",
        metrics=(d.accuracy(alert=0.1),),
    )  # fmt: skip
    found = run(watched, settings)
    [value] = found.values
    assert value.outcome.value == 1.0
    assert found.labelled_count == 59
    assert "of 60 labels 1 are neither 'churn' nor 'stay', e.g. 'unknown'" in found.error

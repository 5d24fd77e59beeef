"""A source that cannot be read is told in a sentence: the place, the cause, and what mends it."""

import gzip
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
import pytest

from conftest import rows, small_monitor
from driftdeck import declare as d
from driftdeck.cli import main
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.values import Status, WindowResult
from driftdeck.collectors.windows.collect import collect
from driftdeck.database import Role, uri
from driftdeck.database.embedded import Embedded, free_port
from driftdeck.database.errors import sentence
from driftdeck.settings import IsolatedSettings, Settings

DAY = date(2024, 1, 1)
NOW = datetime(2024, 6, 1, tzinfo=UTC)
Break = Callable[[Path], None]


def run(settings: Settings, source: d.Source) -> WindowResult:
    """What a day of a source amounts to."""
    monitor = small_monitor(
        source=source, columns=(d.number("x"),), prediction=None, target=None, reference=None,
        model_version="", metrics=(d.missing(alert=0.5),),
    )  # fmt: skip
    window = monitor.every.window(DAY)
    reader = Reader(monitor, settings)
    return collect(monitor, window, reader, lambda _: None, NOW, backfill=True, report=False)


def parquet(path: Path) -> bytes:
    """A good file's bytes."""
    rows(DAY, 50).to_parquet(path)
    return path.read_bytes()


BROKEN: dict[str, tuple[str, Break, str]] = {
    "an empty Parquet": ("p.parquet", lambda p: p.write_bytes(b""), "is no whole Parquet file"),
    "half a Parquet": (
        "p.parquet", lambda p: p.write_bytes(parquet(p)[:900]),
        "is no whole Parquet file: .*; if it is being written, write it beside and rename it",
    ),
    "garbage": ("p.parquet", lambda p: p.write_bytes(b"x" * 5000), "is no whole Parquet file"),
    "a link to nothing": ("p.parquet", lambda p: p.symlink_to("/nowhere"), "is a link to nothing"),
    "a link to itself": ("p.parquet", lambda p: p.symlink_to(p.name), "is a link to nothing"),
    "a queue": ("p.parquet", os.mkfifo, "is no file; move it away"),
    "a circle": ("loop", lambda p: p.symlink_to("."), "leads back to where it lies"),
    "UTF-16": ("p.csv", lambda p: p.write_bytes("at,x\n".encode("utf-16")), "not written in UTF-8"),
    "a ragged row": ("p.csv", lambda p: p.write_text("at,x\n2024-01-01T00:00:00Z,1,2\n"),
                     "row 2 has 3 fields where the header names 2: '2024-01-01T00:00:00Z,1,2'"),
    "half a gzip": ("p.csv.gz", lambda p: p.write_bytes(gzip.compress(b"at,x\n" * 9999)[:-20]),
                    "is no whole gzip file"),
    "a changed gzip": ("p.csv.gz", lambda p: p.write_bytes(b"\x1f\x8b\x08" + b"x" * 99),
                       "is no whole gzip file"),
    "another separator": ("p.csv", lambda p: p.write_text("at;x\n1;2\n"),
                          "no column 'at', the time of each row; it has 'at;x'"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_named(case: str, settings: Settings, tmp_path: Path) -> None:
    """The window fails with the file, the cause and the mend; never with a traceback."""
    name, breaking, said = BROKEN[case]
    breaking(tmp_path / name)
    kind = d.Csv if ".csv" in name else d.Parquet
    found = run(settings, kind(str(tmp_path), time="at", layout="undated"))
    assert found.status is Status.FAILED
    assert name in found.error
    assert pd.Series([found.error]).str.contains(said, regex=True).all(), found.error
    assert "Traceback" not in found.error
    assert "\n" not in found.error


def test_a_column_that_is_no_text_costs_the_others_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    """Of a CSV in Latin-1: column, file, cause and mend; a header is all or none."""
    path = tmp_path / "p.csv"
    path.write_bytes(b"at,x\n2024-01-01T00:00:00Z,\xe9\n")
    found = run(settings, d.Csv(str(tmp_path), time="at", layout="undated"))
    assert (found.status, found.row_count) == (Status.PARTIAL, 1)
    assert f"column x cannot be read: {path}: is not written in UTF-8" in found.error
    assert found.error.endswith("save it so")
    path.write_bytes(b"at,x,\xe9\n2024-01-01T00:00:00Z,1,2\n")
    found = run(settings, d.Csv(str(tmp_path), time="at", layout="undated"))
    assert found.status is Status.FAILED
    assert f"{path}: is not written in UTF-8" in found.error


T = "2024-01-01T00:0{}:00Z"
SWALLOWED = {
    "closed by a later row": [
        *(f"{T.format(n)},1,a" for n in range(3)), f'{T.format(3)},1,"bad',
        *(f"{T.format(n)},1,a" for n in range(4, 7)), f'{T.format(7)},1,"ok"', f"{T.format(8)},1,a",
    ],
    "never closed": [f"{T.format(0)},1,a", f'{T.format(1)},1,"bad', f"{T.format(2)},1,a"],
    "closed at the end": [f'{T.format(1)},1,"bad', f"{T.format(2)},1,a", f'{T.format(3)},1,"ok"'],
    "in the middle": [
        f"{T.format(0)},1,a", f'{T.format(1)},"bad,1', f'{T.format(2)},5",3', f"{T.format(3)},1,a",
    ],
}  # fmt: skip


@pytest.mark.parametrize("case", SWALLOWED)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_quote_that_swallows_rows_is_an_error(
    case: str, end: str, settings: Settings, tmp_path: Path
) -> None:
    """No row is lost in another's text; text of several lines is still text."""
    path = tmp_path / "p.csv"
    path.write_bytes(end.join(["at,x,c", *SWALLOWED[case], ""]).encode())
    source = d.Csv(str(tmp_path), time="at", layout="undated")
    found = run(settings, source)
    assert found.status is Status.FAILED, found
    assert "p.csv" in found.error

    path.write_text(f'at,x,c\n{T.format(0)},1,"two\nlines, and ""quotes"""\n{T.format(1)},1,a\n')
    assert run(settings, source).row_count == 2


@pytest.mark.parametrize("text", ["", "\n\n", "at,x\n", "at,x", "\n\nat,x\n\n"])
def test_a_file_without_rows_is_an_empty_day(text: str, settings: Settings, tmp_path: Path) -> None:
    """Whatever stands above, or nothing at all."""
    (tmp_path / "p.csv").write_text(text)
    assert run(settings, d.Csv(str(tmp_path), time="at", layout="undated")).status is Status.EMPTY


def test_lines_above_the_header_are_no_rows(settings: Settings, tmp_path: Path) -> None:
    """Two rows are two rows."""
    (tmp_path / "p.csv").write_text(f"\n\nat,x\n{T.format(0)},1\n\n{T.format(1)},2\n")
    found = run(settings, d.Csv(str(tmp_path), time="at", layout="undated"))
    assert found.rows is not None
    assert (found.rows.read, found.row_count) == (2, 2)


TABLES = {
    "no table": ("select 1", 'relation "outages.log" does not exist; name a table that is there'),
    "no time": ("create table outages.log (x float8)", "no column 'at', the time of each row"),
    "no right": (
        "create table outages.log (at timestamptz, x float8);"
        " revoke all on outages.log from collector",
        "permission denied for table log; grant it to the user of the address",
    ),
    "a division": (
        "create view outages.log as select timestamptz '2024-01-01' as at, 1 / (1 - 1) as x",
        "division by zero; mend the rows, or the view, that this comes of",
    ),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_broken_table_is_named(
    case: str, settings: Settings, connection: psycopg.Connection
) -> None:
    """The server's own words, the table, and the mend of this cause."""
    made, said = TABLES[case]
    connection.execute("create schema outages; grant usage on schema outages to collector")
    connection.execute(made)
    if case != "no right":
        connection.execute("grant select on all tables in schema outages to collector")
    connection.commit()
    found = run(settings, d.Table("outages.log", time="at"))
    # Only a column of that view fails: what needs no column is measured.
    assert found.status is (Status.PARTIAL if case == "a division" else Status.FAILED)
    assert "outages.log: " in found.error
    assert said in found.error


def test_the_address_of_a_table_is_never_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that cannot be read is an error that names its variable, and no password."""
    for address in ("postgresql://a:topsecret%zz@127.0.0.1/x", "mysql://a:topsecret@b/c"):
        monkeypatch.setenv("OTHER_URI", address)
        found = run(settings, d.Table("log", time="at", address="OTHER_URI"))
        assert found.status is Status.FAILED
        assert "OTHER_URI holds no address that can be read" in found.error
        assert "topsecret" not in found.error


def test_a_password_that_was_changed_over_old_data_says_so(tmp_path: Path) -> None:
    """The sentence tells what has happened, and where to change it."""
    port = free_port()
    server = Embedded(tmp_path / "postgres", port)
    server.start("postgres", "first", "driftdeck")
    try:
        changed = IsolatedSettings(postgres_port=port, postgres_password="second")
        with pytest.raises(psycopg.OperationalError) as refused:
            psycopg.connect(uri(changed, Role.ADMIN))
        said = sentence(refused.value)
    finally:
        server.stop()
    assert "password authentication failed for user" in said
    assert "one that was changed after the data was made must be changed in the database" in said


def test_an_error_that_nobody_foresaw_is_a_sentence_and_is_kept(
    mine: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The terminal has one line; the log, and --verbose, have where it happened."""
    given = mine.model_copy(update={"stack_dir": mine.monitors_dir / "stack"})
    monkeypatch.setattr("driftdeck.settings.load_settings", lambda: given)
    monkeypatch.setattr(
        "driftdeck.collectors.jobs.commands.show_collected", lambda *_, **__: np.zeros(3)[7]
    )
    assert main(["collected"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("driftdeck: IndexError: index 7 is out of bounds")
    assert "Traceback" not in told
    assert "Traceback" in (given.stack_dir / "driftdeck.log").read_text()
    assert main(["--verbose", "collected"]) == 1
    assert "Traceback" in capsys.readouterr().err

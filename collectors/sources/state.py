"""By what a source that changed is told without reading it: names, sizes and times of files, counts
and an order-free hash of a table's rows, which the server makes for many windows at once."""

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from psycopg import sql

from driftdeck.collectors.sources.declared import Sources
from driftdeck.collectors.sources.paths import Paths, facts
from driftdeck.collectors.sources.postgres import (
    PLAIN,
    SLACK,
    TEXTS,
    Database,
    identifier,
    is_naive,
)
from driftdeck.declare import Table, Window
from driftdeck.diagnostics import LOG

SETTLED = 2.0
"""A file that was written so many seconds ago may be written again within one tick of its clock."""
EACH = """\
select {n}::int as n, count(*) as rows, {hash} as hash from {tables} where {within}"""
GROUPED = """\
select width_bucket({moment}, {bounds}::timestamptz[]) as n, count(*) as rows, {hash} as hash
from {tables} where {within} group by 1"""
ALL = "select count(*) as rows, {hash} as hash from {tables} where {within}"
HASH = "sum(hash_record_extended(row({columns}), 0))::text"
VERSIONS = "sum(hashtidextended(ctid, xmin::text::bigint))::text"
"""Of the versions of a plain table's rows: a change makes a new one, and its place and transaction
are read sooner than what it says."""
PLAIN_TABLE = "select relkind::text = 'r' as plain from pg_class where oid = {}::regclass"
INDEXED = """\
select exists (select from pg_index i join pg_attribute a on a.attrelid = i.indrelid
  and a.attnum = i.indkey[0] where i.indrelid = {}::regclass and a.attname = {}) as there"""


def states(sources: Sources, windows: Sequence[Window], now: datetime) -> dict[Window, str]:
    """What is known of the source of each window, labels that are known by `now` included.

    The same text means the same rows; '' that only reading tells. Never raises for a source.
    """
    if not windows:
        return {}
    try:
        rows, labels = _rows(sources, windows), _labels(sources, windows, now)
    except Exception as error:  # what is wrong is told by the reading that follows
        LOG.debug("the state of %s is not known", sources.monitor.name, exc_info=error)
        return dict.fromkeys(windows, "")
    return {
        window: f"{rows[window]} {labels[window]}" if rows[window] and labels[window] else ""
        for window in windows
    }


def _rows(sources: Sources, windows: Sequence[Window]) -> dict[Window, str]:
    source = sources.monitor.source
    if isinstance(source, Table):
        return _hashed(sources, source, windows)
    return _files(sources.paths(source), windows)


def _labels(sources: Sources, windows: Sequence[Window], now: datetime) -> dict[Window, str]:
    source = sources.monitor.labels
    if source is None:
        return dict.fromkeys(windows, "-")
    if isinstance(source, Table):
        return _hashed_labels(sources, source, windows, now)
    return _files(sources.paths(source), windows)


def _files(files: Paths, windows: Sequence[Window]) -> dict[Window, str]:
    """Of each window's files."""
    settled = time.time() - SETTLED
    known: dict[Path, str] = {}
    return {
        window: _of_files(files.root, paths, known, settled)
        for window, paths in files.by_window(windows).items()
    }


def _of_files(root: Path, paths: Iterable[Path], known: dict[Path, str], settled: float) -> str:
    digest = hashlib.sha256()
    for path in paths:
        if path not in known:
            known[path] = _of_file(root, path, settled)
        if not known[path]:
            return ""
        digest.update(known[path].encode(errors="surrogateescape"))
    return digest.hexdigest()[:16]


def _of_file(root: Path, path: Path, settled: float) -> str:
    """Its name, size, times and place on the disk; '' while it may change unseen."""
    found = facts(path)
    if max(found[1:3]) > settled * 1e9:
        return ""
    return f"{str(path).removeprefix(str(root))}\0{' '.join(map(str, found))}\n"


@dataclass(frozen=True)
class Timed:
    """The time column of a table in a query. alias: of the table, with its point."""

    source: Table
    kinds: dict[str, str]
    alias: str = ""

    @property
    def column(self) -> sql.Composable:
        """The column as it is."""
        return sql.SQL(self.alias + "{}").format(sql.Identifier(self.source.time))

    def within(self, low: datetime, high: datetime) -> sql.Composable:
        """The rows that may lie between two moments, as an index finds them."""
        if is_naive(self.source, self.kinds):
            zone = ZoneInfo(self.source.naive)
            low, high = (end.astimezone(zone).replace(tzinfo=None) for end in (low, high))
            low, high = low - SLACK, high + SLACK
        ends = sql.Literal(low), sql.Literal(high)
        return sql.SQL("{0} >= {1} and {0} < {2}").format(self.column, *ends)


def _hashed(sources: Sources, source: Table, windows: Sequence[Window]) -> dict[Window, str]:
    """Of each window's rows in a table."""
    database = sources.database(source)
    kinds = database.columns()
    names = [name for name in (*sources.columns(), source.time) if name in kinds]
    times = Timed(source, kinds)
    name = sql.Literal(identifier(source.name).as_string(None))
    plain = database.rows(sql.SQL(PLAIN_TABLE).format(name))[0]["plain"]
    hashed = sql.SQL(VERSIONS) if plain else _hash(names, kinds, "")
    return Question(times, identifier(source.name), hashed, sql.SQL("true")).by_window(
        database, windows
    )


def _hashed_labels(
    sources: Sources, source: Table, windows: Sequence[Window], now: datetime
) -> dict[Window, str]:
    """Of the labels of each window's rows where one server has both and can tell which are whose;
    else, and of a window that has none, of all labels."""
    database, monitor = sources.database(source), sources.monitor
    rows, target = monitor.source, monitor.target_column
    assert target is not None
    kinds = database.columns()
    if is_naive(source, kinds):
        now = now.astimezone(ZoneInfo(source.naive)).replace(tzinfo=None)
    hashed = _hash([source.on, target.name, source.time], kinds, "l.")
    known = sql.SQL("l.{} <= {}").format(sql.Identifier(source.time), sql.Literal(now))
    labels = sql.SQL("{} l").format(identifier(source.name))
    [row] = database.rows(sql.SQL(ALL).format(hash=hashed, tables=labels, within=known))
    every = f"all {row['rows']}:{row['hash']}"
    if not isinstance(rows, Table) or rows.address != source.address:
        return dict.fromkeys(windows, every)
    theirs = sources.database(rows).columns()
    both = {kind.get(source.on, "") for kind in (theirs, kinds)}
    if len(both) > 1 and not both <= set(TEXTS):
        return dict.fromkeys(windows, every)
    form = "lower(s.{0}) = lower(l.{0})" if both <= set(TEXTS) else "s.{0} = l.{0}"
    same = sql.SQL(form).format(sql.Identifier(source.on))
    joined = sql.SQL("{} s join {} on {}").format(identifier(rows.name), labels, same)
    found = Question(Timed(rows, theirs, "s."), joined, hashed, known).by_window(database, windows)
    return {window: every if text.startswith("0:") else text for window, text in found.items()}


@dataclass(frozen=True)
class Question:
    """What is asked of the rows of each window. hashed: of them; also: which of them."""

    times: Timed
    tables: sql.Composable
    hashed: sql.Composable
    also: sql.Composable

    def by_window(self, database: Database, windows: Sequence[Window]) -> dict[Window, str]:
        """Each window by an index on the time, or all in one pass where there is none."""
        source = self.times.source
        if is_naive(source, self.times.kinds):  # in which window a time lies is told by its reader
            return self._each(database, windows)
        name = sql.Literal(identifier(source.name).as_string(None))
        query = sql.SQL(INDEXED).format(name, sql.Literal(source.time))
        indexed = database.rows(query)[0]["there"]
        return (self._each if indexed else self._together)(database, windows)

    def _together(self, database: Database, windows: Sequence[Window]) -> dict[Window, str]:
        bounds = sorted({end for window in windows for end in (window.start, window.end)})
        query = sql.SQL(GROUPED).format(
            moment=self.times.column,
            bounds=sql.Literal(bounds),
            **self._between(bounds[0], bounds[-1]),
        )
        rows = database.rows(query)
        found = {row["n"]: f"{row['rows']}:{row['hash']}" for row in rows}
        place = {bound: n for n, bound in enumerate(bounds, start=1)}
        return {window: found.get(place[window.start], "0:None") for window in windows}

    def _each(self, database: Database, windows: Sequence[Window]) -> dict[Window, str]:
        queries = [
            sql.SQL(EACH).format(n=sql.Literal(n), **self._between(window.start, window.end))
            for n, window in enumerate(windows)
        ]
        rows = {row["n"]: row for row in database.rows(sql.SQL(" union all ").join(queries))}
        return {w: f"{rows[n]['rows']}:{rows[n]['hash']}" for n, w in enumerate(windows)}

    def _between(self, low: datetime, high: datetime) -> dict[str, sql.Composable]:
        """The parts of a query over the rows between two moments."""
        within = sql.SQL("{} and {}").format(self.times.within(low, high), self.also)
        return {"hash": self.hashed, "tables": self.tables, "within": within}


def _hash(names: Sequence[str], kinds: dict[str, str], alias: str) -> sql.Composable:
    """Of columns: of one whose type has no hash, of its text."""
    hashable = {*PLAIN, "numeric", "uuid"}
    columns = [
        sql.SQL(alias + ("{}" if kinds[n] in hashable else "{}::text")).format(sql.Identifier(n))
        for n in dict.fromkeys(names)
    ]
    return sql.SQL(HASH).format(columns=sql.SQL(", ").join(columns))

"""Detects a source that changed without reading it: by names, sizes and times of files, by counts
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
from driftdeck.collectors.sources.paths import Paths, read_facts
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
"""A file that was written less than so many seconds ago may be written again within one tick of the
file system's clock, unseen."""
EACH = """\
select {n}::int as n, count(*) as rows, {hash} as hash from {tables} where {within}"""
GROUPED = """\
select width_bucket({moment}, {bounds}::timestamptz[]) as n, count(*) as rows, {hash} as hash
from {tables} where {within} group by 1"""
ALL = "select count(*) as rows, {hash} as hash from {tables} where {within}"
HASH = "sum(hash_record_extended(row({columns}), 0))::text"
VERSIONS = "sum(hashtidextended(ctid, xmin::text::bigint))::text"
"""Hashes the versions of a plain table's rows: each change makes a new one, and its ctid and xmin
are read faster than its columns."""
PLAIN_TABLE = "select relkind::text = 'r' as plain from pg_class where oid = {}::regclass"
INDEXED = """\
select exists (select from pg_index i join pg_attribute a on a.attrelid = i.indrelid
  and a.attnum = i.indkey[0] where i.indrelid = {}::regclass and a.attname = {}) as there"""


def describe_states(
    sources: Sources, windows: Sequence[Window], now: datetime
) -> dict[Window, str]:
    """A text for the source of each window, with the labels that are known by `now`.

    The same text means the same rows; '' means that only reading can tell. Never raises for a
    source.
    """
    if not windows:
        return {}
    try:
        rows, labels = _describe_rows(sources, windows), _describe_labels(sources, windows, now)
    except Exception as error:  # the reading that follows reports what is wrong
        LOG.debug("the state of %s is not known", sources.monitor.name, exc_info=error)
        return dict.fromkeys(windows, "")
    return {
        window: f"{rows[window]} {labels[window]}" if rows[window] and labels[window] else ""
        for window in windows
    }


def _describe_rows(sources: Sources, windows: Sequence[Window]) -> dict[Window, str]:
    source = sources.monitor.source
    if isinstance(source, Table):
        return _hash_table(sources, source, windows)
    return _describe_file_windows(sources.paths(source), windows)


def _describe_labels(
    sources: Sources, windows: Sequence[Window], now: datetime
) -> dict[Window, str]:
    source = sources.monitor.labels
    if source is None:
        return dict.fromkeys(windows, "-")
    if isinstance(source, Table):
        return _hash_label_table(sources, source, windows, now)
    return _describe_file_windows(sources.paths(source), windows)


def _describe_file_windows(files: Paths, windows: Sequence[Window]) -> dict[Window, str]:
    """A digest of each window's files."""
    settled = time.time() - SETTLED
    known: dict[Path, str] = {}
    return {
        window: _describe_files(files.root, paths, known, settled)
        for window, paths in files.by_window(windows).items()
    }


def _describe_files(
    root: Path, paths: Iterable[Path], known: dict[Path, str], settled: float
) -> str:
    digest = hashlib.sha256()
    for path in paths:
        if path not in known:
            known[path] = _describe_file(root, path, settled)
        if not known[path]:
            return ""
        digest.update(known[path].encode(errors="surrogateescape"))
    return digest.hexdigest()[:16]


def _describe_file(root: Path, path: Path, settled: float) -> str:
    """A file's name, size, times and inode; '' while it may change unseen.

    settled: seconds since 1970; a file changed later may change again unseen.
    """
    facts = read_facts(path)
    if max(facts[1:3]) > settled * 1e9:
        return ""
    return f"{str(path).removeprefix(str(root))}\0{' '.join(map(str, facts))}\n"


@dataclass(frozen=True)
class TimeFilter:
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


def _hash_table(sources: Sources, source: Table, windows: Sequence[Window]) -> dict[Window, str]:
    """Count and hash of each window's rows in a table."""
    database = sources.database(source)
    kinds = database.columns()
    columns = [name for name in (*sources.columns(), source.time) if name in kinds]
    times = TimeFilter(source, kinds)
    name = sql.Literal(identifier(source.name).as_string(None))
    is_plain = database.rows(sql.SQL(PLAIN_TABLE).format(name))[0]["plain"]
    hash_sql = sql.SQL(VERSIONS) if is_plain else _hash_expression(columns, kinds, "")
    return HashQuery(times, identifier(source.name), hash_sql, sql.SQL("true")).by_window(
        database, windows
    )


def _hash_label_table(
    sources: Sources, source: Table, windows: Sequence[Window], now: datetime
) -> dict[Window, str]:
    """Count and hash of the labels of each window's rows, where one server has both tables and can
    join them; else, and of a window without labels, of all labels."""
    database, monitor = sources.database(source), sources.monitor
    rows, target = monitor.source, monitor.target_column
    assert target is not None
    kinds = database.columns()
    if is_naive(source, kinds):
        now = now.astimezone(ZoneInfo(source.naive)).replace(tzinfo=None)
    hash_sql = _hash_expression([source.on, target.name, source.time], kinds, "l.")
    known = sql.SQL("l.{} <= {}").format(sql.Identifier(source.time), sql.Literal(now))
    labels = sql.SQL("{} l").format(identifier(source.name))
    [row] = database.rows(sql.SQL(ALL).format(hash=hash_sql, tables=labels, within=known))
    all_labels = f"all {row['rows']}:{row['hash']}"
    if not isinstance(rows, Table) or rows.address != source.address:
        return dict.fromkeys(windows, all_labels)
    row_kinds = sources.database(rows).columns()
    id_kinds = {kind.get(source.on, "") for kind in (row_kinds, kinds)}
    if len(id_kinds) > 1 and not id_kinds <= set(TEXTS):
        return dict.fromkeys(windows, all_labels)
    comparison = "lower(s.{0}) = lower(l.{0})" if id_kinds <= set(TEXTS) else "s.{0} = l.{0}"
    same_id = sql.SQL(comparison).format(sql.Identifier(source.on))
    joined = sql.SQL("{} s join {} on {}").format(identifier(rows.name), labels, same_id)
    by_window = HashQuery(TimeFilter(rows, row_kinds, "s."), joined, hash_sql, known).by_window(
        database, windows
    )
    return {
        window: all_labels if text.startswith("0:") else text for window, text in by_window.items()
    }


@dataclass(frozen=True)
class HashQuery:
    """A query for count and hash of the rows of each window.

    tables: what to select from. hash_sql: the aggregate. condition: beside the time.
    """

    times: TimeFilter
    tables: sql.Composable
    hash_sql: sql.Composable
    condition: sql.Composable

    def by_window(self, database: Database, windows: Sequence[Window]) -> dict[Window, str]:
        """Each window's "count:hash": a pass for each span of windows that follow each other where
        the time has an index, else one over all. Of hours there are hundreds in a span."""
        source = self.times.source
        if is_naive(source, self.times.kinds):  # its windows overlap by a slack that reading cuts
            return self._hash_each(database, windows)
        name = sql.Literal(identifier(source.name).as_string(None))
        query = sql.SQL(INDEXED).format(name, sql.Literal(source.time))
        indexed = database.rows(query)[0]["there"]
        spans = _find_spans(windows)
        if not indexed:
            spans = [(spans[0][0], spans[-1][1])]
        return self._hash_spans(database, windows, spans)

    def _hash_spans(
        self,
        database: Database,
        windows: Sequence[Window],
        spans: Sequence[tuple[datetime, datetime]],
    ) -> dict[Window, str]:
        bounds = sorted({end for window in windows for end in (window.start, window.end)})
        queries = [
            sql.SQL(GROUPED).format(
                moment=self.times.column, bounds=sql.Literal(bounds), **self._between(*span)
            )
            for span in spans
        ]
        rows = database.rows(sql.SQL(" union all ").join(queries))
        hashes = {row["n"]: f"{row['rows']}:{row['hash']}" for row in rows}
        numbers = {bound: n for n, bound in enumerate(bounds, start=1)}
        return {window: hashes.get(numbers[window.start], "0:None") for window in windows}

    def _hash_each(self, database: Database, windows: Sequence[Window]) -> dict[Window, str]:
        queries = [
            sql.SQL(EACH).format(n=sql.Literal(n), **self._between(window.start, window.end))
            for n, window in enumerate(windows)
        ]
        rows = {row["n"]: row for row in database.rows(sql.SQL(" union all ").join(queries))}
        return {window: f"{rows[n]['rows']}:{rows[n]['hash']}" for n, window in enumerate(windows)}

    def _between(self, low: datetime, high: datetime) -> dict[str, sql.Composable]:
        """The parts of a query over the rows between two moments."""
        within = sql.SQL("{} and {}").format(self.times.within(low, high), self.condition)
        return {"hash": self.hash_sql, "tables": self.tables, "within": within}


def _find_spans(windows: Sequence[Window]) -> list[tuple[datetime, datetime]]:
    """The spans without a gap that windows fill together, oldest first."""
    spans: list[tuple[datetime, datetime]] = []
    for window in sorted(windows):
        if spans and spans[-1][1] == window.start:
            spans[-1] = spans[-1][0], window.end
        else:
            spans.append((window.start, window.end))
    return spans


def _hash_expression(names: Sequence[str], kinds: dict[str, str], alias: str) -> sql.Composable:
    """The hash aggregate over columns; a type that has no hash is hashed as its text."""
    hashable = {*PLAIN, "numeric", "uuid"}
    columns = [
        sql.SQL(alias + ("{}" if kinds[n] in hashable else "{}::text")).format(sql.Identifier(n))
        for n in dict.fromkeys(names)
    ]
    return sql.SQL(HASH).format(columns=sql.SQL(", ").join(columns))

"""Expands Grafana's PostgreSQL macros as the datasource does.

Source: pkg/tsdb/postgres/macros.go of grafana/grafana, since 13.2 pkg/postgresql/macros.go of
grafana/grafana-postgresql-datasource; the same in 9 to 13. Answers of a live server are in
tests/cases/macros.json.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from driftdeck.errors import DriftdeckError
from driftdeck.facts.durations import format_interval, parse_interval

MACRO = re.compile(r"\$([_a-zA-Z0-9]+)\(([^)]*)\)")


class MacroError(DriftdeckError, ValueError):
    """A macro that Grafana would refuse."""


@dataclass(frozen=True)
class Range:
    """A dashboard's time range; interval_s: seconds between points that fit the panel."""

    start: datetime
    end: datetime
    interval_s: float = 60.0


def expand(sql: str, span: Range, now: datetime | None = None) -> str:
    """The SQL that Grafana would send for a time range.

    now: when it sends it, from which the months of a group are counted; this moment, where None.
    Raises MacroError for a macro that Grafana refuses.
    """
    text = sql.replace("$__interval_ms", str(int(span.interval_s * 1000)))
    text = text.replace("$__interval", format_interval(span.interval_s))
    text = text.replace("$__unixEpochFrom()", str(int(span.start.timestamp())))
    text = text.replace("$__unixEpochTo()", str(int(span.end.timestamp())))
    moment = now or datetime.now(UTC)
    return MACRO.sub(lambda match: _expand_one(match, text, span, moment), text)


def _expand_one(match: re.Match[str], text: str, span: Range, now: datetime) -> str:
    name, arguments = match[1], [part.strip() for part in match[2].split(",")]
    if name == "__timeGroup" and text[match.end() : match.end() + 1] == ",":
        name += "Alias"  # what Grafana does for queries older than 5.3
    simple = _simple(name, arguments[0], span)
    if simple is not None:
        return simple
    group = name.removesuffix("Alias")
    if group in ("__timeGroup", "__unixEpochGroup"):
        alias = ' AS "time"' if name.endswith("Alias") else ""
        return _group(group, arguments, now) + alias
    raise MacroError(f'unknown macro "{name}"')


def _simple(name: str, column: str, span: Range) -> str | None:
    start, end = int(span.start.timestamp()), int(span.end.timestamp())
    first, last = _rfc3339(span.start), _rfc3339(span.end)
    return {
        "__time": f'{column} AS "time"',
        "__timeEpoch": f'extract(epoch from {column}) as "time"',
        "__timeFilter": f"{column} BETWEEN '{first}' AND '{last}'",
        "__timeFrom": f"'{first}'",
        "__timeTo": f"'{last}'",
        "__unixEpochFilter": f"{column} >= {start} AND {column} <= {end}",
        "__unixEpochNanoFilter": (
            f"{column} >= {_nanos(span.start)} AND {column} <= {_nanos(span.end)}"
        ),
        "__unixEpochNanoFrom": f"{_nanos(span.start)}",
        "__unixEpochNanoTo": f"{_nanos(span.end)}",
    }.get(name)


def _group(name: str, arguments: list[str], now: datetime) -> str:
    if len(arguments) < 2:
        raise MacroError(f"macro {name} needs time column and interval and optional fill value")
    try:
        seconds = parse_interval(arguments[1].strip("'"), now)
    except (ValueError, OverflowError) as error:
        raise MacroError(f"error parsing interval {arguments[1]}") from error
    column = arguments[0]
    inner = f"({column})" if name == "__unixEpochGroup" else f"extract(epoch from {column})"
    return f"floor({inner}/{seconds:g})*{seconds:g}"


def _rfc3339(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return re.sub(r"(\.\d*?)0+Z$", r"\1Z", text) if "." in text else text


def _nanos(moment: datetime) -> int:
    whole = int(moment.timestamp()) * 1_000_000_000
    return whole + moment.microsecond * 1000

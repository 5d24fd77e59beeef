"""Expands Grafana's PostgreSQL macros as the datasource does.

Source: pkg/tsdb/postgres/macros.go of grafana/grafana, since 13.2 pkg/postgresql/macros.go of
grafana/grafana-postgresql-datasource; the same in 9 to 13. Answers of a live server are in
tests/cases/macros.json.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from driftdeck.errors import DriftdeckError

MACRO = re.compile(r"\$([_a-zA-Z0-9]+)\(([^)]*)\)")
UNITS = {
    "ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2592000, "y": 31536000,
}  # fmt: skip


class MacroError(DriftdeckError, ValueError):
    """A macro that Grafana would refuse."""


@dataclass(frozen=True)
class Range:
    """A dashboard's time range; interval_s: seconds between points that fit the panel."""

    start: datetime
    end: datetime
    interval_s: float = 60.0


def expand(sql: str, span: Range) -> str:
    """The SQL that Grafana would send for a time range. Raises MacroError for an unknown macro."""
    text = sql.replace("$__interval_ms", str(int(span.interval_s * 1000)))
    text = text.replace("$__interval", _interval(span.interval_s))
    text = text.replace("$__unixEpochFrom()", str(int(span.start.timestamp())))
    text = text.replace("$__unixEpochTo()", str(int(span.end.timestamp())))
    return MACRO.sub(lambda match: _one(match, text, span), text)


def _one(match: re.Match[str], text: str, span: Range) -> str:
    name, arguments = match[1], [part.strip() for part in match[2].split(",")]
    if name == "__timeGroup" and text[match.end() : match.end() + 1] == ",":
        name += "Alias"  # what Grafana does for queries older than 5.3
    simple = _simple(name, arguments[0], span)
    if simple is not None:
        return simple
    group = name.removesuffix("Alias")
    if group in ("__timeGroup", "__unixEpochGroup"):
        alias = ' AS "time"' if name.endswith("Alias") else ""
        return _group(group, arguments) + alias
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


def _group(name: str, arguments: list[str]) -> str:
    if len(arguments) < 2:
        raise MacroError(f"macro {name} needs time column and interval and optional fill value")
    seconds = _seconds(arguments[1])
    column = arguments[0]
    inner = f"({column})" if name == "__unixEpochGroup" else f"extract(epoch from {column})"
    return f"floor({inner}/{seconds:g})*{seconds:g}"


def _seconds(text: str) -> float:
    bare = text.strip("'")
    match = re.fullmatch(r"(\d+)([dwMy])", bare)
    if match is not None:
        return int(match[1]) * UNITS[match[2]]
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|[smh])", bare)
    if not parts or "".join(number + unit for number, unit in parts) != bare:
        raise MacroError(f"error parsing interval {text}")
    return sum(float(number) * UNITS[unit] for number, unit in parts)


def _interval(seconds: float) -> str:
    for unit in ("d", "h", "m", "s"):
        if seconds >= UNITS[unit]:
            return f"{int(seconds // UNITS[unit])}{unit}"
    return f"{int(seconds * 1000)}ms"


def _rfc3339(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return re.sub(r"(\.\d*?)0+Z$", r"\1Z", text) if "." in text else text


def _nanos(moment: datetime) -> int:
    whole = int(moment.timestamp()) * 1_000_000_000
    return whole + moment.microsecond * 1000

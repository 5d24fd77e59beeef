"""Windows in SQL: where one begins, what it is called; `driftdeck.declare.windows` is the same."""

from datetime import timedelta

from driftdeck.declare import Every, Hourly, Monthly, Weekly
from driftdeck.declare.windows import WEEKDAYS
from driftdeck.facts.postgres import literal


def cut_of(every: Every) -> tuple[str, int]:
    """(unit, size) of windows: hours with their number, weeks with their first day, Monday 0."""
    if isinstance(every, Hourly):
        return "hour", every.hours
    if isinstance(every, Weekly):
        return "week", WEEKDAYS.index(every.first)
    return ("month", 1) if isinstance(every, Monthly) else ("day", 1)


def floor(unit: str, size: str, local: str) -> str:
    """Where the window begins to which a local time belongs, both without a zone.

    unit, size: as `cut_of` has them, columns or literals; local: an expression.
    """
    return f"""\
CASE {unit}
    WHEN 'hour' THEN date_trunc('day', {local})
      + floor(extract(hour FROM {local}) / {size}) * {size} * interval '1 hour'
    WHEN 'week' THEN date_trunc('week', {local} - {size} * interval '1 day')
      + {size} * interval '1 day'
    ELSE date_trunc({unit}, {local}) END"""


def instant(local: str, zone: str) -> str:
    """The first moment at which a clock shows a local time: PostgreSQL gives the last of two."""
    hour = "interval '1 hour'"
    return f"""\
(SELECT CASE WHEN before.at AT TIME ZONE {zone} = clock.local
      THEN least(before.at, clock.local AT TIME ZONE {zone})
      ELSE clock.local AT TIME ZONE {zone} END
    FROM (SELECT {local} AS local) AS clock,
    LATERAL (SELECT (clock.local - {hour}) AT TIME ZONE {zone} + {hour} AS at) AS before)"""


def name(every: Every, moment: str = "window_start") -> str:
    """The name of the window that begins at a moment, as text. moment: a column.

    One that clocks were set forward over begins later than its name says.
    """
    local = f"{moment} AT TIME ZONE {literal(every.timezone)}"
    if isinstance(every, Hourly) and every.hours > 1:
        local = floor("'hour'", str(every.hours), f"({local})")
    pattern = {"hour": 'YYYY-MM-DD"T"HH24', "month": "YYYY-MM"}.get(cut_of(every)[0], "YYYY-MM-DD")
    if isinstance(every, Weekly) and every.first == "monday":
        pattern = 'IYYY-"W"IW'
    return f"to_char({local}, {literal(pattern)})"


def name_of(unit: str, size: str, zone: str, moment: str) -> str:
    """The same of windows of which columns say how they are cut."""
    return f"""\
to_char({floor(unit, size, f"({moment} AT TIME ZONE {zone})")}, CASE
    WHEN {unit} = 'hour' THEN 'YYYY-MM-DD"T"HH24' WHEN {unit} = 'month' THEN 'YYYY-MM'
    WHEN {unit} = 'week' AND {size} = 0 THEN 'IYYY-"W"IW' ELSE 'YYYY-MM-DD' END)"""


def span(every: Every, windows: int) -> str:
    """The length of so many windows, as an interval."""
    hours = windows * every.length.total_seconds() / 3600
    text = f"{hours / 24:g} days" if hours % 24 == 0 else f"{hours:g} hours"
    return f"interval {literal(text)}"


def shares_points(every: Every) -> bool:
    """Whether a panel of a long range has fewer points than there are windows."""
    return every.length < timedelta(days=1)


def point(every: Every) -> str:
    """What shares a point of a panel, as the moment at which it begins: a window, or of hours those
    within the panel's interval."""
    if not shares_points(every):
        return "window_start"
    # Grafana's $__timeGroup says the same in numeric, which takes longer than all the rest.
    return "date_bin($__interval_ms * interval '1 ms', window_start, timestamptz 'epoch')"

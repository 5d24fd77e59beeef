"""What holds of every Grafana: lengths of time, `$`, where panels stand."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from driftdeck.facts import durations
from driftdeck.facts.dollars import escape, unescape
from driftdeck.facts.panels import plotted_panels, walk_panels

DAY = 86_400
NOVEMBER = datetime(2023, 11, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("1m30s", 90), ("1y", 365 * DAY), ("2w1d", 15 * DAY), ("500ms", 0.5)],
)
def test_durations_of_rules_are_those_of_prometheus(text: str, seconds: float) -> None:
    """A year has 365 days, and units stand in order."""
    assert durations.parse_prometheus(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "1s1m", "1.5h", "5", "300y", "-1m", "1M"])
def test_what_prometheus_refuses_is_no_duration_of_a_rule(text: str) -> None:
    """As model.ParseDuration."""
    with pytest.raises(ValueError, match=r"missing|no duration|longer than"):
        durations.parse_prometheus(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1d", DAY), ("1M", 2_629_800), ("1y", 31_557_600), ("1h0m0s", 3600), (".5h", 1800)],
)
def test_a_month_that_stands_by_itself_is_a_twelfth_of_a_julian_year(
    text: str, seconds: float
) -> None:
    """As gtime.ParseDuration, which the server reads refresh intervals by."""
    assert durations.parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("now", "text", "days"),
    [
        (NOVEMBER, "1M", 30),
        (datetime(2024, 1, 15, tzinfo=UTC), "1M", 31),
        (datetime(2024, 1, 31, tzinfo=UTC), "1M", 31),  # Go: the 31st of February is the 2nd
        (datetime(2024, 1, 1, tzinfo=UTC), "1y", 366),
        (NOVEMBER, "2w", 14),
    ],
)
def test_a_month_of_a_group_is_the_next_one_of_the_calendar(
    now: datetime, text: str, days: int
) -> None:
    """As gtime.ParseInterval, which macros are expanded by."""
    assert durations.parse_interval(text, now) == days * DAY


@pytest.mark.parametrize(
    ("moment", "number", "unit", "wanted"),
    [
        ("2024-03-31T12:00", -1, "M", "2024-02-29T12:00"),
        ("2024-02-29T12:00", -1, "y", "2023-02-28T12:00"),
        ("2024-01-31T12:00", 13, "M", "2025-02-28T12:00"),
        ("2024-04-01T12:00", -1, "d", "2024-03-31T12:00"),
        ("2024-03-31T12:00", -1, "d", "2024-03-30T12:00"),
        ("2024-03-31T03:30", -1, "h", "2024-03-31T01:30"),  # the clock went from 2 to 3
    ],
)
def test_the_browser_counts_in_months_and_days_of_the_calendar(
    moment: str, number: int, unit: str, wanted: str
) -> None:
    """A day that a month lacks is its last; a day keeps the hour, an hour is one that passes."""
    berlin = ZoneInfo("Europe/Berlin")
    begins, ends = (
        datetime.fromisoformat(text).replace(tzinfo=berlin) for text in (moment, wanted)
    )

    assert durations.shift(begins, number, unit) == ends


def test_years_that_there_are_not() -> None:
    """What lies outside the years 1 to 9999 is no moment."""
    for number in (-3000, 9000):
        with pytest.raises(OverflowError):
            durations.shift(NOVEMBER, number, "y")


def test_a_dollar_comes_back() -> None:
    """What is escaped is read as it was, at every depth."""
    value = {"a $": ["$x", {"b": "$$"}], "n": 1, "none": None}

    assert escape(value) == {"a $": ["$$x", {"b": "$$$$"}], "n": 1, "none": None}
    assert unescape(escape(value)) == value


def test_every_panel_is_walked() -> None:
    """Those inside a row, of the library, of the old rows; what is no panel is passed over."""
    dashboard = {
        "panels": [
            {"id": 1, "type": "row", "panels": [{"id": 2, "type": "stat"}]},
            "nothing",
            {"id": 3, "libraryPanel": {"uid": "x"}},
        ],
        "rows": [{"panels": [{"id": 4, "type": "graph"}]}],
    }
    paths = {panel["id"]: path for path, panel in walk_panels(dashboard)}

    assert paths == {
        1: ("panels", 0),
        2: ("panels", 0, "panels", 0),
        3: ("panels", 2),
        4: ("rows", 0, "panels", 0),
    }
    assert [panel["id"] for panel in plotted_panels(dashboard)] == [2, 3, 4]


@pytest.mark.parametrize(
    ("seconds", "interval"),
    [
        (30 * DAY / 800, 3_600), (30 * DAY / 360, 2 * 3_600), (365 * DAY / 360, DAY),
        (365 * DAY / 400, DAY / 2), (DAY, DAY), (0.009, 0.001), (5_399, 3_600), (5_400, 7_200),
        (50 * DAY, 365 * DAY),
    ],
)  # fmt: skip
def test_the_browser_rounds_the_interval_of_a_panel(seconds: float, interval: float) -> None:
    """As roundInterval, whose steps begin below some length of time."""
    assert durations.round_interval(seconds) == interval

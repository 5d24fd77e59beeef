"""What `driftdeck new` takes data for, and what it refuses: each refusal names the mend."""

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from conftest import small_monitor
from driftdeck import declare as d
from driftdeck.cli import main
from driftdeck.collectors.new.command import make
from driftdeck.collectors.new.kinds import guess_columns
from driftdeck.collectors.new.propose import choose_row_thresholds
from driftdeck.errors import DriftdeckError
from driftdeck.settings import Settings
from own_data import asked, log, saved


@pytest.mark.parametrize(
    "counts", [[1] * 14, [30] * 14, [0, *[40] * 13], [5, 400], [10_000, 9_000, 1]]
)
def test_row_levels_can_always_be_declared(counts: list[int]) -> None:
    """Whatever the days had, the levels are in order and none of those days is beyond one."""
    warn, alert = choose_row_thresholds(counts)
    [series] = small(d.row_count(warn=warn, alert=alert))

    assert all(series.thresholds.judge(count) == 0 for count in counts)


def small(*metrics: d.Metric) -> list[d.Series]:
    """The series of a monitor with these metrics."""
    return list(small_monitor(metrics=metrics).series())


Bad = tuple[pd.DataFrame, list[str], str]
NAMED = log()
BAD: dict[str, Bad] = {
    "too few days": (log(days=12), [], "holds 12 whole days.*a monitor needs about 21"),
    "too few rows": (log(count=8), [], "holds 8 rows on a middling day"),
    "no time": (NAMED.drop(columns="at"), [], "no column holds times; name one with --time"),
    "two times": (
        NAMED.rename(columns={"at": "a_when"}).assign(b_when=NAMED["at"]), [],
        "a_when, b_when all hold times; say which with --time",
    ),
    "no such time": (NAMED, ["--time", "when"], "has no column 'when'; there are id, at, x"),
    "two predictions": (
        NAMED.rename(columns={"churn_probability": "p_a"}).assign(p_b=0.5), [],
        "'p_a', 'p_b' may each be the prediction; say which with --prediction",
    ),
    "day or month first": (
        NAMED.assign(at=NAMED["at"].dt.day.map(lambda day: f"0{1 + day % 9}/0{1 + day % 9}/2024")),
        [], "may be written as %d/%m/%Y or as %m/%d/%Y.*--time-format",
    ),
    "nothing to watch": (NAMED[["at", "id", "same"]], [], "no column is left to watch .id: "),
    "reference elsewhere": (
        NAMED, ["--reference", "2023-01-01", "2023-01-31"],
        "has rows on 0 days; give --reference FIRST LAST",
    ),
    "no reference": (NAMED, ["--reference", "2024-01-31", "2024-01-01"], "comes after"),
    "a table in files": (NAMED, ["--table", "a.b"], "--table names a table of a database"),
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(BAD))
def test_refusals_name_the_mend_and_leave_nothing(case: str, mine: Settings) -> None:
    """What cannot be guessed is an error with the option that says it; no file is left behind."""
    frame, more, said = BAD[case]
    with pytest.raises(DriftdeckError, match=said):
        make(mine, asked("bad", saved(frame, mine.data), *more))
    assert list(mine.monitors_dir.iterdir()) == []


def test_a_source_that_cannot_be_read_is_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """The command line says what is wrong with the source, and ends with 1."""
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    assert main(["new", "bad", "--from", nowhere, "--table", "a.b"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("driftdeck: a.b: connection to server at")
    assert "Connection refused; is the server running there" in said


ON = pd.Series([date(2024, 1, 1 + n // 100) for n in range(1000)])
RANDOM = np.random.default_rng(0)
GUESSED: dict[str, tuple[object, str | None]] = {
    "amount": (RANDOM.normal(size=1000), "number"),
    "age": (RANDOM.integers(18, 90, 1000), "number"),
    "stars": (RANDOM.integers(1, 6, 1000), "category"),
    "flag": (RANDOM.random(1000) > 0.5, "category"),
    "plan": (RANDOM.choice(["a", "b"], 1000), "category"),
    "zip": ([f"{n % 40:05}" for n in range(1000)], "category"),
    "order_id": (RANDOM.integers(1, 500, 1000), None),
    "serial": (RANDOM.permutation(1000), None),
    "uuid": ([f"u{n}" for n in range(1000)], None),
    "tags": ([["a"]] * 1000, None),
    "seen": (pd.Timestamp("2024-01-01"), None),
    "seen_text": ("2024-01-01 10:00", None),
    "constant": ("x", None),
    "absent": (None, None),
    "month": (np.arange(1000) // 100 % 3, None),
    "clock": (np.arange(1000) // 100 + 50.5, None),
    " blank": (RANDOM.normal(size=1000), None),
}


@pytest.mark.parametrize("name", sorted(GUESSED))
def test_columns_are_taken_for_what_they_are(name: str) -> None:
    """Numbers, categories, and what is of no use, each with a reason."""
    values, kind = GUESSED[name]
    frame = pd.DataFrame({name: values}, index=range(1000))
    [found] = guess_columns(frame, ON, date(2024, 1, 8) > ON, [])

    assert found.kind == kind, found.why
    assert found.why


def test_every_zone_of_a_day_is_told_from_the_rows(mine: Settings) -> None:
    """Files named by UTC days are declared so when days are cut in another zone."""
    frame = log()[["at", "c"]]
    for day, part in frame.groupby(frame["at"].dt.date):
        saved(part, mine.data, f"log_{day}.csv")
    lisbon = make(mine, asked("tokyo", mine.data, "--timezone", "Asia/Tokyo"))
    assert lisbon.source == d.Csv(str(mine.data), time="at", layout="dated", timezone="UTC")

    local = frame["at"].dt.tz_convert(ZoneInfo("America/New_York")).dt.date
    (mine.data / "astray").mkdir()
    for day, part in frame.groupby(local):
        saved(part, mine.data / "astray", f"{day}.parquet")
    astray = make(mine, asked("astray", mine.data / "astray"))
    assert astray.source == d.Parquet("astray", time="at", layout="undated")

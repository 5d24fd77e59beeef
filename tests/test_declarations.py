"""What a declaration refuses, and that the declared monitors are whole."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import small_monitor
from driftdeck import declare as d
from driftdeck import threshold_files
from driftdeck.declare.thresholds import ThresholdKey
from driftdeck.load import RESERVED, UnknownMonitorError, find_monitor, load
from repository import MONITORS, small_project


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "Bad Name"}, "name: 'Bad Name'; use up to 24 lower-case"),
        ({"title": " "}, "title: is empty"),
        ({"min_rows": 0}, "min_rows: 0; give 1 or more"),
        ({"ends": "2023-01-01"}, "ends: '2023-01-01' with starts '2024-01-01'"),
        ({"starts": "soon"}, "starts: 'soon' is no day; write it as YYYY-MM-DD"),
        ({"late_after": None}, "late_after: a monitor is either late"),
        ({"columns": (d.number("x"), d.number("x"))}, "columns: x declared twice"),
        ({"reference": None}, "drift: there is no reference"),
        ({"prediction": None}, "there is no prediction; name the prediction column"),
        ({"target": None}, "there is no target; name the target column"),
        ({"metrics": (d.mae(warn=1, alert=2),)}, "mae: does not fit a classification"),
        ({"metrics": (d.recall(), d.recall())}, "metrics: recall declared twice"),
        ({"metrics": (d.drift(columns=("z",)),)}, "drift: columns: ['z'] not declared"),
        ({"labels": d.Parquet("l", time="t")}, "labels: on: ''; name the column"),
    ],
)
def test_refusals_name_field_and_mend(changes: dict[str, object], said: str) -> None:
    """A declaration that cannot be right says which field, and what to write instead."""
    with pytest.raises(d.DeclarationError) as refused:
        small_monitor(**changes)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: d.drift(warn=0.2, alert=0.1), "drift: alert: 0.1 is not above warn (0.2)"),
        (lambda: d.drift(warn=0.2, alert=0.2), "drift: alert: 0.2 is not above warn (0.2)"),
        (lambda: d.recall(warn=0.6, alert=0.7), "recall: alert: 0.7 is not below warn (0.6)"),
        (lambda: d.recall(warn=0.6, alert=0.6), "recall: alert: 0.6 is not below warn (0.6)"),
        (lambda: d.drift(number=d.JENSEN_SHANNON, category=d.WASSERSTEIN), "cannot score"),
        (lambda: d.drift(number=d.KS, category=d.JENSEN_SHANNON), "bad when low"),
        (
            lambda: d.row_count(alert=450),
            "row_count: alert: 450 names one side; both are bad here, so give (low, high)",
        ),
        (lambda: d.row_count(warn=450, alert=(300, 900)), "row_count: warn: 450 names one side"),
        (lambda: d.prediction_mean(alert=0.3), "prediction_mean: alert: 0.3 names one side"),
        (lambda: d.target_mean(warn=0.3), "target_mean: warn: 0.3 names one side"),
        (lambda: d.mean_error(alert=-2.0), "mean_error: alert: -2.0; give a number above 0"),
        (lambda: d.row_count(alert=(900, 300)), "(900, 300); give the lower number first"),
        (lambda: d.recall(warn=(0.6, 0.9)), "recall: warn: (0.6, 0.9); only one side is bad (low)"),
        (lambda: d.recall(warn=0.6, unjudged="why"), "exclude each other"),
        (d.prediction_mean, "exclude each other"),
        (lambda: d.Quantiles(warn=0.9, alert=0.8), "give 0.5 < warn < alert < 1"),
        (lambda: d.Firing(4, 3), "firing: 4 of 3"),
        (lambda: d.Between("2024-02-01", "2024-01-01"), "comes after"),
        (lambda: d.Daily(timezone="Mars/Base"), "no time zone 'Mars/Base'"),
        (lambda: d.Table("a;drop", time="t"), "write table or schema.table"),
        (lambda: d.Table("a", time="t", address="postgresql://u:p@h/d"), "is a secret"),
    ],
)
def test_parts_refuse_what_cannot_be(make: Callable[[], object], said: str) -> None:
    """Metrics, windows and sources are checked when made, in both directions."""
    with pytest.raises(d.DeclarationError) as refused:
        make()

    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("levels", "value", "state"),
    [
        (d.Thresholds(warn_above=1, alert_above=2), 1.0, 0),
        (d.Thresholds(warn_above=1, alert_above=2), 2.0, 1),
        (d.Thresholds(warn_above=1, alert_above=2), 2.1, 2),
        (d.Thresholds(warn_below=2, alert_below=1), 2.0, 0),
        (d.Thresholds(warn_below=2, alert_below=1), 1.0, 1),
        (d.Thresholds(warn_below=2, alert_below=1), 0.9, 2),
        (d.Thresholds(alert_below=1, alert_above=3), 3.5, 2),
    ],
)
def test_breach_is_strict(levels: d.Thresholds, value: float, state: int) -> None:
    """A value on its threshold is not beyond it."""
    assert state == levels.judge(value)


def test_one_number_is_both_signs_of_a_signed_metric_only() -> None:
    """A mean error lies around 0, rows and means do not: those are given both of their sides."""
    assert d.mean_error(warn=1.0, alert=2.0).thresholds == d.Thresholds(
        warn_below=-1.0, alert_below=-2.0, warn_above=1.0, alert_above=2.0
    )
    assert d.row_count(alert=(450, None)).thresholds == d.Thresholds(alert_below=450)


def test_file_and_line_are_named(tmp_path: Path) -> None:
    """A bad declaration file is refused with its name and the line that is wrong."""
    text = "from driftdeck import declare as d\n\nMETRIC = d.drift(warn=2.0, alert=1.0)\n"
    (tmp_path / "bad.py").write_text(text)

    with pytest.raises(d.DeclarationError) as refused:
        load(tmp_path)

    assert "bad.py:3: drift: alert: 1.0 is not above warn (2.0)" in str(refused.value)


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_monitor_replaces_no_other_dashboard(tmp_path: Path, name: str) -> None:
    """The overview and its like keep their names; a name that only contains one is free."""
    text = "from conftest import small_monitor\nMONITOR = small_monitor(name={!r})\n"
    (tmp_path / f"{name}s.py").write_text(text.format(f"{name}s"))
    load(tmp_path)
    load.cache_clear()
    (tmp_path / f"{name}.py").write_text(text.format(name))

    with pytest.raises(d.DeclarationError, match=f"{name}.py: name: '{name}' is another dashboard"):
        load(tmp_path)


def test_unknown_name_lists_the_known() -> None:
    """Asking for a monitor that is not declared says which are."""
    with pytest.raises(UnknownMonitorError) as refused:
        find_monitor("nope", *MONITORS)

    assert "no monitor 'nope'" in str(refused.value)


@pytest.mark.parametrize(
    "monitor",
    load(*MONITORS, *small_project().monitor_folders),
    ids=lambda monitor: monitor.name,
)
def test_every_judged_series_has_levels(monitor: d.Monitor) -> None:
    """Fixed or calibrated, no declared series is left without levels unless it says why."""
    calibrated = {(key.metric, key.column) for key in monitor.calibrated}  # also of hours only
    unjudged = [
        series.key
        for series in monitor.series()
        if series.thresholds is None and not series.metric.unjudged
        if series.key not in calibrated
    ]

    assert unjudged == []


def test_stale_and_double_thresholds_are_refused() -> None:
    """A threshold file of another declaration, or with a number written twice, is a problem."""
    calibrated = small_monitor(metrics=(d.drift(), d.missing(warn=0.1, alert=0.2)))
    print_ = threshold_files.fingerprint(calibrated)
    levels = {
        ThresholdKey("drift", c): d.Thresholds(warn_above=1, alert_above=2) for c in ("x", "c")
    }
    good = threshold_files.Calibration(print_, "", levels)
    stale = dataclasses.replace(good, fingerprint="0")
    both = d.Thresholds(warn_above=0.1, alert_above=0.2)
    twice = dataclasses.replace(
        good, thresholds={**levels, ThresholdKey("missing_share", "x"): both}
    )

    assert threshold_files.find_problems(calibrated, good) == []
    assert "stale" in threshold_files.find_problems(calibrated, stale)[0]
    assert (
        "also has thresholds in the declaration"
        in threshold_files.find_problems(calibrated, twice)[0]
    )
    assert "no calibrated thresholds yet" in threshold_files.find_problems(calibrated, None)[0]


def test_a_declaration_of_an_older_release_says_what_to_write(tmp_path: Path) -> None:
    """Its import is the one line that has to change."""
    (tmp_path / "old.py").write_text("from monitors import declare as d\n")

    with pytest.raises(d.DeclarationError, match="write `from driftdeck import declare as d`"):
        load(tmp_path)

"""Which engine measures a window, that its name is stored, and that a difference is no number."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from conftest import REFERENCE_DAYS, rows, small_monitor, write_day
from driftdeck import declare as d
from driftdeck.collectors.engines import choice
from driftdeck.collectors.engines.choice import Choice, choose
from driftdeck.collectors.engines.drift_index import Index
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.reference import Reference, list_reference_days
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.values import Status, WindowResult
from driftdeck.collectors.windows.calendar import find_window
from driftdeck.collectors.windows.collect import collect
from driftdeck.collectors.windows.reference import load_reference
from driftdeck.settings import Settings

NOW = datetime(2024, 6, 1, tzinfo=UTC)
FIRST = date(2024, 1, 1)
SMALL = CoercedRows(small_monitor(), rows(FIRST))


def choices(*, backfill: bool, report: bool, check_every: int = 50) -> list[Choice]:
    """What is chosen for each day of a year."""
    monitor = small_monitor()
    days = [FIRST + timedelta(days=n) for n in range(366)]
    return [
        choose(
            monitor, find_window(monitor, day), SMALL,
            backfill=backfill, report=report, check_every=check_every,
        )
        for day in days
    ]  # fmt: skip


def test_a_scheduled_run_is_evidentlys() -> None:
    """With a report or without."""
    for report in (True, False):
        found = choices(backfill=False, report=report)
        assert {one.name for one in found} == {"evidently"}


def test_a_backfill_is_measured_by_the_index_and_checked_by_lot() -> None:
    """About one window in fifty, the same ones each time; each one that gets a report."""
    found = choices(backfill=True, report=False)
    names = [one.name for one in found]
    assert set(names) == {"index", "index, checked"}
    assert 2 <= names.count("index, checked") <= 20
    assert found == choices(backfill=True, report=False)
    assert {one.name for one in choices(backfill=True, report=True)} == {"index, checked"}
    assert {one.name for one in choices(backfill=True, report=False, check_every=0)} == {"index"}


def test_a_large_reference_is_never_evidentlys_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """However a window comes to be run."""
    monkeypatch.setattr(choice, "LARGE", SMALL.rows)
    assert {one.name for one in choices(backfill=False, report=False)} == {
        "index",
        "index, checked",
    }
    assert {one.name for one in choices(backfill=False, report=True)} == {"index, checked"}


def test_a_method_that_the_index_lacks_is_always_evidentlys() -> None:
    """A backfill and a calibration lose no number of it."""
    anderson = d.Method("anderson", d.KS.breach_side, d.KS.unit, frozenset({"number"}), "a p-value")
    drift = d.drift(number=anderson, category=d.CHI_SQUARE, warn=0.1, alert=0.05)
    monitor = small_monitor(metrics=(drift,))
    window = find_window(monitor, FIRST)
    found = choose(monitor, window, SMALL, backfill=True, report=False, check_every=50)

    assert found.name == choice.choose_for_calibration(monitor).name == "evidently"
    assert choice.choose_for_calibration(small_monitor()).name == "index"


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A reference and a day after it."""
    folder = tmp_path_factory.mktemp("log")
    for n in range(REFERENCE_DAYS + 1):
        write_day(folder, FIRST + timedelta(days=n), rows(FIRST + timedelta(days=n)))
    return folder


def collected(log: Path, settings: Settings, *, backfill: bool, report: bool) -> WindowResult:
    """The day after the reference."""
    monitor = small_monitor(str(log))
    reader = Reader(monitor, settings)

    def reference(_: str) -> Reference | None:
        return load_reference(reader, monitor, list_reference_days(monitor, None))

    window = find_window(monitor, FIRST + timedelta(days=REFERENCE_DAYS))
    return collect(monitor, window, reader, reference, NOW, backfill=backfill, report=report)


def test_both_engines_store_the_same(log: Path, settings: Settings) -> None:
    """Values to 1e-9; histograms, status and fingerprints to the letter; and who measured."""
    theirs = collected(log, settings, backfill=False, report=False)
    ours = collected(log, settings, backfill=True, report=True)
    assert (theirs.engine, ours.engine) == ("evidently", "index, checked")
    assert len(ours.runs) == len(theirs.runs) > 0
    assert ours.histograms == theirs.histograms
    assert (ours.status, ours.source_fingerprint) == (theirs.status, theirs.source_fingerprint)
    for a, b in zip(ours.values, theirs.values, strict=True):
        assert a.outcome.value == pytest.approx(b.outcome.value, abs=1e-9)


def test_engines_that_differ_fail_the_window(
    log: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loudly: no number is stored, and the reason has both."""
    monkeypatch.setattr(Index, "missing_share", lambda *_: 0.25)
    found = collected(log, settings, backfill=True, report=True)
    assert found.status is Status.FAILED
    assert "missing_share of x 0.25 against 0.0" in found.error
    assert {one.outcome.value for one in found.values} == {None}


def test_a_difference_is_seen_at_once() -> None:
    """Of size, of presence, and of why there is none."""
    say = choice.Measurement
    assert choice.is_same(say(1.0), say(1.0 + 1e-10), "psi")
    assert not choice.is_same(say(1.0), say(1.0 + 1e-8), "psi")
    assert choice.is_same(say(1e12), say(1e12 + 1), "")
    assert not choice.is_same(say(0.0), say(None, "why"), "")
    assert not choice.is_same(say(None, "why"), say(None, "why", waiting=True), "")
    assert choice.is_same(say(1e-8), say(0.0), d.HELLINGER.name)

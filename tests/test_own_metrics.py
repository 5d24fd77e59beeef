"""Metrics of one's own: what a function gives is stored, and what it does wrong costs it only."""

import itertools
import os
import shutil
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from conftest import REFERENCE_DAYS, rows, small_monitor, write_day
from driftdeck import declare as d
from driftdeck import threshold_files
from driftdeck.collectors.engines.choice import Choice
from driftdeck.collectors.engines.own import load_function
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.reference import make_reference
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.thresholds.calibrate import list_calibrated, measure_windows
from driftdeck.collectors.values import Status, WindowResult
from driftdeck.collectors.windows.measure import Comparison, measure_rows
from driftdeck.declare.thresholds import ThresholdKey
from driftdeck.project import FILE, VARIABLE
from driftdeck.settings import Settings
from repository import ROOT

WINDOW = d.Daily().window(date(2024, 1, 10))
INDEX = Choice(index=True, evidently=False, report=False)
BOTH = Choice(index=True, evidently=True, report=False)
THEN = pd.concat([rows(date(2024, 1, n)) for n in range(1, REFERENCE_DAYS + 1)], ignore_index=True)
NOW = rows(date(2024, 1, 10))
CALLS: list[tuple[pd.DataFrame, pd.DataFrame | None]] = []


@pytest.fixture(autouse=True)
def own(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A module of the project, by the name of which functions are declared."""
    CALLS.clear()
    module = SimpleNamespace()
    monkeypatch.setitem(sys.modules, "own_functions", module)
    return module


def keeping(result: Any) -> Any:
    """A function that remembers what it was given."""

    def function(frame: pd.DataFrame, reference: pd.DataFrame | None) -> Any:
        CALLS.append((frame, reference))
        return result

    return function


def declared(function: str = "f", **options: Any) -> d.Metric:
    """A metric that one of the functions gives."""
    given = {"title": "Own", "unjudged": "-", "name": f"own_{function}", **options}
    return d.measure(f"own_functions:{function}", **given)


def measure(
    *metrics: d.Metric, frame: pd.DataFrame = NOW, choice: Choice = INDEX, **changes: Any
) -> WindowResult:
    """What a window amounts to."""
    monitor = small_monitor(metrics=(*metrics, d.row_count(unjudged="-")), **changes)
    reference = None if monitor.reference is None else make_reference(monitor, THEN, "")
    current = CoercedRows(monitor, frame, WINDOW.end)
    return measure_rows(
        monitor, WINDOW, current, Comparison(reference), list(monitor.series()), choice
    )


def outcomes(result: WindowResult) -> dict[tuple[str, str], float | str | None]:
    """The number or the reason of each series of the whole."""
    return {
        v.series.key: v.outcome.reason if v.outcome.value is None else v.outcome.value
        for v in result.values
        if v.segment is None
    }


def test_it_gets_the_declared_columns_typed(own: SimpleNamespace) -> None:
    """Numbers as float64 with NaN, words as text with None, labels as 1 and 0, what it reads, too;
    nothing else, row by row as in the window."""
    own.f = keeping(7)
    frame = NOW.assign(x=NOW["x"].where(NOW["x"] > -1), price=range(len(NOW)))
    frame = frame.assign(c=NOW["c"].where(NOW["c"] != "a"), y=NOW["y"].map({1: "yes", 0: "no"}))
    label = d.label("y", positive="yes", negative="no")
    result = measure(declared(reads=(d.number("price"),)), frame=frame, target=label)
    [(given, then)] = CALLS

    assert outcomes(result)["own_f", ""] == 7.0
    assert set(given) == {"x", "c", "p", "y", "price"}
    assert given["x"].dtype == given["p"].dtype == given["price"].dtype == np.float64
    assert given["x"].equals(frame["x"])
    assert given["price"].tolist() == list(range(len(NOW)))
    assert given["y"].tolist() == NOW["y"].tolist()
    missing = given["c"].isna()
    assert missing.equals(frame["c"].isna())
    assert given["c"][~missing].tolist() == frame["c"].dropna().tolist()
    assert then is not None
    assert set(then) == {"x", "c", "p", "y"}, "the reference has no price"
    assert then["x"].equals(THEN["x"])


def test_it_is_called_once_a_window_and_once_a_segment(own: SimpleNamespace) -> None:
    """By both engines together, and for all columns together."""
    own.f, own.g = keeping(1), keeping({"x": 1.0, "c": 2.0})
    slices = (d.by("c"), d.where("above", "x > 0", metrics=("row_count",)))
    result = measure(declared("f"), declared("g", per_column=True), choice=BOTH, slices=slices)

    assert len(CALLS) == 2 * (1 + 3)
    sizes = sorted({len(frame) for frame, _ in CALLS})
    assert sizes == sorted({len(NOW), *NOW["c"].value_counts()})
    for frame, then in CALLS[2:]:
        assert frame["c"].nunique() == 1
        assert then is not None
        assert set(then["c"]) == set(frame["c"])
    found = outcomes(result)
    assert (found["own_g", "x"], found["own_g", "c"]) == (1.0, 2.0)


def test_without_a_reference_it_gets_none(own: SimpleNamespace) -> None:
    """And rows only."""
    own.f = keeping(3)
    assert outcomes(measure(declared(), reference=None))["own_f", ""] == 3.0
    assert CALLS[0][1] is None


def raise_(error: BaseException) -> Any:
    raise error


RESULTS = [
    (2, 2.0),
    (True, 1.0),
    (np.float32(0.5), 0.5),
    (np.int64(3), 3.0),
    (None, "own_functions:f gives none"),
    (float("nan"), "own_functions:f returned nan"),
    (np.inf, "own_functions:f returned inf"),
    (pd.NA, "own_functions:f returned <NA>, which is no number"),
    ("12", "own_functions:f returned '12', which is no number"),
    ([1], "own_functions:f returned [1], which is no number"),
    ({"x": 1}, "own_functions:f returned {'x': 1}, which is no number"),
    (1j, "own_functions:f returned 1j, which is no number"),
]


@pytest.mark.parametrize(("given", "wanted"), RESULTS, ids=str)
def test_what_it_returns_is_a_number_or_a_reason(
    own: SimpleNamespace, given: Any, wanted: float | str
) -> None:
    """And nothing is made of a text, or of what is not finite. The others are there."""
    own.f, own.g = keeping(given), keeping(5)
    found = outcomes(measure(declared("f"), declared("g"), d.recall(unjudged="-")))

    assert found["own_f", ""] == wanted
    assert found["own_g", ""] == 5.0
    assert found["row_count", ""] == float(len(NOW))
    assert isinstance(found["recall", ""], float)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (None, Status.OK),
        (float("nan"), Status.OK),
        (np.inf, Status.PARTIAL),
        ("12", Status.PARTIAL),
    ],
)
def test_where_there_is_none_nothing_is_wrong(
    own: SimpleNamespace, given: object, status: Status
) -> None:
    """A function may have nothing to say of a window, which is whole all the same."""
    own.f = keeping(given)

    assert measure(declared("f")).status is status


@pytest.mark.parametrize(
    ("given", "x", "c"),
    [
        ({"x": 1, "c": 2}, 1.0, 2.0),
        ({"x": 1}, 1.0, "own_functions:f gives none"),
        (pd.Series({"x": 1.5}), 1.5, "own_functions:f gives none"),
        (
            pd.DataFrame({"x": [1.5]}),
            *["own_functions:f returned x 0 1.5, and no number for each column"] * 2,
        ),
        ({"x": 1, "c": None, "other": 9}, 1.0, "own_functions:f gives none"),
        ({"x": float("nan"), "c": 2}, "own_functions:f returned nan", 2.0),
        ({"x": "much", "c": 2}, "own_functions:f returned 'much', which is no number", 2.0),
        (4, *["own_functions:f returned 4, and no number for each column"] * 2),
        (None, *["own_functions:f returned None, and no number for each column"] * 2),
    ],
    ids=str,
)
def test_a_number_for_each_column(
    own: SimpleNamespace, given: Any, x: float | str, c: float | str
) -> None:
    """One that is missing costs no other."""
    own.f = keeping(given)
    found = outcomes(measure(declared(per_column=True)))

    assert (found["own_f", "x"], found["own_f", "c"]) == (x, c)


@pytest.mark.parametrize(
    "error", [ValueError("no tariff"), KeyError("tariff"), SystemExit(3), RecursionError("deep")]
)
def test_what_it_raises_is_its_reason(own: SimpleNamespace, error: BaseException) -> None:
    """Whatever it is; the window is partial and everything else is stored."""
    own.f, own.g = lambda *_: raise_(error), keeping(5)
    result = measure(declared("f"), declared("g"), choice=BOTH)
    found = outcomes(result)

    assert found["own_f", ""] == f"own_functions:f: {type(error).__name__}: {error}"
    assert found["own_g", ""] == 5.0
    assert result.status == "partial"
    assert "own_f: own_functions:f" in result.error


def test_one_that_takes_too_long_is_left_behind(own: SimpleNamespace) -> None:
    """Once a window, not once a series; the others wait no longer."""
    own.f = lambda *_: time.sleep(3)
    own.g = keeping(5)
    began = time.perf_counter()
    found = outcomes(
        measure(declared("f", per_column=True, seconds=0.1), declared("g"), choice=BOTH)
    )

    assert found["own_f", "x"] == "own_functions:f took longer than 0.1 seconds"
    assert found["own_f", "c"] == found["own_f", "x"]
    assert found["own_g", ""] == 5.0
    assert time.perf_counter() - began < 2.5


@pytest.mark.parametrize(
    ("function", "why"),
    [
        ("own_functions:gone", "own_functions:gone cannot be imported: "),
        ("no_such_module:f", "no_such_module:f cannot be imported: No module named"),
        ("own_broken:f", "own_broken:f cannot be imported: its import fails"),
    ],
)
def test_one_that_is_not_there_has_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, why: str
) -> None:
    """It costs the others nothing."""
    (tmp_path / "own_broken.py").write_text("raise RuntimeError('its import fails')\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = outcomes(measure(d.measure(function, title="Gone", name="own_f", unjudged="-")))

    assert str(found["own_f", ""]).startswith(why)
    assert found["row_count", ""] == float(len(NOW))


def test_one_that_changes_its_frames_changes_nothing_else(own: SimpleNamespace) -> None:
    """Neither the next function's, nor the next window's, nor any other metric."""

    def spoil(frame: pd.DataFrame, reference: pd.DataFrame | None) -> float:
        assert reference is not None
        total = float(frame["x"].sum() + reference["x"].sum())
        for given in (frame, reference):
            given["x"] = 0.0
            given.loc[:, "p"] = 1.0
            given["c"].iloc[:] = "z"
            given.drop(given.index[5:], inplace=True)
        return total

    own.f, own.g = spoil, spoil
    slices = (d.where("all", "x > -1e9"),)
    plain = outcomes(measure(d.drift(), d.recall(unjudged="-")))
    monitor = small_monitor(
        metrics=(declared("f"), declared("g"), d.drift(), d.recall(unjudged="-")), slices=slices
    )
    comparison = Comparison(make_reference(monitor, THEN, ""))
    frame = NOW.copy()
    for _ in range(2):
        current = CoercedRows(monitor, frame, WINDOW.end)
        result = measure_rows(monitor, WINDOW, current, comparison, list(monitor.series()), BOTH)
        found = outcomes(result)
        wanted = NOW["x"].sum() + THEN["x"].sum()
        assert found["own_f", ""] == pytest.approx(wanted)
        assert found["own_g", ""] == pytest.approx(wanted)
        for key in [("drift", "x"), ("drift", "c"), ("recall", "")]:
            assert found[key] == plain[key]
        of_all = {v.series.key: v.outcome.value for v in result.values if v.segment}
        assert of_all["own_g", ""] == pytest.approx(wanted)
    assert frame.equals(NOW)


def test_a_window_without_rows_calls_nothing(own: SimpleNamespace) -> None:
    """There is nothing to compute."""
    own.f = keeping(1)
    assert outcomes(measure(declared(), frame=NOW.iloc[:0]))["own_f", ""] == "no rows in the window"
    assert CALLS == []


def test_thresholds_are_calibrated_and_read_back(
    own: SimpleNamespace, settings: Settings, tmp_path: Path
) -> None:
    """Each day of the reference against the others; called once a day."""
    own.f = lambda frame, then: CALLS.append((frame, then)) or len(frame) / len(then)
    for n in range(1, REFERENCE_DAYS + 1):
        write_day(tmp_path, date(2024, 1, n), rows(date(2024, 1, n), count=100 * n))
    metric = declared(unjudged="", quantiles=d.Quantiles(), bad="both")
    monitor = small_monitor(str(tmp_path), metrics=(metric,))
    found = measure_windows(monitor, Reader(monitor, settings), list_calibrated(monitor))

    assert found == {ThresholdKey("own_f"): [100 / 900, 200 / 800, 300 / 700, 400 / 600]}
    assert len(CALLS) == REFERENCE_DAYS


@pytest.mark.parametrize("name", ["like", "segments", "calibration", "drift", "row_count"])
def test_a_name_that_means_something_else_is_refused(name: str) -> None:
    """The file of thresholds, or the dashboards, would take it for that."""
    with pytest.raises(d.DeclarationError, match=f"'{name}' means something else"):
        declared(name=name)
    with pytest.raises(d.DeclarationError, match=f"'{name}' means something else"):
        d.evidently("MaxValue", title="Largest", unjudged="-", name=name)


@pytest.mark.parametrize("name", ["all", "column", "version", "data", "a1"])
def test_any_other_name_is_kept_in_the_file(tmp_path: Path, name: str) -> None:
    """With columns and segments of any name."""
    level = d.Thresholds(warn_above=1.0, alert_above=2.0)
    segments = (("", ""), ("like", "like"), ("segments", "a.b"))
    columns = ("", "all", "column:x", "like")
    keys = [
        ThresholdKey(name, column, *segment, like)
        for column, segment, like in itertools.product(columns, segments, ("", "08"))
    ]
    heading = ["[calibration]", 'fingerprint = "f"', 'data = "d"']
    path = tmp_path / "small.thresholds.toml"
    path.write_text(threshold_files.format_file(heading, dict.fromkeys(keys, level)))
    found = threshold_files.read(path)

    assert found is not None
    assert found.thresholds == dict.fromkeys(keys, level)


def evidently(name: str, **options: Any) -> d.Metric:
    """A metric of Evidently by its name."""
    return d.evidently(name, title=name, unjudged="-", **options)


def test_evidentlys_own_metrics_by_name() -> None:
    """Of a column, of the data set, and of two sides; missing values stay what they are."""
    frame = NOW.assign(x=NOW["x"].where(NOW["x"] > -1)).iloc[[0, 0, *range(100)]]
    result = measure(
        evidently("MaxValue", per_column=True, columns=("x",)),
        evidently("MissingValueCount", per_column=True),
        evidently("DuplicatedRowCount"),
        evidently("ColumnCount"),
        evidently("DriftedColumnsCount"),
        frame=frame, choice=BOTH,
    )  # fmt: skip
    found = outcomes(result)

    assert found["max_value", "x"] == frame["x"].max()
    assert found["missing_value_count", "x"] == pytest.approx(frame["x"].isna().mean(), abs=1e-12)
    assert found["missing_value_count", "c"] == 0.0
    both = frame[["x", "c"]]
    assert found["duplicated_row_count", ""] == float(both.duplicated().sum())
    assert found["column_count", ""] == 2.0
    assert isinstance(found["drifted_columns_count", ""], float)


@pytest.mark.parametrize(
    ("metric", "column", "why"),
    [
        (
            evidently("UniqueValueCount", per_column=True),
            "c",
            "several numbers: counts, shares",
        ),
        (evidently("NoSuchMetric"), "", "evidently.metrics has no NoSuchMetric"),
        (evidently("MaxValue"), "", "column"),
        (evidently("MaxValue", per_column=True), "c", ""),
    ],
    ids=["several", "unknown", "of a column", "of words"],
)
def test_one_of_evidently_that_gives_no_number_has_a_reason(
    metric: d.Metric, column: str, why: str
) -> None:
    """It costs the others nothing."""
    found = outcomes(measure(metric, choice=BOTH))

    assert isinstance(found[metric.name, column], str)
    assert why in str(found[metric.name, column])
    assert found["row_count", ""] == float(len(NOW))


PROJECT = {
    FILE: 'data_dir = "data"\n',
    "tariffs.py": "PRICE = 2.5\n",
    "risk.py": (
        "from tariffs import PRICE\n\n\ndef revenue(frame, reference):\n"
        "    return PRICE * len(frame)\n"
    ),
    "monitors/small.py": (
        "from conftest import small_monitor\nfrom driftdeck import declare as d\n"
        "MONITOR = small_monitor('log', ends='2024-01-06', metrics=(d.measure('risk:revenue',"
        " title='Revenue', alert=1e9), d.row_count(unjudged='-')))\n"
    ),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project's folder with a function of its own."""
    for name, text in PROJECT.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for n in range(1, 7):
        write_day(tmp_path / "data" / "log", date(2024, 1, n), rows(date(2024, 1, n)))
    return tmp_path


def test_the_installed_command_finds_the_projects_modules(
    project: Path, settings: Settings, connection: Any, tmp_path: Path
) -> None:
    """The folder of a console script stands on sys.path, not the project's; in other processes of a
    backfill, and from a folder below, too."""
    script = shutil.which("driftdeck", path=str(Path(sys.executable).parent))
    code = "import sys; sys.path.remove(''); from driftdeck.cli import main; sys.exit(main())"
    command = [script] if script else [sys.executable, "-c", code]
    names = ("POSTGRES_", "GRAFANA_", "STACK_DIR", "DATA_DIR")
    environment = {
        **{key: text for key, text in os.environ.items() if not key.startswith(names)},
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
        "STACK_DIR": str(settings.stack_dir), "POSTGRES_PORT": str(settings.postgres_port),
        "POSTGRES_PASSWORD": settings.postgres_password,
        "COLLECTOR_PASSWORD": settings.collector_password,
        "RUNTIME": "embedded",
    }  # fmt: skip
    environment.pop(VARIABLE, None)
    for words in (["run", "small", "--no-report"], ["backfill", "small", "--workers", "2"]):
        done = subprocess.run(
            [*command, *words], cwd=project / "monitors", env=environment, capture_output=True,
            text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        stored = connection.execute(
            "select count(*), count(*) filter (where value = 1000) from monitoring.metric_value"
            " where metric = 'revenue'"
        ).fetchone()
        connection.rollback()
        assert stored == ((1, 1) if words[0] == "run" else (6, 6))


def test_a_worker_elsewhere_finds_the_project(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that no command has told where it lies, such as Dask's; a module that lacks another
    module says which."""
    monkeypatch.setenv(VARIABLE, str(project))
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p != str(project)])
    for name in ("risk", "tariffs", "needs"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    (project / "needs.py").write_text("import no_such_library\n")

    assert load_function("risk:revenue")(NOW, None) == 2.5 * len(NOW)
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        load_function("needs:f")
    for name in ("risk", "tariffs", "needs"):
        sys.modules.pop(name, None)

"""Segments: each has the numbers of the same monitor over rows that were filtered beforehand."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from conftest import small_monitor
from driftdeck import declare as d
from driftdeck.collectors.engines.choice import Choice, EnginesDifferError
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.partition import Partition
from driftdeck.collectors.frames.reference import make_reference
from driftdeck.collectors.values import Measurement, Value, WindowResult
from driftdeck.collectors.windows.measure import Comparison, measure_rows
from driftdeck.declare.slices import MISSING, OTHER

WINDOW = d.Daily().window(date(2024, 1, 10))
INDEX = Choice(index=True, evidently=False, report=False)
EVIDENTLY = Choice(index=False, evidently=True, report=False)
BOTH = Choice(index=True, evidently=True, report=False)
WORDS = ["AA", "it's", 'say "b"', " lead", "ü = 1", "(other)", "(missing)", "1", "none of it", "#"]
FRAMES = range(24)
"""Seeds of random frames."""
Row = Mapping[str, Any]
CONDITIONS: Mapping[str, tuple[str, tuple[str, ...], Callable[[Row], bool]]] = {
    "above": ("x > 0", ("x",), lambda r: r["x"] > 0),
    "night": ("hour >= 18 or hour < 6", ("hour",), lambda r: r["hour"] >= 18 or r["hour"] < 6),
    "not above": ("not x > 0", ("x",), lambda r: not r["x"] > 0),
    "chain": ("-0.5 < x <= 1", ("x",), lambda r: -0.5 < r["x"] <= 1),
    "words": (
        """`odd name` < 2 and c in ('AA', "it's", 'say "b"')""",
        ("odd name", "c"),
        lambda r: r["odd name"] < 2 and r["c"] in ("AA", "it's", 'say "b"'),
    ),
    "others": ("c not in ('AA', ' lead')", ("c",), lambda r: r["c"] not in ("AA", " lead")),
    "either": ("c != 'AA' or x > 100", ("c", "x"), lambda r: r["c"] != "AA" or r["x"] > 100),
    "neither": (
        "not (c == 'AA' and hour > 3)",
        ("c", "hour"),
        lambda r: not (r["c"] == "AA" and r["hour"] > 3),
    ),
    "listed": ("hour in (1, 2, 3.0, -4)", ("hour",), lambda r: r["hour"] in (1, 2, 3)),
    "columns": ("x > `odd name`", ("x", "odd name"), lambda r: r["x"] > r["odd name"]),
    "word is number": ("c == 1", ("c",), lambda r: r["c"] == "1"),
    "flagged": ("flag == True", ("flag",), lambda r: r["flag"] is True),
    "nobody": ("x > 1e9", ("x",), lambda r: False),
    "quoted word": ("c != '`x`' and x < 0", ("c", "x"), lambda r: r["x"] < 0),
    "brackets": (
        "(x > 0 or hour == 3) and not (hour == 4 or hour == 5)",
        ("x", "hour"),
        lambda r: (r["x"] > 0 or r["hour"] == 3) and not (r["hour"] == 4 or r["hour"] == 5),
    ),
}


def make_rows(seed: int, count: int | None = None, *, late: bool = False) -> pd.DataFrame:
    """Rows of a shape: without values, constant, one, none of some words.

    late: of a window, which has words that the reference has not, and the other way round.
    """
    random = np.random.default_rng(1000 * seed + late)
    if count is None:
        count = [1, 7, 60, 240][seed % 4] if late else [300, 40, 300, 1][seed // 4 % 4]
    words = WORDS[2:] if late and seed % 3 else WORDS[:8]
    weights = np.arange(1, len(words) + 1)
    regions = ["north", "south", "gone"] if late else ["north", "new"]
    x = random.normal(0.3 if late else 0.0, 1.0, count)
    p = random.random(count).round(1 if seed % 2 else 6)
    frame = pd.DataFrame(
        {
            "at": pd.Timestamp(WINDOW.start) + pd.to_timedelta(range(count), unit="s"),
            "x": x,
            "odd name": random.normal(0, 1, count).round(1),
            "hour": random.integers(0, 24, count).astype(float),
            "c": random.choice(words, count, p=weights / weights.sum()),
            "region": random.choice(regions, count),
            "flag": random.random(count) < 0.5,
            "p": p,
            "q": 1 - p,
            "y": (random.random(count) < p).astype(float),
            "key": random.integers(0, 30, count),
        }
    )
    if seed % 5 == 1:
        frame["x"] = 1.5
    if seed % 7 == 2:
        frame["odd name"] = np.nan
    frame["flag"] = frame["flag"].astype(object)
    for name in ("x", "odd name", "hour", "c", "region", "flag", "p", "y", "key"):
        if seed % 6:
            frame[name] = frame[name].astype(object).where(random.random(count) > 0.1, None)
    for name in ("x", "odd name", "hour", "p", "y"):
        frame[name] = frame[name].astype(float)
    if seed % 6 == 3:
        frame["y"] = np.nan
    return frame


METRICS = (
    d.drift(),
    d.prediction_drift(),
    d.target_drift(),
    d.missing(unjudged="-"),
    d.row_count(unjudged="-"),
    d.prediction_mean(unjudged="-"),
    d.target_mean(unjudged="-"),
    d.unseen(unjudged="-"),
    d.out_of_range(within=(0.05, 0.95), unjudged="-"),
    d.duplicates(key=("key",), unjudged="-"),
    d.constant_columns(unjudged="-"),
    d.newest_row_age(unjudged="-"),
)
TASKS: Mapping[str, dict[str, Any]] = {
    "binary": {
        "prediction": d.probability("p", cut=0.5),
        "metrics": (
            *METRICS,
            *(make(unjudged="-") for make in (d.accuracy, d.balanced_accuracy, d.precision)),
            *(make(unjudged="-") for make in (d.recall, d.f1, d.roc_auc, d.log_loss)),
        ),
    },
    "regression": {
        "prediction": "p",
        "metrics": (
            *METRICS,
            *(make(unjudged="-") for make in (d.mae, d.rmse, d.mean_error, d.agreement)),
            *(make(unjudged="-") for make in (d.mape, d.wape, d.r2)),
            d.mase(season=1, unjudged="-"),
            d.pinball(quantile=0.9, unjudged="-"),
            d.coverage(low="p", high="q", unjudged="-"),
            d.interval_width(low="p", high="q", unjudged="-"),
        ),
    },
    "classes": {
        "prediction": d.classes({"1": "p", "0": "q"}),
        "metrics": (
            *(m for m in METRICS if m.name not in ("prediction_mean", "target_mean")),
            *(make(unjudged="-") for make in (d.accuracy, d.balanced_accuracy, d.log_loss)),
            *(d.recall(average=a, unjudged="-") for a in ("macro", "weighted", "class")),
            *(d.roc_auc(average=a, unjudged="-") for a in ("macro", "class")),
        ),
    },
}
SLICES = (
    d.by("c", most=4),
    d.by(d.category("hour"), most=3),
    d.by(d.category("region"), values=("south", "north", "nowhere")),
    d.by(d.category("flag"), values=(True, False)),
    *(d.where(name, text, columns=(d.category("flag"),)) if "flag" in text else d.where(name, text)
      for name, (text, _, _) in CONDITIONS.items()),
)  # fmt: skip


def declare(task: str, **changes: Any) -> d.Monitor:
    """A monitor of these rows, without slices."""
    given = {
        "source": d.Parquet("log", time="at"),
        "columns": (d.number("x"), d.category("c"), d.number("odd name"), d.number("hour")),
        "target": "y", "model_version": "", "reference": d.Between("2024-01-01", "2024-01-04"),
        **TASKS[task],
    }  # fmt: skip
    return small_monitor(**{**given, **changes})


def measure(
    monitor: d.Monitor, frame: pd.DataFrame, then: pd.DataFrame | None, choice: Choice = INDEX
) -> WindowResult:
    """What a window amounts to."""
    comparison = Comparison(None if then is None else make_reference(monitor, then, ""))
    current = CoercedRows(monitor, frame, WINDOW.end)
    return measure_rows(monitor, WINDOW, current, comparison, list(monitor.series()), choice)


def of_segments(result: WindowResult) -> dict[d.Segment, dict[tuple[str, str], Value]]:
    """Values by segment and series key."""
    found: dict[d.Segment, dict[tuple[str, str], Value]] = {}
    for value in result.values:
        if value.segment is not None:
            found.setdefault(value.segment, {})[value.series.key] = value
    return found


def word(value: Any) -> str | None:
    """A value as it is sliced: written anew, by other means."""
    if pd.isna(value):
        return None
    if isinstance(value, bool):
        return json.dumps(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def frequent(frame: pd.DataFrame, column: str, most: int) -> list[str]:
    """The most frequent words of a column, of equally frequent ones the first in the alphabet."""
    counts = Counter(filter(None, map(word, frame[column])))
    for name in (OTHER, MISSING):
        counts.pop(name, None)
    return sorted(counts, key=lambda name: (-counts[name], name))[:most]


def expected_rows(segment: d.Segment, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of a segment, one by one."""
    if segment.slice not in CONDITIONS:
        inside = [word(value) == segment.value for value in frame[segment.slice]]
    else:
        _, names, holds = CONDITIONS[segment.slice]
        cells = frame.to_dict("records")
        inside = [all(word(r[n]) is not None for n in names) and holds(r) for r in cells]
    return frame[np.array(inside, bool)].reset_index(drop=True)


def assert_same(ours: Measurement, theirs: Measurement, near: float, about: object) -> None:
    """The same number or the same reason."""
    assert (ours.reason, ours.waiting) == (theirs.reason, theirs.waiting), about
    if ours.value is None or theirs.value is None:
        assert ours.value is theirs.value, about
    else:
        assert abs(ours.value - theirs.value) <= near * max(1, abs(theirs.value)), about


@pytest.mark.parametrize("seed", FRAMES)
def test_a_segment_is_its_rows(seed: int) -> None:
    """Each value of each segment is that of a monitor without slices over the same segment of the
    window and of the reference, to the last bit: rows keep their order, so sums are the same."""
    now, then = make_rows(seed, late=True), make_rows(seed)
    task = list(TASKS)[seed // 2 % len(TASKS)]
    plain = declare(task)
    found = of_segments(measure(declare(task, slices=SLICES), now, then))
    values = {"c": frequent(then, "c", 4), "hour": frequent(then, "hour", 3)}
    values |= {"region": ["south", "north", "nowhere"], "flag": ["true", "false"]}
    wanted = {d.Segment(name, value) for name, words in values.items() for value in words}
    wanted |= {d.Segment(name, "true") for name in CONDITIONS}

    assert {segment for segment in found if not segment.is_counted_only} == wanted
    for segment in wanted:
        alone = measure(plain, expected_rows(segment, now), expected_rows(segment, then))
        series = {v.series.key: v for v in alone.values if v.series.key[1] != segment.slice}
        assert found[segment].keys() == series.keys()
        for key, value in series.items():
            assert_same(found[segment][key].outcome, value.outcome, 0.0, (segment, key))
            assert found[segment][key].rows == value.rows, (segment, key)
            assert found[segment][key].coverage == value.coverage, (segment, key)


@pytest.mark.parametrize("seed", FRAMES[:12])
def test_rows_of_segments_add_up(seed: int) -> None:
    """With those of other words and of none, each row is in one segment of a column."""
    now, then = make_rows(seed, late=True), make_rows(seed)
    found = of_segments(measure(declare("binary", slices=SLICES), now, then))
    for name in ("c", "hour", "region", "flag"):
        counts = {
            segment.value: of["row_count", ""].outcome.value
            for segment, of in found.items()
            if segment.slice == name
        }
        assert sum(filter(None, counts.values())) == len(now), name
        assert counts.get(MISSING, 0) == sum(word(value) is None for value in now[name]), name
        rest = [of for segment, of in found.items() if segment.is_counted_only]
        assert all(list(of) == [("row_count", "")] for of in rest)


@pytest.mark.parametrize("seed", [2, 3, 6, 7, 11, 19])
def test_a_segment_has_evidentlys_numbers(seed: int) -> None:
    """Of the rows that were filtered beforehand, measured by Evidently itself."""
    now, then = make_rows(seed, 300, late=True), make_rows(seed, 300)
    slices = (d.by("c", most=2), d.where("chain", "-0.5 < x <= 1"))
    found = of_segments(measure(declare("binary", slices=slices), now, then))
    for segment, values in found.items():
        if segment.is_counted_only:
            continue
        alone = measure(
            declare("binary"), expected_rows(segment, now), expected_rows(segment, then), EVIDENTLY
        )
        for value in alone.values:
            if value.series.key in values:
                ours = values[value.series.key].outcome
                assert (ours.value is None) == (value.outcome.value is None), value.series.key
                near = (
                    2e-8
                    if value.series.method and value.series.method.name == "hellinger"
                    else 1e-9
                )
                if ours.value is not None:
                    assert ours.value == pytest.approx(value.outcome.value, rel=near, abs=near)


def test_without_a_reference_segments_are_declared_values() -> None:
    """Nothing is compared, and everything else is there."""
    metrics = (d.row_count(unjudged="-"), d.accuracy(unjudged="-"))
    monitor = declare(
        "binary", reference=None, metrics=metrics, slices=(d.by("c", values=("AA", "it's", 1)),)
    )
    now = make_rows(0, 200, late=True)
    found = of_segments(measure(monitor, now, None))

    assert {str(segment) for segment in found} == {"c = AA", "c = it's", "c = 1", "c = (other)"}
    assert found[d.Segment("c", "1")]["row_count", ""].outcome.value == (now["c"] == "1").sum()


def test_a_slice_without_its_column_costs_the_others_nothing() -> None:
    """The window says which column is not there; other slices are measured."""
    now, then = make_rows(4, 60, late=True).drop(columns="region"), make_rows(4, 60)
    result = measure(declare("binary", slices=SLICES), now, then)
    names = {segment.slice for segment in of_segments(result)}

    assert "column region is not in the data" in result.error
    assert names == {"c", "hour", "flag", *CONDITIONS}
    gone = measure(declare("binary", slices=SLICES), make_rows(4, 60), then.drop(columns="region"))
    north = of_segments(gone)[d.Segment("region", "north")]
    assert north["drift", "x"].outcome.reason == "the reference has no such rows"
    assert north["row_count", ""].outcome.value > 0


REFUSED = [
    ("hour >", "invalid syntax"),
    ("hour", "is no comparison"),
    ("hour + 1 > 3", "BinOp is not understood"),
    ("max(hour) > 3", "Call is not understood"),
    ("hour > 3 and c", "c is no comparison"),
    ("hour > 3 and 1", "1 is no comparison"),
    ("c > 'AA'", "c is a category, which has no order"),
    ("hour == 'noon'", "compares the number hour with 'noon'"),
    ("hour == True", "compares the number hour with True"),
    ("hour == c", "compares a number with a category, or no column"),
    ("1 < 2", "names no column"),
    ("1 < 2 and hour > 3", "compares a number with a category, or no column"),
    ("'AA' in c", "in wants a column before it and a list behind it"),
    ("c in 'AA'", "in wants a column before it and a list behind it"),
    ("c in ()", "in wants a column before it and a list behind it"),
    ("hour in (1, x)", "in wants a column before it and a list behind it"),
    ("c == ('AA', 'b')", "a list stands behind in only"),
    ("-hour > 3", "-hour is neither a column, a number nor a word"),
    ("hour == (not 5)", "not 5 is neither a column, a number nor a word"),
    ("c == -'AA'", "-'AA' is neither a column, a number nor a word"),
    ("-(hour > 3) and x > 2", "-(hour > 3) is no comparison"),
    ("(hour > 3) == (x > 2)", "hour > 3 is neither a column, a number nor a word"),
    ("c == None", "None is neither a column, a number nor a word"),
    ("c is 'AA'", "Is is not understood"),
    ("c == b'AA'", "b'AA' is neither a column, a number nor a word"),
    ("`no such` > 1", "'no such' not declared"),
    ("nowhere > 1", "'nowhere' not declared"),
]


@pytest.mark.parametrize(("condition", "why"), REFUSED)
def test_a_condition_that_says_something_else_is_refused(condition: str, why: str) -> None:
    """At the declaration: a window must not be the first to tell."""
    with pytest.raises(d.DeclarationError) as refused:
        declare("binary", slices=(d.where("odd", condition),))
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("slices", "why"),
    [
        (lambda: (d.by("x"),), "x is a number"),
        (lambda: (d.by(d.number("x")),), "is a number"),
        (lambda: (d.by("nowhere"),), "'nowhere' not declared"),
        (lambda: (d.by("c", most=0),), "give 1 to 100"),
        (lambda: (d.by("c", most=101),), "give 1 to 100"),
        (lambda: (d.by("c", values=("a", "a")),), "name each value once"),
        (lambda: (d.by("c", values=(1, "1")),), "name each value once"),
        (lambda: (d.by("c", values=("(other)",)),), "name each value once"),
        (lambda: (d.by("c", values=("",)),), "name each value once"),
        (lambda: (d.by("c", min_rows=0),), "give 1 or more"),
        (lambda: (d.by("c"), d.by(d.category("c"))), "c declared twice"),
        (lambda: (d.by("c", metrics=("nothing",)),), "['nothing'] not declared"),
        (lambda: (d.by("c", judged=("nothing",)),), "['nothing'] not declared"),
        (lambda: (d.by("c", judged=("accuracy",)),), "accuracy has no thresholds"),
        (lambda: (d.by("c", metrics=("recall",), judged=("drift",)),), "drift is not among"),
        (lambda: (d.where("Evening", "x > 1"),), "name it by up to 40"),
    ],
)
def test_a_slice_that_cannot_be_is_refused(slices: Callable[[], Any], why: str) -> None:
    """With a sentence that says how it is mended."""
    with pytest.raises(d.DeclarationError) as refused:
        declare("binary", slices=slices())
    assert why in str(refused.value)


def test_values_are_needed_without_a_reference() -> None:
    """Nobody could say which are frequent."""
    with pytest.raises(d.DeclarationError, match="no reference that could say them"):
        declare("binary", reference=None, metrics=(d.row_count(unjudged="-"),), slices=(d.by("c"),))


def test_evidently_checks_one_segment_of_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same one whoever asks, never a rest; a difference loses the window."""
    from driftdeck.collectors.engines import evidently as report

    now, then = make_rows(7, 200, late=True), make_rows(7, 300)
    monitor = declare("binary", slices=(d.by("c", most=3),))
    counts: list[int] = []
    real = report.measure

    def spy(monitor: d.Monitor, current: Any, *rest: Any) -> Any:
        counts.append(current.rows)
        return real(monitor, current, *rest)

    monkeypatch.setattr(report, "measure", spy)
    measure(monitor, now, then, BOTH)
    by_word = Counter(map(word, now["c"]))
    segments = [d.Segment("c", value) for value in frequent(then, "c", 3)]
    rest = d.Segment("c", OTHER)
    chosen = BOTH.sample_segment(monitor, WINDOW, [*segments, rest])
    assert chosen in segments
    assert counts == [200, by_word[chosen.value]]
    assert INDEX.sample_segment(monitor, WINDOW, segments) is None
    days = d.Daily().within(date(2024, 1, 1), date(2024, 1, 30))
    assert {BOTH.sample_segment(monitor, day, segments) for day in days} == set(segments)

    def wrong(monitor: d.Monitor, current: Any, *rest: Any) -> Any:
        measured, runs = real(monitor, current, *rest)
        if current.rows != 200:
            measured[0] = Measurement(1e6)
        return measured, runs

    monkeypatch.setattr(report, "measure", wrong)
    with pytest.raises(EnginesDifferError, match="drift of x"):
        measure(monitor, now, then, BOTH)


def test_only_the_whole_window_is_explained() -> None:
    """A segment's breach is told as the segment's, never as the whole's."""
    then = make_rows(0, 400)
    now = make_rows(0, 400)
    now.loc[now["c"] == "AA", "x"] += 3.0
    count = int((now["c"] == "AA").sum())
    assert 0 < count < 40
    level = {"warn": 0.4, "alert": 0.5}
    monitor = declare(
        "binary", metrics=(d.drift(**level),), min_rows=1,
        slices=(d.by("c", most=20, judged=("drift",)),),
    )  # fmt: skip
    result = measure(monitor, now, then)
    whole = [v for v in result.values if v.segment is None]
    assert all(v.state == 0 for v in whole)
    beyond = [(str(v.segment), v.series.key) for v in result.values if v.state == 2]
    assert ("c = AA", ("drift", "x")) in beyond

    assert result.explanation.startswith(
        "The whole is within its alert thresholds. In c = AA: x is higher: median"
    )
    assert result.worst is not None
    assert str(result.worst.segment) == "c = AA"


@pytest.mark.parametrize("seed", FRAMES)
def test_the_parts_of_a_column_are_in_order(seed: int) -> None:
    """Put in order for all parts at once, each holds its own numbers and none that is missing."""
    random = np.random.default_rng(seed)
    count = int(random.choice([0, 1, 7, 400, 3000]))
    values = random.choice([-1.0, -0.0, 0.0, 2.5, np.nan, *random.normal(size=40)], count)
    parts = int(random.integers(1, 12))
    monitor = small_monitor(slices=(d.by("c"),))
    frame = pd.DataFrame({"x": values, "c": "a", "at": pd.Timestamp("2024-01-10", tz="UTC")})
    partition = Partition(random.integers(0, parts, count).astype(np.int16), parts + 1)
    rows = CoercedRows(monitor, frame)
    column = monitor.columns[0]

    for number, part in enumerate(rows.part(partition)):
        own = values[partition.numbers == number]
        assert part.rows == len(own)
        np.testing.assert_array_equal(part.ordered(column), np.sort(own[~np.isnan(own)]))
        np.testing.assert_array_equal(part[column].numbers, own)
    np.testing.assert_array_equal(rows.ordered(column), np.sort(values[~np.isnan(values)]))

"""Data quality: pandas' and NannyML's numbers, and a reason where there is none.

NannyML's answers were recorded by scripts/nannyml_quality.py, since it has an environment of its
own.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from driftdeck.collectors.engines import quality
from driftdeck.collectors.engines.errors import UnmeasurableError

RECORDED = json.loads(
    (Path(__file__).parent / "cases" / "nannyml-quality.json").read_text(encoding="utf-8")
)
NEAR = 1e-12
ZONE = ZoneInfo("Europe/Berlin")
CELLS = st.one_of(st.none(), st.sampled_from(["a", "b", "", "1"]))
NUMBERS = st.one_of(st.just(float("nan")), st.integers(-3, 3).map(float), st.floats(-9, 9))


def answers(metric: str) -> list[Any]:
    """The recorded ones of a calculator, by shape."""
    return [
        pytest.param(answer, id=f"{answer['shape']}-{at}")
        for at, answer in enumerate(RECORDED["answers"])
        if answer["metric"] == metric
    ]


@pytest.mark.parametrize("answer", answers("unseen"))
def test_unseen_values_are_those_of_nannyml(answer: dict[str, Any]) -> None:
    """Its share is of rows, and missing values are one more word; of present ones, it is ours."""
    then, now = (pd.Series(answer[side], dtype=object) for side in ("reference", "window"))
    share = quality.unseen_share(now.value_counts(), set(then.dropna()))
    unseen = answer["share"] * len(now)
    if not then.isna().any():
        unseen -= now.isna().sum()

    assert share * now.notna().sum() == pytest.approx(unseen, abs=1e-9)
    if now.notna().all():
        assert share == pytest.approx(answer["share"], abs=NEAR)


@pytest.mark.parametrize("answer", answers("range"))
def test_values_out_of_range_are_those_of_nannyml(answer: dict[str, Any]) -> None:
    """Its range is from the least to the greatest, its share is of rows."""
    then, now = (np.array(answer[side], float) for side in ("reference", "window"))
    share = quality.out_of_range_share(now, *quality.learned_range(then))
    present = np.count_nonzero(~np.isnan(now))

    assert share * present == pytest.approx(answer["share"] * len(now), abs=1e-9)
    if present == len(now):
        assert share == pytest.approx(answer["share"], abs=NEAR)


def test_nannyml_was_asked_of_every_shape() -> None:
    """With missing values on one side, on both, and none; and there is something to see."""
    shares = [answer["share"] for answer in RECORDED["answers"]]
    assert {answer["shape"] for answer in RECORDED["answers"]} == {
        *("plain", "constant", "beyond", "missing", "missing on both sides")
    }
    assert len(shares) == 40
    assert min(shares) == 0.0
    assert max(shares) == 1.0
    assert sum(0 < share < 1 for share in shares) > 15


def test_words_that_do_not_occur_weigh_nothing() -> None:
    """Coded words hold some that the window has no row of."""
    counts = pd.Series([3, 0, 1], index=pd.Index(["a", "new", "newer"], dtype=object))
    assert quality.unseen_share(counts, ["a"]) == 0.25
    with pytest.raises(UnmeasurableError, match=r"^every value is missing$"):
        quality.unseen_share(counts * 0, ["a"])
    with pytest.raises(UnmeasurableError, match=r"^every value of the reference is missing$"):
        quality.unseen_share(counts, [])


@effort(max_examples=200, deadline=None)
@given(
    values=st.lists(NUMBERS, max_size=40),
    ends=st.tuples(st.integers(-4, 4), st.integers(-4, 4)).map(sorted),
)
def test_out_of_range_is_what_is_not_between(values: list[float], ends: list[int]) -> None:
    """pandas' `between` of what is there, ends included."""
    present = pd.Series(values, dtype=float).dropna()
    if present.empty:
        with pytest.raises(UnmeasurableError, match=r"^(every value is missing|no rows)$"):
            quality.out_of_range_share(np.array(values, float), *ends)
        return
    their = 1 - present.between(*ends).mean()
    assert quality.out_of_range_share(np.array(values, float), *ends) == pytest.approx(their)


@effort(max_examples=200, deadline=None)
@given(
    values=st.lists(NUMBERS, min_size=1, max_size=40),
    quantiles=st.sampled_from([None, (0.0, 1.0), (0.01, 0.99), (0.25, 0.5)]),
)
def test_a_learned_range_is_of_quantiles(
    values: list[float], quantiles: tuple[float, float] | None
) -> None:
    """pandas' quantiles; without, its least and greatest."""
    series = pd.Series(values, dtype=float)
    if series.isna().all():
        with pytest.raises(UnmeasurableError, match=r"^every value is missing$"):
            quality.learned_range(series, quantiles)
        return
    low, high = quantiles or (0.0, 1.0)
    their = (series.quantile(low), series.quantile(high))
    assert quality.learned_range(series, quantiles) == pytest.approx(their, abs=NEAR)
    if quantiles is None:
        assert quality.learned_range(series) == (series.min(), series.max())


@pytest.mark.parametrize(("low", "high"), [(1.0, 0.0), (float("nan"), 1.0)])
def test_what_is_no_range_is_refused(low: float, high: float) -> None:
    """A mistake of who asks: every value would be beyond it, or none."""
    with pytest.raises(ValueError, match="is no range"):
        quality.out_of_range_share(np.ones(2), low, high)
    for quantiles in ((0.9, 0.1), (0.5, 0.5), (1.0, 99.0), (-0.1, 0.9)):
        with pytest.raises(ValueError, match="are no two quantiles"):
            quality.learned_range(np.ones(2), quantiles)


@effort(max_examples=300, deadline=None)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS, NUMBERS), min_size=1, max_size=30),
    keys=st.sampled_from([None, ["a"], ["b", "x"], ["a", "b", "x"]]),
)
def test_duplicates_are_those_of_pandas(
    rows: list[tuple[str | None, str | None, float]], keys: list[str] | None
) -> None:
    """Of whole rows as it is; of keys, of the rows that have one."""
    frame = pd.DataFrame(rows, columns=["a", "b", "x"]).astype({"a": object, "b": object})
    their = frame if keys is None else frame[frame[keys].notna().all(axis=1)]
    if their.empty:
        with pytest.raises(UnmeasurableError, match=f"^none of {len(frame)} rows has all of its k"):
            quality.duplicate_share(frame, keys)
        return
    expected = their.duplicated(subset=keys).mean()
    assert quality.duplicate_share(frame, keys) == pytest.approx(expected, abs=NEAR)


def test_lost_keys_are_no_duplicates() -> None:
    """Of each other, for which pandas takes them; the rows that have one are judged alone."""
    frame = pd.DataFrame({"id": [1.0, 1.0, 2.0, np.nan, np.nan, np.nan], "x": [0, 1, 2, 3, 3, 4]})
    assert frame.duplicated(subset=["id"]).mean() == 0.5
    assert quality.duplicate_share(frame, ["id"]) == pytest.approx(1 / 3)
    assert quality.duplicate_share(frame) == pytest.approx(1 / 6)
    with pytest.raises(UnmeasurableError, match=r"^none of 3 rows has all of its key: id$"):
        quality.duplicate_share(frame.iloc[3:], ["id"])
    with pytest.raises(UnmeasurableError, match=r"^no rows$"):
        quality.duplicate_share(frame.iloc[:0])


COLUMNS = st.lists(
    st.one_of(
        st.lists(NUMBERS, max_size=6).map(lambda values: pd.Series(values, dtype=float)),
        st.lists(CELLS, max_size=6).map(lambda values: pd.Series(values, dtype=object)),
        st.lists(st.sampled_from(["a", None]), max_size=6).map(lambda v: pd.Series(v, dtype="str")),
    ),
    max_size=6,
)


@effort(max_examples=300, deadline=None)
@given(columns=COLUMNS)
def test_a_constant_has_one_value(columns: list[pd.Series]) -> None:
    """By pandas' count of different ones; of a column with fewer than two, nobody can tell."""
    could_vary = [column for column in columns if column.notna().sum() > 1]
    for column in columns:
        if column.notna().sum() > 1:
            assert quality.is_constant(column) == (column.nunique() == 1)
            assert quality.is_constant(column.to_numpy()) == (column.nunique() == 1)
        else:
            with pytest.raises(UnmeasurableError, match=r"cannot vary|missing|no rows"):
                quality.is_constant(column)
    if could_vary:
        their = sum(column.nunique() == 1 for column in could_vary)
        assert quality.constant_count(iter(columns)) == their
    else:
        reason = f"^none of {len(columns)} columns has two values$"
        with pytest.raises(UnmeasurableError, match=reason):
            quality.constant_count(columns)


def test_one_value_is_no_constant() -> None:
    """Nor the opposite."""
    with pytest.raises(UnmeasurableError, match=r"^1 value in 3 rows cannot vary$"):
        quality.is_constant(np.array([np.nan, 4.0, np.nan]))
    assert quality.is_constant(np.array([4.0, np.nan, 4.0]))
    assert not quality.is_constant(np.array([4.0, np.nan, 4.0, 4.000001]))


@effort(max_examples=200, deadline=None)
@given(
    end=st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1)),
    seconds=st.integers(0, 10_000_000),
)
def test_an_age_is_of_time(end: datetime, seconds: int) -> None:
    """Across both changes of the clock, in any two zones, and without one."""
    moment = end.replace(tzinfo=UTC)
    newest = moment - timedelta(seconds=seconds)
    hours = pytest.approx(seconds / 3600, abs=1e-9)
    assert quality.age(newest.astimezone(ZONE), moment.astimezone(ZONE)) == hours
    assert quality.age(pd.Timestamp(newest).tz_convert(ZONE), moment) == hours
    assert quality.age(newest.replace(tzinfo=None), end) == hours


def test_a_day_of_a_changed_clock_has_its_own_hours() -> None:
    """25 in October; a clock that is ahead, and no time at all, are reasons."""
    first, last = datetime(2026, 10, 25, tzinfo=ZONE), datetime(2026, 10, 26, tzinfo=ZONE)
    assert quality.age(first, last) == 25.0
    with pytest.raises(
        UnmeasurableError, match=r"^the newest row is 25 hours after the window's e"
    ):
        quality.age(last, first)
    for none in (None, pd.NaT):
        with pytest.raises(UnmeasurableError, match=r"^no row has a time$"):
            quality.age(none, last)
    with pytest.raises(TypeError):
        quality.age(first.replace(tzinfo=None), last)


def test_schemas_differ_in_three_ways() -> None:
    """Each named, in its frame's order; order is none of them."""
    then = {"a": "number", "b": "text", "c": "bool", "z": "text"}
    now = {"z": "text", "new": "number", "c": "number", "a": "number"}
    differences = quality.schema_differences(now, then)

    assert differences == quality.SchemaDifferences(
        gone=("b",), new=("new",), retyped=(("c", "bool", "number"),)
    )
    assert differences.count == 3
    assert differences.sentence == "gone: b; new: new; of another type: c (bool, now number)"
    assert quality.schema_differences(now, now) == quality.SchemaDifferences()
    assert (quality.SchemaDifferences().count, quality.SchemaDifferences().sentence) == (0, "")
    assert quality.schema_differences({}, dict.fromkeys("abcdef", "x")).sentence == (
        "gone: a, b, c, d and 2 more"
    )


@effort(max_examples=200, deadline=None)
@given(
    now=st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["x", "y"])),
    then=st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["x", "y"])),
)
def test_schemas_differ_as_sets_do(now: dict[str, str], then: dict[str, str]) -> None:
    """Every column is in one group at most; the same backwards with the groups swapped."""
    differences = quality.schema_differences(now, then)
    back = quality.schema_differences(then, now)

    assert set(differences.gone) == then.keys() - now.keys() == set(back.new)
    assert set(differences.new) == now.keys() - then.keys() == set(back.gone)
    of_both = set(then.items()) ^ set(now.items())
    retyped = {name for name in now.keys() & then.keys() if (name, now[name]) in of_both}
    assert {name for name, _, _ in differences.retyped} == retyped
    assert {(name, b, a) for name, a, b in differences.retyped} == set(back.retyped)
    assert differences.count == len(differences.gone) + len(differences.new) + len(retyped)


@pytest.mark.parametrize(
    ("words", "rows", "expected"),
    [
        (1000, 1000, True),  # each its own
        (501, 1000, True),
        (500, 1000, False),  # two rows each: an order of two lines, or as likely a small town
        (99, 99, False),  # too few to tell
        (100, 100, True),
        (40, 100_000, False),
    ],
)
def test_an_identifier_is_nearly_always_different(words: int, rows: int, expected: bool) -> None:
    """One word for two rows is the limit, and the refusal counts both."""
    values = pd.Series([f"w{at % words}" for at in range(rows)], dtype=object)
    counts = pd.concat([values.value_counts(), pd.Series({"not here": 0})])

    assert quality.looks_like_identifier(counts, rows) is expected
    reason = quality.identifier_reason(counts, rows)
    assert reason.startswith(f"an identifier: {words} different values in {rows} rows" * expected)
    assert bool(reason) is expected


def test_a_category_of_many_words_is_none_once_there_are_rows() -> None:
    """And where it is taken for one, a fifth of the next window is unseen all the same."""
    random = np.random.default_rng(11)
    for rows, expected in ((1500, True), (1700, False), (20_000, False)):
        counts = pd.Series(random.integers(0, 1000, rows)).value_counts()
        assert quality.looks_like_identifier(counts, rows) is expected
        window = pd.Series(random.integers(0, 1000, 5000)).value_counts()
        if expected:
            assert quality.unseen_share(window, list(counts.index)) > 0.2

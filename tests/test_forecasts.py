"""Metrics of forecasts: scikit-learn's numbers, and a reason for each zero in a denominator."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from sklearn import metrics

from driftdeck.collectors.engines import forecasts
from driftdeck.collectors.engines.errors import UnmeasurableError

NEAR = 1e-12
Shape = Callable[[np.random.Generator, int], np.ndarray]
SHAPES: dict[str, Shape] = {
    "normal": lambda r, n: r.normal(size=n),
    "money": lambda r, n: np.round(r.lognormal(3, 2, n) + 0.01, 2),
    "ties": lambda r, n: r.integers(1, 4, n).astype(float),
    "zeros": lambda r, n: r.integers(0, 3, n).astype(float),
    "constant": lambda _, n: np.full(n, 7.1),
    "zero": lambda _, n: np.zeros(n),
    "offset": lambda r, n: 1e6 + r.normal(size=n),
    "negative": lambda r, n: -r.exponential(size=n) - 0.1,
    "season": lambda _, n: np.sin(np.arange(n) * 2 * np.pi / 7) + 3,
}
shapes = st.sampled_from(sorted(SHAPES))
sizes = st.one_of(st.integers(1, 5), st.integers(6, 300))
seeds = st.integers(0, 2**32 - 1)


def near(value: float) -> object:
    return pytest.approx(value, rel=NEAR, abs=NEAR)


@effort(max_examples=300, deadline=None)
@given(shape=shapes, n=sizes, seed=seeds, quantile=st.floats(0.01, 0.99))
def test_every_number_is_that_of_scikit_learn(
    shape: str, n: int, seed: int, quantile: float
) -> None:
    """And where its denominator is zero there is a reason instead."""
    random = np.random.default_rng(seed)
    label = SHAPES[shape](random, n)
    prediction = label + random.normal(size=n) * random.choice([0.0, 0.1, 10.0])

    their_loss = metrics.mean_pinball_loss(label, prediction, alpha=quantile)
    assert forecasts.pinball(label, prediction, quantile) == near(their_loss)

    zeros = int((label == 0).sum())
    if zeros:
        with pytest.raises(UnmeasurableError, match=f"^{zeros} of {n} labels are 0: "):
            forecasts.mape(label, prediction)
    else:
        their_mape = metrics.mean_absolute_percentage_error(label, prediction)
        assert forecasts.mape(label, prediction) == near(their_mape)

    if zeros == n:
        with pytest.raises(UnmeasurableError, match=f"^all {n} labels are 0: "):
            forecasts.wape(label, prediction)
    else:
        weighted = metrics.mean_absolute_error(label, prediction) / np.mean(np.abs(label))
        assert forecasts.wape(label, prediction) == near(weighted)

    if n < 2 or len(set(label.tolist())) == 1:
        reason = "^1 label has no variance$" if n < 2 else f"^all {n} labels are .*no variance$"
        with pytest.raises(UnmeasurableError, match=reason):
            forecasts.r2(label, prediction)
    else:
        their_r2 = metrics.r2_score(label, prediction)
        assert forecasts.r2(label, prediction) == near(their_r2)


@effort(max_examples=300, deadline=None)
@given(shape=shapes, n=sizes, rows=sizes, season=st.integers(1, 30), seed=seeds)
def test_mase_is_the_error_beside_that_of_the_last_season(
    shape: str, n: int, rows: int, season: int, seed: int
) -> None:
    """Two of scikit-learn's errors, of which the second is the history's against itself."""
    random = np.random.default_rng(seed)
    history, label = SHAPES[shape](random, n), random.normal(size=rows)
    prediction = label + random.normal(size=rows)
    if n <= season:
        with pytest.raises(UnmeasurableError, match=f"has {n} labels: more than the {season} "):
            forecasts.mase(label, prediction, [history], season)
        return
    pairs = [abs(history[at] - history[at - season]) for at in range(season, n)]
    if max(pairs) < 1e-12 * max(map(abs, history)) or max(pairs) == 0:
        with pytest.raises(UnmeasurableError, match="there is no error to compare with"):
            forecasts.mase(label, prediction, [history], season)
        return
    naive = metrics.mean_absolute_error(history[season:], history[: n - season])
    their = metrics.mean_absolute_error(label, prediction) / naive
    assert forecasts.mase(label, prediction, [history], season) == near(their)
    assert sum(pairs) / len(pairs) == pytest.approx(naive)


@effort(max_examples=100, deadline=None)
@given(n=st.integers(30, 90), season=st.integers(1, 12), share=st.floats(0, 0.9), seed=seeds)
def test_a_missing_label_keeps_its_place_in_the_season(
    n: int, season: int, share: float, seed: int
) -> None:
    """As pandas shifts a history: what comes after a gap is compared with its own hour."""
    random = np.random.default_rng(seed)
    history = np.arange(n) % season * 100.0 + random.normal(size=n)
    history[random.random(n) < share] = np.nan
    repeated = pd.Series(history).diff(season).abs().dropna()
    if repeated.empty:
        with pytest.raises(UnmeasurableError, match=f"^no two labels .* are {season} apart"):
            forecasts.mase(np.ones(3), np.zeros(3), [history], season)
        return
    assert forecasts.mase(np.ones(3), np.zeros(3), [history], season) == near(1 / repeated.mean())


def test_a_curve_that_repeats_itself_is_no_scale() -> None:
    """A sine's rounding would make an error of 1e13 of it."""
    history = np.sin(np.arange(8760) * 2 * np.pi / 24)
    assert 0 < np.abs(history[24:] - history[:-24]).mean() < 1e-12
    with pytest.raises(UnmeasurableError, match=r"^each of the 8760 labels of the reference is th"):
        forecasts.mase(np.ones(3), np.zeros(3), [history], 24)
    assert forecasts.mase(np.ones(3), np.zeros(3), [history], 23) > 1


def test_what_is_left_of_a_difference_is_zero() -> None:
    """Labels that are rounding beside the others would make a share of 1e15."""
    label = np.array([0.1 + 0.2 - 0.3, 1.0, 2.0])
    with pytest.raises(UnmeasurableError, match=r"^1 of 3 labels are 0: "):
        forecasts.mape(label, np.ones(3))
    assert forecasts.mape(np.array([1e-20, 2e-20]), np.array([2e-20, 2e-20])) == near(0.5)
    assert forecasts.mape(np.array([1.0, 1.0, 1e18]), np.array([2.0, 1.0, 1e18])) == near(1 / 3)
    with pytest.raises(UnmeasurableError, match=r"^all 2 labels are 0\.3: they have no variance$"):
        forecasts.r2(np.array([0.1 + 0.2, 0.3]), np.ones(2))


@effort(max_examples=100, deadline=None)
@given(shape=shapes, n=sizes, seed=seeds)
def test_intervals(shape: str, n: int, seed: int) -> None:
    """Row by row, in Python; the ends belong to an interval, which may be a point."""
    random = np.random.default_rng(seed)
    label = SHAPES[shape](random, n)
    low = label - random.integers(-1, 3, n)
    high = low + random.integers(0, 4, n)
    inside = [bool(lo <= y <= hi) for y, lo, hi in zip(label, low, high, strict=True)]
    widths = [hi - lo for lo, hi in zip(low, high, strict=True)]

    assert forecasts.coverage(label, low, high) == near(sum(inside) / n)
    assert forecasts.width(low, high) == pytest.approx(sum(widths) / n, rel=1e-9)


def test_ends_belong_to_an_interval() -> None:
    """A label on either end is covered."""
    label = np.array([1.0, 2.0, 3.0, 0.9, 3.1])
    assert forecasts.coverage(label, np.full(5, 1.0), np.full(5, 3.0)) == 0.6


def test_crossed_intervals_are_counted() -> None:
    """Neither number is made of ends that were mixed up."""
    low, high = np.array([0.0, 2.0, 3.0]), np.array([1.0, 1.0, 3.0])
    reason = r"^1 of 3 intervals end below where they begin$"
    with pytest.raises(UnmeasurableError, match=reason):
        forecasts.coverage(np.ones(3), low, high)
    with pytest.raises(UnmeasurableError, match=reason):
        forecasts.width(low, high)


def test_no_rows_are_a_reason() -> None:
    """Of every metric."""
    none = np.zeros(0)
    for metric in (
        lambda: forecasts.mape(none, none),
        lambda: forecasts.wape(none, none),
        lambda: forecasts.mase(none, none, [np.arange(9.0)], 2),
        lambda: forecasts.r2(none, none),
        lambda: forecasts.pinball(none, none, 0.5),
        lambda: forecasts.coverage(none, none, none),
        lambda: forecasts.width(none, none),
    ):
        with pytest.raises(UnmeasurableError, match=r"^no labelled rows$"):
            metric()


def test_a_season_and_a_quantile_are_what_they_say() -> None:
    """Another is a mistake of who asks, not of the data."""
    rows = np.ones(3)
    for quantile in (0.0, 1.0, 90.0):
        with pytest.raises(ValueError, match=r"^a quantile lies between 0 and 1, not at "):
            forecasts.pinball(rows, rows, quantile)
    with pytest.raises(ValueError, match=r"^a season has one or more labels, not 0$"):
        forecasts.mase(rows, rows, [np.arange(3.0)], 0)

"""The index gives Evidently's numbers: for random data of many shapes, and where data is odd."""

import math
import warnings
from collections.abc import Callable
from threading import current_thread

import numpy as np
import pandas as pd
import pytest
from evidently.legacy.calculations.stattests.registry import get_stattest
from evidently.legacy.core import ColumnType
from hypothesis import HealthCheck, example, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from conftest import small_monitor
from driftdeck import declare as d
from driftdeck.collectors.engines.drift_index import Index, engine
from driftdeck.collectors.engines.drift_index.binned import sturges_edges
from driftdeck.collectors.engines.drift_index.categories import CategoryIndex
from driftdeck.collectors.engines.drift_index.numbers import NumberIndex, Sample
from driftdeck.collectors.engines.evidently import measure, skip_plots
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.frames.schema import Vocabulary, WordCounts
from driftdeck.collectors.values import Measurement

NUMBER_METHODS = ["wasserstein", "jensenshannon", "psi", "kl_div", "hellinger", "ks"]
CATEGORY_METHODS = ["jensenshannon", "psi", "kl_div", "hellinger", "chisquare", "z"]
NEAR = 1e-9
Shape = Callable[[np.random.Generator, int], np.ndarray]
SHAPES: dict[str, Shape] = {
    "normal": lambda r, n: r.normal(size=n),
    "ties": lambda r, n: r.integers(0, 30, n).astype(float),
    "few": lambda r, n: r.integers(0, 4, n).astype(float),
    "constant": lambda _, n: np.full(n, 7.25),
    "zero": lambda _, n: np.zeros(n),
    "heavy": lambda r, n: r.standard_cauchy(n),
    "offset": lambda r, n: 1e12 + r.normal(size=n),
    "far offset": lambda r, n: -1e15 + r.integers(0, 100, n),
    "tiny": lambda r, n: r.normal(size=n) * 1e-12,
    "large": lambda r, n: r.normal(size=n) * 1e100,
    "money": lambda r, n: np.round(r.lognormal(3, 2, n), 2),
    "spike": lambda r, n: np.where(r.random(n) < 0.9, 0.0, r.exponential(size=n)),
    "outlier": lambda r, n: np.append(r.normal(size=n - 1), 1e6),
}
WORDS = st.text("abcé 1", min_size=0, max_size=2)


def theirs(method: str, reference: pd.Series, window: pd.Series, kind: ColumnType) -> float:
    """What Evidently's own function says."""
    run = get_stattest(reference, window, kind, method)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(run(reference.copy(), window.copy(), kind, None).drift_score)


def count_words(words: list[str]) -> WordCounts:
    """How often each is there."""
    distinct, counts = np.unique(np.array(words, object), return_counts=True)
    return WordCounts(Vocabulary(distinct), np.arange(len(distinct)), counts)


def assert_same(method: str, ours: float, their: float) -> None:
    """Equal to 1e-9; Hellinger's root of the last bit is not the same twice in Evidently itself."""
    if math.isnan(their):
        assert math.isnan(ours)
    elif method == "hellinger":
        assert ours**2 == pytest.approx(their**2, abs=1e-13)
    else:
        assert ours == pytest.approx(their, rel=NEAR, abs=NEAR)


@pytest.mark.parametrize("method", NUMBER_METHODS)
@effort(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    shapes=st.tuples(st.sampled_from(sorted(SHAPES)), st.sampled_from(sorted(SHAPES))),
    sizes=st.tuples(st.integers(1, 400), st.integers(1, 400)),
    seed=st.integers(0, 2**32 - 1),
)
def test_numbers_of_many_shapes(
    method: str, shapes: tuple[str, str], sizes: tuple[int, int], seed: int
) -> None:
    """Every method, every pair of shapes: ties, offsets, spikes, a single row."""
    random = np.random.default_rng(seed)
    reference, window = (SHAPES[s](random, n) for s, n in zip(shapes, sizes, strict=True))
    same(method, reference, window)


@pytest.mark.parametrize("method", NUMBER_METHODS)
@effort(max_examples=150, deadline=None)
@given(
    reference=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30),
    window=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30),
)
@example(reference=[0.0, -0.0], window=[-0.0])
def test_numbers_that_nobody_thought_of(
    method: str, reference: list[float], window: list[float]
) -> None:
    """Every method on what Hypothesis finds."""
    same(method, np.array(reference), np.array(window))


@effort(max_examples=150, deadline=None)
@given(
    shape=st.sampled_from(sorted(SHAPES)),
    counts=st.lists(st.integers(1, 60), min_size=1, max_size=24),
    rows=st.integers(1, 400),
    seed=st.integers(0, 2**32 - 1),
)
def test_windows_at_once_are_as_each_by_itself(
    shape: str, counts: list[int], rows: int, seed: int
) -> None:
    """To the last bit: what is stored does not depend on which windows are measured together."""
    random = np.random.default_rng(seed)
    index = NumberIndex.of(SHAPES[shape](random, rows))
    windows = [Sample.of(SHAPES[shape](random, count)) for count in counts]

    at_once = index.wasserstein_of_windows(
        np.concatenate([window.values for window in windows]), np.array(counts)
    )

    assert at_once.tolist() == [index.wasserstein(window) for window in windows]


def same(method: str, reference: np.ndarray, window: np.ndarray) -> None:
    """Ours and theirs agree, or theirs raises: then the engine gives the reason, tested below."""
    try:
        their = theirs(method, pd.Series(reference), pd.Series(window), ColumnType.Numerical)
    except ValueError as error:
        if "Too many bins" in str(error):
            return
        raise
    assert_same(method, NumberIndex.of(reference).score(method, Sample.of(window)), their)


@pytest.mark.parametrize("method", CATEGORY_METHODS)
@effort(max_examples=300, deadline=None)
@given(
    reference=st.lists(WORDS, min_size=1, max_size=60),
    window=st.lists(WORDS, min_size=1, max_size=60),
)
@example(reference=["a"], window=["a"])
@example(reference=["a"] * 5, window=["b"] * 3)
@example(reference=["a"] * 100_000 + ["b"], window=["a", "c"])
def test_categories(method: str, reference: list[str], window: list[str]) -> None:
    """Every method on words: of one side only, alone, equal."""
    then, now = (pd.Series(side, dtype=object) for side in (reference, window))
    index = CategoryIndex(count_words(reference))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = index.score(method, count_words(window))
    assert_same(method, ours, theirs(method, then, now, ColumnType.Categorical))


@pytest.mark.parametrize("method", NUMBER_METHODS)
@pytest.mark.parametrize("rows", [(20_000, 3_000), (3_000, 20_000), (12_345, 10_001)])
def test_large_numbers_of_rows(method: str, rows: tuple[int, int]) -> None:
    """Where Kolmogorov-Smirnov is no longer exact and sums are long."""
    random = np.random.default_rng(1)
    reference, window = random.normal(1e6, 1, rows[0]), random.normal(1e6 + 0.01, 1.1, rows[1])
    same(method, reference, window)


@given(st.integers(0, 2**32 - 1), st.integers(1, 200), st.integers(1, 200))
def test_weighted_distance_is_scipys(seed: int, count: int, rows: int) -> None:
    """Also with weights of 0."""
    random = np.random.default_rng(seed)
    base, values = random.normal(5, 1, count).round(1), np.sort(random.normal(4, 1, rows).round(1))
    weights = random.integers(0, 3, rows).astype(float)
    weights[0] = 1.0
    ours = NumberIndex.of(base).distance(Sample(values), weights / weights.sum())
    assert ours == pytest.approx(wasserstein_distance(base, values, None, weights), abs=1e-12)


@effort(max_examples=500)
@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.integers(2, 10**9))
@example(low=0.0, width=5e-324, size=2)
def test_bins_are_those_of_numpy(low: float, width: float, size: int) -> None:
    """Made from the range and the size alone; sizes that fit in memory are compared."""
    size = size % 5000 + 2
    values = np.append(np.full(size - 1, low), low + width)
    try:
        expected = np.histogram_bin_edges(values, "sturges")
    except ValueError:
        return
    assert sturges_edges(low, low + width, size).tolist() == expected.tolist()


def methods() -> list[tuple[d.Method, d.Method]]:
    """Pairs of a number's and a category's method with one direction."""
    return [
        (d.WASSERSTEIN, d.JENSEN_SHANNON),
        (d.JENSEN_SHANNON, d.HELLINGER),
        (d.PSI, d.PSI),
        (d.KL, d.KL),
        (d.HELLINGER, d.JENSEN_SHANNON),
        (d.KS, d.CHI_SQUARE),
        (d.KS, d.Z),
    ]


NORMAL = np.random.default_rng(3).normal(size=200)
ODD: dict[str, object] = {
    "quiet": NORMAL,
    "one row": [0.5],
    "two rows": [0.5, 0.7],
    "all missing": [None] * 20,
    "all infinite": [np.inf] * 20,
    "some infinite": [np.inf, -np.inf, *NORMAL],
    "some missing": [None, np.nan, *NORMAL],
    "constant": [1.0] * 50,
    "constant zero": [0.0] * 50,
    "a string among numbers": ["x", *NORMAL],
    "numbers as text": [str(one) for one in NORMAL],
    "booleans": [True, False] * 20,
    "nullable": pd.array([1, None, 3] * 10, dtype="Int64"),
    "pyarrow": pd.array([1.5, None, 3] * 10, dtype="double[pyarrow]"),
    "near 2^62": [2**62 + n for n in range(40)],
    "beyond 2^63": [2**64 + n for n in range(40)],
    "1e308": [1e308, -1e308, *NORMAL],
    "neighbouring floats": 1.0 + np.arange(40) % 5 * np.spacing(1.0),
    "subnormal": [5e-324 * n for n in range(30)],
    "timestamps": pd.date_range("2024-01-01", periods=30),
    "lists": [["a"], ["b"]] * 10,
    "fifteen values": np.arange(60) % 15,
    "eight values": np.arange(60) % 8,
    "high cardinality": [f"user {n}" for n in range(200)],
    "only new": ["new"] * 30,
}


@pytest.mark.parametrize("pair", methods(), ids=lambda pair: f"{pair[0].name}-{pair[1].name}")
@pytest.mark.parametrize("side", ["window", "reference", "both"])
@pytest.mark.parametrize("case", sorted(ODD))
def test_odd_columns(case: str, side: str, pair: tuple[d.Method, d.Method]) -> None:
    """Number or reason: wherever Evidently has a value, so have we, and wherever none, none."""
    monitor = small_monitor(
        columns=(d.number("x"), d.category("c")),
        prediction=None,
        target=None,
        model_version="",
        metrics=(
            d.drift(number=pair[0], category=pair[1], warn=0.2, alert=0.3)
            if pair[0].breach_side == "high"
            else d.drift(number=pair[0], category=pair[1], warn=0.3, alert=0.2),
            d.missing(warn=0.01, alert=0.05),
            d.row_count(unjudged="tests"),
        ),
    )
    odd = frame(ODD[case])
    quiet = frame(NORMAL).assign(c=(["a", "b", "c", "1"] * 50))
    window, reference = (odd if side in (one, "both") else quiet for one in ("window", "reference"))
    agree(monitor, window, reference)


def frame(values: object) -> pd.DataFrame:
    """The same values as a number and as a category."""
    column = pd.Series(values, dtype=None if hasattr(values, "dtype") else object)
    return pd.DataFrame({"x": column, "c": column})


def agree(
    monitor: d.Monitor, window: pd.DataFrame, reference: pd.DataFrame
) -> tuple[list[Measurement], list[Measurement]]:
    """Both engines on the same rows."""
    series = dict.fromkeys(monitor.series())
    current, base = CoercedRows(monitor, window), CoercedRows(monitor, reference)
    with skip_plots():
        their, _ = measure(monitor, current, base, series)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = Index(monitor, current, base).measure(series)
    for one, a, b in zip(series, ours, their, strict=True):
        assert (a.value is None) == (b.value is None), (one.key, a, b)
        assert a.waiting == b.waiting
        if a.value is not None and b.value is not None:
            assert_same(one.method.name if one.method else "", a.value, b.value)
    return ours, their


CLASSIFIED: dict[str, tuple[object, object]] = {
    "usual": ([0, 1, 1, 0] * 30, np.linspace(0, 1, 120)),
    "ties": ([0, 1, 1, 0] * 30, np.round(np.linspace(0, 1, 120), 1)),
    "certain": ([0, 1] * 20, [0.0, 1.0] * 20),
    "wrong and certain": ([0, 1] * 20, [1.0, 0.0] * 20),
    "almost certain": ([0, 1, 1] * 20, [1e-20, 1 - 1e-16, 2e-20] * 20),
    "one class": ([1] * 20, [0.2, 0.9] * 10),
    "no positive said": ([0, 1] * 20, [0.1, 0.2] * 20),
    "three classes": ([0, 1, 2] * 20, [0.1, 0.2, 0.9] * 20),
    "above one": ([0, 1] * 20, [0.1, 1.2] * 20),
    "below zero": ([0, 1] * 20, [-0.1, 0.9] * 20),
    "late labels": ([0, 1, None, None] * 20, [0.1, 0.6, 0.9, 0.3] * 20),
    "no label": ([None] * 20, [0.1, 0.6] * 10),
    "no probability": ([0, 1] * 10, [None] * 20),
    "labels as text": (["0", "1"] * 20, [0.1, 0.8, 0.7, 0.3] * 10),
}


@pytest.mark.parametrize("case", sorted(CLASSIFIED))
def test_classifiers(case: str) -> None:
    """Accuracy to log loss, and the drift of prediction and label."""
    target, score = CLASSIFIED[case]
    rows = pd.DataFrame({"x": np.arange(len(score)), "c": "a", "p": score, "y": target})
    reference = rows.assign(p=0.5 + rows.index % 3 / 10, y=rows.index % 2)
    for cut in (0.5, 0.2):
        agree(small_monitor(prediction=d.probability("p", cut=cut)), rows, reference)


def test_side_by_side_the_numbers_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads measure a large window's series; their order and numbers are those of one."""
    random = np.random.default_rng(1)
    columns = [f"n{n}" for n in range(8)]
    monitor = small_monitor(
        columns=(*map(d.number, columns), d.category("c")),
        prediction=None, target=None, model_version="",
        metrics=(d.row_count(), d.drift(warn=0.1, alert=0.2)),
    )  # fmt: skip
    frames = [
        pd.DataFrame({n: random.normal(size=2000) for n in columns}).assign(
            c=random.choice(["a", "b"], 2000)
        )
        for _ in range(2)
    ]

    def measured() -> list[Measurement]:
        window, base = (CoercedRows(monitor, frame) for frame in frames)
        return Index(monitor, window, base).measure(monitor.series())

    alone = measured()
    monkeypatch.setattr(engine, "WORTH_THREADS", 2000)
    threads = set()
    monkeypatch.setattr(
        Index, "row_count", lambda index: threads.add(current_thread().name) or index.current.rows
    )
    assert measured() == alone
    assert threads != {"MainThread"}


def test_the_declared_cut_makes_the_labels() -> None:
    """Both engines say yes from the cut on: 2 of 3 here, of which one is right."""
    rows = pd.DataFrame({"x": 1.0, "c": "a", "p": [0.1, 0.3, 0.4], "y": [0, 1, 0]})
    monitor = small_monitor(prediction=d.probability("p", cut=0.3))
    for found in agree(monitor, rows, rows):
        named = {s.metric.name: one.value for s, one in zip(monitor.series(), found, strict=True)}
        assert (named["accuracy"], named["precision"], named["recall"]) == (2 / 3, 0.5, 1.0)


@effort(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 300), st.integers(1, 6))
def test_random_classifiers(seed: int, count: int, digits: int) -> None:
    """On random labels and probabilities with ties."""
    random = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "x": random.normal(size=count),
            "c": random.choice(["a", "b"], count),
            "p": random.random(count).round(digits),
            "y": random.integers(0, 2, count),
        }
    )
    agree(small_monitor(), rows, rows)


REGRESSED: dict[str, Shape] = {
    **{name: SHAPES[name] for name in ("normal", "money", "offset", "few", "constant", "heavy")},
    "large": SHAPES["large"],
}


@pytest.mark.parametrize("count", [1, 2, 300])
@pytest.mark.parametrize("predicted", sorted(REGRESSED))
@pytest.mark.parametrize("observed", sorted(REGRESSED))
def test_regressions(observed: str, predicted: str, count: int) -> None:
    """Errors, means, and observed against predicted."""
    monitor = small_monitor(
        columns=(d.number("x"),),
        prediction=d.number("p"),
        target="y",
        metrics=(
            d.prediction_drift(warn=0.2, alert=0.4),
            d.target_drift(warn=0.2, alert=0.4),
            d.mae(unjudged="tests"),
            d.rmse(unjudged="tests"),
            d.mean_error(unjudged="tests"),
            d.agreement(unjudged="tests"),
            d.prediction_mean(unjudged="tests"),
            d.target_mean(unjudged="tests"),
        ),
    )
    random = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "x": 1.0,
            "p": REGRESSED[predicted](random, count),
            "y": REGRESSED[observed](random, count),
        }
    )
    agree(monitor, rows, rows.assign(p=NORMAL[:count].mean() + np.arange(count)))

"""What `driftdeck new` proposes for each kind of model: classes, forecasts, segments."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
import pytest
from sklearn import metrics as sk
from test_new import proved

from driftdeck import declare as d
from driftdeck.collectors.frames.reference import list_reference_days
from driftdeck.collectors.new import intervals, model_output
from driftdeck.collectors.new.class_columns import is_named_after
from driftdeck.collectors.new.command import make
from driftdeck.collectors.new.roles import Overrides, Roles, guess_roles
from driftdeck.collectors.new.segments import choose_slices
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.values import Status, WindowResult
from driftdeck.collectors.windows.calendar import list_complete_windows
from driftdeck.collectors.windows.collect import collect
from driftdeck.collectors.windows.reference import load_reference
from driftdeck.declare import Monitor
from driftdeck.errors import DriftdeckError
from driftdeck.generator.stale_thresholds import stale_thresholds
from driftdeck.settings import Settings
from own_data import asked, saved

WORDS = ("on time", "late", "very late")
PROBABILITIES = {"on time": "p_on_time", "late": "late_probability", "very late": "score_very_late"}
NOW = datetime(2027, 1, 1, tzinfo=UTC)


def times(days: int, a_day: int, first: str = "2024-01-01") -> pd.Series:
    """So many times a day, at even distances."""
    step = pd.Timedelta(days=1) / a_day
    return pd.Series(pd.date_range(first, periods=days * a_day, freq=step, tz="UTC"), name="at")


def classified(days: int = 30, a_day: int = 240) -> pd.DataFrame:
    """Rows of a classifier of three classes, with regions as segments."""
    random = np.random.default_rng(0)
    count = days * a_day
    chances = random.dirichlet((3, 2, 1), count).round(6)
    chances[:, 0] = (1 - chances[:, 1:].sum(axis=1)).round(6)
    labels = [WORDS[np.searchsorted(np.cumsum(row), random.random())] for row in chances[:, :2]]
    return pd.DataFrame(
        {
            "order_id": np.arange(count) + 7000,
            "at": times(days, a_day),
            "x": random.normal(size=count),
            "flag": random.random(count) > 0.5,
            "code": random.integers(0, 3, count),
            "region": random.choice(["north", "south"], count),
            "plan": random.choice(["a", "b", "c"], count),
            "p_on_time": chances[:, 0],
            "late_probability": chances[:, 1],
            "score_very_late": chances[:, 2],
            "label": labels,
        }
    )


def forecast(days: int = 40, a_day: int = 96) -> pd.DataFrame:
    """Rows of a forecast of an amount, with an interval of 8 in 10 and a median."""
    random = np.random.default_rng(1)
    count = days * a_day
    predicted = random.uniform(20, 80, count)
    return pd.DataFrame(
        {
            "at": times(days, a_day),
            "temperature": random.normal(size=count),
            "temperature_low": random.normal(-20, 1, count),
            "temperature_high": random.normal(20, 1, count),
            "forecast": predicted,
            "forecast_p10": predicted - 12.8,
            "forecast_p50": predicted,
            "forecast_p90": predicted + 12.8,
            "observed": (predicted + random.normal(0, 10, count)).clip(0),
        }
    )


def collected(monitor: Monitor, settings: Settings, last: int = 4) -> list[WindowResult]:
    """The newest windows, as the collectors measure them."""
    reader = Reader(monitor, settings)
    reference = load_reference(reader, monitor, list_reference_days(monitor, None))
    assert monitor.first_day is not None
    windows = list(list_complete_windows(monitor, NOW, monitor.first_day))[-last:]
    results = [collect(monitor, w, reader, lambda _: reference, NOW, report=False) for w in windows]
    assert [result.status for result in results] == [Status.OK] * last, results[0].error
    return results


def rows_of(frame: pd.DataFrame, result: WindowResult) -> pd.DataFrame:
    """The rows of a window that was measured."""
    return rows_in(frame, result.window)


def rows_in(frame: pd.DataFrame, window: d.Window) -> pd.DataFrame:
    """The rows of a window."""
    return frame[(frame["at"] >= window.start) & (frame["at"] < window.end)]


def value(result: WindowResult, metric: str, column: str = "", segment: str = "") -> float:
    """A number of a window, or of one of its segments."""
    [number] = [
        v.outcome.value
        for v in result.values
        if v.series.key == (metric, column) and str(v.segment or "") == segment
    ]
    assert number is not None
    return number


def enough_rows(frame: pd.DataFrame, column: str, monitor: Monitor) -> int:
    """Four fifths of what 19 of 20 windows of the reference have of the rarest value."""
    assert monitor.reference is not None
    days = monitor.reference.days()
    counts = [
        rows_in(frame, window)[column].value_counts()
        for window in monitor.every.within(days[0], days[-1])
    ]
    return int(0.8 * pd.DataFrame(counts).quantile(0.05).min())


def names_of(monitor: Monitor) -> set[str]:
    return {metric.name for metric in monitor.metrics}


def saved_as(kind: str, frame: pd.DataFrame, mine: Settings, connection: psycopg.Connection) -> str:
    """Data as CSV, as Parquet, or as a table of a database: what --from says of it."""
    if kind != "table":
        return str(saved(frame, mine.data, f"log.{kind}"))
    types = {"M": "timestamptz", "f": "float", "i": "bigint", "b": "boolean", "O": "text"}
    columns = ", ".join(f'"{name}" {types[frame[name].dtype.kind]}' for name in frame)
    with psycopg.connect(f"{address(mine)}", autocommit=True) as other:
        other.execute("drop table if exists log")
        other.execute(f"create table log ({columns})")  # type: ignore[arg-type]
        with other.cursor().copy("copy log from stdin") as copy:
            for row in frame.astype(object).itertuples(index=False):
                copy.write_row(row)
    return address(mine)


def address(mine: Settings) -> str:
    """Of a database beside the monitoring one."""
    from driftdeck.database import uri

    port = uri(mine).split("@")[1].split(":")[1].split("/")[0]
    return f"postgresql://postgres:{mine.postgres_password}@localhost:{port}/postgres"


@pytest.mark.parametrize("kind", ["csv", "parquet", "table"])
@pytest.mark.parametrize("stored", [False, True])
def test_probabilities_of_classes_are_the_prediction(
    kind: str, stored: bool, mine: Settings, connection: psycopg.Connection,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """In place of features; with a predicted class beside them, or that of the largest. Numbers are
    scikit-learn's."""
    frame = classified()
    likeliest = frame[list(PROBABILITIES.values())].to_numpy().argmax(axis=1)
    predicted = pd.Series(np.array(WORDS, object)[likeliest])
    if stored:  # by another rule than the largest
        predicted = predicted.where(frame["score_very_late"] < 0.2, "very late")
        frame["predicted_class"] = predicted
    monitor = make(mine, asked("delays", saved_as(kind, frame, mine, connection)))
    said = capsys.readouterr().out

    assert monitor.prediction == replace(
        d.classes(PROBABILITIES, predicted="predicted_class" if stored else ""),
        role=d.Role.PREDICTION,
    )
    assert monitor.target is not None
    assert monitor.target.classes == WORDS  # type: ignore[union-attr]
    assert [c.name for c in monitor.columns] == ["x", "flag", "code", "region", "plan"]
    assert names_of(monitor) == {
        "drift", "prediction_drift", "target_drift", "missing_share", "row_count", "accuracy",
        "recall", "class_recall", "f1", "roc_auc", "log_loss",
    }  # fmt: skip
    assert ("is the class of the largest probability in" in said) == stored
    assert monitor.slices == tuple(
        d.by(column, min_rows=enough_rows(frame, column, monitor)) for column in ("region", "plan")
    )
    assert all(not slice_.judged for slice_ in monitor.slices)
    for result in collected(monitor, mine):
        rows = rows_of(frame.assign(predicted=predicted), result)
        scores = rows[list(PROBABILITIES.values())]
        north = rows[rows["region"] == "north"]
        assert result.row_count == 240
        assert value(result, "accuracy") == sk.accuracy_score(rows["label"], rows["predicted"])
        assert value(result, "accuracy", "", "region = north") == sk.accuracy_score(
            north["label"], north["predicted"]
        )
        assert value(result, "recall") == pytest.approx(
            sk.recall_score(rows["label"], rows["predicted"], average="macro"), abs=1e-12
        )
        assert value(result, "class_recall", "late") == pytest.approx(
            sk.recall_score(rows["label"], rows["predicted"], labels=["late"], average="macro"),
            abs=1e-12,
        )
        codes = rows["label"].map(WORDS.index)
        assert value(result, "log_loss") == pytest.approx(sk.log_loss(codes, scores), abs=1e-9)
    proved(mine)


@pytest.mark.parametrize("kind", ["csv", "parquet", "table"])
def test_a_stored_class_is_the_prediction(
    kind: str, mine: Settings, connection: psycopg.Connection
) -> None:
    """Words of the label, without probabilities; a rule's name for a column does not matter."""
    frame = classified().drop(columns=list(PROBABILITIES.values()))
    right = np.random.default_rng(2).random(len(frame)) < 0.8
    frame["decision"] = frame["label"].where(right, "late")
    frame["last_decision"] = frame["decision"].shift(1, fill_value="late")
    monitor = make(mine, asked("delays", saved_as(kind, frame, mine, connection)))

    assert monitor.prediction_column is not None
    assert monitor.prediction_column.name == "decision"
    assert set(monitor.prediction_column.classes) == set(WORDS)
    assert "decision" not in {c.name for c in monitor.columns}
    assert "last_decision" in {c.name for c in monitor.columns}
    assert {"accuracy", "recall", "class_recall", "f1"} < names_of(monitor)
    assert not {"roc_auc", "log_loss", "prediction_mean"} & names_of(monitor)
    for result in collected(monitor, mine):
        rows = rows_of(frame, result)
        assert value(result, "f1") == pytest.approx(
            sk.f1_score(rows["label"], rows["decision"], average="macro"), abs=1e-12
        )
    assert stale_thresholds(mine) == []


def test_two_words_have_a_yes_where_people_write_it(mine: Settings) -> None:
    """Recall is that of the word that means yes; --positive says which, where nobody writes it."""
    frame = classified().drop(columns=list(PROBABILITIES.values()))
    random = np.random.default_rng(3)
    frame["label"] = random.choice(["churned", "stayed"], len(frame), p=[0.3, 0.7])
    frame["prediction"] = frame["label"].where(random.random(len(frame)) < 0.8, "stayed")
    monitor = make(mine, asked("churn", saved(frame, mine.data)))
    assert monitor.task is not None
    assert (monitor.target_column, monitor.prediction_column) == (
        d.Column(name="label", kind="category", role=d.Role.TARGET, positive="churned",
                 negative="stayed"),
        d.Column(name="prediction", kind="category", role=d.Role.PREDICTION, positive="churned",
                 negative="stayed"),
    )  # fmt: skip
    for result in collected(monitor, mine, last=2):
        rows = rows_of(frame, result)
        assert value(result, "recall") == pytest.approx(
            sk.recall_score(rows["label"], rows["prediction"], pos_label="churned"), abs=1e-12
        )

    odd = frame.replace({"churned": "blue", "stayed": "red"})
    path = saved(odd, mine.data, "odd.csv")
    both = make(mine, asked("odd", path))
    assert both.prediction_column is not None
    assert both.prediction_column.classes == ("blue", "red")
    blue = make(mine, asked("odd", path, "--positive", "red", "--force"))
    assert blue.target_column is not None
    assert blue.target_column.positive == "red"


def binary(**columns: object) -> pd.DataFrame:
    """A probability of yes and labels that follow it."""
    random = np.random.default_rng(4)
    p = random.random(2000).round(4)
    labels = np.where(random.random(2000) < p, "yes", "no")
    return pd.DataFrame({"probability": p, "outcome": labels, **columns})


def test_two_probabilities_of_two_words_are_classes_too() -> None:
    """Unless a person says which word means yes: then its column is the probability."""
    frame = binary().rename(columns={"probability": "p_yes"})
    frame["p_no"] = 1 - frame["p_yes"]
    roles = guess_roles(frame, Overrides(), "x")
    assert roles.probabilities == (("yes", "p_yes"), ("no", "p_no"))
    assert (roles.prediction, roles.target) == ("", "outcome")
    said = guess_roles(frame, Overrides(positive="yes"), "x")
    assert (said.prediction, said.outputs) == ("p_yes", (("p_no", "what p_yes lacks of 1"),))
    assert model_output.classify(frame, said, "yes").words == ("yes", "no")
    named = guess_roles(frame, Overrides(prediction="p_no"), "x")
    assert (named.prediction, [name for name, _ in named.outputs]) == ("p_no", ["p_yes"])


def test_the_cut_is_that_of_the_stored_class() -> None:
    """A class that is stored beside its probability is no feature, and says the cut."""
    frame = binary()
    frame["predicted"] = np.where(frame["probability"] >= 0.3, "yes", "no")
    roles = guess_roles(frame, Overrides(), "x")
    output = model_output.classify(frame, roles, "")
    assert roles.prediction == "probability"
    assert roles.outputs == (("predicted", "a predicted class, beside probability"),)
    assert (frame["probability"] >= output.cut).equals(frame["predicted"] == "yes")
    assert output.cut == 0.3
    assert "it is the cut" in output.remarks[-1]

    frame["predicted"] = np.where(frame.index % 3 == 0, "yes", frame["predicted"])
    output = model_output.classify(frame, roles, "")
    assert output.cut == 0.5
    assert "is not what probability says by a cut of 0.5" in output.remarks[-1]
    frame["predicted"] = np.where(frame["probability"] >= 0.5, "yes", "no")
    assert "cut" not in " ".join(model_output.classify(frame, roles, "").remarks)


def test_numbers_that_are_no_probabilities_are_no_classes() -> None:
    """They do not sum to 1, or a class has none: left out, and it is said; never features."""
    frame = classified(days=1)
    names = list(PROBABILITIES.values())
    off = frame.assign(late_probability=frame["late_probability"] / 2)
    roles = guess_roles(off, Overrides(), "x")
    assert roles.probabilities == ()
    assert [name for name, _ in roles.outputs] == names
    assert "do not sum to 1 in a row, such as 0." in roles.remarks[0]

    lacking = guess_roles(frame.drop(columns="p_on_time"), Overrides(), "x")
    assert [name for name, _ in lacking.outputs] == names[1:]
    assert "'on time' has none" in lacking.remarks[0]
    said = Overrides(kinds=dict.fromkeys(names, "number"))
    assert guess_roles(off, said, "x") == Roles("", "label")
    assert guess_roles(off, Overrides(prediction="none"), "x").outputs == ()
    rounded = frame.assign(**{name: frame[name].round(2) for name in names})
    assert len(guess_roles(rounded, Overrides(), "x").probabilities) == 3


@pytest.mark.parametrize(
    ("name", "word", "expected"),
    [
        ("p_late", "late", True),
        ("prob_late", "late", True),
        ("late_probability", "late", True),
        ("scoreLate", "Late", True),
        ("proba_class_2", "2", True),
        ("p_very_late", "late", False),
        ("p_very_late", "very late", True),
        ("late", "late", False),
        ("minutes_late", "late", False),
        ("p_ontime", "on time", True),
        ("p_", "-", False),
    ],
)
def test_a_probability_is_named_after_its_class(name: str, word: str, expected: bool) -> None:
    """By the word and a mark of a probability, and by nothing else."""
    assert is_named_after(name, word) == expected


def test_codes_on_both_sides_are_classes() -> None:
    """Unless a person says that they are numbers; a word that no label has is a class, too."""
    y = np.resize([0, 1, 2], 300)
    frame = pd.DataFrame({"p": np.where(np.arange(300) % 5, y, 0), "y": y})
    roles = Roles(prediction="p", target="y")
    output = model_output.classify(frame, roles, "")
    assert (output.shape, output.classes) == ("label", ("0", "1", "2"))
    numbers = model_output.classify(frame, roles, "", {"y": "number"})
    assert (numbers.shape, numbers.metrics[-1]) == ("number", "wape")

    words = pd.DataFrame({"p": ["a", "b", "c"] * 9, "y": ["a", "b", "b"] * 9})
    more = model_output.classify(words, roles, "")
    assert more.classes == ("a", "b", "c")
    assert "no label is 'c'" in more.remarks[0]
    other = model_output.classify(words.assign(p="z"), roles, "")
    assert other.shape == "category"


@pytest.mark.parametrize("kind", ["csv", "parquet", "table"])
def test_a_forecast_has_its_interval(
    kind: str, mine: Settings, connection: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its ends are no features; another column's low and high are."""
    frame = forecast()
    monitor = make(mine, asked("demand", saved_as(kind, frame, mine, connection)))
    coverage = next(m for m in monitor.metrics if m.name == "interval_coverage")

    assert (monitor.prediction, monitor.target) == (
        d.Column(name="forecast", kind="number", role=d.Role.PREDICTION),
        d.Column(name="observed", kind="number", role=d.Role.TARGET),
    )
    assert {c.name for c in monitor.columns} == {
        "temperature", "temperature_low", "temperature_high",
    }  # fmt: skip
    assert (coverage.option("low"), coverage.option("high")) == ("forecast_p10", "forecast_p90")
    assert {"mae", "wape"} < names_of(monitor)
    assert "left out forecast_p50: a median, beside forecast" in capsys.readouterr().out
    for result in collected(monitor, mine):
        rows = rows_of(frame, result)
        errors = (rows["forecast"] - rows["observed"]).abs()
        inside = rows["observed"].between(rows["forecast_p10"], rows["forecast_p90"])
        assert value(result, "mae") == pytest.approx(errors.mean(), rel=1e-9)
        assert value(result, "wape") == pytest.approx(errors.sum() / rows["observed"].sum())
        assert value(result, "interval_coverage") == pytest.approx(inside.mean(), abs=1e-12)
    proved(mine)


def test_labels_below_zero_have_no_weighted_share() -> None:
    """A share of labels that cancel each other says nothing."""
    frame = forecast(days=1)
    roles = Roles("forecast", "observed")
    assert "wape" in model_output.classify(frame, roles, "").metrics
    frame.loc[3, "observed"] = -1
    assert "wape" not in model_output.classify(frame, roles, "").metrics


def test_ends_are_told_from_features() -> None:
    """By their names, by their order, and by what lies between them."""
    frame = forecast(days=1).assign(lower=-100.0, upper=100.0, river_low=-100.0, river_high=100.0)
    names = [name for name in frame if name not in ("at", "forecast", "observed")]
    pairs = intervals.list_intervals_of(frame, names, "forecast", "observed")
    assert [(pair.low, pair.high) for pair in pairs] == [
        ("lower", "upper"), ("forecast_p10", "forecast_p90"),
    ]  # fmt: skip
    frame["lower"] = 90.0
    assert len(intervals.list_intervals_of(frame, names, "forecast", "observed")) == 1
    swapped = frame.rename(columns={"forecast_p10": "q95", "forecast_p90": "q05"})
    assert intervals.list_intervals(swapped, ["q05", "q95"]) == []


@pytest.mark.parametrize(
    ("names", "prediction"),
    [
        (("predicted_low", "predicted", "predicted_high"), "predicted"),
        (("p_10", "p_50", "p_90"), "p_50"),
        (("q05", "q50", "q95"), "q50"),
        (("pred_lower", "forecast", "pred_upper"), "forecast"),
    ],
)
def test_of_an_interval_the_middle_is_the_prediction(names: Sequence[str], prediction: str) -> None:
    """No end is one, however it is called."""
    frame = forecast(days=1)[["forecast_p10", "forecast", "forecast_p90", "observed"]]
    frame.columns = pd.Index([*names, "observed"])
    assert guess_roles(frame, Overrides(), "x") == Roles(prediction, "observed")
    with pytest.raises(DriftdeckError, match="may each be the prediction"):
        guess_roles(
            frame.rename(columns=dict(zip(names, ["pred_low", "x", "pred_high"], strict=True))),
            Overrides(), "x",
        )  # fmt: skip


def test_segments_are_few_and_large() -> None:
    """Words before codes before yes and no; never an identifier, a rare value or a single one."""
    frame = classified(days=30)
    windows = frame["at"].dt.date
    frame["shop_id"] = np.resize(["a", "b"], len(frame))
    frame["rare"] = np.where(np.arange(len(frame)) % 40, "often", "seldom")
    frame["many"] = [f"w{n % 21}" for n in range(len(frame))]
    frame["weekday"] = frame["at"].dt.day_name()
    frame["same"] = "s"
    names = ["flag", "code", "shop_id", "rare", "many", "weekday", "same", "region", "plan"]

    def chosen(names: Sequence[str], stride: int = 1) -> list[str]:
        return [column for column, _ in choose_slices(frame, names, windows, stride, least=20)]

    assert chosen(names) == ["region", "plan"]
    assert chosen(["flag", "code"]) == ["code", "flag"]
    assert chosen(["shop_id", "rare", "many", "weekday", "same"]) == []
    assert chosen(["rare"], stride=4) == ["rare"]


def test_the_file_of_classes_is_in_the_house_style(mine: Settings, tmp_path: Path) -> None:
    """As a person would have written it."""
    import subprocess
    import sys

    many = [f"a rather long name of a class, {n}" for n in range(6)]
    frame = classified(days=24).drop(columns=list(PROBABILITIES.values()))
    frame["label"] = np.resize(many, len(frame))
    frame["prediction"] = frame["label"].where(frame.index % 7 > 0, many[0])
    make(mine, asked("words", saved(frame, mine.data)))
    make(mine, asked("chances", saved(classified(days=24), mine.data, "c.csv")))
    make(mine, asked("ends", saved(forecast(), mine.data, "f.csv"), "--every", "12-hourly"))
    for name in ("words", "chances", "ends"):
        path = mine.monitors_dir / f"{name}.py"
        for tool in (["check", "--select", "E,F,I,UP"], ["format", "--check"]):
            done = subprocess.run(
                [sys.executable, "-m", "ruff", *tool, "--line-length", "100", str(path)],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + path.read_text()

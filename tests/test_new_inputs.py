"""What `driftdeck new` makes of labels, ids, times and files as people have them."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
import pytest

from driftdeck import declare as d
from driftdeck.collectors.new import model_output
from driftdeck.collectors.new.command import drop_unmeasurable, make
from driftdeck.collectors.new.find import Place, find_dataset
from driftdeck.collectors.new.kinds import guess_columns
from driftdeck.collectors.new.period import choose_period
from driftdeck.collectors.new.roles import Overrides, Roles, guess_roles
from driftdeck.database import Role, uri
from driftdeck.declare.columns import Kind
from driftdeck.errors import DriftdeckError
from driftdeck.settings import Settings
from own_data import asked, log, saved

NAMED = log()
ROLES = Roles(prediction="p", target="y")
RANDOM = np.random.default_rng(0)


def answered(
    p: object,
    y: object,
    positive: str = "",
    kinds: Mapping[str, Kind | None] = model_output.NO_KINDS,
) -> model_output.ModelOutput:
    """What a prediction and a label are taken for."""
    return model_output.classify(pd.DataFrame({"p": p, "y": y}), ROLES, positive, kinds)


def classes(yes: object, no: object) -> tuple[np.ndarray, np.ndarray]:
    """Chances, and labels that follow them."""
    p = np.linspace(0.01, 0.99, 200)
    return p, np.where(RANDOM.random(200) < p, np.array(yes, object), np.array(no, object))


@pytest.mark.parametrize("scale", [100.0, 1000.0, 1.0001])
@pytest.mark.parametrize("words", [(1, 0), (1, -1), ("yes", "no"), (True, False)])
def test_two_labels_and_no_chance_are_no_regression(
    scale: float, words: tuple[object, object]
) -> None:
    """Per cent, points, or a hair above 1: drift is watched, and it is said what is missing."""
    p, y = classes(*words)
    p[-1] = 1.0
    found = answered(p * scale, y)
    assert (found.shape, found.target_kind, found.metrics) == ("number", "category", ())
    assert "performance needs a probability from 0 to 1" in found.remarks[0]
    if not isinstance(words[0], str):
        said: dict[str, Kind | None] = {"y": "number"}
        amount = model_output.AMOUNT_METRICS if y.min() >= 0 else ()
        metrics = answered(p * scale, y.astype(int), "", said).metrics
        assert metrics == (*model_output.NUMBER_METRICS, *amount)


def test_what_means_yes_is_never_ignored() -> None:
    """--positive is held against 0 and 1, too; where there are not two words it is an error."""
    p, y = classes(1, 0)
    assert answered(1 - p, y, "0").words == ("0", "1")
    assert answered(p, y, "1").words == ()
    assert answered(p, y == 1, "False").words == ("false", "true")
    for label in (y, np.where(p > 0.5, "yes", "no")):
        with pytest.raises(DriftdeckError, match="'si' is no label; y has"):
            answered(p, label, "si")
    with pytest.raises(DriftdeckError, match="y has 'a', 'b', 'c'; it is for labels of two words"):
        answered(p, np.resize(["a", "b", "c"], 200), "a")


def test_a_share_against_other_codes_is_said() -> None:
    """-1, 0 and 1 are no yes or no, whatever the prediction is called."""
    p, _ = classes(1, 0)
    assert "looks like a probability" in answered(p, np.resize([-1, 0, 1], 200)).remarks[0]


def test_what_a_person_says_of_a_column_undoes_each_guess() -> None:
    """A column said to be a category is no prediction, no target and no version."""
    frame = pd.DataFrame({"prediction": [0.1, 0.2], "label": [0, 1], "model": ["a", "b"]})
    assert guess_roles(frame, Overrides(), "x") == Roles("prediction", "label", "model")
    for name, rest in (
        ("prediction", Roles("", "label", "model")),
        ("label", Roles("prediction", "", "model")),
        ("model", Roles("prediction", "label", "")),
    ):
        assert guess_roles(frame, Overrides(kinds={name: "category"}), "x") == rest


def test_a_chance_beside_a_prediction_in_words_is_the_prediction() -> None:
    """As beside one of 0 and 1."""
    frame = pd.DataFrame({"prediction": ["yes", "no"], "prediction_probability": [0.9, 0.2]})
    assert guess_roles(frame, Overrides(), "x").prediction == "prediction_probability"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--category", "at"], "'at' is the time of each row"),
        (["--number", "nope"], "no column 'nope'; there are id, at"),
        (["--leave-out", "label", "--target", "label"], "'label' cannot be left out and be"),
        (["--target", "nope"], "has no column 'nope' for --target; there are 'id', 'x'"),
    ],
)
def test_what_a_person_says_in_vain_is_an_error(more: list[str], said: str, mine: Settings) -> None:
    """Nothing that is said is dropped in silence."""
    with pytest.raises(DriftdeckError, match=said):
        make(mine, asked("vain", saved(NAMED, mine.data), *more))


def labelled(mine: Settings, ids: Callable[[pd.Series], pd.Series], late: pd.DataFrame) -> str:
    """The command line's part for rows without labels, and labels in a file of their own."""
    saved(NAMED[["at", "x", "c", "churn_probability"]].assign(id=ids(NAMED["id"])), mine.data)
    return str(saved(late, mine.data, "labels.csv"))


def test_ids_are_what_the_collectors_read(mine: Settings) -> None:
    """Beyond 2^53 they stay apart; those that no collector would join are told at once."""
    late = NAMED[["id", "label"]].assign(known_at=NAMED["at"])
    huge = late.assign(id=np.arange(len(late)) + 2**53 + 1)
    path = labelled(mine, lambda ids: pd.Series(range(len(ids))) + 2**53 + 1, huge)
    monitor = make(mine, asked("huge", mine.data / "log.csv", "--labels", path))
    assert monitor.labels is not None
    assert monitor.labels.on == "id"

    whole = late.assign(id=np.arange(len(late)) * 1.0)
    path = labelled(mine, lambda ids: pd.Series(range(len(ids))), whole)
    with pytest.raises(
        DriftdeckError, match=r"no label belongs to a row: .*'0.0', '1.0', the rows"
    ):
        make(mine, asked("whole", mine.data / "log.csv", "--labels", path))
    assert not (mine.monitors_dir / "whole.py").exists()


def test_of_repeated_labels_the_newest_counts_as_for_the_collectors(mine: Settings) -> None:
    """Wherever it lies in the file: here before the older one that it corrects."""
    late = NAMED[["id", "label"]].assign(known_at=NAMED["at"] + pd.Timedelta("1h"))
    older = late.iloc[:10].assign(label=1 - late["label"], known_at=NAMED["at"])
    path = labelled(mine, lambda ids: ids, pd.concat([late, older]))
    request = asked("late", mine.data / "log.csv", "--labels", path)
    dataset = find_dataset(mine, request, Place(path=mine.data / "log.csv"), "UTC")

    joined = dataset.profile.sample.set_index("id")["label"]
    assert joined.to_dict() == late.set_index("id")["label"].to_dict()


def test_labels_that_cannot_be_joined_name_their_mend(mine: Settings) -> None:
    """No common column, a common one that names no row, no time of the label."""
    source = saved(NAMED.drop(columns="label"), mine.data)
    late = NAMED[["id", "label"]].assign(known_at=NAMED["at"])
    for labels, said in (
        (late.rename(columns={"id": "row"}), "call what names a row alike in both"),
        (pd.concat([late, late]), "id is in both, and comes again .* say what names a row"),
        (late.drop(columns="known_at"), "a label needs the time from which on it was known"),
    ):
        path = str(saved(labels, mine.data, "labels.csv"))
        with pytest.raises(DriftdeckError, match=said):
            make(mine, asked("late", source, "--labels", path))


def test_times_of_which_some_name_no_zone_are_taken(
    mine: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are of --timezone, and it is said."""
    at = NAMED["at"].dt.strftime("%Y-%m-%dT%H:%M:%S") + np.where(NAMED.index % 9, "Z", "")
    monitor = make(mine, asked("mixed", saved(NAMED[["c"]].assign(at=at), mine.data)))
    assert monitor.source == d.Csv("log.csv", time="at", layout="undated", naive="UTC")
    assert "some of its times name no zone: taken as UTC" in capsys.readouterr().out


def test_times_with_strangers_among_them_are_taken_when_named(
    mine: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is no time is named, and left out where a person says that it is the column."""
    at = NAMED["at"].astype(str).where(NAMED.index % 20 != 7, "soon")
    path = saved(NAMED[["c"]].assign(at=at), mine.data)
    with pytest.raises(
        DriftdeckError, match="'at' holds times, and others such as 'soon'; --time at"
    ):
        make(mine, asked("soon", path))
    make(mine, asked("soon", path, "--time", "at"))
    said = capsys.readouterr().out
    assert "72 of 1440 rows left out: 72 with a time that cannot be read, e.g. 'soon'" in said
    assert "none came out whole (6 partial)" in said


@pytest.mark.parametrize(
    ("change", "more", "said"),
    [
        ({}, ["--time-format", "%Q"], "--time-format '%Q': .*; write it as strptime has it"),
        ({}, ["--time-format", "days"], "--time-format 'days': write it as strptime has it"),
        ({}, ["--time-format", "%d/%m/%Y"], "no column holds times written as %d/%m/%Y"),
        ({"at": NAMED["at"] + pd.Timedelta(days=9000)}, [], "no whole day in UTC that is over"),
        ({"at": "2024-01-01"}, [], "holds 1 whole day, .* gather more, or give a --time"),
    ],
)
def test_times_that_cannot_be_used_name_their_mend(
    change: dict[str, object], more: list[str], said: str, mine: Settings
) -> None:
    """No words of a library alone, and no mend that does not fit."""
    with pytest.raises(DriftdeckError, match=said):
        make(mine, asked("times", saved(NAMED.assign(**change), mine.data), *more))


def test_american_times_are_read(mine: Settings) -> None:
    """12-hour clocks, with days beyond 12 to tell the month."""
    at = NAMED["at"].dt.strftime("%m/%d/%Y %I:%M:%S %p")
    monitor = make(mine, asked("pm", saved(NAMED[["c"]].assign(at=at), mine.data)))
    assert isinstance(monitor.source, d.Csv)
    assert monitor.source.format == "%m/%d/%Y %I:%M:%S %p"


def test_files_that_the_collectors_skip_are_skipped(mine: Settings) -> None:
    """An empty file, even the first; one of other columns is named with those that it has."""
    folder = mine.data / "log"
    folder.mkdir()
    for day, part in NAMED[["at", "c"]].groupby(NAMED["at"].dt.date):
        saved(part, folder, f"{day}.csv")
    for day in ("2023-12-31", "2024-01-03"):
        (folder / f"{day}.csv").write_text("")
    monitor = make(mine, asked("empty", folder))
    assert monitor.first_day == date(2024, 1, 1)
    (folder / "2024-01-03.csv").write_text("a;b\n1;2\n")
    with pytest.raises(DriftdeckError, match=r"2024-01-03.csv: no column 'at', .* there are 'a;b'"):
        make(mine, asked("other", folder))
    alone = mine.data / "alone.csv"
    alone.write_text("")
    with pytest.raises(DriftdeckError, match=r"alone.csv: is a file without a row"):
        make(mine, asked("alone", alone))


def test_a_time_or_a_column_that_is_there_twice_is_said(mine: Settings) -> None:
    """It is not called missing."""
    path = mine.data / "log.csv"
    rows = NAMED[["at", "x", "c"]].assign(again=NAMED["at"]).to_csv(index=False, header=False)
    path.write_text("at,x,c,at\n" + rows)
    with pytest.raises(DriftdeckError, match="there are x, c, and more than once at"):
        make(mine, asked("twice", path))
    with pytest.raises(DriftdeckError, match="has more than one column 'at'"):
        make(mine, asked("twice", path, "--time", "at"))
    path.write_text("at,x,c,x\n" + rows)
    with pytest.raises(DriftdeckError, match="'x' is there more than once"):
        make(mine, asked("twice", path, "--number", "x"))


def test_codes_written_in_two_ways_are_numbers(mine: Settings) -> None:
    """1 and 1.0 are two words of text: as a category it would drift with whoever writes it."""
    folder = mine.data / "log"
    folder.mkdir()
    for day, part in NAMED[["at", "c"]].groupby(NAMED["at"].dt.date):
        code = pd.Series(range(len(part)), part.index) % 5
        saved(part.assign(code=code if day.day % 2 else code * 1.0), folder, f"{day}.csv")
    monitor = make(mine, asked("codes", folder))
    assert {one.name: one.kind for one in monitor.columns} == {"c": "category", "code": "number"}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.where(np.arange(1000) % 7, RANDOM.normal(size=1000), "-"), "numbers, but for 143 of"),
        ([f"{n * 13:,.2f}" for n in range(1000)], "numbers with other signs, such as '0.00'"),
        ([f"{n / 10}%" for n in range(1000)], "numbers with other signs, such as '0.0%'"),
        (pd.Series([pd.NaT] * 1000, dtype="datetime64[ns, UTC]"), "every value is missing"),
        ([2013.0] * 1000, "always '2013'"),
    ],
)
def test_what_is_left_out_is_told_as_it_is(values: object, why: str) -> None:
    """Numbers in a coat are no identifiers; a year is not 2013.0."""
    frame = pd.DataFrame({"v": values})
    on = pd.Series(np.arange(1000) // 50)
    [found] = guess_columns(frame, on, on < 10, [])
    assert found.kind is None
    assert found.why.startswith(why)


def test_words_for_missing_have_a_mend_of_their_source(
    mine: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """na= is of CSV alone, and names all of them."""
    frame = NAMED[["at", "c"]].assign(c=np.resize(["NA", "None", "a"], len(NAMED)))
    make(mine, asked("csv", saved(frame, mine.data)))
    assert "c: 'NA', 'None' are words like others; na=('NA', 'None') in" in capsys.readouterr().out
    make(mine, asked("parquet", saved(frame, mine.data, "log.parquet")))
    said = capsys.readouterr().out
    assert "na=" not in said
    assert "write null where a cell is missing" in said


def test_a_stray_row_is_left_out_of_every_guess() -> None:
    """It is said in words that count, and does not make a count of days a number."""
    days = pd.date_range("2024-01-01", periods=24).date
    found = pd.DataFrame({"rows": 60, "first": 0, "last": 86_000}, index=[date(2008, 5, 1), *days])
    found.loc[date(2008, 5, 1), "rows"] = 1
    seen = choose_period(found, "UTC", datetime(2024, 6, 1, tzinfo=UTC), None, "x")
    assert seen.stray == "1 row of 1 day far from the others is left out: 2008-05-01"


def test_a_stray_row_does_not_make_a_count_of_days_a_number(mine: Settings) -> None:
    """What only grows over the days that are watched is left out."""
    stray = NAMED.head(1).assign(at=pd.Timestamp("2008-05-01", tz="UTC"), counter=999)
    path = saved(pd.concat([NAMED, stray]), mine.data)
    monitor = make(mine, asked("stray", path))
    assert "counter" not in {column.name for column in monitor.columns}


def test_infinity_where_nobody_watches_is_nobodys_problem(
    mine: Settings, connection: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    """valid_to = 'infinity' in every row, as tables with a history have it; a row without a time is
    one of all that were read."""
    connection.execute(
        "create schema outages; create table outages.log (at timestamptz, x float, c text,"
        " valid_to timestamptz default 'infinity', since date default '-infinity')"
    )
    with connection.cursor().copy("copy outages.log (at, x, c) from stdin") as copy:
        for row in NAMED[["at", "x", "c"]].astype(object).itertuples(index=False):
            copy.write_row(row)
    connection.execute("insert into outages.log (x) values (1)")
    connection.execute("grant usage on schema outages to public")
    connection.execute("grant select on outages.log to public")
    connection.commit()
    monitor = make(mine, asked("history", uri(mine, Role.COLLECTOR), "--table", "outages.log"))
    assert [column.name for column in monitor.columns] == ["x", "c"]
    assert "1 of 1441 rows left out: 1 with no time" in capsys.readouterr().out


def test_a_reference_too_thin_says_how_many_days_it_takes(mine: Settings, tmp_path: Path) -> None:
    """The number, not the name of a constant."""
    make(mine, asked("thin", saved(NAMED[["at", "c"]], mine.data)))
    from driftdeck.collectors.new.command import find_dataset, propose, resolve_place
    from driftdeck.declare.thresholds import ThresholdKey
    from driftdeck.load import find_monitor

    request = asked("thin", tmp_path / "data" / "log.csv")
    found = find_dataset(mine, request, resolve_place(mine, request.source, "thin"), "UTC")
    days = choose_period(found.profile.days, "UTC", datetime.now(UTC), None, "x")
    monitor = find_monitor("thin", *mine.monitor_folders)
    none: dict[ThresholdKey, list[float]] = {ThresholdKey(*s.key): [] for s in monitor.series()}
    with pytest.raises(DriftdeckError, match=r"no column has a value on \d+ days of the reference"):
        drop_unmeasurable(propose(found, "UTC", days), monitor, none)

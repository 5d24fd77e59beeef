"""What hashes of declarations are made of: today's stay valid, and what is newer counts if set."""

import hashlib
from dataclasses import dataclass, field, fields, is_dataclass, make_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from conftest import small_monitor
from driftdeck import declare as d
from driftdeck import threshold_files
from driftdeck.collectors.thresholds.calibrate import format_file
from driftdeck.collectors.windows.reference import _hash
from driftdeck.declare.canonical import canonical
from driftdeck.declare.thresholds import ThresholdKey
from driftdeck.load import load
from repository import MONITORS, ROOT

LOG = {"time": "at", "on": "id", "partition": "day", "timezone": "Asia/Tokyo", "naive": "UTC"}
CALIBRATED = (d.drift(), d.recall(quantiles=d.Quantiles(warn=0.8, alert=0.99)))
PINNED: list[tuple[dict[str, object], str]] = [
    ({"source": d.Parquet("log", time="at")}, "cb399e4bcb3b3b4d"),
    ({"source": d.Parquet("log", **LOG, layout="dated", format="%d/%m/%Y")}, "0d54e2d3183234ad"),
    ({"source": d.Csv("log", time="at")}, "fc8ab6ed70dfb9f5"),
    (
        {"source": d.Csv("log", **LOG, layout="undated", format="ms", separator=";", decimal=",")},
        "088c6fc23d645234",
    ),
    ({"source": d.Table("a.b", time="at")}, "36f9b8f25791861e"),
    (
        {"source": d.Table("a.b", time="at", on="id", address="CRM_URI", naive="Europe/Lisbon")},
        "4a7e59b09a6f036f",
    ),
    (
        {
            "source": d.Parquet("log", time="at"),
            "labels": d.Csv("l", time="known", on="id"),
            "every": d.Daily(timezone="Europe/Lisbon"),
            "metrics": (d.drift(number=d.KS, category=d.CHI_SQUARE),),
        },
        "e527d0b45bb1285e",
    ),
    (
        {
            "source": d.Parquet("log", time="at"),
            "reference": None,
            "metrics": (d.missing(warn=0.1, alert=0.2),),
        },
        "770c327bc514fcc2",
    ),
]
"""Changes of the small monitor, and the fingerprint of version 1 that files of theirs hold."""


@pytest.mark.parametrize(("changes", "fingerprint"), PINNED)
def test_fingerprints_of_version_1_are_for_ever(
    changes: dict[str, object], fingerprint: str
) -> None:
    """Of every kind of source, with all its fields and with none: nobody has to calibrate anew."""
    assert (
        threshold_files.fingerprint(small_monitor(**{"metrics": CALIBRATED, **changes}), 1)
        == fingerprint
    )


COMMITTED = {
    "dummy": ("21673436c679eb85", "5c08ff1b58cf3bd0"),
    "flights": ("e7178158b84e2540", "7e2672c1f4166846"),
    "flights_first": ("311dff6bfe9f6a4d", "73609c743a8dd7e8"),
    "outages": ("7d51480095ce9224", "5dffe002d619fce3"),
    "flights_live": ("e1c4ea506d98e875", "7e2672c1f4166846"),
}
"""Of the declarations here: the fingerprint, and the digest of their columns."""


def digest(monitor: d.Monitor) -> str:
    """What the columns of a monitor add to the hash of its reference, in 16 digits."""
    return hashlib.sha256(canonical(monitor.all_columns()).encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    "folder", [*MONITORS, *ROOT.glob("examples/flights/live/house/monitors")], ids=str
)
def test_committed_files_are_valid_as_they_are(folder: Path) -> None:
    """Their hashes to the letter; they name no version, which means the first."""
    for monitor in load(folder):
        if monitor.name not in COMMITTED:
            continue
        hashes = threshold_files.fingerprint(monitor, 1), digest(monitor)
        calibration = threshold_files.read(folder / f"{monitor.name}{threshold_files.SUFFIX}")

        assert hashes == COMMITTED[monitor.name]
        assert threshold_files.find_problems(monitor, calibration) == []
        assert calibration is None or calibration.version == 1


def test_the_text_of_columns_is_for_ever() -> None:
    """Of one or several: what was indexed and stored of a reference stays known by its hash."""
    [column] = small_monitor(
        columns=(d.number("u", d.MINUTES),),
        prediction=None,
        target=None,
        metrics=(d.missing(warn=0.1, alert=0.2),),
    ).all_columns()

    assert digest(small_monitor()) == "592405690aaa5bc1"
    assert canonical((column,)) == (
        "(Column(name='u', kind='number', unit=Unit(name='minutes', grafana='m', low=None,"
        " high=None), role=<Role.FEATURE: 'feature'>, cut=None),)"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"source": d.Parquet("other", time="at")},
        {"source": d.Parquet("log", time="at", layout="undated")},
        {"source": d.Parquet("log", time="at", naive="UTC")},
        {"source": d.Parquet("log", time="at", format="s")},
        {"source": d.Csv("log", time="at")},
        {"labels": d.Parquet("labels", time="known", on="id")},
        {"reference": d.Between("2024-01-01", "2024-01-02")},
        {"every": d.Daily(timezone="Asia/Tokyo")},
        {"min_rows": 51},
        {"columns": (d.number("x"),)},
        {"columns": (d.number("c"), d.category("x"))},
        {"prediction": d.probability("p", cut=0.4)},
        {"metrics": (d.drift(number=d.PSI), d.recall())},
        {"metrics": (d.drift(quantiles=d.Quantiles(alert=0.99)), d.recall())},
    ],
)
def test_a_fingerprint_follows_what_levels_depend_on(changes: dict[str, object]) -> None:
    """Each of these asks for a new calibration; a title, a unit, a fixed level does not."""
    base: dict[str, object] = {
        "source": d.Parquet("log", time="at"),
        "metrics": (d.drift(), d.recall()),
    }
    indifferent: dict[str, object] = {
        "title": "Another",
        "columns": (d.number("x", d.MINUTES), d.category("c")),
        "metrics": (d.drift(), d.recall(), d.row_count(alert=(1, 9))),
    }
    print_ = threshold_files.fingerprint(small_monitor(**base))

    assert threshold_files.fingerprint(small_monitor(**{**base, **changes})) != print_
    assert threshold_files.fingerprint(small_monitor(**{**base, **indifferent})) == print_


@dataclass(frozen=True)
class NewerCsv(d.Csv):
    """A CSV of a later driftdeck."""

    na: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NewerColumn(d.Column):
    """A column of a later driftdeck."""

    positive: str = ""


NewerCsv.__name__, NewerColumn.__name__ = "Csv", "Column"


def test_a_newer_field_of_a_source_counts_where_it_is_set() -> None:
    """At its default every hash is as it was; each value has a hash of its own."""
    today, *newer = (
        threshold_files.fingerprint(small_monitor(source=source, metrics=CALIBRATED))
        for source in (
            d.Csv("log", time="at"),
            NewerCsv("log", time="at"),
            NewerCsv("log", time="at", na=("-",)),
            NewerCsv("log", time="at", na=("-", "?")),
        )
    )

    assert newer[0] == today
    assert len({*newer}) == 3


def test_a_newer_field_of_a_column_counts_where_it_is_set() -> None:
    """For the fingerprint, and for the hash of the reference."""
    monitors = [
        small_monitor(columns=(column, d.category("c")))
        for column in (
            d.number("x"),
            NewerColumn(name="x", kind="number"),
            NewerColumn(name="x", kind="number", positive="yes"),
            NewerColumn(name="x", kind="number", positive="no"),
        )
    ]
    for hashed in (threshold_files.fingerprint, lambda monitor: _hash(monitor, [])):
        today, *newer = map(hashed, monitors)

        assert newer[0] == today
        assert len({*newer}) == 3


def every_kind() -> d.Monitor:
    """A monitor in which each class of declarations is somewhere."""
    return small_monitor(
        source=d.Parquet("log", time="at"),
        labels=d.Table("labels", time="known", on="id"),
        every=d.Daily(timezone="Asia/Tokyo"),
        labels_within=d.Days(40),
        columns=(d.number("x", d.MINUTES), d.category("c")),
        model_version="version",
        metrics=(*CALIBRATED, d.row_count(alert=(1, 9), firing=d.Firing(1, 2))),
        expected=(d.Expected(metric="drift", column="x", until="2024-01-01", because="known"),),
        retrain=d.Retrain("m:f", reference=d.Days(2)),
    )


def upgraded(value: Any, old: type, new: type) -> Any:
    """A declaration in which every `old` is a `new`, whose further fields are at their default."""
    if isinstance(value, tuple):
        return tuple(upgraded(part, old, new) for part in value)
    if not is_dataclass(value):
        return value
    parts = {f.name: upgraded(getattr(value, f.name), old, new) for f in fields(value)}
    return (new if type(value) is old else type(value))(**parts)


CLASSES = [
    value
    for value in (getattr(d, name) for name in d.__all__)
    if isinstance(value, type) and is_dataclass(value)
]
EVERY = (d.Hourly(6), d.Weekly(), d.Monthly())
ELSEWHERE = {d.Contact, d.Receiver, d.Files, d.Series, d.Window, d.Every, d.Slice, d.Segment}
"""Classes of which no monitor holds one as such."""


@pytest.mark.parametrize(
    "default", [field(default=""), field(default_factory=tuple)], ids=["value", "factory"]
)
@pytest.mark.parametrize("kind", CLASSES)
def test_a_newer_field_of_any_class_moves_no_fingerprint(kind: type, default: Any) -> None:
    """Whatever driftdeck learns to declare, nobody who does not declare it calibrates anew."""
    newer = make_dataclass(
        kind.__name__, [("newer", object, default)], bases=(kind,), frozen=True, kw_only=True
    )
    other = {d.Csv: {"source": d.Csv("l", "at")}, **{type(e): {"every": e} for e in EVERY}}
    today = replace(every_kind(), **other.get(kind, {}))
    later = upgraded(today, kind, newer)

    assert threshold_files.fingerprint(later) == threshold_files.fingerprint(today)
    assert _hash(later, []) == _hash(today, [])
    assert kind in ELSEWHERE or "newer=" in repr(later)


def test_what_has_no_text_is_refused() -> None:
    """A new kind of source cannot be hashed by chance: the error says where it is named."""

    @dataclass(frozen=True)
    class Stream:
        topic: str

    for value in (Stream("t"), d.Csv("log", time=object())):
        with pytest.raises(TypeError, match="has no text for a hash; name its fields in FIRST"):
            canonical(value)


def test_a_file_of_an_older_version_stays_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a later version hashes more, new files say so and old ones are read as they were."""
    monitor = small_monitor(metrics=(d.recall(),))
    levels = {ThresholdKey("recall"): d.Thresholds(warn_below=0.7, alert_below=0.6)}
    path = tmp_path / f"small{threshold_files.SUFFIX}"
    path.write_text(format_file(monitor, levels, "hash"))
    assert "version" not in path.read_text()
    more = {
        **threshold_files.BASES,
        2: lambda monitor: [*threshold_files.BASES[1](monitor), monitor.owner],
    }
    monkeypatch.setattr(threshold_files, "BASES", more)
    monkeypatch.setattr(threshold_files, "VERSION", 2)
    old = threshold_files.read(path)
    assert threshold_files.find_problems(monitor, old) == []

    path.write_text(format_file(monitor, levels, "hash"))
    new = threshold_files.read(path)
    assert "version = 2" in path.read_text()
    assert new is not None
    assert new.version == 2
    assert threshold_files.find_problems(monitor, new) == []
    assert threshold_files.find_problems(replace(monitor, owner="others"), old) == []
    assert "stale" in threshold_files.find_problems(replace(monitor, owner="others"), new)[0]


@pytest.mark.parametrize("version", ["2", '"1"', "[1]"])
def test_an_unknown_version_names_the_mend(tmp_path: Path, version: str) -> None:
    """A file of a later driftdeck is not called stale."""
    path = tmp_path / f"small{threshold_files.SUFFIX}"
    path.write_text(f'[calibration]\nversion = {version}\nfingerprint = "f"\ndata = "d"\n')

    with pytest.raises(d.DeclarationError, match="is none of 1; update driftdeck, or write"):
        threshold_files.read(path)

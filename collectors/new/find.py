"""Finds the dataset that a person names: a path, a database's URI, or the variable of one."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import psycopg

from driftdeck.collectors.new.profile_files import DataProfile, TimeOptions, profile_files
from driftdeck.collectors.new.profile_table import (
    find_only_table,
    is_monitoring,
    is_uri,
    profile_table,
)
from driftdeck.collectors.new.request import Request
from driftdeck.collectors.new.roles import Overrides, Roles, guess_roles
from driftdeck.collectors.new.time_column import list_names
from driftdeck.collectors.sources import joins
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.postgres import Database
from driftdeck.collectors.sources.times import parse_times
from driftdeck.database import Role, connect, uri
from driftdeck.database.errors import sentence
from driftdeck.declare import Files, Source
from driftdeck.declare.columns import Kind
from driftdeck.errors import UsageError
from driftdeck.settings import Settings

MOST_REPEATED = 0.1
"""Ids of which a larger share is repeated do not identify a row."""
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True)
class Place:
    """Where data lies. path: of files. uri: of a database, '' for the monitoring one.

    address: the variable that holds the URI. secret: the URI that has yet to be kept in it.
    """

    path: Path | None = None
    uri: str = ""
    address: str = ""
    secret: str = ""


@dataclass(frozen=True)
class Dataset:
    """Rows and their labels, ready for a proposal.

    profile: of the rows, labels joined to its sample. labels: their source, None where the rows
    carry them. reserved: columns that are neither features nor roles.
    """

    profile: DataProfile
    labels: Source | None
    roles: Roles
    reserved: tuple[str, ...]
    overrides: Overrides


def collect_kinds(request: Request) -> dict[str, Kind | None]:
    """The kinds of columns that a person states, by name; None for one that is left out.

    Raises UsageError where they contradict.
    """
    stated: list[tuple[str, Kind | None]] = [
        *((name, "category") for name in request.category),
        *((name, "number") for name in request.number),
        *((name, None) for name in request.leave_out),
    ]
    names = [name for name, _ in stated]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise UsageError(f"{', '.join(repeated)}: said to be several things; say one")
    return dict(stated)


def resolve_place(settings: Settings, text: str, name: str) -> Place:
    """The place that `--from` names. text: its value. name: of the monitor.

    Raises UsageError where it is a variable without a URI.
    """
    if is_uri(text):
        if is_monitoring(settings, text):
            return Place()
        return Place(uri=text, address=f"{name.upper()}_URI", secret=text)
    if not Path(text).exists() and VARIABLE.fullmatch(text):
        uri = settings.variable(text)
        if not is_uri(uri):
            raise UsageError(
                f"{text} is no file or folder, and no variable with a postgresql:// URI;"
                " set it in .env or the environment"
            )
        return Place() if is_monitoring(settings, uri) else Place(uri=uri, address=text)
    return Place(path=Path(text).resolve())


def find_dataset(settings: Settings, request: Request, place: Place, zone: str) -> Dataset:
    """The rows at a place and their labels. zone: of the days. Raises UsageError, SourceError."""
    options = TimeOptions(request.time, request.time_format, zone)
    overrides = Overrides(
        request.prediction, request.target, request.positive, collect_kinds(request)
    )
    place_name = request.table or str(place.path or "the table")
    if place.path is not None:
        if request.table:
            raise UsageError("--table names a table of a database; --from names files here")
        profile = _make_relative(settings, profile_files(place.path, options))
        labels = _profile_label_files(settings, request, zone) if request.labels else None
    else:
        address = place.uri or uri(settings, Role.COLLECTOR)
        table = request.table or _find_only_table(settings, place)
        profile = profile_table(Database(address, table), table, place.address, options)
        labels = _profile_label_table(address, request, place, zone)
    if labels is None:
        reserved = (profile.source.time,)
        roles = guess_roles(profile.sample, replace(overrides, reserved=reserved), place_name)
        return Dataset(profile, None, roles, reserved, overrides)
    return _join_labels(profile, labels, request, overrides, place_name)


def _join_labels(
    profile: DataProfile,
    labels: DataProfile,
    request: Request,
    overrides: Overrides,
    place_name: str,
) -> Dataset:
    """Join the labels to the sample, as the collectors will."""
    on = request.on or _find_shared_column(profile, labels, request.labels)
    for side, side_name in ((profile, place_name), (labels, request.labels)):
        if on not in side.sample:
            raise UsageError(
                f"{side_name} has no column {on!r} for --on; there are {list_names(side.sample)}"
            )
    target = _find_target(labels, on, overrides.target, request.labels)
    ids = joins.normalise_ids(labels.raw[on])  # as they are stored: no number made of text
    by_time = labels.sample.assign(**{on: ids}).loc[_order_by_time(labels)]
    label_rows = by_time.dropna(subset=[on])
    is_repeated = label_rows[on].duplicated(keep="last")
    if is_repeated.mean() > MOST_REPEATED:
        raise UsageError(
            f"{request.labels}: {on!r} is {label_rows[on][is_repeated].iloc[0]!r} several times,"
            " and a row has one label; give another --on"
        )
    label_rows = label_rows[~is_repeated].reset_index(drop=True)
    row_ids = joins.normalise_ids(profile.raw[on])
    positions = joins.find_labels(row_ids, label_rows[on].array)
    if (positions < 0).all():
        raise joins.mismatch_error(row_ids, label_rows[on].array, on, (request.labels, place_name))
    values = label_rows[target].reindex(positions).set_axis(profile.sample.index)
    joined = replace(profile, sample=profile.sample.assign(**{target: values}))
    source = replace(labels.source, on=on)
    if isinstance(source, Files):
        source = replace(source, layout="undated", partition="date", timezone="")
    reserved = (profile.source.time, on)
    label_overrides = replace(overrides, target=target, reserved=reserved)
    return Dataset(
        joined,
        source,
        guess_roles(joined.sample, label_overrides, place_name),
        reserved,
        overrides,
    )


def _order_by_time(labels: DataProfile) -> pd.Index:
    """The labels from the oldest on: of a row's labels the newest counts, wherever it lies."""
    source = labels.source
    format = source.format if isinstance(source, Files) else ""
    times = parse_times(
        labels.raw[source.time], source.place, format=format, naive=source.naive
    ).times
    return times.sort_values(kind="stable").index


def _find_shared_column(profile: DataProfile, labels: DataProfile, place_name: str) -> str:
    """The column that both have, and that identifies a row among the labels.

    place_name: the source of the labels, for errors.
    """
    row_columns = set(profile.sample) - {profile.source.time}
    shared = [
        str(name) for name in labels.sample if name in row_columns and name != labels.source.time
    ]
    unique = [
        name for name in shared if labels.raw[name].dropna().duplicated().mean() <= MOST_REPEATED
    ]
    if len(unique) == 1:
        return unique[0]
    if not shared:
        raise UsageError(
            f"{place_name}: no column is in both: the rows have {list_names(profile.sample)}, the"
            f" labels {list_names(labels.sample)}; call what names a row alike in both"
        )
    if not unique:
        raise UsageError(
            f"{place_name}: {', '.join(shared)} is in both, and comes again in several rows of the"
            " labels; write one label a row, or say what names a row with --on"
        )
    raise UsageError(
        f"{place_name}: {', '.join(unique)} are in both, and each may name a row;"
        " say which with --on"
    )


def _find_target(labels: DataProfile, on: str, stated: str, place_name: str) -> str:
    available = [str(name) for name in labels.sample if name not in (on, labels.source.time)]
    if stated:
        if stated not in available:
            raise UsageError(
                f"{place_name} has no column {stated!r} for --target; there are {available}"
            )
        return stated
    if len(available) == 1:
        return available[0]
    reserved = (on, labels.source.time)
    guessed = guess_roles(labels.sample, Overrides("none", reserved=reserved), place_name).target
    if not guessed:
        raise UsageError(
            f"{place_name}: which of {', '.join(available)} is the label? say it with --target"
        )
    return guessed


def _profile_label_files(settings: Settings, request: Request, zone: str) -> DataProfile:
    options = TimeOptions(request.labels_time, request.time_format, zone, "--labels-time")
    return _make_relative(settings, profile_files(Path(request.labels).resolve(), options))


def _profile_label_table(
    address: str, request: Request, place: Place, zone: str
) -> DataProfile | None:
    if not request.labels:
        return None
    options = TimeOptions(request.labels_time, "", zone, "--labels-time")
    database = Database(address, request.labels)
    return profile_table(database, request.labels, place.address, options)


def _make_relative(settings: Settings, profile: DataProfile) -> DataProfile:
    """The profile, its folder relative to the data folder where it lies below it."""
    source = profile.source
    assert isinstance(source, Files)
    folder, data = Path(source.folder), settings.data.resolve()
    if folder != data and folder.is_relative_to(data):
        source = replace(source, folder=folder.relative_to(data).as_posix())
    return replace(profile, source=source)


def _find_only_table(settings: Settings, place: Place) -> str:
    """The only table of a database that has times. Raises UsageError, SourceError."""
    try:
        opened = psycopg.connect(place.uri, connect_timeout=10) if place.uri else connect(settings)
    except psycopg.Error as error:
        raise SourceError(f"the database of --from cannot be opened: {sentence(error)}") from error
    with opened as connection:
        connection.read_only = True
        return find_only_table(connection, settings)

"""Looks at what a person has named: a path, a database's URI, or the variable that holds one."""

import argparse
import re
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from driftdeck.collectors.new import guess
from driftdeck.collectors.new.guess import Asked, Roles
from driftdeck.collectors.new.look_at_files import Looked, Options, look_at_files
from driftdeck.collectors.new.look_at_table import is_monitoring, is_uri, look_at_table, only_table
from driftdeck.collectors.new.time_column import names_of
from driftdeck.collectors.sources import joins
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.postgres import Database
from driftdeck.database import Role, connect, uri
from driftdeck.database.errors import sentence
from driftdeck.declare import Files, Source
from driftdeck.declare.columns import Kind
from driftdeck.settings import Settings

MOST_TWICE = 0.1
"""Ids of which a larger share comes again do not name a row."""
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
class Found:
    """The data with its labels joined. taken: columns that are neither features nor roles. asked:
    what a person has said."""

    looked: Looked
    labels: Source | None
    roles: Roles
    taken: tuple[str, ...]
    asked: Asked


def kinds_of(parsed: argparse.Namespace) -> dict[str, Kind | None]:
    """The kinds of columns that a person has said. Raises ValueError where they contradict."""
    said = [
        *((name, "category") for name in parsed.category),
        *((name, "number") for name in parsed.number),
        *((name, None) for name in parsed.leave_out),
    ]
    names = [name for name, _ in said]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)}: said to be several things; say one")
    return dict(said)


def place_of(settings: Settings, given: str, name: str) -> Place:
    """What `--from` names."""
    if is_uri(given):
        if is_monitoring(settings, given):
            return Place()
        return Place(uri=given, address=f"{name.upper()}_URI", secret=given)
    if not Path(given).exists() and VARIABLE.fullmatch(given):
        uri = settings.variable(given)
        if not is_uri(uri):
            raise ValueError(
                f"{given} is no file or folder, and no variable with a postgresql:// URI;"
                " set it in .env or the environment"
            )
        return Place() if is_monitoring(settings, uri) else Place(uri=uri, address=given)
    return Place(path=Path(given).resolve())


def find(settings: Settings, parsed: argparse.Namespace, place: Place, zone: str) -> Found:
    """Look at the rows and their labels. Raises ValueError, SourceError."""
    options = Options(parsed.time, parsed.time_format, zone)
    asked = Asked(parsed.prediction, parsed.target, parsed.positive, kinds_of(parsed))
    said = parsed.table or str(place.path or "the table")
    if place.path is not None:
        if parsed.table:
            raise ValueError("--table names a table of a database; --from names files here")
        looked = _relative(settings, look_at_files(place.path, options))
        labels = _look_at_label_files(settings, parsed, zone) if parsed.labels else None
    else:
        address = place.uri or uri(settings, Role.COLLECTOR)
        table = parsed.table or _only_table(settings, place)
        looked = look_at_table(Database(address, table), table, place.address, options)
        labels = _look_at_label_table(address, parsed, place, zone)
    if labels is None:
        taken = (looked.source.time,)
        roles = guess.roles(looked.sample, replace(asked, taken=taken), said)
        return Found(looked, None, roles, taken, asked)
    return _with_labels(looked, labels, parsed, asked, said)


def _with_labels(
    looked: Looked, labels: Looked, parsed: argparse.Namespace, asked: Asked, said: str
) -> Found:
    """Join what is known of the labels to the sample, as the collectors will."""
    on = parsed.on or _shared(looked, labels, parsed.labels)
    for one, where in ((looked, said), (labels, parsed.labels)):
        if on not in one.sample:
            raise ValueError(
                f"{where} has no column {on!r} for --on; there are {names_of(one.sample)}"
            )
    target = _target(labels, on, asked.target, parsed.labels)
    ids = joins.normalise_ids(labels.raw[on])  # as they are stored: no number made of text
    known = labels.sample.assign(**{on: ids}).dropna(subset=[on])
    twice = known[on].duplicated(keep="last")
    if twice.mean() > MOST_TWICE:
        raise ValueError(
            f"{parsed.labels}: {on!r} is {known[on][twice].iloc[0]!r} several times, and a row has"
            " one label; give another --on"
        )
    known = known[~twice].reset_index(drop=True)
    mine = joins.normalise_ids(looked.raw[on])
    place = joins.find_labels(mine, known[on].array)
    if (place < 0).all():
        raise joins.mismatch_error(mine, known[on].array, on, (parsed.labels, said))
    values = known[target].reindex(place).set_axis(looked.sample.index)
    joined = replace(looked, sample=looked.sample.assign(**{target: values}))
    source = replace(labels.source, on=on)
    if isinstance(source, Files):
        source = replace(source, layout="undated", partition="date", timezone="")
    taken = (looked.source.time, on)
    free = replace(asked, target=target, taken=taken)
    return Found(joined, source, guess.roles(joined.sample, free, said), taken, asked)


def _shared(looked: Looked, labels: Looked, said: str) -> str:
    """The column that both have, and that names a row among the labels."""
    mine = set(looked.sample) - {looked.source.time}
    both = [str(n) for n in labels.sample if n in mine and n != labels.source.time]
    found = [name for name in both if labels.raw[name].dropna().duplicated().mean() <= MOST_TWICE]
    if len(found) == 1:
        return found[0]
    if not both:
        raise ValueError(
            f"{said}: no column is in both: the rows have {names_of(looked.sample)}, the labels"
            f" {names_of(labels.sample)}; call what names a row alike in both"
        )
    if not found:
        raise ValueError(
            f"{said}: {', '.join(both)} is in both, and comes again in several rows of the labels;"
            " write one label a row, or say what names a row with --on"
        )
    raise ValueError(
        f"{said}: {', '.join(found)} are in both, and each may name a row; say which with --on"
    )


def _target(labels: Looked, on: str, asked: str, said: str) -> str:
    free = [str(n) for n in labels.sample if n not in (on, labels.source.time)]
    if asked:
        if asked not in free:
            raise ValueError(f"{said} has no column {asked!r} for --target; there are {free}")
        return asked
    if len(free) == 1:
        return free[0]
    taken = (on, labels.source.time)
    found = guess.roles(labels.sample, Asked("none", taken=taken), said).target
    if not found:
        raise ValueError(f"{said}: which of {', '.join(free)} is the label? say it with --target")
    return found


def _look_at_label_files(settings: Settings, parsed: argparse.Namespace, zone: str) -> Looked:
    options = Options(parsed.labels_time, parsed.time_format, zone, "--labels-time")
    return _relative(settings, look_at_files(Path(parsed.labels).resolve(), options))


def _look_at_label_table(
    address: str, parsed: argparse.Namespace, place: Place, zone: str
) -> Looked | None:
    if not parsed.labels:
        return None
    options = Options(parsed.labels_time, "", zone, "--labels-time")
    database = Database(address, parsed.labels)
    return look_at_table(database, parsed.labels, place.address, options)


def _relative(settings: Settings, looked: Looked) -> Looked:
    """A folder below the data folder is declared as lying there."""
    source = looked.source
    assert isinstance(source, Files)
    folder, data = Path(source.folder), settings.data.resolve()
    if folder != data and folder.is_relative_to(data):
        source = replace(source, folder=folder.relative_to(data).as_posix())
    return replace(looked, source=source)


def _only_table(settings: Settings, place: Place) -> str:
    """The only table of a database that has times. Raises ValueError, SourceError."""
    try:
        opened = psycopg.connect(place.uri, connect_timeout=10) if place.uri else connect(settings)
    except psycopg.Error as error:
        raise SourceError(f"the database of --from cannot be opened: {sentence(error)}") from error
    with opened as connection:
        connection.read_only = True
        return only_table(connection)

"""Looks at what a person has named: a path, a database's URI, or the variable that holds one."""

import argparse
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from collectors.new import guess
from collectors.new.guess import Asked, Roles
from collectors.new.look_at_files import Looked, Options, look_at_files
from collectors.new.look_at_table import is_monitoring, is_uri, look_at_table
from collectors.new.time_column import names_of
from collectors.sources import SourceError
from database import connect
from monitors.declare import Files, Source
from settings import Settings

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
    """The data with its labels joined. taken: columns that are neither features nor roles."""

    looked: Looked
    labels: Source | None
    roles: Roles
    taken: tuple[str, ...]


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
    asked = Asked(parsed.prediction, parsed.target)
    said = parsed.table or str(place.path or "the table")
    if place.path is not None:
        if parsed.table:
            raise ValueError("--table names a table of a database; --from names files here")
        looked = _relative(settings, look_at_files(place.path, options))
        labels = _look_at_label_files(settings, parsed, zone) if parsed.labels else None
    else:
        with _opened(settings, place) as connection:
            looked = look_at_table(connection, parsed.table, place.address, options)
            labels = _look_at_label_table(connection, parsed, place, zone)
    if labels is None:
        taken = (looked.source.time,)
        return Found(
            looked, None, guess.roles(looked.sample, replace(asked, taken=taken), said), taken
        )
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
    known = labels.sample[[on, target]].dropna(subset=[on])
    twice = known[on][known[on].duplicated()]
    if len(twice):
        raise ValueError(
            f"{parsed.labels}: {on!r} is {twice.iloc[0]!r} several times, and a row has one label;"
            " give another --on"
        )
    left, right = looked.sample[on], known[on]
    if (left.dtype.kind in "iuf") != (right.dtype.kind in "iuf"):
        left, right = left.map(str), right.map(str)
    values = left.map(dict(zip(right, known[target], strict=True)))
    joined = replace(looked, sample=looked.sample.assign(**{target: values}))
    if values.isna().all():
        raise ValueError(f"{parsed.labels}: no {on!r} of it is one of the rows'; give another --on")
    source = replace(labels.source, on=on)
    if isinstance(source, Files):
        source = replace(source, layout="undated", partition="date", timezone="")
    taken = (looked.source.time, on)
    free = replace(asked, target=target, taken=taken)
    return Found(joined, source, guess.roles(joined.sample, free, said), taken)


def _shared(looked: Looked, labels: Looked, said: str) -> str:
    """The column that both have, and that names a row among the labels."""
    mine = set(looked.sample) - {looked.source.time}
    both = [str(n) for n in labels.sample if n in mine and n != labels.source.time]
    found = [name for name in both if labels.sample[name].dropna().is_unique]
    if len(found) != 1:
        raise ValueError(
            f"{said}: {', '.join(found) or 'no column'} is in both and names a row;"
            " say which column does with --on"
        )
    return found[0]


def _target(labels: Looked, on: str, asked: str, said: str) -> str:
    free = [str(n) for n in labels.sample if n not in (on, labels.source.time)]
    if asked:
        if asked not in free:
            raise ValueError(f"{said} has no column {asked!r} for --target; there are {free}")
        return asked
    if len(free) == 1:
        return free[0]
    taken = (on, labels.source.time)
    found = guess.roles(labels.sample, Asked("none", "", taken), said).target
    if not found:
        raise ValueError(f"{said}: which of {', '.join(free)} is the label? say it with --target")
    return found


def _look_at_label_files(settings: Settings, parsed: argparse.Namespace, zone: str) -> Looked:
    options = Options(parsed.labels_time, parsed.time_format, zone, "--labels-time")
    return _relative(settings, look_at_files(Path(parsed.labels).resolve(), options))


def _look_at_label_table(
    connection: psycopg.Connection, parsed: argparse.Namespace, place: Place, zone: str
) -> Looked | None:
    if not parsed.labels:
        return None
    options = Options(parsed.labels_time, "", zone, "--labels-time")
    return look_at_table(connection, parsed.labels, place.address, options)


def _relative(settings: Settings, looked: Looked) -> Looked:
    """A folder below the data folder is declared as lying there."""
    source = looked.source
    assert isinstance(source, Files)
    folder, data = Path(source.folder), settings.data.resolve()
    if folder != data and folder.is_relative_to(data):
        source = replace(source, folder=folder.relative_to(data).as_posix())
    return replace(looked, source=source)


@contextmanager
def _opened(settings: Settings, place: Place) -> Iterator[psycopg.Connection]:
    try:
        opened = psycopg.connect(place.uri, connect_timeout=10) if place.uri else connect(settings)
    except psycopg.Error as error:
        said = str(error).strip().splitlines()[0]
        raise SourceError(f"the database of --from cannot be opened: {said}") from error
    with opened as connection:
        connection.read_only = True
        yield connection

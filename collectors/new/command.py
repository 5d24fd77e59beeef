"""Makes a monitor of data that nobody has declared: looks, proposes, writes, calibrates."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from driftdeck import threshold_files
from driftdeck.collectors.frames.reference import list_reference_days
from driftdeck.collectors.jobs.backfill import BackfillOptions, backfill
from driftdeck.collectors.new.declaration import format_declaration
from driftdeck.collectors.new.find import Dataset, Place, find_dataset, resolve_place
from driftdeck.collectors.new.period import choose_period, parse_every
from driftdeck.collectors.new.propose import Proposal, propose
from driftdeck.collectors.new.request import Request
from driftdeck.collectors.new.time_column import format_name
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.thresholds.calibrate import (
    Values,
    list_calibrated,
    measure_windows,
    write_thresholds,
)
from driftdeck.collectors.values import Status
from driftdeck.collectors.windows.calendar import list_complete_windows
from driftdeck.collectors.windows.collect import collect
from driftdeck.collectors.windows.reference import load_reference
from driftdeck.declare import Between, Monitor
from driftdeck.declare.checks import NAME
from driftdeck.declare.windows import Daily
from driftdeck.errors import UsageError
from driftdeck.load import CONTACTS, RESERVED, find_monitor, load
from driftdeck.settings import Settings

WINDOWS_TRIED = 5
"""So many windows show whether what is proposed can be collected."""
RESERVED_NAMES = {*RESERVED, CONTACTS}
COMPOSE_ANCHOR = re.compile(r"^( *)environment: &environment\n", re.MULTILINE)


def make(settings: Settings, request: Request) -> Monitor:
    """Write the declaration of a source and its thresholds, and say what was found.

    An error leaves every file as it was. Raises UsageError, SourceError, DeclarationError.
    """
    name = request.name
    path = _choose_path(settings, name, request.force)
    zone = Daily(timezone=request.timezone or "UTC").timezone
    every = parse_every(request.every, zone)
    reference = None
    if request.reference:
        days = Between(*request.reference).days()
        reference = days[0], days[-1]
    place = resolve_place(settings, request.source, name)
    dataset = find_dataset(settings, request, place, zone)
    place_name = request.table or str(place.path or "the table")
    now = datetime.now(UTC)
    period = choose_period(dataset.profile.days, zone, now, reference, place_name, every)
    proposal = propose(dataset, zone, period)
    title = request.title or name.replace("_", " ").capitalize()

    files = [settings.root / ".env", settings.root / "docker-compose.yml"]
    with _restore_on_error([path, threshold_files.locate(path), *files]):
        remarks = _store_address(settings, place)

        def write_declaration(proposal: Proposal) -> Monitor:
            text = format_declaration(name, title, request.owner, proposal, now.date())
            path.write_text(text, encoding="utf-8")
            load.cache_clear()
            return find_monitor(name, *settings.monitor_folders)

        threshold_files.locate(path).unlink(missing_ok=True)
        monitor = write_declaration(proposal)
        _print_proposal(dataset, proposal, [*remarks, *proposal.remarks])
        values = measure_windows(monitor, Reader(monitor, settings), list_calibrated(monitor))
        measurable = drop_unmeasurable(proposal, monitor, values)
        if measurable != proposal:
            proposal, monitor = measurable, write_declaration(measurable)
        write_thresholds(monitor, settings, values)
        load.cache_clear()
        monitor = find_monitor(name, *settings.monitor_folders)
        problems = threshold_files.find_problems(
            monitor, threshold_files.read(threshold_files.locate(path))
        )
        if problems:
            raise UsageError("; ".join(problems))
    for column in proposal.left_out:
        print(f"  left out {format_name(column.name)}: {column.why}")
    _try_windows(monitor, settings)
    print(f"{name}: wrote {path.name} and {threshold_files.locate(path).name} in {path.parent}")
    return monitor


def make_and_collect(
    settings: Settings, request: Request, *, workers: int = 1, reports: int = 10
) -> int:
    """Make a monitor, and collect what there is of its data. 1: a window failed.

    workers: processes that collect. reports: at most so many of Evidently's.
    Raises UsageError, SourceError, DeclarationError.
    """
    monitor = make(settings, request)
    try:
        failed = backfill(settings, [monitor], BackfillOptions(workers=workers, reports=reports))
    except psycopg.OperationalError as error:
        failed = 0
        print(f"{monitor.name}: no database answers yet ({str(error).strip().splitlines()[0]})")
    print(f"{monitor.name}: next, `driftdeck build` makes its dashboard, `driftdeck up` shows it")
    return failed


def _try_windows(monitor: Monitor, settings: Settings) -> None:
    """Collect some windows without storing them, and say so where none comes out whole."""
    reader = Reader(monitor, settings)
    reference = load_reference(reader, monitor, list_reference_days(monitor, None))
    now = datetime.now(UTC)
    first = monitor.first_day or reader.first_day(now)
    windows = list(list_complete_windows(monitor, now, first))
    sample = windows[:: max(1, len(windows) // WINDOWS_TRIED)]
    results = [
        collect(monitor, w, reader, lambda _: reference, now, backfill=True, report=False)
        for w in sample
    ]
    if any(result.status is Status.OK for result in results):
        return
    counts = Counter(str(result.status) for result in results)
    statuses = ", ".join(f"{n} {status}" for status, n in counts.items())
    why = next((result.error for result in results if result.error), "")
    print(f"  of {len(sample)} windows that were tried none came out whole ({statuses}): {why}")


def drop_unmeasurable(proposal: Proposal, monitor: Monitor, values: Values) -> Proposal:
    """The proposal without what too few windows of the reference have a value of.

    Raises UsageError where no column is left.
    """
    nouns = proposal.period.every.nouns
    most = {series.key: 0 for series in list_calibrated(monitor)}
    for key, numbers in values.items():
        series_key = key.metric, key.column
        most[series_key] = max(most.get(series_key, 0), len(numbers))
    short = {key: count for key, count in most.items() if count < threshold_files.ENOUGH}
    lost = {column: count for (metric, column), count in short.items() if metric == "drift"}
    columns = tuple(
        replace(
            column,
            kind=None,
            why=f"a value on {lost[column.name]} {nouns} of the reference, too few",
        )
        if column.name in lost
        else column
        for column in proposal.columns
    )
    if not any(column.kind for column in columns):
        raise UsageError(
            f"no column has a value on {threshold_files.ENOUGH} {nouns} of the reference with"
            f" {proposal.min_rows} rows or more; give another with --reference FIRST LAST"
        )
    unjudged = {
        metric: f"only {count} {nouns} of the reference have a value"
        for (metric, _), count in short.items()
        if metric not in ("drift", "missing_share")
    }
    slices = tuple(choice for choice in proposal.slices if choice.column not in lost)
    return replace(proposal, columns=columns, slices=slices, unjudged=unjudged)


def _choose_path(settings: Settings, name: str, force: bool) -> Path:
    """Where the declaration will lie. Raises UsageError where it may not."""
    if not NAME.fullmatch(name) or name in RESERVED_NAMES:
        raise UsageError(
            f"{name!r} cannot be a monitor's name; use up to 24 lower-case letters, digits and _,"
            f" starting with a letter, and none of {', '.join(sorted(RESERVED_NAMES))}"
        )
    path = settings.monitors_dir / f"{name}.py"
    if any(
        folder != path.parent and (folder / path.name).exists()
        for folder in settings.monitor_folders
    ):
        raise UsageError(f"another folder has a monitor {name!r}; choose another name")
    built = settings.provisioning_dir / "dashboards" / f"{name.replace('_', '-')}.json"
    if built.exists() and not path.exists():
        raise UsageError(f"a dashboard is called {name!r} already; choose another name")
    if path.exists() and not force:
        raise UsageError(f"{path} is there; choose another name, or say --force to write it anew")
    return path


@contextmanager
def _restore_on_error(paths: list[Path]) -> Iterator[None]:
    """Leave files as they were if the block fails."""
    before = {path: path.read_bytes() if path.exists() else None for path in paths}
    try:
        yield
    except BaseException:
        for path, content in before.items():
            if content is None:
                path.unlink(missing_ok=True)
            elif path.read_bytes() != content:
                path.write_bytes(content)
        load.cache_clear()
        raise


def _store_address(settings: Settings, place: Place) -> list[str]:
    """Keep the URI in `.env`, and let it through to the collectors of Docker."""
    remarks = []
    if place.secret and settings.keep_variable(place.address, place.secret):
        remarks.append(f"the address is kept as {place.address} in .env, never in the declaration")
    compose = settings.root / "docker-compose.yml"
    if place.address and compose.exists():
        text = compose.read_text(encoding="utf-8")
        line = f"  {place.address}: ${{{place.address}:-}}\n"
        anchor = COMPOSE_ANCHOR.search(text)
        if line not in text and anchor:
            compose.write_text(
                text[: anchor.end()] + anchor[1] + line + text[anchor.end() :], "utf-8"
            )
            remarks.append(f"docker-compose.yml hands {place.address} on to the collectors")
    if place.path is not None and not place.path.is_relative_to(settings.data.resolve()):
        remarks.append(
            f"with Docker, let the collectors see {place.path}: mount it at the same path"
            " (volumes of x-app in docker-compose.yml)"
        )
    return remarks


def _print_proposal(dataset: Dataset, proposal: Proposal, remarks: list[str]) -> None:
    """What was found, in plain words."""
    profile, days, roles = dataset.profile, proposal.period, proposal.roles
    rows = profile.days["rows"]
    kind = type(proposal.source).__name__
    until = "" if days.ends else ", and more is to come"
    middle = f"{rows.median():.0f} on a middling one"
    print(f"  {kind}: {int(rows.sum())} rows on {len(rows)} days, {middle}")
    when = f"{proposal.source.time} in {proposal.zone}"
    print(f"  days by {when}: {days.starts} to {days.last}{until}")
    if not profile.zoned:
        some = "some of its times" if profile.mixed else "its times"
        print(f"  {some} name no zone: taken as {proposal.zone}; --timezone says another")
    if days.why:
        print(f"  {days.why}")
    if days.stray:
        print(f"  {days.stray}")
    if profile.ledger.faults:
        print(f"  {profile.ledger.sentence('rows')}")
    print(f"  reference: {days.reference[0]} to {days.reference[1]}; min_rows {proposal.min_rows}")
    role_columns = {
        "prediction": _describe_prediction(proposal),
        "target": roles.target,
        "model version": roles.version,
    }
    if any(role_columns.values()):
        print(f"  {', '.join(f'{role} {name}' for role, name in role_columns.items() if name)}")
    for kind in ("number", "category"):
        names = [column.name for column in proposal.watched if column.kind == kind]
        if names:
            columns = f"{kind} column{'' if len(names) == 1 else 's'}"
            print(f"  {len(names)} {columns}: {', '.join(map(format_name, names))}")
    if proposal.interval:
        print(f"  interval {proposal.interval.low} to {proposal.interval.high}")
    if proposal.slices:
        columns = ", ".join(format_name(choice.column) for choice in proposal.slices)
        print(f"  segments by {columns}: looked at, judged by nothing until judged= says so")
    for remark in remarks:
        print(f"  {remark}")


def _describe_prediction(proposal: Proposal) -> str:
    """The prediction, and what it is; '' without one."""
    name = proposal.roles.prediction
    if proposal.shape in ("classes", "label"):
        count = len(proposal.classes or proposal.words)
        return f"{name or 'the likeliest class'} (one of {count} classes)"
    return name and f"{name} (a {proposal.shape})"

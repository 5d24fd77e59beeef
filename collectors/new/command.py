"""Makes a monitor of data that nobody has declared: looks, proposes, writes, calibrates."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from driftdeck import threshold_files
from driftdeck.collectors.frames.reference import days_of, load_reference
from driftdeck.collectors.jobs.collect import collect
from driftdeck.collectors.jobs.windows import complete_windows
from driftdeck.collectors.new.declaration import format_declaration
from driftdeck.collectors.new.find import Dataset, Place, find_dataset, resolve_place
from driftdeck.collectors.new.propose import Proposal, choose_period, propose
from driftdeck.collectors.new.request import Request
from driftdeck.collectors.new.time_column import format_name
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.thresholds.calibrate import list_calibrated, measure_days, write
from driftdeck.collectors.values import Status
from driftdeck.declare import Between, Monitor
from driftdeck.declare.monitor import NAME
from driftdeck.declare.windows import Daily
from driftdeck.errors import UsageError
from driftdeck.load import CONTACTS, RESERVED, find_monitor, load
from driftdeck.settings import Settings

TRIED = 5
"""So many windows show whether what is proposed can be collected."""
TAKEN = {*RESERVED, CONTACTS}
COMPOSE_ANCHOR = re.compile(r"^( *)environment: &environment\n", re.MULTILINE)


def make(settings: Settings, request: Request) -> Monitor:
    """Write the declaration of a source and its thresholds, and say what was found.

    An error leaves every file as it was. Raises UsageError, SourceError, DeclarationError.
    """
    name = request.name
    path = _place_to_write(settings, name, request.force)
    zone = Daily(timezone=request.timezone or "UTC").timezone
    reference = None
    if request.reference:
        days = Between(*request.reference).days()
        reference = days[0], days[-1]
    place = resolve_place(settings, request.source, name)
    found = find_dataset(settings, request, place, zone)
    said = request.table or str(place.path or "the table")
    now = datetime.now(UTC)
    watched = choose_period(found.profile.days, zone, now, reference, said)
    proposal = propose(found, zone, watched)
    title = request.title or name.replace("_", " ").capitalize()

    files = [settings.root / ".env", settings.root / "docker-compose.yml"]
    with _undone([path, threshold_files.locate(path), *files]):
        remarks = _keep_secret(settings, place)

        def written(one: Proposal) -> Monitor:
            text = format_declaration(name, title, request.owner, one, now.date())
            path.write_text(text, encoding="utf-8")
            load.cache_clear()
            return find_monitor(name, *settings.monitor_folders)

        threshold_files.locate(path).unlink(missing_ok=True)
        monitor = written(proposal)
        _say(found, proposal, [*remarks, *proposal.remarks])
        values = measure_days(monitor, Reader(monitor, settings), list_calibrated(monitor))
        amended = amend(proposal, monitor, values)
        if amended != proposal:
            proposal, monitor = amended, written(amended)
        write(monitor, settings, values)
        load.cache_clear()
        monitor = find_monitor(name, *settings.monitor_folders)
        problems = threshold_files.find_problems(
            monitor, threshold_files.read(threshold_files.locate(path))
        )
        if problems:
            raise UsageError("; ".join(problems))
    for one in proposal.left_out:
        print(f"  left out {format_name(one.name)}: {one.why}")
    _try(monitor, settings)
    print(f"{name}: wrote {path.name} and {threshold_files.locate(path).name} in {path.parent}")
    return monitor


def _try(monitor: Monitor, settings: Settings) -> None:
    """Collect some windows without storing them, and say so where none comes out whole."""
    reader = Reader(monitor, settings)
    reference = load_reference(reader, monitor, days_of(monitor, None))
    now = datetime.now(UTC)
    first = monitor.first_day or reader.first_day(now)
    windows = list(complete_windows(monitor, now, first))
    tried = windows[:: max(1, len(windows) // TRIED)]
    outcomes = [
        collect(monitor, w, reader, lambda _: reference, now, backfill=True, report=False)
        for w in tried
    ]
    if any(one.status is Status.OK for one in outcomes):
        return
    counts = Counter(str(one.status) for one in outcomes)
    said = ", ".join(f"{n} {status}" for status, n in counts.items())
    why = next((one.error for one in outcomes if one.error), "")
    print(f"  of {len(tried)} windows that were tried none came out whole ({said}): {why}")


def amend(
    proposal: Proposal, monitor: Monitor, values: Mapping[tuple[str, str], list[float]]
) -> Proposal:
    """The proposal without what too few days of the reference have a value of.

    Raises UsageError where no column is left.
    """
    short = {
        s.key: len(values[s.key])
        for s in list_calibrated(monitor)
        if len(values[s.key]) < threshold_files.ENOUGH
    }
    lost = {column: count for (metric, column), count in short.items() if metric == "drift"}
    columns = tuple(
        replace(one, kind=None, why=f"a value on {lost[one.name]} days of the reference, too few")
        if one.name in lost
        else one
        for one in proposal.columns
    )
    if not any(one.kind for one in columns):
        raise UsageError(
            f"no column has a value on {threshold_files.ENOUGH} days of the reference with"
            f" {proposal.min_rows} rows or more; give another with --reference FIRST LAST"
        )
    unjudged = {
        metric: f"only {count} days of the reference have a value"
        for (metric, _), count in short.items()
        if metric not in ("drift", "missing_share")
    }
    return replace(proposal, columns=columns, unjudged=unjudged)


def _place_to_write(settings: Settings, name: str, force: bool) -> Path:
    """Where the declaration will lie. Raises UsageError where it may not."""
    if not NAME.fullmatch(name) or name in TAKEN:
        raise UsageError(
            f"{name!r} cannot be a monitor's name; use up to 24 lower-case letters, digits and _,"
            f" starting with a letter, and none of {', '.join(sorted(TAKEN))}"
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
def _undone(paths: list[Path]) -> Iterator[None]:
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


def _keep_secret(settings: Settings, place: Place) -> list[str]:
    """Keep the URI in `.env`, and let it through to the collectors of Docker."""
    said = []
    if place.secret and settings.keep_variable(place.address, place.secret):
        said.append(f"the address is kept as {place.address} in .env, never in the declaration")
    compose = settings.root / "docker-compose.yml"
    if place.address and compose.exists():
        text = compose.read_text(encoding="utf-8")
        line = f"  {place.address}: ${{{place.address}:-}}\n"
        anchor = COMPOSE_ANCHOR.search(text)
        if line not in text and anchor:
            compose.write_text(
                text[: anchor.end()] + anchor[1] + line + text[anchor.end() :], "utf-8"
            )
            said.append(f"docker-compose.yml hands {place.address} on to the collectors")
    if place.path is not None and not place.path.is_relative_to(settings.data.resolve()):
        said.append(
            f"with Docker, let the collectors see {place.path}: mount it at the same path"
            " (volumes of x-app in docker-compose.yml)"
        )
    return said


def _say(dataset: Dataset, proposal: Proposal, remarks: list[str]) -> None:
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
    if days.stray:
        print(f"  {days.stray}")
    if profile.ledger.faults:
        print(f"  {profile.ledger.sentence('rows')}")
    print(f"  reference: {days.reference[0]} to {days.reference[1]}; min_rows {proposal.min_rows}")
    said = {
        "prediction": roles.prediction and f"{roles.prediction} (a {proposal.shape})",
        "target": roles.target,
        "model version": roles.version,
    }
    if any(said.values()):
        print(f"  {', '.join(f'{role} {name}' for role, name in said.items() if name)}")
    for kind in ("number", "category"):
        names = [one.name for one in proposal.watched if one.kind == kind]
        if names:
            columns = f"{kind} column{'' if len(names) == 1 else 's'}"
            print(f"  {len(names)} {columns}: {', '.join(map(format_name, names))}")
    for remark in remarks:
        print(f"  {remark}")

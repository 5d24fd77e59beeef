"""The commands of a project's source: declare, build, check, compare."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from driftdeck.cli import session
from driftdeck.cli.options import (
    PROCESSORS,
    Config,
    Form,
    FormOption,
    Ignore,
    Layout,
    MonitorName,
    Reports,
    Select,
    Workers,
)
from driftdeck.errors import UsageError


class Retirable(StrEnum):
    """What Grafana keeps until a file says that it shall delete it."""

    RULE = "rule"
    RECEIVER = "receiver"
    MUTE_TIME = "mute-time"
    TEMPLATE = "template"
    DATASOURCE = "datasource"
    POLICIES = "policies"


def _text(metavar: str, help_text: str) -> typer.models.OptionInfo:
    """An option that says one thing of the data."""
    option: typer.models.OptionInfo = typer.Option(
        metavar=metavar, help=help_text, show_default=False
    )
    return option


def init(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            file_okay=False,
            help="Where it goes: a folder that is empty or not there; with --into, a repository.",
        ),
    ],
    into: Annotated[
        bool,
        typer.Option(
            "--into",
            help="Add a folder `monitoring` and a workflow to a repository; touch nothing else.",
        ),
    ] = False,
) -> int:
    """Make a project of your own: a declaration, a dashboard, all that runs and proves them."""
    from driftdeck.scaffold import FOLDER
    from driftdeck.scaffold import init as write_project

    written = write_project(folder, into=into)
    print(f"{len(written)} files written to {folder}")
    print(f"next: cd {folder / FOLDER if into else folder} && make up && make test")
    return 0


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case letters, digits and _.")],
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="DATA",
            help="A file or folder of Parquet or CSV, the variable with a postgresql:// URI, or one"
            " without its password, which PGPASSWORD or ~/.pgpass has: others see a command line.",
        ),
    ],
    table: Annotated[
        str, _text("SCHEMA.TABLE", "The table, with a URI; by default the only one.")
    ] = "",
    time: Annotated[str, _text("COLUMN", "When a row happened; by default it is looked for.")] = "",
    time_format: Annotated[
        str,
        _text(
            "FORMAT",
            "How text writes the time (%d/%m/%Y %H:%M), or s, ms, us, ns; by default it is tried.",
        ),
    ] = "",
    timezone: Annotated[
        str,
        _text("ZONE", "Of the days, and of times that name none (Europe/Lisbon); by default UTC."),
    ] = "",
    prediction: Annotated[
        str, _text("COLUMN", "What the model answered, or none; by default it is looked for.")
    ] = "",
    target: Annotated[
        str, _text("COLUMN", "What was true, or none; by default it is looked for.")
    ] = "",
    positive: Annotated[
        str, _text("WORD", "The label that means yes, by default it is guessed of words.")
    ] = "",
    labels: Annotated[
        str,
        _text("DATA", "Where the target lies: a path, or a table of the URI; by default as rows."),
    ] = "",
    labels_time: Annotated[
        str, _text("COLUMN", "When a label became known; by default it is looked for.")
    ] = "",
    on: Annotated[
        str, _text("COLUMN", "What names a row in both; by default what only one can be.")
    ] = "",
    title: Annotated[str, _text("TEXT", "Of the dashboard; by default made of the name.")] = "",
    owner: Annotated[str, typer.Option(metavar="TEXT", help="Who is told of its alerts.")] = "you",
    reference: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="FIRST LAST", help="Good days, YYYY-MM-DD; by default the first that fit."
        ),
    ] = None,
    every: Annotated[
        str,
        _text(
            "LENGTH",
            "Of a window: hourly, 2-, 3-, 4-, 6-, 8- or 12-hourly, daily, weekly or monthly; by"
            " default what the rows suggest.",
        ),
    ] = "",
    category: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN", help="Watch a column as words, by default what looks so; repeatable."
        ),
    ] = None,
    number: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN", help="Watch a column as numbers, by default what is; repeatable."
        ),
    ] = None,
    leave_out: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN", help="Do not watch a column, by default watch all; repeatable."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over one that is there.")] = False,
    workers: Workers = PROCESSORS,
    reports: Reports = 10,
) -> int:  # fmt: skip
    """Make a monitor of your own data, and collect it."""
    with session.collector() as settings:
        _begin_workers(workers)
        from driftdeck.collectors.new.command import make_and_collect
        from driftdeck.collectors.new.request import Request

        request = Request(
            name=name,
            source=source,
            table=table,
            time=time,
            time_format=time_format,
            timezone=timezone,
            prediction=prediction,
            target=target,
            positive=positive,
            labels=labels,
            labels_time=labels_time,
            on=on,
            title=title,
            owner=owner,
            reference=reference,
            every=every,
            category=tuple(category or ()),
            number=tuple(number or ()),
            leave_out=tuple(leave_out or ()),
            force=force,
        )
        return make_and_collect(settings, request, workers=workers, reports=reports)


def _begin_workers(workers: int) -> None:
    """Have the processes import what they need while this one does."""
    if workers > 1:
        from driftdeck.collectors.jobs.workers import start_server

        start_server()


def build(
    layout: Annotated[
        Layout,
        typer.Option(
            "--format", help="v2: dashboards as objects with tabs, into a folder of their own."
        ),
    ] = Layout.CLASSIC,
) -> int:
    """Write what Grafana reads."""
    from driftdeck.generator import commands

    return commands.build(session.project(), v2=layout is Layout.V2)


def check(
    select: Select = None,
    ignore: Ignore = None,
    config: Config = None,
    form: FormOption = Form.TEXT,
) -> int:
    """Fail if a built file or a threshold is stale, or Grafana would refuse a file."""
    from driftdeck.generator import commands
    from driftdeck.preflight.choice import Choice

    project = session.project()
    return commands.check(project, Choice.of(config, select or (), ignore or ()), form=form.value)


def diff(
    base: Annotated[
        str,
        typer.Argument(
            metavar="REVISION", show_default=False, help="Of git; by default main, or master."
        ),
    ] = "",
    markdown: Annotated[bool, typer.Option("--markdown", help="For a pull request.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 3 if something differs, as git's diff.")
    ] = False,
) -> int:
    """Say what a change of the source changes, by panel and field."""
    from driftdeck.generator import commands

    return commands.diff(session.project(), base, as_markdown=markdown, exit_code=exit_code)


def retire(
    kind: Annotated[
        Retirable | None,
        typer.Argument(help="What it is; none by default, with --gone.", show_default=False),
    ] = None,
    name: Annotated[
        str,
        typer.Argument(
            help="Its uid; the name of a mute time, template or datasource; the organisation of"
            " policies. None by default.",
            show_default=False,
        ),
    ] = "",
    gone: Annotated[
        bool,
        typer.Option("--gone", help="All that the main branch holds and no file holds any more."),
    ] = False,
) -> int:
    """Have Grafana delete what no file holds any more."""
    from driftdeck.generator import commands

    if gone == bool(kind and name) or (gone and kind):
        raise UsageError("say what is retired", mend="give KIND and NAME, or --gone alone")
    if kind is None:
        return commands.retire_gone(session.project())
    return commands.retire(session.project(), kind.value, name)


def calibrate(
    monitor: MonitorName,
    replay: Annotated[
        bool,
        typer.Option(
            "--replay",
            help="Write nothing: show the alerts that today's thresholds would have raised over"
            " what is stored, beside those that were raised.",
        ),
    ] = False,
) -> int:
    """Find thresholds on the days of the reference."""
    with session.collector() as settings:
        from driftdeck.collectors.jobs import commands

        if replay:
            return commands.replay(settings, monitor)
        return commands.calibrate(settings, monitor)

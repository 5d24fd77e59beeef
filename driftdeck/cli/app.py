"""All commands in the order of `driftdeck --help`, and how each of them ends."""

import io
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from driftdeck import __version__
from driftdeck.cli import (
    collect,
    grafana,
    preflight,
    preview,
    project,
    schedules,
    services,
    session,
    stack,
)
from driftdeck.diagnostics import tell
from driftdeck.errors import DriftdeckError, ExitCode, exit_code_of

COMMANDS: dict[str, tuple[Callable[..., int], ...]] = {
    "Project": (
        project.init,
        project.new,
        project.build,
        project.check,
        project.diff,
        project.retire,
        project.calibrate,
    ),
    "Collect": (
        collect.run,
        collect.backfill,
        collect.due,
        collect.collected,
        collect.report,
        collect.forget,
        collect.migrate,
        collect.uri,
    ),
    "Stack": (
        stack.up,
        stack.down,
        stack.status,
        stack.verify,
        stack.look,
        stack.explain,
        stack.password,
        stack.clean,
        stack.exec_,
    ),
    "Grafana": (grafana.plan, grafana.apply, grafana.pull),
    "See": (preview.preview,),
    "Schedules": (schedules.cron, schedules.prefect),
    "Services": (services.watch, services.evidently),
    "Pre-flight": (preflight.preflight,),
}
"""The commands by their panel in the help. Each returns its exit code."""
CODES = "0 done · 1 failed · 2 wrong use · 3 something differs · 130 interrupted"


class Commands(TyperGroup):
    """Ends every command by the one convention of exit codes."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for; whatever stops it is said in a sentence."""
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()  # a reader that has gone is noticed here, where it is handled
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise  # Typer ends these as they should
        except Exception as error:
            tell(_named(error))
            code = exit_code_of(_named(error))
        raise typer.Exit(int(code or ExitCode.DONE))


def _named(error: Exception) -> Exception:
    """A library that is not installed as an error that says how to get it."""
    if not isinstance(error, ModuleNotFoundError) or (error.name or "").startswith("driftdeck"):
        return error
    missing = MissingLibraryError(
        f"{error.name} is not installed", mend="run pip install 'driftdeck[stack]'"
    )
    missing.__cause__ = error
    return missing


class MissingLibraryError(DriftdeckError):
    """A library that a command needs, and the pre-flight alone does not."""

    exit_code = ExitCode.WRONG_USE


app = typer.Typer(
    name="driftdeck",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"Exit codes: {CODES}.",
)
for panel, commands in COMMANDS.items():
    for command in commands:
        app.command(command.__name__.strip("_"), rich_help_panel=panel)(command)


def _print_version(value: bool) -> None:
    if value:
        print(f"driftdeck {__version__}")
        raise typer.Exit


@app.callback()
def begin(
    project_dir: Annotated[
        Path | None,
        typer.Option(
            "--project", "-C", metavar="DIR", exists=True, file_okay=False,
            help="The project's folder, or one below it; by default the current one.",
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show where an error happened, not only what it is.")
    ] = False,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version, and exit."
        ),
    ] = False,
) -> None:  # fmt: skip
    """Monitoring of machine-learning models as code: Evidently, PostgreSQL and Grafana."""
    session.begin(project_dir, verbose=verbose)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, and return its exit code (docs/commands.md).

    arguments: by default those of the process.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # the name of a file may be no text
            stream.reconfigure(errors="backslashreplace")
    if not sys.warnoptions:  # those of libraries tell nothing to who cannot change them
        warnings.simplefilter("ignore")
        sys.warnoptions.append("ignore")  # of the processes that multiprocessing starts, too
    try:
        app(arguments, prog_name="driftdeck")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.DONE
    return ExitCode.DONE

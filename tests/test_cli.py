"""The command: its help, what it imports, and how it ends."""

import io
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import typer

from driftdeck import events
from driftdeck.cli import main
from driftdeck.cli.app import COMMANDS, app
from driftdeck.cli.options import Form
from driftdeck.cli.project import Retirable
from driftdeck.declare import DeclarationError
from driftdeck.diagnostics import described
from driftdeck.errors import DriftdeckError, ExitCode, UsageError, exit_code_of
from driftdeck.generator import retirements
from driftdeck.generator.artefacts import artefacts
from driftdeck.generator.files import write
from driftdeck.preflight.findings import FORMATS
from driftdeck.project import FILE, VARIABLE, SettingsError
from driftdeck.settings import Settings
from repository import ROOT, SMALL, small_project

NAMES = [command.__name__.strip("_") for group in COMMANDS.values() for command in group]
HEAVY = "{'pandas', 'numpy', 'evidently', 'grafanalib', 'sqlglot', 'psycopg', 'pydantic_settings'}"


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What a command has set up of the logs ends with its test."""
    yield
    events.log_lines("")
    logging.getLogger("driftdeck").handlers.clear()


def run(*arguments: str, cwd: Path = ROOT, **more: str) -> "subprocess.CompletedProcess[str]":
    """The command in a process of its own. more: of its environment."""
    return subprocess.run(
        [sys.executable, "-m", "driftdeck", *arguments],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "200", "PYTHONPATH": str(ROOT), **more},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_answers_before_anything_heavy_is_imported() -> None:
    """Of the whole and of each command: a person who asks for it does not wait."""
    script = (
        "import sys\nfrom driftdeck.cli import main\n"
        f"for words in ([], *([name] for name in {NAMES})):\n"
        "    assert main([*words, '--help']) == 0, words\n"
        f"    assert not (found := {HEAVY} & set(sys.modules)), (words, found)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_help_shows_the_commands_in_groups_and_the_exit_codes() -> None:
    """In the order in which they are written down."""
    text = run("--help").stdout
    places = [text.index(f"─ {panel} ─") for panel in COMMANDS]

    assert places == sorted(places)
    assert [name for name in NAMES if not re.search(rf"│ {name} +\w", text)] == []
    assert "0 done · 1 failed · 2 wrong use · 3 something differs" in text


@pytest.mark.parametrize("name", NAMES)
def test_each_option_says_what_it_is_and_its_default(name: str) -> None:
    """A flag's is that it is not given; of the others it is shown, or said."""
    command: Any = typer.main.get_command(app)
    silent = []
    for parameter in command.commands[name].params:
        text = getattr(parameter, "help", "") or ""
        shown = parameter.default not in (None, "") and parameter.show_default
        flag = getattr(parameter, "is_flag", False)
        if not text or not (parameter.required or flag or shown or "by default" in text.lower()):
            silent.append(parameter.name)

    assert command.commands[name].help
    assert silent == []


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Whether it is installed or not."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("driftdeck")


@pytest.mark.parametrize("words", [[], ["no-such"], ["run"], ["due", "--every", "often"],
    ["run", "loans", "--date", "yesterday"], ["retire", "nothing", "x"],
    ["preflight", "--tree", ".", "--map", "here"], ["-C", "nowhere", "build"],
    ["preview", "--serve", "--base", "main"]])  # fmt: skip
def test_wrong_use_ends_with_2(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was typed cannot be done; it is said on standard error, or the help is printed."""
    monkeypatch.setenv(VARIABLE, str(SMALL))
    assert main(words) == ExitCode.WRONG_USE
    said = capsys.readouterr()
    assert (said.err or said.out).strip()
    assert "Traceback" not in said.err


def test_a_day_that_is_none_says_how_days_are_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the windows of the monitor."""
    monkeypatch.setenv(VARIABLE, str(SMALL))
    main(["run", "loans", "--date", "2024-13-01"])
    said = capsys.readouterr().err
    assert "loans: '2024-13-01' is no day; write it as YYYY-MM-DD" in " ".join(said.split())


def test_no_project_ends_with_2_and_names_the_mend(tmp_path: Path) -> None:
    """Wherever one stands; -C names the folder instead."""
    done = run("build", cwd=tmp_path, DRIFTDECK_PROJECT="")
    assert done.returncode == 2
    assert done.stderr.startswith("driftdeck: no project in")
    assert "driftdeck init DIR" in done.stderr

    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "driftdeck.toml").write_text("monitorz = []\n")
    done = run("-C", "here", "check", cwd=tmp_path)
    assert done.returncode == 2
    assert "monitorz is no setting; is monitors meant?" in done.stderr


def test_a_project_is_named_and_its_own_modules_can_be_imported(tmp_path: Path) -> None:
    """A declaration imports what lies beside it in the project; an installed name stays ours."""
    (tmp_path / "driftdeck.toml").write_text("")
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "names.py").write_text("TITLE = 'Named elsewhere'\n")
    (tmp_path / "settings.py").write_text("raise SystemExit('shadowed')\n")
    (tmp_path / "monitors").mkdir()
    (tmp_path / "monitors" / "small.py").write_text(
        "from driftdeck import declare as d\nfrom ours.names import TITLE\n"
        "MONITOR = d.Monitor(name='small', title=TITLE, description='Of a test.', owner='tests',\n"
        "    source=d.Parquet('log', time='at'), starts='2024-01-01', late_after=d.Hours(24),\n"
        "    columns=(d.number('x'),), metrics=(d.missing(alert=0.5),), min_rows=5)\n"
    )
    (tmp_path / "elsewhere").mkdir()
    done = run("-C", str(tmp_path), "build", cwd=tmp_path / "elsewhere")

    assert done.returncode == 0, done.stderr
    assert "Named elsewhere" in (tmp_path / "provisioning/dashboards/small.json").read_text()


def raising(error: BaseException, monkeypatch: pytest.MonkeyPatch, mine: Settings) -> None:
    """Let `driftdeck collected` raise an error."""

    def collected(*_: object, **__: object) -> int:
        raise error

    monkeypatch.setattr("driftdeck.settings.load_settings", lambda: mine)
    monkeypatch.setattr("driftdeck.collectors.jobs.commands.show_collected", collected)


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (DriftdeckError("it is so", mend="mend it"), 1, "it is so; mend it"),
        (UsageError("no such thing"), 2, "no such thing"),
        (SettingsError("PORT: is no port"), 2, "PORT: is no port"),
        (DeclarationError("m.py: name", "is none", "name it"), 2, "m.py: name: is none; name it"),
        (FileNotFoundError(2, "No such file", "log.csv"), 1, "No such file: log.csv"),
        (httpx.ConnectError("refused"), 1, "Grafana does not answer: refused"),
        (KeyError("monitor"), 1, "KeyError: 'monitor' (where: --verbose, or driftdeck.log)"),
        (ValueError("of pandas"), 1, "ValueError: of pandas (where: --verbose, or driftdeck.log)"),
        (TypeError("odd"), 1, "TypeError: odd (where: --verbose, or driftdeck.log)"),
        (ModuleNotFoundError("no", name="evidently"), 2, "evidently is not installed; run pip"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_errors_end_by_one_convention(
    error: BaseException, code: int, sentence: str, mine: Settings,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Ours by their class; an unexpected one with its kind, and where to read more."""
    own = mine.model_copy(update={"stack_dir": mine.root / "stack"})
    raising(error, monkeypatch, own)

    assert main(["collected"]) == code
    said = capsys.readouterr().err
    assert said.startswith(f"driftdeck: {sentence}") if sentence else said == ""
    assert "Traceback" not in said
    if not isinstance(error, KeyboardInterrupt):
        assert type(error).__name__ in (own.stack_dir / "driftdeck.log").read_text()
        assert main(["--verbose", "collected"]) == code
        assert "Traceback" in capsys.readouterr().err


def test_an_error_of_the_database_names_its_place(
    mine: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of the driver become ours where the collectors' commands end."""
    raising(psycopg.OperationalError("connection is lost"), monkeypatch, mine)
    assert main(["collected"]) == 1
    said = f"driftdeck: the database at {mine.database} says: connection is lost; is the server up"
    assert capsys.readouterr().err.startswith(said)


def test_a_class_of_another_library_that_is_called_alike_is_unexpected() -> None:
    """Errors are told by their class, not by the name of a module."""

    class OperationalError(Exception):
        __module__ = "psycopg.errors"

    assert described(OperationalError("x")).startswith("OperationalError: x (where")
    assert exit_code_of(OperationalError("x")) is ExitCode.FAILED


def test_each_error_of_ours_has_the_one_base() -> None:
    """A class of the library that ends with Error derives from it, and so tells how to end."""
    for path in (ROOT / "driftdeck").rglob("*.py"):
        for name, bases in re.findall(r"^class (\w+Error)\(([^)]*)\)", path.read_text(), re.M):
            ours = {"DriftdeckError", "UsageError", "SourceError", "Exception"}
            assert ours & set(re.split(r", ", bases)), f"{path}: {name}"
            assert "Exception" not in bases or name == "DriftdeckError", f"{path}: {name}"


def test_who_has_read_enough_ends_it_without_a_word() -> None:
    """`driftdeck preflight --rules | head -1`: a broken pipe is no error to be told."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "driftdeck", "diff", "HEAD"],
        cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writing)

    assert done.returncode == 1
    assert done.stderr == ""


def test_the_name_of_a_file_that_is_no_text_can_be_said(
    mine: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal that refuses what is no UTF-8."""
    raising(DriftdeckError("no \udcff here"), monkeypatch, mine)
    terminal = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
    monkeypatch.setattr(sys, "stderr", terminal)

    assert main(["collected"]) == 1
    assert terminal.buffer.getvalue() == b"driftdeck: no \\udcff here\n"


def test_ctrl_c_at_up_says_that_it_goes_on(
    mine: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was done stays done."""

    def interrupted(_: Settings) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("driftdeck.settings.load_settings", lambda: mine)
    monkeypatch.setattr("driftdeck.stack.commands.up", interrupted)
    assert main(["up"]) == 130
    assert "the next `up` goes on from here" in capsys.readouterr().err


def test_a_shell_completes_commands_and_monitors() -> None:
    """As bash asks."""
    asked = {"_DRIFTDECK_COMPLETE": "complete_bash", VARIABLE: str(SMALL)}
    assert run(COMP_WORDS="driftdeck ba", COMP_CWORD="1", **asked).stdout.split() == ["backfill"]
    monitors = run(COMP_WORDS="driftdeck run lo", COMP_CWORD="2", **asked).stdout.split()
    assert monitors == ["loans", "loans_first"]


def test_another_command_runs_where_the_collectors_run(tmp_path: Path) -> None:
    """In the project, with its settings; its exit code is this one's."""
    script = "import os, sys; print(os.getcwd(), os.environ['POSTGRES_PORT']); sys.exit(7)"
    done = run("exec", "--", "python", "-c", script, RUNTIME="embedded", POSTGRES_PORT="21987")

    assert done.returncode == 7
    assert done.stdout.split() == [str(ROOT), "21987"]


def test_differs_is_3_only_where_that_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`diff` informs, as git's does; --exit-code asks."""
    monkeypatch.setattr("driftdeck.generator.commands.before", lambda *_: ({}, "nothing"))
    assert main(["-C", str(ROOT), "diff"]) == 0
    assert main(["-C", str(ROOT), "diff", "--exit-code"]) == 3
    assert "things differ from nothing" in capsys.readouterr().out


DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]


def test_the_page_of_commands_names_each_of_them() -> None:
    """In its group."""
    page = (ROOT / "docs" / "commands.md").read_text()
    for panel, commands in COMMANDS.items():
        names = [command.__name__.strip("_") for command in commands]
        assert f"| {panel} | {', '.join(f'`{name}`' for name in names)}" in page


def test_whatever_names_a_command_names_one_there_is() -> None:
    """Documents, messages and what starts it: in code, after the program's name."""
    sources = [path for path in (ROOT / "driftdeck").rglob("*.py") if path.name != "app.py"]
    files = [*DOCUMENTS, *sources, *(ROOT / ".github").rglob("*.yml"), ROOT / "Makefile"]
    named = {
        (path.name, name)
        for path in files
        for name in re.findall(
            r"(?:`driftdeck|^driftdeck|-m driftdeck|\$\(DECK\)) ([a-z]+)", path.read_text(), re.M
        )
    }

    assert len(named) > 40
    assert {one for one in named if one[1] not in NAMES} - {("project.py", "init")} == set()


def test_what_may_be_chosen_is_what_there_is() -> None:
    """Names that the command line repeats so that help imports nothing."""
    assert [one.value for one in Form] == list(FORMATS)
    assert {one.value for one in Retirable} == set(retirements.SECTIONS)


@pytest.mark.parametrize("branch", ["main", "master"])
def test_what_is_gone_is_retired_at_once(
    branch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever deletes a monitor has Grafana delete its rules, by one command."""
    write(tmp_path / "provisioning", artefacts(small_project()))
    (tmp_path / "monitors").mkdir()
    (tmp_path / FILE).touch()
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    for command in (
        ["init", "-q", "-b", branch], ["add", "-A"],
        ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "-m", "before"],
    ):  # fmt: skip
        subprocess.run(["git", *command], cwd=tmp_path, check=True)

    assert main(["build"]) == ExitCode.DONE
    assert main(["check"]) == ExitCode.FAILED
    assert main(["retire"]) == ExitCode.WRONG_USE
    assert main(["retire", "rule", "x", "--gone"]) == ExitCode.WRONG_USE
    assert main(["retire", "--gone"]) == ExitCode.DONE
    assert main(["check"]) == ExitCode.DONE

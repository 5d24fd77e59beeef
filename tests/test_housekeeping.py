"""A house that was left in disorder: killed, full, switched off, or asked for twice."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from driftdeck.cli import main
from driftdeck.database import postmaster
from driftdeck.database.embedded import Embedded, EmbeddedError, free_port
from driftdeck.diagnostics import begin_log, described, keep_log, tell
from driftdeck.settings import IsolatedSettings
from driftdeck.stack import housekeeping
from driftdeck.stack.errors import StackError
from driftdeck.stack.programs import Program
from repository import ROOT

USER = ("postgres", "secret", "driftdeck")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Embedded]:
    """A server in a folder of its own, not started yet."""
    made = Embedded(tmp_path / "house" / "postgres", free_port())
    yield made
    made.stop()


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """A program that has nothing to do with us."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("text", ["", "1234", "x y", "1 2 3", "1234 \x00", "9" * 30 + " 1.0"])
def test_a_malformed_pid_file_is_no_program(tmp_path: Path, text: str) -> None:
    """It starts, is found and ends as if there were none."""
    (tmp_path / "sleeper.pid").write_text(text)
    program = Program("sleeper", tmp_path)

    assert not program.running()
    assert not program.stop()
    program.start(["sleep", "60"], {})
    assert program.running()
    assert program.stop()


@pytest.mark.parametrize("text", ["", "1234", "x y"])
def test_a_program_is_found_though_its_pid_file_is_lost(tmp_path: Path, text: str) -> None:
    """By the log that it writes: it is not left running beside the next one."""
    program = Program("sleeper", tmp_path)
    program.start(["sh", "-c", "sleep 60; true"], {})
    process = program._process()
    assert process is not None
    (tmp_path / "sleeper.pid").write_text(text)

    assert program._process() == process
    assert program.stop()
    assert not process.is_running()


def test_a_program_whose_pid_cannot_be_kept_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk leaves nothing that runs and cannot be found."""
    before = {child.pid for child in psutil.Process().children()}

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "sleeper.pid")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left") as raised:
        Program("sleeper", tmp_path).start(["sleep", "60"], {})

    assert {child.pid for child in psutil.Process().children()} == before
    assert described(raised.value) == (
        "No space left on device: sleeper.pid; make room on that disk"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_log_on_a_full_disk_says_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What failed is told once, without where the log failed, too."""
    (tmp_path / "driftdeck.log").symlink_to("/dev/full")
    begin_log()
    keep_log(tmp_path)
    tell(StackError("a sentence"))

    assert capsys.readouterr().err == "driftdeck: a sentence\n"


def test_a_start_that_was_killed_is_gone_over(server: Embedded) -> None:
    """At whatever moment of the first start; its leftovers, a password among them, are removed."""
    script = (
        "import sys; from pathlib import Path; from driftdeck.database.embedded import Embedded;"
        "Embedded(Path(sys.argv[1]), int(sys.argv[2])).start('postgres', 'secret', 'driftdeck')"
    )
    arguments = [sys.executable, "-c", script, str(server.folder), str(server.port)]
    house = server.folder.parent
    for seconds in (0.0, 0.2, 0.5):
        with subprocess.Popen(arguments, cwd=ROOT, start_new_session=True) as process:
            while not [*house.glob("*/PG_VERSION"), *house.glob("*/data/PG_VERSION")]:
                time.sleep(0.02)
            time.sleep(seconds)
            os.killpg(process.pid, signal.SIGKILL)
    server.start(*USER)

    assert server.running()
    assert [path.name for path in server.folder.parent.iterdir()] == ["postgres"]


def test_another_programs_number_is_no_server(
    server: Embedded, other: subprocess.Popen[bytes]
) -> None:
    """As after a machine was switched off: it starts again; so it does where the file is empty."""
    server.start(*USER)
    server.stop()
    file = server.folder / "postmaster.pid"
    for text in (f"{other.pid}\n{server.folder}\n1\n{server.port}\n", "", "x\n", f"{2**40}\n"):
        file.write_text(text)
        assert not server.running()
        server.stop()
        server.start(*USER)
        assert server.running()
        assert other.poll() is None
        server.stop()


def test_a_running_server_is_found_without_its_file(server: Embedded) -> None:
    """By the folder in which it works: what its file says may be lost on a full disk."""
    server.start(*USER)
    file = server.folder / "postmaster.pid"
    text = file.read_text()
    file.write_text("")
    assert server.running()
    postmaster.forget(server.folder)
    assert file.exists()
    file.write_text(text)


def test_two_at_once_are_told(tmp_path: Path) -> None:
    """The second says so and breaks nothing; the first one's end lets it."""
    with (
        housekeeping.alone(tmp_path),
        pytest.raises(StackError, match="another `up`, `down` or `clean` is at work"),
        housekeeping.alone(tmp_path),
    ):
        pass
    with housekeeping.alone(tmp_path):
        pass


def test_clean_stops_every_house_before_it_removes(server: Embedded) -> None:
    """Also that of another folder in it, as `make demo-live` has."""
    server.start(*USER)
    folder = server.folder.parent.parent
    program = Program("evidently", server.folder.parent)
    program.start(["sleep", "600"], {})
    housekeeping.clean(folder)

    assert not folder.exists()
    assert not server.running()
    assert not program.running()


def test_clean_removes_nothing_that_runs_on(
    server: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that does not stop keeps its data; so does a house that is being started."""
    server.start(*USER)
    folder = server.folder.parent.parent

    def fails(self: Embedded) -> None:
        raise EmbeddedError("pg_ctl failed")

    with monkeypatch.context() as patched:
        patched.setattr(Embedded, "stop", fails)
        with pytest.raises(EmbeddedError):
            housekeeping.clean(folder)
        patched.setattr(Embedded, "stop", lambda self: None)
        with pytest.raises(StackError, match="does not stop, so nothing is removed"):
            housekeeping.clean(folder)
    with (
        housekeeping.alone(server.folder.parent),
        pytest.raises(StackError, match="is at work"),
    ):
        housekeeping.clean(folder)

    assert server.running()
    assert (server.folder / "PG_VERSION").exists()


def test_make_clean_ends_with_the_command_that_stops(tmp_path: Path) -> None:
    """Nothing but `stack clean` removes the folder where there is one to stop it."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile[makefile.index("\nclean:") :]
    (tmp_path / "Makefile").write_text(recipe)
    data = tmp_path / ".stack" / "live" / "postgres"
    data.mkdir(parents=True)
    (data / "postmaster.pid").write_text("1\n")

    def clean() -> int:
        return subprocess.run(
            ["make", "clean"], cwd=tmp_path, capture_output=True, check=False
        ).returncode

    assert clean() != 0
    program = tmp_path / ".venv" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    assert clean() != 0
    assert data.exists()
    program.unlink()
    (data / "postmaster.pid").unlink()
    assert clean() == 0
    assert not (tmp_path / ".stack").exists()


def test_a_house_in_disorder_has_a_status_and_goes_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever its files say."""
    house = tmp_path / "house"
    (house / "postgres").mkdir(parents=True)
    for name in ("evidently.pid", "preview.pid", "grafana.pid", "postgres/postmaster.pid"):
        (house / name).write_text("")
    chosen = IsolatedSettings(stack_dir=house, runtime="embedded")
    monkeypatch.setattr("driftdeck.settings.load_settings", lambda: chosen)

    assert main(["status"]) == 1
    assert capsys.readouterr().out.count(" down ") == 3
    assert main(["down"]) == 0

"""What happens: a sentence for a person, lines of fields from a program that runs until stopped."""

import json
import logging
import re
from collections.abc import Iterator

import pytest

from driftdeck import events
from driftdeck.cli import main, session
from driftdeck.settings import Settings
from driftdeck.stack import steps
from driftdeck.stack.errors import StackError


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What a command has set up of the logs ends with its test."""
    yield
    events.log_lines("")
    logging.getLogger("driftdeck").handlers.clear()


def test_what_happens_is_a_sentence_or_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """To a person the sentence alone; of a service time, level, event and its fields."""
    fields = {"monitor": "m", "window": "2024-01-02", "seconds": 1.5, "error": ""}
    events.announce("m: it is done", "collected", **fields)
    assert capsys.readouterr().out == "m: it is done\n"

    events.log_lines("text")
    events.announce("m: it is done", "it is done", **fields)
    line = capsys.readouterr().out
    assert re.match(r"time=\d{4}-\S+\+00:00 level=info event=\"it is done\" monitor=m ", line)
    assert line.endswith(" window=2024-01-02 seconds=1.5\n")

    events.log_lines("json")
    events.announce("", "failed", level=logging.ERROR, error='a "b"\nc', monitor="m")
    found = json.loads(capsys.readouterr().out)
    del found["time"]
    assert found == {"level": "error", "event": "failed", "error": 'a "b"\nc', "monitor": "m"}


def test_lines_of_libraries_look_alike(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever logs there, with a traceback on the same line."""
    events.log_lines("text")
    try:
        raise ValueError("x")
    except ValueError:
        logging.getLogger("a.library").exception("Exception in %s", "ASGI")
    line = capsys.readouterr().out
    assert ' level=error event="Exception in ASGI" traceback="Traceback (most' in line
    assert line.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "log_format", "begins"),
    [
        (["due"], "", "small 2024-"),
        (["due"], "json", '{"time": '),
        (["due", "--every", "0.1"], "", "time="),
        (["due", "--every", "0.1"], "json", '{"time": '),
    ],
)
def test_due_again_and_again_logs_lines(
    words: list[str], log_format: str, begins: str, mine: Settings,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Once it speaks to a person, unless lines are asked for."""
    given = mine.model_copy(update={"log_format": log_format})
    monkeypatch.setattr("driftdeck.settings.load_settings", lambda: given)

    def due(*_: object, **__: object) -> int:
        events.announce("small 2024-01-01: missing", "due", monitor="small")
        return 0

    monkeypatch.setattr("driftdeck.collectors.jobs.commands.collect_due", due)
    assert main(words) == 0
    assert capsys.readouterr().out.startswith(begins)


def test_a_service_hands_its_form_of_lines_on(
    mine: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `watch` starts logs as it does."""
    monkeypatch.setattr("driftdeck.settings.load_settings", lambda: mine)
    assert session.settings().variables()["LOG_FORMAT"] == ""
    assert session.settings(service=True).variables()["LOG_FORMAT"] == "text"


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_collection_that_failed_is_told_in_one_line_that_up_finds(
    form: events.Form, mine: Settings, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """`up` looks for the words in the last line of the container's log."""

    def fail(_: Settings) -> None:
        raise StackError("`driftdeck backfill` failed,\nsee above")

    def stop(_: float) -> None:
        raise KeyboardInterrupt

    given = mine.model_copy(update={"log_format": form})
    monkeypatch.setattr("driftdeck.settings.load_settings", lambda: given)
    monkeypatch.setattr(steps, "fill", fail)
    monkeypatch.setattr(steps.time, "sleep", stop)
    assert main(["watch"]) == 130
    [line] = capsys.readouterr().out.splitlines()
    assert steps.FAILED in line
    assert "`driftdeck backfill` failed,\\nsee above" in line

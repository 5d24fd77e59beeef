"""Proves a running stack: everything built is there, equal, and answers with typed rows."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from generator.artefacts import artefacts, pages
from settings import Settings
from stack.questions import Question, questions, variables

Json = dict[str, Any]
Ask = Callable[[Question], "Answer"]


@dataclass(frozen=True)
class Answer:
    """What a query gave. kinds: type of each column (time, number, string, boolean, other).

    first: the first column's values, at most 1000. error: '' where all went well.
    """

    rows: int
    kinds: tuple[str, ...] = ()
    first: tuple[object, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Check:
    """The outcome of one check. excused: why an empty answer is all right."""

    name: str
    ok: bool
    detail: str = ""
    excused: str = ""


def dashboards(settings: Settings) -> list[Json]:
    """The built dashboards."""
    built = artefacts(settings)
    return [json.loads(text) for name, text in built.items() if name.endswith(".json")]


def excuses(settings: Settings) -> dict[str, dict[int, str]]:
    """By dashboard uid, the panels that may be empty, with their reason."""
    return {page.uid: page.may_be_empty() for page in pages(settings)}


def ask_all(settings: Settings, ask: Ask) -> Iterator[Check]:
    """Ask every query of every dashboard and judge the answers."""
    excused = excuses(settings)
    for dashboard in dashboards(settings):
        values: dict[str, str] = {}
        for question in variables(dashboard):
            answer = ask(question)
            yield judge(question, answer)
            name = question.place.rpartition(" ")[2]
            values[name] = _current(dashboard, name, answer)
        for question in questions(dashboard, excused.get(dashboard["uid"], {})):
            filled = question.with_values(values)
            yield judge(filled, ask(filled))


def _current(dashboard: Json, name: str, answer: Answer) -> str:
    """The value that the browser would choose: the stored one, else the first."""
    item = next(v for v in dashboard["templating"]["list"] if v["name"] == name)
    chosen = str(item.get("current", {}).get("value", ""))
    known = [str(value) for value in answer.first]
    return chosen if chosen in known else (known or [""])[0]


def judge(question: Question, answer: Answer) -> Check:
    """Whether an answer is what its panel needs: rows, a time where it draws time, a number."""
    if answer.error:
        return Check(question.place, False, answer.error)
    if answer.rows == 0:
        excuse = question.may_be_empty
        return Check(question.place, bool(excuse), "no rows", excuse)
    if question.form == "time_series" and "time" not in answer.kinds:
        return Check(question.place, False, f"no time among {answer.kinds}")
    if question.form == "time_series" and "number" not in answer.kinds:
        return Check(question.place, False, f"no number among {answer.kinds}")
    return Check(question.place, True, f"{answer.rows} rows")


def summary(checks: list[Check]) -> str:
    """One line: how many passed, failed and were excused."""
    failed = sum(not check.ok for check in checks)
    excused = [check for check in checks if check.excused]
    lines = [f"{len(checks)} checks, {failed} failed, {len(excused)} empty with a reason"]
    lines += [f"  empty: {check.name} ({check.excused})" for check in excused]
    return "\n".join(lines)


def as_json(checks: list[Check]) -> str:
    """The checks for machines."""
    return json.dumps([asdict(check) for check in checks], indent=2)

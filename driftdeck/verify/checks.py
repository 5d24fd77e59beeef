"""Proves a running stack: everything built is there, equal, and answers with typed rows."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from driftdeck.facts import Json
from driftdeck.verify.built import Built
from driftdeck.verify.links import Link, links
from driftdeck.verify.questions import Question, questions, variables

Ask = Callable[[Question], "Answer"]
KEPT_ROWS = 1000


@dataclass(frozen=True)
class Answer:
    """What a query gave.

    kinds: type of each column (time, number, string, boolean, other). columns: values of each by
    name, at most 1000. error: '' where all went well.
    """

    rows: int
    kinds: tuple[str, ...] = ()
    columns: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    error: str = ""

    @property
    def first(self) -> tuple[object, ...]:
        """The first column's values."""
        return next(iter(self.columns.values()), ())


@dataclass(frozen=True)
class Check:
    """The outcome of one check. excused: why an empty answer is all right. seconds: it took."""

    name: str
    ok: bool
    detail: str = ""
    excused: str = ""
    seconds: float | None = None


def ask_all(built: Built, ask: Ask, exists: Callable[[str], str], now: datetime) -> Iterator[Check]:
    """Ask every query of every dashboard, judge the answers, and follow the links in them.

    exists: why the page at an address is not there, '' where it is.
    """
    for dashboard in built.dashboards():
        values: dict[str, str] = {}
        for question in variables(dashboard, now):
            answer, check = _timed(ask, question)
            yield check
            name = question.place.rpartition(" ")[2]
            values[name] = current_value(dashboard, name, answer)
        answers: dict[int, dict[str, tuple[object, ...]]] = {}
        for question in questions(dashboard, built.may_be_empty.get(dashboard["uid"], {}), now):
            answer, check = _timed(ask, question.with_values(values))
            yield check
            answers.setdefault(question.panel.get("id", 0), {}).update(answer.columns)
        for link in links(dashboard):
            yield _follow(link, answers.get(link.panel, {}), exists)


def _timed(ask: Ask, question: Question) -> tuple[Answer, Check]:
    began = time.perf_counter()
    answer = ask(question)
    return answer, judge(question, answer, time.perf_counter() - began)


def current_value(dashboard: Json, name: str, answer: Answer) -> str:
    """The value that the browser would choose: the stored one, else the first."""
    item = next(v for v in dashboard["templating"]["list"] if v["name"] == name)
    chosen = str(item.get("current", {}).get("value", ""))
    known = [str(value) for value in answer.first]
    return chosen if chosen in known else (known or [""])[0]


def judge(question: Question, answer: Answer, seconds: float | None = None) -> Check:
    """Whether an answer is what its panel needs: rows, a time where it draws time, a number."""
    place = question.place
    if answer.error:
        return Check(place, False, answer.error, seconds=seconds)
    if answer.rows == 0:
        excuse = question.may_be_empty
        return Check(place, bool(excuse), "no rows", excuse, seconds)
    for kind in ("time", "number"):
        if question.form == "time_series" and kind not in answer.kinds:
            return Check(place, False, f"no {kind} among {answer.kinds}", seconds=seconds)
    return Check(place, True, f"{answer.rows} rows", seconds=seconds)


def _follow(
    link: Link, columns: Mapping[str, tuple[object, ...]], exists: Callable[[str], str]
) -> Check:
    """Whether the pages that a link leads to are there: one for each value of its row."""
    addresses = link.addresses(columns)
    problems = list(filter(None, map(exists, sorted(addresses))))
    said = "; ".join(problems[:3]) or f"{len(addresses)} pages are there"
    return Check(f"link {link.place}", not problems, said)


def leads_nowhere(uids: set[str], outside: Callable[[str], str], address: str) -> str:
    """Why an address leads nowhere, '' where it leads to one of the dashboards `uids`, or where
    `outside` has nothing to say of it."""
    uid = re.match(r"/d/([^/?]+)", address)
    if uid is None:
        return outside(address)
    return "" if uid[1] in uids else f"no dashboard {uid[1]!r} ({address})"


def summary(checks: list[Check]) -> str:
    """How many passed, failed and were excused; the slowest query."""
    failed = sum(not check.ok for check in checks)
    excused = [check for check in checks if check.excused]
    lines = [f"{len(checks)} checks, {failed} failed, {len(excused)} empty with a reason"]
    timed = [check for check in checks if check.seconds is not None]
    if timed:
        slowest = max(timed, key=lambda check: check.seconds or 0.0)
        lines[0] += (
            f"; {len(timed)} queries, the slowest {(slowest.seconds or 0) * 1000:.0f} ms"
            f" ({slowest.name})"
        )
    lines += [f"  empty: {check.name} ({check.excused})" for check in excused]
    return "\n".join(lines)


def as_line(check: Check) -> str:
    """A check for people."""
    took = "" if check.seconds is None else f", {check.seconds * 1000:.0f} ms"
    return f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.detail}{took}"


def as_json(checks: list[Check]) -> str:
    """The checks for machines."""
    return json.dumps([asdict(check) for check in checks], indent=2)

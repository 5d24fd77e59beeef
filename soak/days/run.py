"""Bad days: what becomes of a monitor whose day is damaged, and of its neighbours.

python -m soak.days --count 1000 --seed 1
"""

import argparse
import contextlib
import io
import os
import random
import re
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from driftdeck.cli import main as driftdeck
from driftdeck.collectors.engines import choice
from driftdeck.database import migrate
from driftdeck.database.embedded import Embedded, free_port
from driftdeck.settings import IsolatedSettings, Settings
from soak.days.damages import DAMAGES, fits
from soak.days.house import AFTER, BEFORE, DAY, KINDS, House, Kind
from soak.days.scene import Damage, Scene

COMMANDS = {
    "due": ["due", "--no-report"],
    "list": ["due", "--list"],
    "missing": ["backfill", "all", "--missing", "--workers", "1", "--reports", "0"],
    "backfill": ["backfill", "all", "--workers", "1", "--reports", "0"],
}
PATIENCE = 60
"""Seconds after which a command hangs."""
WEIGHTS = (12, 1, 3, 4)
FAULTS = (
    "neighbours not collected", "tracebacks", "nothing named", "wrong numbers", "columns lost",
    "numbers lost", "no row",
)  # fmt: skip


class Number(NamedTuple):
    """What a number is stored as. start: of its window. segment: '' of the whole. is_threshold:
    whether it is what the value is compared with."""

    start: datetime
    metric: str
    column: str
    segment: str
    is_threshold: bool


Numbers = dict[Number, float | None]


@dataclass(frozen=True)
class Case:
    """A bad day. stored: whether the day had been collected well before it was damaged."""

    kind: Kind
    damage: Damage
    labels: bool
    column: str
    stored: bool
    command: str
    seed: int

    def __str__(self) -> str:
        where = " labels" if self.labels else ""
        column = f" of {self.column}" if self.column else ""
        when = "stored before" if self.stored else "new"
        return f"{self.kind.name}{where}: {self.damage.name}{column}, {when}, {self.command}"


@dataclass
class Seen:
    """What became of a case. output: of the commands; rows: (status, error) of the bad monitor's
    windows of the day, by their starts; numbers: its values and their thresholds; healthy: the
    neighbours that were collected."""

    output: str
    code: int
    rows: dict[datetime, tuple[str, str]]
    numbers: Numbers
    healthy: set[str]
    faults: list[str] = field(default_factory=list)


def cases(count: int, seed: int) -> Iterator[Case]:
    """So many days, the same for a seed; each damage of each kind before any comes twice."""
    dice = random.Random(seed)
    every = [
        (kind, damage, labels)
        for kind in KINDS
        for labels in ((False, True) if kind.labels else (False,))
        for damage in DAMAGES
        if fits(damage, kind, labels)
    ]
    while count > 0:
        dice.shuffle(every)
        for kind, damage, labels in every[:count]:
            columns = [c for c in damage.columns if not (kind.labels and c == "y")]
            yield Case(
                kind,
                damage,
                labels,
                dice.choice(columns) if columns else "",
                dice.random() < 0.6,
                dice.choices(list(COMMANDS), WEIGHTS)[0],
                dice.randrange(2**32),
            )
        count -= len(every)


class Soak:
    """Days of a house, one after another, each judged by the same day undamaged."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._undamaged: dict[str, Numbers] = {}

    def undamaged(self, kind: Kind) -> Numbers:
        """The numbers of a kind's day as it should be; they are kept for the next, too."""
        if kind.name not in self._undamaged:
            self.house.forget(["bad", BEFORE, AFTER])
            self.house.lay(kind)
            self._command(kind, "missing")
            self._undamaged[kind.name] = self._numbers()
            if not self._undamaged[kind.name]:
                raise RuntimeError(f"{kind.name}: the undamaged day was not collected")
            self.house.keep(kind)
        return self._undamaged[kind.name]

    def play(self, case: Case) -> Seen:
        """Damage a day, collect, and judge."""
        undamaged = self.undamaged(case.kind)
        self.house.lay(case.kind)
        self.house.forget(["bad", BEFORE, AFTER])
        if case.stored:
            self.house.recall(case.kind)
        dice = random.Random(case.seed)
        scene = Scene(self.house, case.kind, dice, case.labels, case.column)
        try:
            case.damage.apply(scene)
        except Exception as error:
            raise RuntimeError(f"{case}: cannot be damaged so") from error
        code, output = self._command(case.kind, case.command)
        rows = self.house.admin.execute(
            "select window_start, status, coalesce(error, '') from monitoring.window_status"
            " where monitor = 'bad' and window_start >= %s order by window_start",
            [f"{DAY}Z"],
        )
        windows = {start: (status, error) for start, status, error in rows}
        healthy = self.house.admin.execute(
            "select monitor from monitoring.window_status"
            " where monitor = any(%s) and status = 'ok' group by 1",
            [[BEFORE, AFTER]],
        ).fetchall()
        neighbours = {name for (name,) in healthy}
        if case.command == "list":
            neighbours = {name for name in (BEFORE, AFTER) if f"\n{name} " in f"\n{output}"}
        seen = Seen(output, code, windows, self._numbers(), neighbours)
        seen.faults = list(judge(case, scene.place, seen, undamaged))
        return seen

    def _numbers(self) -> Numbers:
        values = self.house.admin.execute(
            "select window_start, metric, column_name, slice_value, is_threshold,"
            " case when is_threshold then coalesce(alert_above, alert_below) else value end"
            " from monitoring.metric_value, (values (false), (true)) kinds (is_threshold)"
            " where monitor = 'bad' and window_start >= %s",
            [f"{DAY}Z"],
        )
        return {Number(*key): value for *key, value in values}

    def _command(self, kind: Kind, name: str) -> tuple[int, str]:
        """A command as from a terminal that refuses what is no text: its exit, what it said."""
        terminal = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
        with (
            mock.patch("driftdeck.settings.load_settings", return_value=self.house.of(kind)),
            mock.patch.object(choice, "LARGE", 0),  # by the index, which is proved elsewhere
            contextlib.redirect_stdout(terminal),
            contextlib.redirect_stderr(terminal),
        ):
            signal.signal(signal.SIGALRM, _end)
            signal.alarm(PATIENCE)
            try:
                code = driftdeck(COMMANDS[name])
            except (Exception, Hang):
                code = 99
                terminal.buffer.write(traceback.format_exc().encode(errors="replace"))
            finally:
                signal.alarm(0)
        written = terminal.buffer.getvalue()
        return code, written.decode(errors="replace")


class Hang(BaseException):
    """A command that does not end; nothing that guards against exceptions catches it."""


def _end(*_: object) -> None:
    raise Hang(f"not done in {PATIENCE} s")


def judge(case: Case, place: str, seen: Seen, undamaged: Numbers) -> Iterator[str]:
    """The faults of a day. place: what an error must name."""
    if missing := {BEFORE, AFTER} - seen.healthy:
        yield f"neighbours not collected: {', '.join(sorted(missing))}"
    texts = [seen.output, *(error for _, error in seen.rows.values())]
    if any("Traceback" in text or ", line " in text for text in texts):
        yield "tracebacks"
    if case.command == "list":
        return
    if {key.start for key in undamaged} - seen.rows.keys():
        yield "no row"
    names = [place, case.column] if case.column else [place]
    for status, error in seen.rows.values():
        if status in ("failed", "partial") and not any(
            re.search(rf"(?<!\w){name}(?!\w)", error) for name in names
        ):
            yield f"nothing named: {status}: {error}"
        if len(error) > 2000 or "\n" in error:
            yield f"nothing named: no sentence: {error[:60]}"
    yield from _judge_numbers(case, seen, undamaged)


def _judge_numbers(case: Case, seen: Seen, undamaged: Numbers) -> Iterator[str]:
    for key, right in undamaged.items():
        if _is_touched(case, key):
            continue
        status, _ = row = seen.rows.get(key.start, ("", ""))
        reported = status in ("failed", "partial")
        value = seen.numbers.get(key)
        if status == "empty" and key.metric == "row_count":
            value = None
        if value is not None and right is not None and abs(value - right) > 1e-9:
            moved = case.damage.moves and case.kind.layout == "undated"
            if not (case.damage.leaves_out and (reported or moved)):
                yield f"wrong numbers: {key} {value} for {right}"
        elif value is None and right is not None and case.column:
            yield f"columns lost: {key}"
        elif value is None and right is not None and case.stored and not case.damage.leaves_out:
            yield f"numbers lost: {key} of {row}"


def _is_touched(case: Case, key: Number) -> bool:
    """Whether a damage may well change a number."""
    metric, column = key.metric, key.column
    return bool(case.column) and (
        column == case.column
        or (case.column == "g" and bool(key.segment))
        or (metric == "accuracy" and case.column in ("p", "y"))
        or (metric == "prediction_mean" and case.column == "p")
        or (metric == "target_mean" and case.column == "y")
    )


@contextlib.contextmanager
def database(folder: Path) -> Iterator[Settings]:
    """Settings of a server of its own, which ends with the block."""
    settings = IsolatedSettings(stack_dir=folder, postgres_port=free_port(), runtime="embedded")
    server = Embedded(folder / "postgres", settings.postgres_port)
    server.start(settings.postgres_user, settings.postgres_password, settings.postgres_db)
    try:
        migrate(settings)
        yield settings
    finally:
        server.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Play days, tell each fault, and end with their counts; 1 if there was any."""
    parser = argparse.ArgumentParser(prog="python -m soak.days", description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parsed = parser.parse_args(arguments)
    counts: Counter[str] = Counter()
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        database(Path(folder)) as settings,
    ):
        os.chmod(folder, 0o755)
        soak = Soak(House(settings, Path(folder) / "house"))
        for n, case in enumerate(cases(parsed.count, parsed.seed)):
            seen = soak.play(case)
            for fault in {fault.partition(":")[0] for fault in seen.faults}:
                counts[fault] += 1
            if seen.faults:
                counts["bad days"] += 1
                print(f"{n} {case}\n    {list(seen.rows.values())}")
                for fault in seen.faults[:4]:
                    print(f"    {fault}")
                sys.stdout.flush()
    print(f"{parsed.count} days in {time.monotonic() - began:.0f} s, seed {parsed.seed}")
    for fault in FAULTS:
        print(f"{counts[fault]:6} {fault}")
    return int(bool(counts))

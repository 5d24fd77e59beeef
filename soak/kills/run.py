"""Kills what trains a model, at any step and in any way, and looks whether the next run mends it.

python -m soak.kills [COUNT] [--seed N]: the whole tree of processes, the parent alone, the
database's connections or its server are ended in all steps of a training; then one `due`, or one
`backfill --missing`, must come to what an undisturbed run comes to, row for row.
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from soak.kills.house import House, wait

WAYS = ("tree", "parent", "connections", "server")
DAYS = ("2024-01-09", "2024-01-18")
"""The days whose windows call for a training."""
STEPS = (
    *("called", "training", "trained", "recorded"),
    *("promoting", "promoting 2", "promoting 5", "promoted", "done"),
)
"""Called, recorded and done are states of the training's row, the others marks that it leaves."""
COMMANDS = {
    "backfill": ("backfill", "small", "--workers", "1", "--reports", "0"),
    "backfill by two": ("backfill", "small", "--workers", "2", "--reports", "0"),
    "due": ("due", "small"),
}
GONE_WITHIN = 10.0
"""Seconds after which nothing of a killed run may be left."""


@dataclass(frozen=True)
class Kill:
    """When and how a run is ended.

    day: whose training it is in. later: so many seconds after the step has begun.
    """

    command: str
    way: str
    step: str
    day: str
    later: float

    def __str__(self) -> str:
        return f"{self.command}, {self.way}, {self.step} {self.day} + {self.later:.2f} s"


def sample_kills(count: int, seed: int) -> list[Kill]:
    """Kills spread over steps, ways and commands."""
    lot = random.Random(seed)
    steps = [(step, day) for day in DAYS for step in STEPS]
    commands = ["backfill", "backfill", "backfill by two", "backfill by two", "due"]
    return [
        Kill(
            commands[n % len(commands)],
            WAYS[n % len(WAYS)],
            *steps[n * 7 % len(steps)],
            lot.uniform(0, 0.25),
        )
        for n in range(count)
    ]


class Soak:
    """Runs kills in a house; keeps what undisturbed runs come to."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._whole: dict[str, dict[str, list[tuple[object, ...]]]] = {}

    def run(self, kill: Kill) -> list[str]:
        """What differs after a kill and one more run; nothing where all is well."""
        whole = self._undisturbed("due" if kill.command == "due" else "backfill")
        self._house.clear()
        wrong = self._interrupted(kill)
        arguments = COMMANDS[kill.command]
        if kill.command != "due":
            arguments = (*arguments, "--missing")
        self._house.collect(arguments)
        return wrong + differences(whole, self._house.rows())

    def _undisturbed(self, command: str) -> dict[str, list[tuple[object, ...]]]:
        if command not in self._whole:
            self._house.clear()
            self._house.collect(COMMANDS[command])
            self._whole[command] = self._house.rows()
            trained = [row for row in self._whole[command]["retraining"] if "done" in row]
            if len(trained) != len(DAYS):
                raise RuntimeError(f"an undisturbed {command} trains {len(trained)} times")
        return self._whole[command]

    def _interrupted(self, kill: Kill) -> list[str]:
        house = self._house
        with house.collecting(COMMANDS[kill.command]) as run:
            if kill.step == "called":
                for earlier in DAYS[: DAYS.index(kill.day)]:
                    wait(lambda day=earlier: self._is("done", day), f"done {earlier}")
                with house.holding("retraining small"):  # waited for, as another process's
                    wait(lambda: self._is("running", kill.day), kill.step)
                    return self._end(kill, run)
            if kill.step in ("recorded", "done"):
                wait(lambda: self._is(kill.step, kill.day), kill.step)
            else:
                wait(lambda: house.marked(kill.step, kill.day), kill.step)
            return self._end(kill, run)

    def _is(self, state: str, day: str) -> bool:
        """Whether a day's training is so far."""
        with self._house.admin() as connection:
            row = connection.execute(
                "select status, new_version <> '' from monitoring.retraining"
                " where window_start = %s",
                [f"{day} 00:00Z"],
            ).fetchone()
        return row is not None and (row[1] if state == "recorded" else row[0] == state)

    def _end(self, kill: Kill, run: "subprocess.Popen[str]") -> list[str]:
        """End it, and say what of it is left."""
        time.sleep(kill.later)
        house = self._house
        began = house.processes()
        if kill.way == "tree":
            for process in began:
                process.kill()
        elif kill.way == "parent":
            run.kill()
        elif kill.way == "connections":
            with house.admin() as connection:
                connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where usename = 'collector'"
                )
        else:
            house.kill_server()
        left = psutil.wait_procs(began, timeout=GONE_WITHIN)[1]
        if kill.way == "server":
            house.start_server()
        return [f"{len(left)} processes are left"] if left else []


def differences(
    whole: dict[str, list[tuple[object, ...]]], after: dict[str, list[tuple[object, ...]]]
) -> list[str]:
    """Of each table, how many rows are not those of the undisturbed run."""
    return [
        f"{table}: {len(set(map(repr, whole[table])) ^ set(map(repr, after[table])))} rows differ"
        for table in whole
        if whole[table] != after[table]
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill so many runs; 1 if one of them was not mended."""
    parser = argparse.ArgumentParser(prog="python -m soak.kills", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=25)
    parser.add_argument("--seed", type=int, default=0)
    parsed = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that its database ends, too
    failed = 0
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        house = House(Path(folder))
        house.begin()
        try:
            soak = Soak(house)
            for number, kill in enumerate(sample_kills(parsed.count, parsed.seed), 1):
                began = time.monotonic()
                wrong = soak.run(kill)
                failed += bool(wrong)
                verdict = "; ".join(wrong) or "equal"
                print(f"{number}: {kill}: {verdict} ({time.monotonic() - began:.0f} s)", flush=True)
        finally:
            house.end()
    print(f"{parsed.count - failed} of {parsed.count} equal")
    return int(failed > 0)

"""An hour of a watched service at full pace, with readers and a backfill beside it: is it flat?

python -m soak.load [--minutes 60] [--clients 10] starts a house of its own (database, Evidently UI,
and Grafana where GRAFANA_BIN names one, else previews), plays the flights' year against the served
model in so many minutes, has clients open dashboards without a pause, and backfills all the while.
Fails where an answer is an error, a process ends, or memory or connections go on growing.
"""

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import psycopg

from driftdeck.database import Role, connect, postmaster
from driftdeck.database.embedded import free_port
from driftdeck.grafana.client import Grafana
from driftdeck.settings import Settings, load_settings
from driftdeck.stack import steps
from driftdeck.stack.local import grafana_binary
from driftdeck.stack.runtime import choose
from driftdeck.verify.checks import QueryResult, check_queries
from driftdeck.verify.grafana import LiveGrafana, run_query
from driftdeck.verify.provisioning import Provisioning
from driftdeck.verify.queries import Query
from examples.flights.live.play import BEGINS, ENDS
from soak.flat import growth

ROOT = Path(__file__).parents[1]
EVERY_S = 5.0
"""Between two looks at memory and connections."""
BYTES, CONNECTIONS = 32 * 2**20, 2.0
"""So much growth is noise, whatever its share."""
SHARE = 0.10
"""So much growth of a mean, over the judged two thirds of the time, is none."""
CONNECTED = (
    "select coalesce(usename, 'none') as role, count(*) from pg_stat_activity"
    " where backend_type = 'client backend' group by 1"
)


class House:
    """A stack of its own in a folder, for the play: everything is stopped when the block ends."""

    def __init__(self, folder: Path) -> None:
        own = {
            "DRIFTDECK_PROJECT": str(ROOT / "examples/flights/live/house"),
            "PYTHONPATH": str(ROOT),
            "STACK_DIR": str(folder),
            "DATA_DIR": str(folder / "data"),
            "PROVISIONING_DIR": str(folder / "provisioning"),
            "RUNTIME": "grafana" if grafana_binary(load_settings()) else "embedded",
            **{f"{name}_PORT": str(free_port()) for name in ("POSTGRES", "GRAFANA", "EVIDENTLY")},
        }
        os.environ.update(own, EVIDENTLY_URL=f"http://127.0.0.1:{own['EVIDENTLY_PORT']}")
        self.settings = load_settings()
        self.has_grafana = own["RUNTIME"] == "grafana"

    def __enter__(self) -> "House":
        subprocess.run(steps.command("up"), cwd=ROOT, check=True)
        self.settings = load_settings()  # with the passwords that it has made
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(steps.command("down"), cwd=ROOT, check=False)

    def processes(self, play: psutil.Process) -> Iterator[tuple[str, psutil.Process]]:
        """(part, process) of everything that should live as long as the house."""
        folder = self.settings.stack_dir
        for part in ("grafana", "preview", "evidently"):
            pid = folder / f"{part}.pid"
            if pid.exists():
                yield part, psutil.Process(int(pid.read_text().split()[0]))
        if server := postmaster.process(folder / "postgres"):
            yield from (("postgresql", backend) for backend in (server, *server.children()))
        yield "play", play
        for child in play.children():
            words = child.cmdline()
            yield ("collectors" if "driftdeck" in words else "service"), child


class Clients:
    """Readers that open every dashboard again and again. seconds: of each answer."""

    def __init__(self, house: House, count: int) -> None:
        self.seconds: list[float] = []
        self.errors: Counter[str] = Counter()
        self._over = threading.Event()
        open_all = self._by_grafana if house.has_grafana else self._by_preview
        self._settings = house.settings
        self._built = Provisioning(choose(house.settings).artefacts(), {})
        self._threads = [
            threading.Thread(target=self._read, args=(open_all,), daemon=True) for _ in range(count)
        ]

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=120)

    def _read(self, open_all: Callable[[], Iterator[tuple[float, str]]]) -> None:
        while not self._over.is_set():
            try:
                for seconds, error in open_all():
                    self.seconds.append(seconds)
                    if error:
                        self.errors[error[:200]] += 1
                    if self._over.is_set():
                        break
            except Exception as error:  # a reader that ends would make the load lighter, unseen
                self.errors[f"{type(error).__name__}: {error}"[:200]] += 1
                time.sleep(1)

    def _by_grafana(self) -> Iterator[tuple[float, str]]:
        now = datetime.now(UTC)
        live = LiveGrafana(self._settings, self._built, Grafana(self._settings), now)
        answers: list[QueryResult] = []

        def time_query(question: Query) -> QueryResult:
            answers.append(run_query(live, question))
            return answers[-1]

        for check in check_queries(self._built, time_query, lambda _: "", now):
            if check.seconds is not None and answers:
                yield check.seconds, answers.pop().error

    def _by_preview(self) -> Iterator[tuple[float, str]]:
        with httpx.Client(base_url=self._settings.grafana, timeout=120) as client:
            for dashboard in self._built.dashboards():
                began = time.perf_counter()
                answer = client.get(f"/api/preview/dashboards/{dashboard['uid']}")
                error = "" if answer.is_success else f"{answer.status_code} {answer.text}"
                yield time.perf_counter() - began, error


def main() -> int:
    """Run the hour; 1 if anything failed or grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--folder", type=Path, default=ROOT / ".stack" / "soak" / "load")
    parsed = parser.parse_args()
    samples: dict[str, list[float]] = defaultdict(list)
    with House(parsed.folder.resolve()) as house:
        pace = parsed.minutes * 60 / (ENDS - BEGINS).days
        play = [sys.executable, "-m", "examples", "play", "--pace", f"{pace:g}"]
        play += ["--port", str(free_port())]
        with _running(play, parsed.folder / "play.log") as playing, _backfilling(parsed.folder) as (
            backfills
        ), Clients(house, parsed.clients) as clients:  # fmt: skip
            problems = _sample(house, playing, parsed.minutes * 60, samples)
        days = _days(house.settings)
    print(f"{parsed.minutes:g} minutes, {parsed.clients} clients, {days} days collected")
    print(f"backfills: {backfills['done']} done, {backfills['failed']} failed")
    return int(bool(_report(clients, samples, problems)) or backfills["failed"] > 0)


def _sample(
    house: House, play: psutil.Process, seconds: float, samples: dict[str, list[float]]
) -> list[str]:
    """Look at memory and connections until the time is over; what ended before its time."""
    deadline = time.monotonic() + seconds
    known: set[tuple[str, int]] = set()
    while time.monotonic() < deadline:
        time.sleep(EVERY_S)
        memory: Counter[str] = Counter()
        try:
            living = list(house.processes(play))
        except (psutil.NoSuchProcess, OSError) as error:
            return [f"a program has ended: {error}"]
        for part, process in living:
            try:
                memory[part] += process.memory_full_info().uss
            except psutil.NoSuchProcess:  # a connection's server ends with it
                continue
        for part, used in memory.items():
            samples[f"memory of {part}"].append(used)
        try:
            with connect(house.settings, Role.ADMIN) as connection:
                for role, count in connection.execute(CONNECTED):
                    samples[f"connections of {role}"].append(count)
        except psycopg.Error as error:
            return [f"the database does not answer: {error}"]
        parts = {(part, process.pid) for part, process in living if part != "postgresql"}
        gone = known - parts
        if gone:
            return [f"{part} (pid {pid}) has ended" for part, pid in sorted(gone)]
        known = parts
    return []


def _report(clients: Clients, samples: Mapping[str, list[float]], problems: list[str]) -> list[str]:
    """Say everything; what failed."""
    times = sorted(clients.seconds) or [0.0]
    p95 = times[int(len(times) * 0.95)]
    print(
        f"answers: {len(clients.seconds)}, errors: {sum(clients.errors.values())}, median"
        f" {statistics.median(times) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms,"
        f" longest {times[-1] * 1000:.0f} ms"
    )
    problems = problems + [f"{count} times: {error}" for error, count in clients.errors.items()]
    for name, values in sorted(samples.items()):
        of_memory = name.startswith("memory")
        grown, mean = growth(values)
        scale, unit = (2**20, "MB") if of_memory else (1, "")
        print(
            f"{name}: mean {mean / scale:.0f} {unit}, most {max(values) / scale:.0f} {unit},"
            f" grew by {grown / scale:+.1f} {unit} over the last two thirds"
        )
        if grown > max(SHARE * mean, BYTES if of_memory else CONNECTIONS):
            problems.append(f"{name} goes on growing")
    for problem in problems:
        print(f"FAILED {problem}")
    return problems


def _days(settings: Settings) -> int:
    with connect(settings, Role.ADMIN) as connection:
        row = connection.execute("select count(*) from monitoring.window_status").fetchone()
    return row[0] if row else 0


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[psutil.Process]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()


@contextmanager
def _backfilling(folder: Path) -> Iterator[Counter[str]]:
    """Collect every day there is, again and again; how often it went well, and not."""
    ended: Counter[str] = Counter()
    over = threading.Event()

    def run() -> None:
        with (folder / "backfill.log").open("wb") as out:
            while not over.is_set():
                command = steps.command("backfill", "all", "--reports", "0")
                done = subprocess.run(
                    command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, check=False
                )
                ended["failed" if done.returncode else "done"] += 1

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield ended
    finally:
        over.set()
        thread.join(timeout=600)


if __name__ == "__main__":
    sys.exit(main())

"""Plays the flights' year against the service: a day in so many seconds, by monitoring.clock."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pandas as pd
import psycopg

from driftdeck.database import connect
from driftdeck.settings import Settings
from examples.errors import ExampleError
from examples.flights import data, model, prepare
from examples.flights.live import tables
from examples.flights.live.retrain import MODELS
from examples.flights.live.service import Models

ROOT = Path(__file__).parents[3]
MONITOR = "flights_live"
BEGINS = pd.Timestamp("2013-04-11", tz=data.ZONE)
"""Two weeks before the model first fails; what came before lies in the tables at the start."""
ENDS = pd.Timestamp("2014-01-02", tz=data.ZONE)
PARTS = 12
"""So many requests a day: the flights that depart in a twelfth of it, together."""
SET_CLOCK = (
    "insert into monitoring.clock (played_at) values (%s)"
    " on conflict (only_one) do update set played_at = excluded.played_at"
)


def seed(settings: Settings) -> bool:
    """Fill the tables up to BEGINS, by the first model, and set the clock; False if it is set."""
    with connect(settings) as connection:
        if played(connection) is not None:
            return False
        flights = data.load()
        first = prepare.first_model(flights)
        first.save(settings.data / MODELS)
        Models(settings.data / MODELS).promote(first.facts.version)
        past = prepare.predicted(flights[flights["scheduled_departure"] < BEGINS], first)
        tables.add(connection, "predictions", tables.LOGGED, past)
        _land(connection, past, pd.Timestamp.min.tz_localize("UTC"), BEGINS)
        connection.execute(SET_CLOCK, [BEGINS])
    return True


def played(connection: psycopg.Connection) -> datetime | None:
    """The moment that is being played, None where the clock is the real one."""
    row = connection.execute("select played_at from monitoring.clock").fetchone()
    return row[0] if row else None


def play(settings: Settings, pace: float, port: int) -> None:
    """Play on from where the clock stands to the year's end, or until Ctrl-C or SIGTERM.

    pace: seconds a day. port: of the service on 127.0.0.1. The service and the collectors run as
    programs of their own, as they would. Raises ExampleError if the service does not answer.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what it starts ends, too
    flights = data.load()
    address = f"http://127.0.0.1:{port}"
    serve = ["examples", "serve", "--port", str(port)]
    collect = ["driftdeck", "due", MONITOR, "--every", f"{pace:g}"]
    with connect(settings) as connection, _running(serve) as service:
        moment = played(connection)
        if moment is None:
            raise ExampleError("nothing is prepared to be played; run `make demo-live`")
        _wait(service, address)
        with _running(collect), httpx.Client(base_url=address, timeout=60) as client:
            try:
                _play(connection, client, flights, pd.Timestamp(moment), pace)
            except httpx.HTTPError as error:
                raise ExampleError(f"the service answers no more: {error}") from error


def _play(
    connection: psycopg.Connection,
    client: httpx.Client,
    flights: pd.DataFrame,
    moment: pd.Timestamp,
    pace: float,
) -> None:
    version = ""
    while moment < ENDS:
        began = time.monotonic()
        until = min(moment + timedelta(days=1) / PARTS, ENDS)
        departing = _within(flights, "scheduled_departure", moment, until)
        answered = _ask(client, departing)
        _land(connection, flights, moment, until)
        connection.execute(SET_CLOCK, [until])
        connection.commit()
        if answered and answered != version:
            print(f"{_day(until)}: model {answered} answers", flush=True)
            version = answered
        if _day(until) != _day(moment):
            print(f"{_day(moment)} is over", flush=True)
        moment = until
        time.sleep(max(0.0, pace / PARTS - (time.monotonic() - began)))


def _ask(client: httpx.Client, departing: pd.DataFrame) -> str:
    """Have the service predict; the version that answered, '' if there was nothing to ask."""
    if departing.empty:
        return ""
    rows = departing[["flight_id", "scheduled_departure", *model.FEATURES]].astype(object)
    rows["scheduled_departure"] = departing["scheduled_departure"].map(pd.Timestamp.isoformat)
    answer = client.post("/predictions", json=rows.where(rows.notna(), None).to_dict("records"))
    answer.raise_for_status()
    return str(answer.json()[-1]["model_version"])


def _land(
    connection: psycopg.Connection, flights: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp
) -> None:
    """Write what became of the flights that arrive in a span: labels come later, and apart."""
    arrived = _within(flights, "arrived_at", start, end)
    rows = arrived[arrived["late"].notna()].astype({"late": int})
    tables.add(connection, "outcomes", tables.OUTCOME, rows)


def _within(
    flights: pd.DataFrame, column: str, start: pd.Timestamp, end: pd.Timestamp
) -> pd.DataFrame:
    return flights[(flights[column] >= start) & (flights[column] < end)]


def _day(moment: pd.Timestamp) -> str:
    return f"{moment.tz_convert(data.ZONE):%Y-%m-%d}"


@contextmanager
def _running(arguments: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """One of our commands, as long as the block runs."""
    command = [sys.executable, "-W", "ignore", "-m", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _wait(service: "subprocess.Popen[bytes]", address: str) -> None:
    while service.poll() is None:
        try:
            httpx.get(f"{address}/health").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.2)
        else:
            return
    raise ExampleError("the service did not start, see above; is its port taken? give --port")

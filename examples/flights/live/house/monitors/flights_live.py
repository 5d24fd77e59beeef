"""The flights' model in service, watched through the table that it logs to."""

from dataclasses import replace

from driftdeck import declare as d
from examples.flights.monitors.flights import MONITOR as FLIGHTS

assert FLIGHTS.retrain is not None
MONITOR = replace(
    FLIGHTS,
    name="flights_live",
    title="Flight delays, live",
    description="The same model in service: it answers over HTTP, each answer is a row of a table.",
    source=d.Table("live.predictions", time="scheduled_departure"),
    labels=d.Table("live.outcomes", time="arrived_at", on="flight_id"),
    retrain=replace(
        FLIGHTS.retrain,
        run="examples.flights.live.retrain:train",
        promote="examples.flights.live.retrain:promote",
        during_backfill=False,
    ),
)

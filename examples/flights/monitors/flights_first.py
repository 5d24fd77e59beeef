"""The same flights by the first model, never retrained: what a retraining is measured against."""

from dataclasses import replace

from driftdeck import declare as d
from examples.flights.monitors.flights import MONITOR as FLIGHTS

COMPARED = "compared with the model that answers"
MONITOR = replace(
    FLIGHTS,
    name="flights_first",
    title="Flight delays, first model",
    description="What the model of 1 March says of the flights that retrained ones answer.",
    reference=None,
    slices=(),
    columns=FLIGHTS.columns[:1],
    prediction=d.probability("first_probability", cut=0.5),
    model_version="",
    metrics=(d.recall(unjudged=COMPARED), d.log_loss(unjudged=COMPARED)),
    retrain=None,
)

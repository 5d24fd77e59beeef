"""The same flights by the first model, never retrained: what a retraining is measured against."""

from monitors import declare as d

MONITOR = d.Monitor(
    name="flights_first",
    title="Flight delays, first model",
    description="What the model of 1 March says of the flights that retrained ones answer.",
    owner="ml-platform",
    source=d.Parquet("flights", time="scheduled_departure"),
    labels=d.Parquet("flight_labels", time="arrived_at", on="flight_id"),
    every=d.Daily(timezone="America/New_York"),
    starts="2013-01-01",
    ends="2013-12-31",
    columns=(d.number("departure_delay", d.MINUTES),),
    prediction=d.probability("first_probability", cut=0.5),
    target="late",
    metrics=(
        d.recall(unjudged="compared with the model that answers"),
        d.log_loss(unjudged="compared with the model that answers"),
    ),
    late_after=d.Hours(30),
    min_rows=300,
)

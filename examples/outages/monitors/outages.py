"""Power cuts: how many minutes will this outage last?"""

from driftdeck import declare as d

MONITOR = d.Monitor(
    name="outages",
    title="Outage duration",
    description="Predicts, when an outage is opened, how many minutes it will last.",
    owner="grid-operations",
    source=d.Table("outages.predicted", time="predicted_for"),
    labels=d.Table("outages.observed", time="reported_at", on="outage_id"),
    every=d.Daily(timezone="Europe/Lisbon"),
    starts="2025-01-01",
    ends="2025-04-30",
    reference=d.Between("2025-01-01", "2025-02-14"),
    columns=(
        d.number("wind_speed", d.METRES_PER_SECOND),
        d.number("temperature", d.CELSIUS),
        d.number("line_load", d.SHARE),
        d.category("district"),
    ),
    prediction=d.number("predicted_minutes", d.MINUTES),
    target=d.number("observed_minutes", d.MINUTES),
    model_version="model_version",
    metrics=(
        d.drift(),
        d.prediction_drift(),
        d.target_drift(),
        d.missing(warn=0.02, alert=0.05),
        d.row_count(warn=(250, 600), alert=(150, 800)),
        d.agreement(),
        d.mae(),
        d.rmse(),
        d.mean_error(),
        d.prediction_mean(unjudged="read beside the mean label"),
        d.target_mean(unjudged="read beside the mean prediction"),
    ),
    late_after=d.Hours(72),
    min_rows=100,
)

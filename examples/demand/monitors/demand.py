"""Departures an hour at three airports, forecast an hour and a day ahead, in windows of 8 hours."""

from driftdeck import declare as d

LIKE_HOURS = d.Quantiles(same=d.same("hour"))
"""Nights are compared with nights: hardly anything departs then."""

MONITOR = d.Monitor(
    name="demand",
    title="Hourly departures",
    description="Forecasts how many flights depart in each hour, an hour and a day ahead.",
    owner="operations",
    source=d.Parquet("demand", time="forecast_for"),
    labels=d.Parquet("demand_labels", time="known_at", on="hour_id"),
    every=d.Hourly(8, timezone="America/New_York"),
    starts="2013-03-01",
    ends="2013-12-31",
    reference=d.Between("2013-03-01", "2013-04-30"),
    columns=(
        d.number("hour_of_day"),
        d.number("usual", d.COUNT),
        d.number("last_week", d.COUNT),
        d.number("yesterday_change"),
        d.number("temperature", d.CELSIUS),
        d.number("wind_speed", d.METRES_PER_SECOND),
        d.category("weekday"),
    ),
    prediction=d.number("prediction", d.COUNT),
    target=d.number("departures", d.COUNT),
    slices=(
        d.by(
            d.category("origin"),
            metrics=("wape", "mean_error", "interval_coverage"),
            judged=("wape",),
            min_rows=10,
        ),
        d.by(d.category("horizon"), metrics=("wape", "interval_coverage", "interval_width")),
        d.where("open", "hour_of_day >= 5", metrics=("wape", "interval_coverage")),
    ),
    metrics=(
        d.prediction_drift(baseline=d.SAME, quantiles=LIKE_HOURS),
        d.wape(quantiles=LIKE_HOURS),
        d.mase(season=168, key=("origin", "horizon"), unjudged="read beside WAPE"),
        d.mean_error(unjudged="its sign says which way WAPE errs"),
        d.coverage(low="low", high="high", warn=(0.75, None), alert=(0.65, None)),
        d.interval_width(low="low", high="high", unjudged="read beside the coverage"),
        d.missing(warn=0.05, alert=0.15, columns=("last_week", "temperature", "wind_speed")),
        d.row_count(alert=(40, 56)),
    ),
    late_after=d.Hours(8),
    min_rows=20,
)

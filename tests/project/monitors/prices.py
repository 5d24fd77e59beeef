"""What does this house cost? A regression of a table."""

from driftdeck import declare as d

MONITOR = d.Monitor(
    name="prices",
    title="House prices",
    description="Predicts what a house is sold for.",
    owner="estates",
    source=d.Table("estates.predicted", time="offered_at"),
    labels=d.Table("estates.sold", time="sold_at", on="house_id"),
    starts="2024-01-01",
    reference=d.Between("2024-01-01", "2024-01-31"),
    columns=(d.number("area"), d.category("district")),
    prediction=d.number("predicted_price"),
    target=d.number("price"),
    metrics=(
        d.drift(warn=0.1, alert=0.2),
        d.missing(warn=0.02, alert=0.05),
        d.row_count(warn=(250, 600), alert=(150, 800)),
        d.agreement(warn=0.5, alert=0.6),
        d.mae(warn=10, alert=20),
        d.mean_error(warn=(-5, 5), alert=(-10, 10)),
        d.prediction_mean(unjudged="read beside the mean label"),
        d.target_mean(unjudged="read beside the mean prediction"),
    ),
    late_after=d.Hours(72),
    min_rows=100,
)

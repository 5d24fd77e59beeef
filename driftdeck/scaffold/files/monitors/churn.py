"""Will this customer leave within a month? An example: delete it, or make it yours.

`driftdeck new NAME --from DATA` writes such a file for data of your own. What may be declared:
`python -c "from driftdeck import declare as d; help(d)"`.
"""

from driftdeck import declare as d

MONITOR = d.Monitor(
    name="churn",  # as this file is called; the dashboard's address
    title="Customer churn",
    description="Predicts whether a customer leaves within a month. Made-up data.",
    owner="you",  # who is told of its alerts
    # What the model answered: files below data/; d.Table for PostgreSQL.
    source=d.Csv("churn.csv", time="predicted_at", layout="undated"),
    every=d.Daily(timezone="UTC"),  # a window is a local day
    starts="2025-01-01",
    ends="2025-03-31",  # leave it out while rows keep coming
    # Days on which all was well; each window is compared with them.
    reference=d.Between("2025-01-01", "2025-02-20"),
    columns=(d.number("tenure_months"), d.number("spend"), d.category("plan")),
    prediction=d.probability("probability", cut=0.5),
    target="left",  # the label; those that come later may have a source of their own
    # Thresholds that are not given here are found on the reference: churn.thresholds.toml, which
    # `driftdeck calibrate churn` writes.
    metrics=(
        d.drift(),
        d.prediction_drift(),
        d.missing(warn=0.01, alert=0.05),
        d.row_count(warn=(130, 170), alert=(80, 220)),
        d.accuracy(),
        d.recall(),
        d.roc_auc(),
    ),
    # Yours is late, and alerts, when its rows do not come: late_after=d.Hours(30)
    never_late="the example has ended",
    min_rows=80,  # a window with fewer is not measured
)

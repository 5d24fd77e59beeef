"""Will this loan be repaid? A classifier with labels, a reference, and trainings."""

from driftdeck import declare as d

MONITOR = d.Monitor(
    name="loans",
    title="Loan defaults",
    description="Predicts whether a loan is not repaid.",
    owner="credit",
    source=d.Parquet("loans", time="granted_at"),
    labels=d.Parquet("loan_labels", time="known_at", on="loan_id"),
    every=d.Daily(timezone="America/New_York"),
    starts="2024-01-01",
    ends="2024-06-30",
    reference=d.Between("2024-01-01", "2024-01-31"),
    columns=(d.number("amount"), d.number("term", d.MINUTES), d.category("purpose")),
    prediction=d.probability("default_probability", cut=0.5),
    target="defaulted",
    model_version="model_version",
    metrics=(
        d.drift(warn=0.1, alert=0.2),
        d.prediction_drift(warn=0.1, alert=0.2),
        d.target_drift(warn=0.1, alert=0.2),
        d.missing(warn=0.05, alert=0.15),
        d.row_count(warn=(600, 1100), alert=(450, 1200)),
        d.recall(warn=0.6, alert=0.5),
        d.precision(warn=0.6, alert=0.5),
        d.accuracy(warn=0.8, alert=0.7),
        d.roc_auc(warn=0.8, alert=0.7),
        d.log_loss(warn=0.4, alert=0.5),
        d.prediction_mean(unjudged="read beside the mean label"),
        d.target_mean(unjudged="read beside the mean prediction"),
    ),
    retrain=d.Retrain(
        "training:train", metrics=("recall", "log_loss"), after=3, of=5, cooldown=d.Days(30)
    ),
    late_after=d.Hours(30),
    min_rows=300,
)

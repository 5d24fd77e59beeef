"""The same loans by a first model: a name of two words, and nothing that is judged."""

from driftdeck import declare as d

COMPARED = "compared with the model that answers"
MONITOR = d.Monitor(
    name="loans_first",
    title="Loan defaults, first model",
    description="What the first model says of the same loans.",
    owner="credit",
    source=d.Parquet("loans", time="granted_at"),
    labels=d.Parquet("loan_labels", time="known_at", on="loan_id"),
    starts="2024-01-01",
    columns=(d.number("amount"),),
    prediction=d.probability("first_probability", cut=0.5),
    target="defaulted",
    metrics=(d.recall(unjudged=COMPARED), d.log_loss(unjudged=COMPARED)),
    late_after=d.Hours(30),
    min_rows=300,
)

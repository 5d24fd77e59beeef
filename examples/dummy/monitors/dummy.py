"""The hello-world: random rows of `make dummy`, to see a first panel move."""

from driftdeck import declare as d

MONITOR = d.Monitor(
    name="dummy",
    title="Dummy metrics",
    description="Random numbers written every few seconds by `make dummy`.",
    owner="you",
    source=d.Table("monitoring.dummy_metrics", time="timestamp"),
    columns=(d.number("value1"), d.number("value3", d.SHARE)),
    metrics=(
        d.missing(warn=0.01, alert=0.05),
        d.row_count(unjudged="rows come only while `make dummy` runs"),
    ),
    never_late="rows come only while `make dummy` runs",
)

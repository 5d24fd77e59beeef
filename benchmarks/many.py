"""Declarations by the hundred, as files of one classifier each."""

from pathlib import Path

TEXT = '''"""Benchmark {number}."""

from driftdeck import declare as d

MONITOR = d.Monitor(
    name="{name}",
    title="Benchmark {number}",
    description="One of many classifiers.",
    owner="team {team}",
    source=d.Parquet("{name}", time="at"),
    starts="2024-01-01",
    reference=d.Between("2024-01-01", "2024-01-31"),
    columns=({columns}),
    prediction=d.probability("p", cut=0.5),
    target="y",
    metrics=(
        d.drift(warn=0.1, alert=0.2),
        d.prediction_drift(warn=0.1, alert=0.2),
        d.target_drift(warn=0.1, alert=0.2),
        d.missing(warn=0.01, alert=0.05),
        d.row_count(warn=(200, 600), alert=(100, 800)),
        d.accuracy(warn=0.7, alert=0.6),
        d.precision(warn=0.7, alert=0.6),
        d.recall(warn=0.7, alert=0.6),
        d.roc_auc(warn=0.8, alert=0.7),
        d.log_loss(warn=0.6, alert=0.8),
        d.prediction_mean(unjudged="read beside the mean label"),
        d.target_mean(unjudged="read beside the mean prediction"),
    ),
    late_after=d.Hours(24),
    min_rows=50,
)
'''


def declare(folder: Path, count: int, columns: int) -> list[str]:
    """Write so many declarations, each of so many columns; their names."""
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for number in range(count):
        name = f"bench_{number:04}"
        kinds = ["number" if n % 3 else "category" for n in range(columns)]
        listed = ", ".join(f'd.{kind}("column_{n:02}")' for n, kind in enumerate(kinds))
        text = TEXT.format(name=name, number=number, team=number % 10, columns=f"{listed},")
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
        names.append(name)
    return names

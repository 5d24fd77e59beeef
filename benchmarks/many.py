"""Declarations by the hundred, as files of one classifier each."""

from dataclasses import dataclass
from pathlib import Path

TEXT = '''"""Benchmark {number}."""

from driftdeck import declare as d

MONITOR = d.Monitor(
    name="{name}",
    title="Benchmark {number}",
    description="One of many classifiers.",
    owner="team {team}",
    source=d.Parquet("{name}", time="at"),
    starts="2024-01-01",{fields}
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


@dataclass(frozen=True)
class Kind:
    """Monitors that are alike. columns: how many features, every third a category. fields: more of
    the declaration, such as how its windows are cut."""

    columns: int
    fields: str = ""


def declare(folder: Path, count: int, kind: Kind, first: int = 0) -> list[str]:
    """Write so many declarations of a kind, numbered from `first` on; their names."""
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for number in range(first, first + count):
        name = f"bench_{number:04}"
        kinds = ["number" if n % 3 else "category" for n in range(kind.columns)]
        columns = ", ".join(f'd.{of}("column_{n:02}")' for n, of in enumerate(kinds))
        fields = f"\n    {kind.fields}," if kind.fields else ""
        text = TEXT.format(
            name=name, number=number, team=number % 10, columns=f"{columns},", fields=fields
        )
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
        names.append(name)
    return names

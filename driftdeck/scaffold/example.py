"""The log of the example: a model of customers who leave, whose world changes in March.

Made up, the same on every machine: a stranger sees a quiet month, a warning and an alert.
"""

import csv
import math
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

BEGINS = datetime(2025, 1, 1, tzinfo=UTC)
DAYS, ROWS = 90, 150
CHANGES = 68
"""From this day on a campaign brings other customers, of whom the model knows nothing."""
FIELDS = ("predicted_at", "tenure_months", "spend", "plan", "probability", "left")


def write_log(path: Path) -> None:
    """Write 90 days of 150 predictions as CSV, each with its label."""
    source = random.Random(2025)  # made-up data
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        for day in range(DAYS):
            for row in range(ROWS):
                writer.writerow(_customer(source, day, row))


def _customer(source: random.Random, day: int, row: int) -> tuple[object, ...]:
    changed = day >= CHANGES and source.random() < min(1.0, (day - CHANGES + 1) / 14)
    at = BEGINS + timedelta(days=day, seconds=row * 86_400 // ROWS)
    tenure = max(0.0, source.gauss(8 if changed else 24, 6))
    spend = max(1.0, source.gauss(32 if changed else 45, 9))
    plan = source.choices(("basic", "plus", "pro"), (7, 2, 1) if changed else (4, 4, 2))[0]
    logit = 4.0 - 0.18 * tenure - 0.06 * (spend - 45) - (1.0 if plan == "pro" else 0.0)
    believed = 1 / (1 + math.exp(-logit))
    truth = 1 / (1 + math.exp(-(logit - (4.0 if changed else 0.0))))
    return (
        f"{at:%Y-%m-%dT%H:%M:%SZ}",
        f"{tenure:.1f}",
        f"{spend:.2f}",
        plan,
        f"{believed:.4f}",
        int(source.random() < truth),
    )

"""The frames that everyone measures: 12 numbers and 8 categories, a window and a reference."""

from pathlib import Path

import numpy as np
import pandas as pd

NUMBERS = [f"n{n:02}" for n in range(12)]
CATEGORIES = [f"c{n:02}" for n in range(8)]


def frame(rows: int, seed: int, shift: float) -> pd.DataFrame:
    """Normal, skewed, rounded and offset numbers; categories of 3 to 300 words."""
    random = np.random.default_rng(seed)
    columns: dict[str, object] = {}
    for n, name in enumerate(NUMBERS):
        normal = random.normal(shift * (n % 3), 1 + 0.1 * n, rows)
        columns[name] = [normal, np.exp(normal), normal.round(1), 1e6 + normal][n % 4]
    for n, name in enumerate(CATEGORIES):
        words = np.array([f"word {k}" for k in range(3 * 2**n if n < 7 else 300)])
        weights = 1 / (np.arange(len(words)) + 1 + shift)
        columns[name] = words[random.choice(len(words), rows, p=weights / weights.sum())]
    return pd.DataFrame(columns)


def write(folder: Path, window: int, reference: int) -> None:
    """Both frames as Parquet, so that every environment reads the same."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows, seed, shift in (
        ("window", window, 1, 0.05),
        ("reference", reference, 2, 0.0),
    ):
        frame(rows, seed, shift).to_parquet(folder / f"{name}.parquet", index=False)

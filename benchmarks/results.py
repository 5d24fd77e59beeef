"""What was measured, kept by part in results.json, and how ratios are said."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "results.json"
SCRATCH = Path(__file__).resolve().parent.parent / ".stack" / "bench"
"""Frames, databases and environments of benchmarks; may be deleted."""
LIBRARIES = ("evidently", "pandas", "numpy", "scipy", "psycopg", "grafanalib", "sqlglot")


def summary(values: Sequence[float]) -> dict[str, float]:
    """Minimum, median and maximum, to four digits."""
    spread = {"min": min(values), "median": statistics.median(values), "max": max(values)}
    return {name: float(f"{value:.4g}") for name, value in spread.items()}


def ratios(theirs: Sequence[float], ours: Sequence[float]) -> dict[str, float]:
    """How many times theirs took ours, round by round: both were measured in each."""
    return summary([a / b for a, b in zip(theirs, ours, strict=True)])


def format_summary(spread: dict[str, float], unit: str = "") -> str:
    """A summary for people."""
    return f"{spread['median']:.4g}{unit} ({spread['min']:.4g} to {spread['max']:.4g})"


def record(part: str, results: Any) -> None:
    """Keep a part's results in place of those before, with the machine they are of."""
    everything = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    machine = {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }
    everything[part] = {"machine": machine, "results": results}
    text = json.dumps(everything, indent=2, sort_keys=True) + "\n"
    FILE.write_text(text, encoding="utf-8")

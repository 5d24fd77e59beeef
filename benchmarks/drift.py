"""Drift of 20 columns: ours, the floor, Evidently, and with --peers NannyML, whylogs and Frouros.

python -m benchmarks.drift [--peers] measures the same frames in turns, each in a process of its
own (peers in an environment of their own, see benchmarks/peers), and says ratios to ours.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import frames
from benchmarks.results import SCRATCH, format_summary, ratios, record, summary

HERE = Path(__file__).parent
SIZES = {
    "10k/10k": (10_000, 10_000),
    "100k/100k": (100_000, 100_000),
    "10k/1M": (10_000, 1_000_000),
    "1M/1M": (1_000_000, 1_000_000),
}
HERE_ALWAYS = ("ours", "floor", "evidently_preset", "evidently_valuedrift")
PEERS = ("nannyml", "whylogs", "frouros")
ROUNDS = 3
REPEATS = {"ours": 7, "floor": 7}
"""Of one process: the fast are measured more often, and their median is taken."""


def main() -> None:
    """Measure each size in rounds, say and record the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true", help="measure other libraries, too")
    parser.add_argument("--sizes", nargs="*", default=list(SIZES), choices=list(SIZES))
    parsed = parser.parse_args()
    names = HERE_ALWAYS + (PEERS if parsed.peers else ())
    for size in parsed.sizes:
        part = f"drift of {size}{' with peers' if parsed.peers else ''}"
        record(part, measure(size, names))


def measure(size: str, names: tuple[str, ...]) -> dict[str, Any]:
    """Everyone at one size, a round after the other."""
    folder = SCRATCH / "frames" / size.replace("/", "-")
    if not (folder / "reference.parquet").exists():
        frames.write(folder, *SIZES[size])
    rounds = [
        {name: run(name, folder, REPEATS.get(name, 1)) for name in names} for _ in range(ROUNDS)
    ]
    memory = {name: run(name, folder, 0)["mib"] for name in names}
    seconds = {name: [_median(turn[name]["seconds"]) for turn in rounds] for name in names}
    print(f"\n{size} rows of window/reference", flush=True)
    results = {}
    for name in names:
        last = rounds[-1][name]
        results[name] = {
            "times_ours": ratios(seconds[name], seconds["ours"]),
            "seconds": summary(seconds[name]),
            "fit_seconds": summary([turn[name]["fit"] for turn in rounds]),
            "mib": round(memory[name], 1),
            "columns": len(last["values"]),
            "apart": _apart(last["values"], rounds[-1]["ours"]["values"])
            if name in HERE_ALWAYS
            else None,  # others divide by no deviation, or score by p-values
        }
        apart = results[name]["apart"]
        print(
            f"  {name:22} {format_summary(results[name]['times_ours'], 'x'):28}"
            f" {results[name]['seconds']['median']:9.4g} s, fit"
            f" {results[name]['fit_seconds']['median']:8.3g} s, {memory[name]:7.0f} MiB,"
            f" {len(last['values']):2} columns"
            + (f", at most {apart:.1e} from ours" if apart is not None else ""),
            flush=True,
        )
    return results


def run(name: str, folder: Path, repeats: int) -> dict[str, Any]:
    """One contestant in a process of its own; 0 repeats ask for its memory. Raises RuntimeError."""
    python = sys.executable
    if name in PEERS:
        python = str(SCRATCH / name / "bin" / "python")
    command = [python, str(HERE / "contestants.py"), name, str(folder), str(repeats)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout.strip().rpartition("\n")[2])
    return result


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _apart(theirs: dict[str, float], ours: dict[str, float]) -> float | None:
    """The largest difference of a column that both measured, None where there is none."""
    both = set(theirs) & set(ours)
    return max((abs(theirs[name] - ours[name]) for name in both), default=None)


if __name__ == "__main__":
    main()

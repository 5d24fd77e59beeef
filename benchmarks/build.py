"""How the build and the check grow with the number of monitors.

python -m benchmarks.build [COUNT ...] builds and checks so many declared monitors, in turns.
"""

import json
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from benchmarks import many
from benchmarks.results import SCRATCH, record, said, spread
from generator.artefacts import artefacts
from generator.files import stale, write
from generator.gate import own
from monitors.load import load
from processes import beside
from settings import CommittedSettings

COUNTS = (10, 100, 1000)
COLUMNS, ROUNDS = 8, 3
PARTS = ("build", "check")
"""What make build does, and make check, which builds again to compare."""


def main() -> None:
    """Measure, say, record."""
    if sys.argv[1:2] == ["--once"]:
        print(json.dumps(once(Path(sys.argv[2]))))
        return
    counts = [int(one) for one in sys.argv[1:]] or list(COUNTS)
    found = {str(count): measure(count) for count in counts}
    record("build", found)
    for count, one in found.items():
        seconds = ", ".join(f"{part} {said(one[f'{part}_seconds'], ' s')}" for part in PARTS)
        each = [f"{one[f'{part}_seconds']['median'] * 1000 / int(count):.1f}" for part in PARTS]
        print(f"{count:>5} monitors: {seconds}; a monitor {', '.join(each)} ms")


def measure(count: int) -> dict[str, dict[str, float]]:
    """Seconds of so many monitors, from reading their declarations on, each time in a new process.

    A process remembers the declarations that it read and the statements that it judged.
    """
    folder = SCRATCH / f"build-{count}"
    shutil.rmtree(folder, ignore_errors=True)
    many.declare(folder / "monitors", count, COLUMNS)
    (folder / "provisioning").mkdir()
    command = [sys.executable, "-m", "benchmarks.build", "--once", str(folder)]
    rounds = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for _ in range(ROUNDS)
    ]
    return {f"{part}_seconds": spread([one[part] for one in rounds]) for part in PARTS}


def once(folder: Path) -> dict[str, float]:
    """Seconds of each part, the whole folder written anew."""
    settings = CommittedSettings().model_copy(
        update={"monitors_dir": folder / "monitors", "provisioning_dir": folder / "provisioning"}
    )
    write(settings.provisioning_dir, {})
    began = time.perf_counter()
    write(settings.provisioning_dir, artefacts(settings))
    built = time.perf_counter()
    load.cache_clear()
    with beside(partial(own, settings)) as gate:
        left = stale(settings.provisioning_dir, artefacts(settings))
        found, _ = gate()
    if left or found:
        raise RuntimeError(f"{folder.name}: {(left or found)[0]}")
    return {"build": built - began, "check": time.perf_counter() - built}


if __name__ == "__main__":
    main()

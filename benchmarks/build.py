"""How the build and the check grow with the number of monitors.

python -m benchmarks.build [COUNT ...] builds and checks so many declared monitors, in turns.
"""

import shutil
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import many
from benchmarks.results import SCRATCH, record, said, spread
from generator.artefacts import artefacts
from generator.files import write
from generator.gate import own
from monitors.load import load
from preflight import sql
from settings import CommittedSettings

COUNTS = (10, 100, 1000)
COLUMNS, ROUNDS = 8, 3


def main() -> None:
    """Measure, say, record."""
    counts = [int(one) for one in sys.argv[1:]] or list(COUNTS)
    found = {str(count): measure(count) for count in counts}
    record("build", found)
    for count, one in found.items():
        each = 1000 / int(count)
        print(
            f"{count:>5} monitors: build {said(one['build_seconds'], ' s')},"
            f" check {said(one['check_seconds'], ' s')}; a monitor"
            f" {one['build_seconds']['median'] * each:.1f} and"
            f" {one['check_seconds']['median'] * each:.1f} ms"
        )


def measure(count: int) -> dict[str, Any]:
    """Seconds of so many monitors, from reading their declarations on."""
    folder = SCRATCH / f"build-{count}"
    shutil.rmtree(folder, ignore_errors=True)
    many.declare(folder / "monitors", count, COLUMNS)
    settings = CommittedSettings().model_copy(
        update={"monitors_dir": folder / "monitors", "provisioning_dir": folder / "provisioning"}
    )
    (folder / "provisioning").mkdir()
    built, checked = [], []
    for _ in range(1 if count >= COUNTS[-1] else ROUNDS):
        load.cache_clear()
        sql.shape.cache_clear()
        began = time.perf_counter()
        write(Path(settings.provisioning_dir), artefacts(settings))
        built.append(time.perf_counter() - began)
        began = time.perf_counter()
        found, _ = own(settings)
        checked.append(time.perf_counter() - began)
        if found:
            raise RuntimeError(f"{count} monitors: {found[0]}")
    return {"build_seconds": spread(built), "check_seconds": spread(checked)}


if __name__ == "__main__":
    main()

"""Whether the committed thresholds still fit their declarations."""

from monitors import thresholds
from monitors.load import load
from settings import Settings


def stale_thresholds(settings: Settings) -> list[str]:
    """A sentence for each threshold that is stale, missing, left over, or written twice."""
    found: list[str] = []
    for monitor in load(settings.monitors_dir):
        path = thresholds.path_beside(settings.monitors_dir / f"{monitor.name}.py")
        found += thresholds.problems(monitor, thresholds.read(path))
    return found

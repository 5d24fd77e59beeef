"""Whether the committed thresholds still fit their declarations."""

from driftdeck import thresholds
from driftdeck.load import declaration, load
from driftdeck.project import Project


def stale_thresholds(settings: Project) -> list[str]:
    """A sentence for each threshold that is stale, missing, left over, or written twice."""
    problems: list[str] = []
    for monitor in load(*settings.monitor_folders):
        path = thresholds.path_beside(declaration(monitor.name, settings.monitor_folders))
        problems += thresholds.problems(monitor, thresholds.read(path))
    return problems

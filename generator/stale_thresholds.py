"""Whether the committed thresholds still fit their declarations."""

from driftdeck import threshold_files
from driftdeck.load import find_declaration, load
from driftdeck.project import Project


def stale_thresholds(project: Project) -> list[str]:
    """A sentence for each threshold that is stale, missing, left over, or written twice."""
    problems: list[str] = []
    for monitor in load(*project.monitor_folders):
        path = threshold_files.locate(find_declaration(monitor.name, project.monitor_folders))
        problems += threshold_files.find_problems(monitor, threshold_files.read(path))
    return problems

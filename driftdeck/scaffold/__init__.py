"""A project of one's own: `driftdeck init` writes the files, and builds what Grafana reads."""

from driftdeck.scaffold.init import FOLDER, init

__all__ = ["FOLDER", "init"]

"""Monitoring of machine-learning models as code: Evidently, PostgreSQL and Grafana.

Declarations are written with `from driftdeck import declare as d`, dashboards of one's own with
`driftdeck.dashboards`; everything else is reached through the command `driftdeck`.
"""

__version__ = "0.2.0"

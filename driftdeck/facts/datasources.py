"""Ids of Grafana's datasource plugins."""

from typing import Final

POSTGRES: Final = "grafana-postgresql-datasource"
"""PostgreSQL's plugin, since 10.2.3."""
POSTGRES_ALIAS: Final = "postgres"
"""Its id before, which stays an alias."""
POSTGRES_IDS: Final = (POSTGRES_ALIAS, POSTGRES)

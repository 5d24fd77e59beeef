"""Servers of one's own, which nobody starts here; collections run here."""

from collections.abc import Sequence

import psycopg

from driftdeck.database import connect
from driftdeck.database.errors import sentence
from driftdeck.grafana.client import Grafana
from driftdeck.settings import Settings
from driftdeck.stack import steps


class Own:
    """The PostgreSQL of DATABASE_URL, and the Grafana of GRAFANA_URL where it is set."""

    name = "servers of your own"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def run(self, arguments: Sequence[str]) -> int:
        """Run a command in the project's folder with these settings; its exit status."""
        return steps.run_here(self.settings, arguments)

    def status(self) -> list[tuple[str, bool, str]]:
        """(part, answers, address) for each part."""
        settings = self.settings
        problem = self._problem()
        where = f"{settings.database}: {problem}" if problem else settings.database
        parts = [("PostgreSQL", not problem, where)]
        if settings.grafana_url:
            parts.append(("Grafana", Grafana(settings).health() is not None, settings.grafana))
        return parts

    def _problem(self) -> str:
        """Why the database does not answer, '' where it does."""
        try:
            with connect(self.settings):
                return ""
        except psycopg.Error as error:
            return sentence(error)

    def complaints(self) -> list[str]:
        """None: their logs lie elsewhere."""
        return []

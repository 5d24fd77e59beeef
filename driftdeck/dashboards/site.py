"""What dashboards must know of the place they are built for."""

import hashlib
from dataclasses import dataclass

from driftdeck.facts.datasources import POSTGRES
from driftdeck.schema_name import SCHEMA, in_schema


@dataclass(frozen=True, kw_only=True)
class Site:
    """The names that settings decide.

    datasource_uid: of the PostgreSQL datasource. uid_prefix: before every uid, so that several
    builds can share one Grafana. alert_folder: title of the rules' folder. rule_interval: between
    evaluations, a multiple of 10 s. evidently: the address of Evidently's UI. reference: where
    docs/reference.md is read. schema: of the database, for which SQL says `monitoring.`.
    """

    datasource_uid: str
    uid_prefix: str
    alert_folder: str
    rule_interval: str
    evidently: str
    reference: str = ""
    schema: str = SCHEMA

    @property
    def datasource(self) -> dict[str, str]:
        """The reference that panels and targets carry."""
        return {"type": POSTGRES, "uid": self.datasource_uid}

    def sql(self, text: str) -> str:
        """A query of ours as the database of this site understands it."""
        return in_schema(text, self.schema)

    def report(self, monitor: str, moment: str) -> str:
        """The address that leads to the report of the window at a moment, in ms, or "newest"."""
        return f"{self.evidently}/window/{monitor}/{moment}"

    def uid(self, *names: str) -> str:
        """A uid from stable names: at most 40 characters, a hash in place of what is longer."""
        uid = self.uid_prefix + "-".join(names).replace("_", "-")
        if len(uid) <= 40:
            return uid
        return uid[:31] + "-" + hashlib.sha256(uid.encode()).hexdigest()[:8]


def panel_id(key: str) -> int:
    """A panel's id from its stable name, never from its position: 1 to 999,999."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % 999_999 + 1

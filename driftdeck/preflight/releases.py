"""Releases of Grafana, and what differs between them: the one place for it."""

from dataclasses import dataclass
from typing import Final

from driftdeck.errors import UsageError

DEFAULT: Final = "13.3"


@dataclass(frozen=True, order=True)
class Release:
    """A release of Grafana, as far as it is told: 13.3 stands for any 13.3.x."""

    major: int
    minor: int = 0
    patch: int = 0

    @classmethod
    def of(cls, text: str) -> "Release":
        """From `13.3`, `v13.3.1` or `13`. Raises UsageError."""
        parts = text.strip().removeprefix("v").split("-")[0].split(".")
        if not 1 <= len(parts) <= 3 or not all(part.isdigit() for part in parts):
            raise UsageError(f"{text!r} is no release of Grafana; write 13.3 or 9.4")
        return cls(*(int(part) for part in parts))

    def __str__(self) -> str:
        return ".".join(map(str, (self.major, self.minor)))


SUPPORTED: Final = ("12.4", "13.1", "13.3")
"""What the build is for; CI starts each. 9.4 is built for, too: what is drawn was seen on it."""
POSTGRES_RENAMED: Final = Release(10, 2, 3)
"""From here the type is grafana-postgresql-datasource; `postgres` stays an alias. #80180."""
KEEP_LAST_STATE: Final = Release(10, 4)
"""noDataState and execErrState know KeepLast."""
FOR_OPTIONAL: Final = Release(11, 5)
"""A rule without `for` fires at once; before, it ends the start."""
ROUTING_FIRST: Final = Release(10, 4)
"""Who is told is provisioned before the rules, which may name a receiver of their own."""
FOLDERS_APART: Final = Release(11, 0)
"""Up to here a dashboard and a folder of one title exclude each other for certain."""
TITLES_FREE: Final = Release(12, 0)
"""Titles are no identity: two rules or dashboards of a folder may share one, folders are told apart
by every letter, and rules may lie in a folder General. Measured on 12.4."""
STRICT_UIDS: Final = Release(12, 0)
"""Uids of rules, contact points and datasources are checked at the start. Measured on 12.4."""
DATASOURCE_BY_UID: Final = Release(12, 0)
"""A stored datasource is looked for by the uid that the file says, and is not found under another:
that ends the start. Measured on 12.4."""
CORRELATIONS_LAST: Final = Release(11, 0)
"""Correlations are made when every datasource is there. Measured on 12.4."""
NO_V2_FILES: Final = Release(13, 0)
"""Files with v2 are refused ("dashboard appears to be in v2 format"), grafana/grafana#122663."""
PRUNE: Final = Release(11, 1)
"""prune: true deletes provisioned datasources that are in no file any more."""
BROWSER_WANTS_DATABASE: Final = Release(12, 2)
"""The browser reads jsonData.database only; a top-level `database` breaks every panel."""
PGX: Final = Release(12, 4)
"""PostgreSQL is asked through pgx, for which a blank in a password is one, a missing url is
localhost:5432, and a query without `format` a time series. Measured on 12.4."""
DEFAULT_EMAIL_GONE: Final = Release(12, 4)
"""The contact point that a fresh server has is `empty`, no longer `grafana-default-email`."""
ROOT_WITHOUT_MATCHERS: Final = Release(12, 0)
"""Matchers of the root policy end the start; before, they are passed over. Measured on 12.4."""
UTF8_MATCHERS: Final = Release(12, 0)
"""Matchers of policies name labels of any letters. Measured on 12.4."""
ACTIVE_INTERVALS: Final = Release(12, 1)
"""Policies know active_time_intervals; before, they are passed over."""
BARE_LIST_PANICS: Final = Release(12, 4)
"""Providers in the old format, a bare list, end the start with a panic."""
LATER_SETTINGS: Final = Release(12, 4)
"""The settings of `laterreceivers` are known to be looked at; 9.4 passes them over."""
RESET_AS_ASKED: Final = Release(12, 4)
"""resetPolicies beside policies is taken as meant; the record of 9.4 counts the tree as lost."""
TAG_LENGTH: Final = Release(12, 4)
"""A dashboard with a tag of over 50 bytes is not saved."""
RESOURCES: Final = Release(12, 4)
"""Dashboards as objects of dashboard.grafana.app are read from files. Measured on 12.4."""
MORE_FUNCTIONS: Final = Release(10, 0)
"""Message templates know more functions than Alertmanager's first ones."""

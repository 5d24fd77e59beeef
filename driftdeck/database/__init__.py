"""The monitoring database: its schema, its roles, how to connect, and an embedded server."""

from driftdeck.database.connect import (
    Role,
    alone_with_evidently,
    connect,
    evidently_uri,
    place,
    uri,
)
from driftdeck.database.migrate import migrate

__all__ = ["Role", "alone_with_evidently", "connect", "evidently_uri", "migrate", "place", "uri"]

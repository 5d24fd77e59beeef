"""The monitoring database: its schema, its roles, how to connect, and an embedded server."""

from database.connect import Role, connect, evidently_uri, uri
from database.migrate import migrate

__all__ = ["Role", "connect", "evidently_uri", "migrate", "uri"]

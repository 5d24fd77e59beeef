"""The monitoring database: its schema, its roles, how to connect, and an embedded server."""

from database.connect import Role, alone_with_evidently, connect, evidently_uri, uri
from database.migrate import migrate

__all__ = ["Role", "alone_with_evidently", "connect", "evidently_uri", "migrate", "uri"]

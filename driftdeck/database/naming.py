"""Cursors that qualify SQL with the project's schema: see driftdeck/schema_name.py."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Self

import psycopg
from psycopg.abc import Params, Query
from psycopg.sql import Composable

from driftdeck.schema_name import SCHEMA, in_schema


@lru_cache(maxsize=8)
def cursor_of(schema: str) -> type[psycopg.Cursor[Any]]:
    """The class of cursors for a schema; psycopg's own for that which SQL names already."""
    if schema == SCHEMA:
        return psycopg.Cursor

    class Qualifying(psycopg.Cursor[Any]):
        def _qualified(self, query: Query) -> bytes:
            return _qualify(query, schema, self)

        def execute(self, query: Query, *arguments: Any, **keywords: Any) -> Self:
            return super().execute(self._qualified(query), *arguments, **keywords)

        def executemany(
            self, query: Query, params_seq: Iterable[Params], *, returning: bool = False
        ) -> None:
            super().executemany(self._qualified(query), params_seq, returning=returning)

        def stream(self, query: Query, *arguments: Any, **keywords: Any) -> Iterator[Any]:
            return super().stream(self._qualified(query), *arguments, **keywords)

        def copy(self, statement: Query, *arguments: Any, **keywords: Any) -> Any:
            return super().copy(self._qualified(statement), *arguments, **keywords)

    return Qualifying


def server_cursor_of(schema: str) -> type[psycopg.ServerCursor[Any]]:
    """The same of cursors that the server keeps, by which many rows are read a few at a time."""
    if schema == SCHEMA:
        return psycopg.ServerCursor

    class Qualifying(psycopg.ServerCursor[Any]):
        def execute(self, query: Query, *arguments: Any, **keywords: Any) -> Self:
            qualified = _qualify(query, schema, self)
            return super().execute(qualified, *arguments, **keywords)

    return Qualifying


def _qualify(query: Query, schema: str, context: Any) -> bytes:
    """A query with the schema's own name. context: what knows the encoding."""
    if isinstance(query, Composable):
        text = query.as_string(context)
    elif isinstance(query, bytes):
        text = query.decode()
    else:
        text = str(query)
    return in_schema(text, schema).encode()

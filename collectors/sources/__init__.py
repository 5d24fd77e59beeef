"""Reads just one window of a source: files by day or by time, tables through psycopg."""

from collectors.sources.errors import SourceError, SourceGoneError
from collectors.sources.reader import Reader, Rows

__all__ = ["Reader", "Rows", "SourceError", "SourceGoneError"]

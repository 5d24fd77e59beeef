"""The schema of the database that everything of ours lies in, and how SQL comes to name it.

SQL says `monitoring.` wherever it names a thing of ours, so that it reads as what it is. Where a
project has chosen another schema, the text is qualified with that one as it leaves: for a
connection of ours, for a migration, and for the queries of dashboards and rules. Nothing depends
on a session's search_path, which a pooler in transaction mode does not keep.
"""

import re
from functools import lru_cache

SCHEMA = "monitoring"
"""What SQL of ours says, and the default."""
NAME = re.compile(r"(?!pg_)[A-Za-z_][A-Za-z0-9_-]{0,62}")
"""A schema's name: PostgreSQL keeps 63 bytes, and `pg_` for itself."""
TAKEN = ("public", "information_schema")
"""Schemas of everybody's: rights in ours are taken from all others."""
NAMED = re.compile(
    r"""
    '(?:monitoring)(?=\.\w+'::regclass)             # 'monitoring.metric_value'::regclass
    | '(?:[^']|'')*'                                # any other string stays: a title, say
    | "(?:[^"]|"")*"                                # and so does a name in quotes,
    | --[^\n]*                                      # and a comment
    | (?<![\w.$])monitoring(?=\.[a-z_])             # monitoring.metric
    | (?<=\bschema\ )monitoring\b                   # on schema monitoring
    """,
    re.VERBOSE,
)


def problem(name: str) -> str:
    """Why a schema cannot have this name; '' if it can."""
    if name in TAKEN:
        return f"{name} is everybody's; choose a schema of driftdeck's own"
    if not NAME.fullmatch(name):
        return "write letters, digits, _ and -, at most 63, beginning with a letter, not with pg_"
    return ""


@lru_cache(maxsize=1024)
def in_schema(sql: str, schema: str) -> str:
    """SQL that says `monitoring.`, for a database in which that schema is called `schema`.

    Other strings, comments and `"monitoring".` in quotes stay as they are.
    """
    if schema == SCHEMA:
        return sql
    names = {SCHEMA: f'"{schema}"', f"'{SCHEMA}": f'\'"{schema}"'}
    return NAMED.sub(lambda match: names.get(match[0], match[0]), sql)

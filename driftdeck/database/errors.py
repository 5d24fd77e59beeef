"""What a database's error means to a person: one sentence, with the mend of this cause."""

import re

MENDS = {
    "28P01": "the password is not the one that the user was made with: one that was changed after"
    " the data was made must be changed in the database, too (alter role ... password ...)",
    "28000": "this user may not connect; see the server's pg_hba.conf",
    "3D000": "name a database that is there",
    "3F000": "name a schema that is there",
    "42P01": "name a table that is there, as schema.table",
    "42703": "name a column that is there",
    "42501": "grant it to the user of the address",
    "42883": "mend the view, or read one that makes the column a plain type",
    "57014": "it took longer than the server allows; add an index on the time column",
    "tls-root": "name the certificate of the server's CA: sslrootcert=FILE in the address",
    "tls-name": "connect by a name that the server's certificate has",
    "tls-ca": "name the certificate of the CA that signed the server's: sslrootcert=FILE",
    "tls-off": "the server has no TLS; mend it there, or leave out sslmode and sslrootcert",
    "tls-on": "does the server want TLS? Add sslmode=verify-full and sslrootcert=FILE",
    "53300": "the server has no connection left; close some, or raise max_connections",
    "53100": "the server's disk is full; make room",
}
CLASSES = {
    "08": "is the server up? The next run tries again",
    "57": "the server ends connections; is it going down? The next run tries again",
    "22": "mend the rows, or the view, that this comes of",
}
UNREACHABLE = "is the server running there, and is the address right?"
SIGNS = {
    "root certificate file": "tls-root",
    "does not match host name": "tls-name",
    "certificate verify failed": "tls-ca",
    "signature failure": "tls-ca",
    "server does not support SSL": "tls-off",
    "no encryption": "tls-on",
    "password authentication failed": "28P01",
    "no password supplied": "28P01",
    "no pg_hba.conf entry": "28000",
    "does not exist": "3D000",
    "too many clients": "53300",
    "connection is lost": "08",
    "connection is closed": "08",
    "closed the connection": "08",
}
"""A connection that fails, or is lost, has no code; its text tells."""

UNREADABLE = re.compile(
    r"percent-encoded|unexpected spaces|connection info string|invalid (URI|connection option)"
    r"|end of string reached|unexpected character|port number|integer value|could not be cast to"
)
"""How libpq complains of an address: with the part that it cannot read, which may be a password."""
ADDRESS = (
    "the address cannot be read; write postgresql://user:password@host:port/database, with %25 for"
    " a % and %20 for a blank in it"
)


def sentence(error: BaseException) -> str:
    """An error of psycopg or ADBC, without its query and without a password; how to mend it."""
    message = _first_line(str(error))
    if UNREADABLE.search(message) and not getattr(error, "sqlstate", None):
        return ADDRESS
    code = str(getattr(error, "sqlstate", "") or "")
    if not code:
        code = (
            "22" if is_of_rows(error) else next((c for s, c in SIGNS.items() if s in message), "")
        )
    mend = MENDS.get(code) or CLASSES.get(code[:2]) or ("" if code else UNREACHABLE)
    return f"{message}; {mend}" if mend else message


def is_lost(error: BaseException) -> bool:
    """Whether a connection is gone, so that another may do."""
    code = str(getattr(error, "sqlstate", "") or "")
    return not code or code[:2] in ("08", "57")


def is_of_rows(error: BaseException) -> bool:
    """Whether it is the rows' own fault: another window, or another monitor, may well be stored.

    Two that store one window at once are no fault of its rows.
    """
    import psycopg

    refused = isinstance(error, psycopg.DataError | psycopg.IntegrityError)
    return refused and not isinstance(error, psycopg.errors.UniqueViolation)


def is_outage(error: BaseException) -> bool:
    """Whether a database that everything needs has failed, not one monitor."""
    import psycopg

    return isinstance(error, psycopg.Error) and not is_of_rows(error)


def _first_line(text: str) -> str:
    """What the server says, in one line."""
    text = text.strip().partition("\nQuery was:")[0]
    for sign in ("FATAL:", "ERROR:"):
        if sign in text:
            text = text.rpartition(sign)[2]
            break
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return "the connection failed"
    first = re.sub(r" at character \d+$", "", lines[0])
    for prefix in ("IO: [libpq] ", "Failed to connect: ", "connection failed: "):
        first = first.removeprefix(prefix)
    return first

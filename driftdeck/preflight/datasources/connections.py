"""What of a datasource does not work, though Grafana starts with it."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from driftdeck.facts.datasources import POSTGRES, POSTGRES_ALIAS, POSTGRES_IDS
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.releases import (
    BROWSER_WANTS_DATABASE,
    PGX,
    POSTGRES_RENAMED,
    STRICT_UIDS,
    Release,
)
from driftdeck.preflight.uids import complaint, is_plain

if TYPE_CHECKING:
    from driftdeck.preflight.datasources.apply import Datasource

CORE = (
    "alertmanager", "cloudwatch", "elasticsearch", "grafana", "graphite", "influxdb", "jaeger",
    "loki", "mssql", "mysql", "opentsdb", "parca", "phlare", POSTGRES_ALIAS, "prometheus",
    "stackdriver", "tempo", "testdata", "zipkin",
)  # fmt: skip
"""Types that come with Grafana; those of other plugins end in -datasource or -app."""
NO_SQL = {*CORE} - {"mssql", "mysql", POSTGRES_ALIAS, "testdata", "grafana"}
SSL_MODES = ("disable", "require", "verify-ca", "verify-full")
PGX_SSL_MODES = ("", "allow", "prefer", *SSL_MODES)
WHOLE_NUMBERS = ("maxOpenConns", "maxIdleConns", "connMaxLifetime", "connectionTimeout")
FLAGS = ("timescaledb", "tlsSkipVerify")
TEXTS = (
    "database", "timeInterval", "timezone", "tlsConfigurationMethod", "sslRootCertFile",
    "sslCertFile", "sslKeyFile", "servername", "encrypt",
)  # fmt: skip
PGX_FLAGS = (*FLAGS, "enableSecureSocksProxy", "allowCleartextPasswords")
PGX_TEXTS = (*TEXTS, "authenticationType", "secureSocksProxyUsername")
FIRST_FREE_PORT = 1024
PORT = re.compile(r"[-+]?[0-9]+")


def check(datasource: "Datasource", reading: Reading) -> None:
    """Report what is wrong with one datasource."""
    report, release = reading.report, reading.release
    if not datasource.name:
        report.fatal(datasource.place("name"), "no-name", "a datasource without a name")
    if not datasource.uid:
        report.note(
            datasource.place("name"),
            "no-uid",
            f"{datasource.name!r} has no uid, so Grafana makes one of its name",
        )
    elif problem := complaint(datasource.uid):
        message = f"uid {datasource.uid!r} {problem}"
        if release >= STRICT_UIDS:
            report.fatal(datasource.place("uid"), "uid", message)
        elif not is_plain(datasource.uid):
            report.doubtful(datasource.place("uid"), "uid", f"{message}; its queries are refused")
    if datasource.access not in ("", "proxy", "direct"):
        report.doubtful(
            datasource.place("access"),
            "access",
            f"access {datasource.access!r} is taken as 'proxy'; write that",
        )
    if problem := _type(datasource.type):
        report.doubtful(
            datasource.place("type" if datasource.type else "name"),
            "type",
            f"{datasource.name!r} {problem}",
        )
    if datasource.type in POSTGRES_IDS:
        _postgres(datasource, reading)


def is_sql(kind: str) -> bool:
    """Whether a type of datasource may answer SQL; what is unknown may."""
    return kind not in NO_SQL


def _type(kind: str) -> str:
    if not kind:
        return "has no type"
    if kind in (*CORE, *POSTGRES_IDS) or kind.endswith(("-datasource", "-app")):
        return ""
    near = next(iter(get_close_matches(kind.strip().lower(), CORE, n=1)), "")
    meant = f"; {near} is meant?" if near else ""
    return f"has the type {kind!r}, which no Grafana brings along{meant}"


def _postgres(datasource: "Datasource", reading: Reading) -> None:
    report, release = reading.report, reading.release
    if datasource.type == POSTGRES and release < POSTGRES_RENAMED:
        report.doubtful(
            datasource.place("type"),
            "type",
            f"Grafana {release} knows this plugin as {POSTGRES_ALIAS!r}",
        )
    _address(datasource, reading)
    data = _json(datasource, reading)
    _database(datasource, data, reading)
    mode = data.get("sslmode")
    known = PGX_SSL_MODES if release >= PGX else SSL_MODES
    if mode is not None and mode not in known:
        report.doubtful(
            datasource.place("jsonData", "sslmode"),
            "sslmode",
            f"sslmode {mode!r} is none of {', '.join(filter(None, known))}",
        )
    for name, message in _ill_typed(data, release):
        rule = "number" if name in WHOLE_NUMBERS else "json-type"
        report.doubtful(datasource.place("jsonData", name), rule, message)
    _login(datasource, data, reading)


def _json(datasource: "Datasource", reading: Reading) -> dict[str, Any]:
    """jsonData as Go's reader takes it: there, the case of a key does not matter."""
    if reading.release >= BROWSER_WANTS_DATABASE:
        return datasource.json_data
    known = {name.lower(): name for name in (*WHOLE_NUMBERS, *FLAGS, *TEXTS, "sslmode")}
    return {
        known.get(key.lower(), key): datasource.json_data[key]
        for key in sorted(datasource.json_data)
    }


def _database(datasource: "Datasource", data: dict[str, Any], reading: Reading) -> None:
    if data.get("database"):
        return
    if not datasource.database:
        reading.report.doubtful(
            datasource.place("jsonData"), "database", "jsonData.database is missing"
        )
        return
    why = (
        "the browser reads jsonData.database only: every panel fails there"
        if reading.release >= BROWSER_WANTS_DATABASE
        else "a fresh Grafana blanks it at its first start"
    )
    reading.report.doubtful(
        datasource.place("database"),
        "database",
        f"database is at the top level, not in jsonData; {why}; move it into jsonData",
    )


def _ill_typed(data: dict[str, Any], release: Release) -> Iterator[tuple[str, str]]:
    """(key, complaint) of values of another type, with which every query fails."""
    flags, texts = (FLAGS, TEXTS) if release < PGX else (PGX_FLAGS, PGX_TEXTS)
    for name, value in data.items():
        if value is None:
            continue
        if name in WHOLE_NUMBERS and not _is_whole(value):
            yield (
                name,
                f"jsonData.{name} is {value!r}, no whole number: every query fails (a value"
                " from $VARIABLE is always a text)",
            )
        if name in flags and not isinstance(value, bool):
            yield name, f"jsonData.{name} is {value!r}, not true or false: every query fails"
        if name in texts and not isinstance(value, str):
            yield name, f"jsonData.{name} is {value!r}, no text: every query fails; quote it"


def _is_whole(value: Any) -> bool:
    """Whether JSON's number has no fraction and fits; 5.0 is written as 5."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value == int(value) and abs(value) < 2**63


def _login(datasource: "Datasource", data: dict[str, Any], reading: Reading) -> None:
    report = reading.report
    secrets = {
        "user": datasource.user,
        "secureJsonData.password": datasource.secure_json_data.get("password", ""),
        "jsonData.database": data.get("database", ""),
    }
    for name, value in secrets.items():
        if not isinstance(value, str):
            continue
        # Since pgx a blank is one; in a name it is hardly meant.
        quoted = reading.release >= PGX
        bare = any(letter.isspace() for letter in value)
        if bare and not (quoted and name.startswith("secure")):
            report.doubtful(
                datasource.place(*name.split(".")),
                "blank",
                f"{name} holds a blank: it never connects",
            )
    if not datasource.user:
        report.doubtful(
            datasource.place("name"), "user", f"{datasource.name!r} has no user: it never connects"
        )
    elsewhere = {"password": datasource.is_set("password"), "jsonData.password": "password" in data}
    elsewhere |= {
        f"secureJsonData.{key}": True
        for key in datasource.secure_json_data
        if key != "password" and key.lower() == "password"
    }
    for name, there in elsewhere.items():
        if there and not secrets["secureJsonData.password"]:
            report.doubtful(
                datasource.place(*name.split(".")),
                "password",
                f"{name} is not read; the password belongs into secureJsonData.password",
            )


def _address(datasource: "Datasource", reading: Reading) -> None:
    report, url = reading.report, datasource.url
    if not url and reading.release >= PGX:
        problem = f"{datasource.name!r} has no url: PostgreSQL is looked for where Grafana runs"
        report.note(datasource.place("url"), "url", problem)
        return
    if not url:
        report.doubtful(
            datasource.place("url"), "url", f"{datasource.name!r} has no url; write host:port"
        )
        return
    if url.startswith("/"):
        return  # the folder of a unix socket
    host, _, port = url.rpartition(":")
    if "://" in url or "/" in url:
        report.doubtful(
            datasource.place("url"),
            "url",
            f"url {url!r} is not host:port; the database is of jsonData",
        )
    elif host and not host.endswith(":") and "[" not in url and not PORT.fullmatch(port):
        report.doubtful(datasource.place("url"), "url", f"url {url!r}: {port!r} is no port")
    elif url.isdigit() or any(letter.isspace() for letter in url):
        report.doubtful(datasource.place("url"), "url", f"url {url!r} is not host:port")
    elif host and port.isdigit() and int(port) < FIRST_FREE_PORT:
        report.doubtful(
            datasource.place("url"),
            "url",
            f"no PostgreSQL listens on port {port}: below {FIRST_FREE_PORT} are the system's own",
        )

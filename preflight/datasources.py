"""datasources/*.yaml: read, checked, and applied."""

from typing import Annotated, Any

from preflight.documents import Items, Record, Scalar, plain
from preflight.fields import Entry, Flag, Free, Pointers, Text, Texts, Whole
from preflight.files import File, TopLevel, files, parse
from preflight.reading import Reading
from preflight.releases import (
    BROWSER_WANTS_DATABASE,
    PGX,
    POSTGRES_RENAMED,
    PRUNE,
    STRICT_DATASOURCE_UIDS,
)
from preflight.state import State
from preflight.uids import MOST, is_plain

POSTGRES = ("postgres", "grafana-postgresql-datasource")
SSL_MODES = ("disable", "require", "verify-ca", "verify-full")
WHOLE_NUMBERS = ("maxOpenConns", "maxIdleConns", "connMaxLifetime")
FIRST_FREE_PORT = 1024


class DeletedDatasource(Entry):
    """A datasource to delete, by name."""

    name: Text = ""
    org_id: Whole = 0


class Datasource(Entry):
    """A datasource. Its identity is (organisation, name), not its uid."""

    name: Text = ""
    uid: Text = ""
    type: Text = ""
    access: Text = ""
    org_id: Whole = 0
    url: Text = ""
    user: Text = ""
    database: Text = ""
    basic_auth: Flag = False
    basic_auth_user: Text = ""
    with_credentials: Flag = False
    is_default: Flag = False
    json_data: Free = {}
    secure_json_data: Texts = {}
    editable: Flag = False
    version: Whole = 0
    correlations: Any = None

    @property
    def org(self) -> int:
        """The organisation; 1 where none is given."""
        return self.org_id or 1


class DatasourceFile(TopLevel):
    """A file of datasources/."""

    api_version: Any = None
    datasources: Annotated[list[Datasource], Pointers] = []
    delete_datasources: Annotated[list[DeletedDatasource], Pointers] = []
    prune: Any = None


def read(tree: Any, reading: Reading) -> list[DatasourceFile]:
    """The files of datasources/, checked one by one."""
    found = []
    for file in files(tree, "datasources", reading):
        if _version(file) and (made := parse(file, DatasourceFile)):
            found.append(made)
    return found


def _version(file: File) -> bool:
    """Whether the file is of the present format; the old one is named where it loses keys."""
    content, report = file.content, file.source.reading.report
    if content is None:
        return False
    if not isinstance(content, Record):
        report.fatal(file.source.place(content), "wrong-value", "the file is no mapping")
        return False
    version = content.get("apiVersion")
    if isinstance(version, Record | Items) or (
        isinstance(version, Scalar) and version.kind not in ("int", "float", "null")
    ):
        report.fatal(
            file.source.place(version),
            "wrong-value",
            f"apiVersion {version!s} is no number; write 1",
        )
        return False
    if not version or not plain(version):
        report.doubtful(
            file.source.place(content),
            "old-format",
            "without apiVersion: 1 the file is read in the old format: uid, orgId, jsonData and"
            " every other key in camel case are ignored",
        )
    return True


def apply(found: list[DatasourceFile], state: State, reading: Reading) -> None:
    """Check datasources against one another, and store them."""
    _defaults(found, reading)
    for file in found:
        for deleted in file.delete_datasources:
            state.datasources.pop((deleted.org_id or 1, deleted.name), None)
        for one in file.datasources:
            _check(one, reading)
            _store(one, found, state, reading)
    if reading.release >= PRUNE and any(plain(file.prune) is True for file in found):
        for org, name in set(state.datasources) - {key[1:] for key in state.met}:
            del state.datasources[org, name]


def _defaults(found: list[DatasourceFile], reading: Reading) -> None:
    first: dict[int, Datasource] = {}
    for one in (one for file in found for one in file.datasources):
        if one.org not in reading.organisations:
            reading.report.fatal(
                one.place("orgId"),
                "unknown-organisation",
                f"organisation {one.org} does not exist on a fresh server (--organisation"
                f" {one.org} says that it does)",
            )
        if one.is_default:
            other = first.setdefault(one.org, one)
            if other is not one:
                reading.report.fatal(
                    one.place("isDefault"),
                    "two-defaults",
                    f"{other.name!r} is the default already ({other.place().file}); one of them"
                    " must go",
                )


def _store(one: Datasource, found: list[DatasourceFile], state: State, reading: Reading) -> None:
    key, report = (one.org, one.name), reading.report
    same = [d for f in found for d in f.datasources if (d.org, d.name) == key]
    if one is not same[-1]:
        report.lost(
            one.place("name"),
            "duplicate-datasource",
            f"{one.name!r} is written again in {same[-1].place().file}, which wins; give one"
            " another name",
        )
    holder = next(
        (n for (org, n), uid in state.datasources.items() if (org, uid) == (one.org, one.uid)), None
    )
    if one.uid and holder is not None and holder != one.name:
        report.fatal(
            one.place("uid"),
            "duplicate-uid",
            f"uid {one.uid!r} belongs to datasource {holder!r}; a datasource keeps its name, or"
            f" deleteDatasources names {holder!r}",
        )
    state.meet("datasource", *key)
    state.datasources[key] = one.uid


def _check(one: Datasource, reading: Reading) -> None:
    report, release = reading.report, reading.release
    if not one.name:
        report.doubtful(one.place("name"), "no-name", "a datasource without a name")
    if not one.uid:
        report.doubtful(
            one.place("name"), "no-uid", f"{one.name!r} has no uid, so Grafana makes one up; set it"
        )
    elif not is_plain(one.uid) or len(one.uid) > MOST:
        message = f"uid {one.uid!r} is not made of at most {MOST} letters, digits, - and _"
        if release >= STRICT_DATASOURCE_UIDS:
            report.fatal(one.place("uid"), "uid", message)
        elif not is_plain(one.uid):
            report.doubtful(one.place("uid"), "uid", f"{message}; its queries are refused")
    if one.access not in ("", "proxy", "direct"):
        report.doubtful(
            one.place("access"), "access", f"access {one.access!r} is taken as 'proxy'; write that"
        )
    if not one.type:
        report.doubtful(one.place("name"), "type", f"{one.name!r} has no type")
    elif one.type in POSTGRES:
        _postgres(one, reading)


def _postgres(one: Datasource, reading: Reading) -> None:
    report, release, data = reading.report, reading.release, one.json_data
    if one.type == POSTGRES[1] and release < POSTGRES_RENAMED:
        report.doubtful(
            one.place("type"), "type", f"Grafana {release} knows this plugin as {POSTGRES[0]!r}"
        )
    _address(one, reading)
    if not data.get("database"):
        if not one.database:
            report.doubtful(one.place("jsonData"), "database", "jsonData.database is missing")
        else:
            why = (
                "the browser reads jsonData.database only: every panel fails there"
                if release >= BROWSER_WANTS_DATABASE
                else "a fresh Grafana blanks it at its first start"
            )
            report.doubtful(
                one.place("database"),
                "database",
                f"database is at the top level, not in jsonData; {why}; move it into jsonData",
            )
    mode = data.get("sslmode")
    if mode is not None and mode not in SSL_MODES:
        report.doubtful(
            one.place("jsonData", "sslmode"),
            "sslmode",
            f"sslmode {mode!r} is none of {', '.join(SSL_MODES)}",
        )
    for name in WHOLE_NUMBERS:
        if name in data and (isinstance(data[name], bool) or not isinstance(data[name], int)):
            report.doubtful(
                one.place("jsonData", name),
                "number",
                f"jsonData.{name} is {data[name]!r}, no whole number: every query fails (a value"
                " from $VARIABLE is always a text)",
            )
    secrets = {
        "user": one.user,
        "secureJsonData.password": one.secure_json_data.get("password", ""),
    }
    for name, value in secrets.items():
        if any(letter.isspace() for letter in value) and release < PGX:
            report.doubtful(
                one.place(name.split(".")[0]), "blank", f"{name} holds a blank: it never connects"
            )


def _address(one: Datasource, reading: Reading) -> None:
    report, url = reading.report, one.url
    if not url:
        report.doubtful(one.place("url"), "url", f"{one.name!r} has no url; write host:port")
        return
    if url.startswith("/"):
        return  # the folder of a unix socket
    host, _, port = url.rpartition(":")
    if "://" in url or "/" in url:
        report.doubtful(
            one.place("url"), "url", f"url {url!r} is not host:port; the database is of jsonData"
        )
    elif host and port.isdigit() and int(port) < FIRST_FREE_PORT:
        report.doubtful(
            one.place("url"),
            "url",
            f"no PostgreSQL listens on port {port}: below {FIRST_FREE_PORT} are the system's own",
        )

"""datasources/*.yaml: read, checked, and applied."""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from driftdeck.preflight.datasources import connections
from driftdeck.preflight.read.documents import Items, Record, Scalar, plain
from driftdeck.preflight.read.fields import (
    Entry,
    Flag,
    Free,
    Pointers,
    Text,
    Texts,
    Whole,
    is_null,
    refuse_empty,
    source_of,
)
from driftdeck.preflight.read.files import File, TopLevel, files, parse
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.releases import CORRELATIONS_LAST, DATASOURCE_BY_UID, PRUNE
from driftdeck.preflight.state import State


class DeletedDatasource(Entry):
    """A datasource to delete, by name."""

    name: Annotated[Text, AfterValidator(refuse_empty)] = Field(default="", validate_default=True)
    org_id: Whole = 0


def _raw_text(value: Any, info: ValidationInfo) -> str:
    """A text that Grafana takes without looking whether it is one."""
    if not isinstance(value, Scalar) or value.kind != "str":
        raise ValueError("is missing or no text: Grafana panics")
    return source_of(info).expanded(value)


RawText = Annotated[str, BeforeValidator(_raw_text)]


class CorrelationConfig(Entry):
    """What a correlation does; the only kind is query."""

    type: Text = ""
    field: Any = None
    target: Any = None


class Correlation(Entry):
    """A link from one datasource to another, which must be there by then."""

    label: RawText = Field(default="", validate_default=True)
    description: RawText = Field(default="", validate_default=True)
    target_uid: Any = Field(default=None, alias="targetUID")
    config: CorrelationConfig | None = None


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
    correlations: Annotated[list[Correlation], Pointers] = []

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


@dataclass(frozen=True)
class Datasources:
    """The datasources of a tree, for what refers to them.

    types: type by uid; None where the tree holds no datasources at all.
    """

    types: dict[str, str] | None
    names: frozenset[str]

    @classmethod
    def of(cls, files: list[DatasourceFile]) -> "Datasources":
        """Out of a tree's files."""
        datasources = [datasource for file in files for datasource in file.datasources]
        return cls(
            {
                datasource.uid or uid_of(datasource.name): datasource.type
                for datasource in datasources
            }
            if datasources
            else None,
            frozenset(datasource.name for datasource in datasources),
        )


def uid_of(name: str) -> str:
    """The uid that Grafana gives a datasource without one (provisioning/datasources/types.go)."""
    return f"P{hashlib.sha256(name.encode()).hexdigest()[:16].upper()}"


def read(tree: Any, reading: Reading) -> list[DatasourceFile]:
    """The files of datasources/, checked one by one."""
    datasource_files = []
    for file in files(tree, "datasources", reading):
        if _version(file) and (parsed := parse(file, DatasourceFile)):
            datasource_files.append(parsed)
    return datasource_files


def _version(file: File) -> bool:
    """Whether the file is of the present format; the old one is named where it loses keys."""
    content, report = file.content, file.source.reading.report
    if is_null(content):
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
    number = plain(version) if isinstance(version, Scalar) else None
    if isinstance(number, int | float) and abs(number) >= 2**63:
        report.fatal(
            file.source.place(version), "wrong-value", f"apiVersion {version!s} is too large"
        )
        return False
    if not number or number < 1:
        report.doubtful(
            file.source.place(content),
            "old-format",
            "without apiVersion: 1 the file is read in the old format: uid, orgId, jsonData and"
            " every other key in camel case are ignored",
        )
    return True


def apply(datasource_files: list[DatasourceFile], state: State, reading: Reading) -> None:
    """Check datasources against one another, and store them."""
    _defaults(datasource_files, reading)
    if reading.release >= PRUNE:
        _prune(datasource_files, state)
    for file in datasource_files:
        for deleted in file.delete_datasources:
            state.datasources.pop((deleted.org_id or 1, deleted.name), None)
        for datasource in file.datasources:
            connections.check(datasource, reading)
            _store(datasource, datasource_files, state, reading)
            if plain(file.prune) is True:
                state.prunable.add((datasource.org, datasource.name))
        if reading.release < CORRELATIONS_LAST:
            for datasource in file.datasources:
                _correlations(datasource, state, reading)
    if reading.release >= CORRELATIONS_LAST:
        for datasource in (
            datasource for file in datasource_files for datasource in file.datasources
        ):
            _correlations(datasource, state, reading)


def _prune(datasource_files: list[DatasourceFile], state: State) -> None:
    """Those that a file with `prune: true` wrote, and no file names any more, are deleted."""
    named = {
        (datasource.org, datasource.name)
        for file in datasource_files
        for datasource in file.datasources
    }
    named |= {
        (datasource.org_id or 1, datasource.name)
        for file in datasource_files
        for datasource in file.delete_datasources
    }
    for key in state.prunable - named:
        state.datasources.pop(key, None)
    state.prunable &= named


def _correlations(datasource: Datasource, state: State, reading: Reading) -> None:
    """Each correlation has the kind query and leads to a datasource that was read by then."""
    there = {uid for (org, _), uid in state.datasources.items() if org == datasource.org}
    for index, correlation in enumerate(datasource.correlations):
        place, target = datasource.place("correlations", index), correlation.target_uid
        if reading.release >= CORRELATIONS_LAST:
            problem = _newer_complaint(correlation, there)
            if not problem:
                continue
        elif correlation.config is not None and correlation.config.type != "query":
            problem = f"config.type {correlation.config.type!r} is not 'query'"
        elif target is None or is_null(target):
            problem = "targetUID is missing"
        elif str(target) not in there and "$" not in str(target):
            problem = f"targetUID {target!s} is of no datasource that was read before"
        else:
            continue
        reading.report.fatal(
            place, "correlation", f"a correlation of {datasource.name!r}: {problem}"
        )


def _newer_complaint(correlation: Correlation, there: set[str]) -> str:
    """What newer releases have against a correlation, '' where nothing."""
    external = str(correlation.written("type") or "") == "external"
    target = correlation.target_uid
    if correlation.is_set("transformations"):
        return "transformations stand beside config, and belong into it"
    if correlation.config is not None and correlation.config.type not in ("", "query"):
        return f"config.type {correlation.config.type!r} is not 'query'; write type beside config"
    if external:
        return ""
    if target is None or is_null(target):
        return "targetUID is missing"
    if str(target) not in there and "$" not in str(target):
        return f"targetUID {target!s} is of no datasource"
    return ""


def _defaults(datasource_files: list[DatasourceFile], reading: Reading) -> None:
    first: dict[int, Datasource] = {}
    for datasource in (datasource for file in datasource_files for datasource in file.datasources):
        if datasource.org not in reading.organisations:
            reading.report.fatal(
                datasource.place("orgId"),
                "unknown-organisation",
                f"organisation {datasource.org} does not exist on a fresh server (--organisation"
                f" {datasource.org} says that it does)",
            )
        if datasource.is_default:
            other = first.setdefault(datasource.org, datasource)
            if other is not datasource:
                reading.report.fatal(
                    datasource.place("isDefault"),
                    "two-defaults",
                    f"{other.name!r} is the default already ({other.place().file}); one of them"
                    " must go",
                )


def _store(
    datasource: Datasource, datasource_files: list[DatasourceFile], state: State, reading: Reading
) -> None:
    key, report = (datasource.org, datasource.name), reading.report
    same = [d for f in datasource_files for d in f.datasources if (d.org, d.name) == key]
    known = state.datasources.get(key)
    if (
        reading.release >= DATASOURCE_BY_UID
        and known
        and datasource.uid
        and datasource.uid != known
    ):
        earlier = next((d for d in same if d is not datasource and d.uid == known), None)
        where = f" in {earlier.place().file}" if earlier else ", as Grafana holds it"
        report.fatal(
            datasource.place("uid"),
            "duplicate-datasource" if earlier else "uid-changed",
            f"datasource {datasource.name!r} has the uid {known!r}{where}, and"
            f" {datasource.uid!r} here: Grafana does not find it and ends, with every"
            " datasource of the file; keep the uid, or"
            f" delete it first (deleteDatasources: [{{name: {datasource.name}, orgId:"
            f" {datasource.org}}}])",
        )
    elif datasource is not same[-1]:
        report.lost(
            datasource.place("name"),
            "duplicate-datasource",
            f"{datasource.name!r} is written again in {same[-1].place().file}, which wins; give one"
            " another name",
        )
    holder = next(
        (
            n
            for (org, n), uid in state.datasources.items()
            if (org, uid) == (datasource.org, datasource.uid)
        ),
        None,
    )
    if datasource.uid and holder is not None and holder != datasource.name:
        report.fatal(
            datasource.place("uid"),
            "duplicate-uid",
            f"uid {datasource.uid!r} belongs to datasource {holder!r}; a datasource keeps its name,"
            f" or deleteDatasources names {holder!r}",
        )
    state.meet("datasource", *key)
    state.datasources[key] = datasource.uid or known or uid_of(datasource.name)

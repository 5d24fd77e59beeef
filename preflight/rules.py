"""Alert rules: their models, what ends the start, and how they are applied."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from preflight.documents import Scalar, plain
from preflight.fields import (
    Entry,
    Listed,
    Organisation,
    Raw,
    RawTexts,
    Required,
    Text,
    Texts,
    Whole,
    present,
    seconds,
    since,
    source_of,
)
from preflight.findings import Place
from preflight.reading import Reading
from preflight.releases import FOLDERS_APART, FOR_OPTIONAL, KEEP_LAST_STATE
from preflight.state import State, StoredFolder, StoredRule, retire, slug

BASE_INTERVAL = 10
"""Seconds between two looks of the rule scheduler; intervals are multiples of it."""
LONGEST = 190
EXPRESSIONS = ("__expr__", "-100")
"""Datasource uids of expressions, the new and the old one."""
DASHBOARD, PANEL = "__dashboardUid__", "__panelId__"


def _interval(text: str) -> str:
    length = int(seconds(text))
    if length <= 0 or length % BASE_INTERVAL:
        near = max(BASE_INTERVAL, round(length / BASE_INTERVAL) * BASE_INTERVAL)
        raise ValueError(f"{text} is no multiple of {BASE_INTERVAL}s; write {near}s")
    return text


def _pending(text: str, info: ValidationInfo) -> str:
    if text or source_of(info).reading.release < FOR_OPTIONAL:
        seconds(text)
    return text or "0s"


def _short(text: str) -> str:
    if len(text.encode()) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    return text


def _one_of(*names: str) -> AfterValidator:
    def check(text: str, info: ValidationInfo) -> str:
        known = [
            *names,
            *(["KeepLast"] if source_of(info).reading.release >= KEEP_LAST_STATE else []),
        ]
        if text.strip() and text.strip() not in known:
            raise ValueError(f"{text!r} is none of {', '.join(known)}")
        return text

    return AfterValidator(check)


def _whole_seconds(value: Any) -> int:
    if isinstance(value, Scalar) and value.kind == "null":
        return 0
    if not isinstance(value, Scalar) or value.kind != "int":
        raise ValueError("is no whole number of seconds; write 3600, not 1h and not '3600'")
    if not -(2**63) <= plain(value) < 2**63:
        raise ValueError(f"{value} is too large a number")
    return int(plain(value))


def _model(value: dict[str, Any]) -> dict[str, Any]:
    if "queryType" in value and not isinstance(value["queryType"], str):
        raise ValueError(f"has a queryType of {value['queryType']!r}; write a text or leave it out")
    return value


Seconds = Annotated[int, BeforeValidator(_whole_seconds)]


class TimeRange(Entry):
    """How far a query looks back, in seconds before now."""

    from_: Seconds = Field(default=0, alias="from")
    to: Seconds = 0


class Query(Entry):
    """A query or an expression of a rule."""

    ref_id: Text = ""
    query_type: Text = ""
    datasource_uid: Text = ""
    relative_time_range: TimeRange | None = None
    model: Annotated[Raw, AfterValidator(_model)] = {}

    @property
    def is_expression(self) -> bool:
        """Whether Grafana itself computes it."""
        return self.datasource_uid in EXPRESSIONS


class Rule(Entry):
    """An alert rule."""

    title: Annotated[Text, AfterValidator(present), AfterValidator(_short)] = Field(
        default="", validate_default=True
    )
    uid: Annotated[Text, AfterValidator(present)] = Field(default="", validate_default=True)
    condition: Annotated[Text, AfterValidator(present)] = Field(default="", validate_default=True)
    data: Annotated[list[Query], Listed] = Field(default=[])
    dashboard_uid: Text = ""
    panel_id: Whole = 0
    no_data_state: Annotated[Text, _one_of("NoData", "Alerting", "OK")] = ""
    exec_err_state: Annotated[Text, _one_of("Error", "Alerting", "OK")] = ""
    for_: Annotated[Text, AfterValidator(_pending)] = Field(
        default="", alias="for", validate_default=True
    )
    annotations: RawTexts = {}
    labels: Texts = {}
    is_paused: Any = since("10.0")
    notification_settings: Any = since("10.4", "notification_settings")
    record: Any = since("11.2")
    keep_firing_for: Any = since("12.0")
    missing_series_evals_to_resolve: Any = since("12.1", "missing_series_evals_to_resolve")


class RuleGroup(Entry):
    """Rules that are evaluated together, in a folder given by its title."""

    org_id: Organisation = 1
    name: Annotated[Required, AfterValidator(_short)] = Field(default="", validate_default=True)
    folder: Required = Field(default="", validate_default=True)
    interval: Annotated[Text, AfterValidator(_interval)] = Field(default="", validate_default=True)
    rules: Annotated[list[Rule], Listed] = []


@dataclass(frozen=True)
class KeptRule:
    """What the other files of a tree may meet of a rule: its names, and the panel that it names.

    board, panel: '' where it names none.
    """

    uid: str
    title: str
    board: str
    panel: str
    uid_place: Place
    title_place: Place
    board_place: Place

    @classmethod
    def of(cls, rule: Rule) -> "KeptRule":
        """Out of a rule that was looked at."""
        annotated = DASHBOARD in rule.annotations
        where = ("annotations", DASHBOARD) if annotated else ("dashboardUid",)
        return cls(
            rule.uid,
            rule.title,
            rule.annotations.get(DASHBOARD) or rule.dashboard_uid,
            rule.annotations.get(PANEL) or (str(rule.panel_id) if rule.panel_id else ""),
            rule.place("uid"),
            rule.place("title"),
            rule.place(*where),
        )


@dataclass(frozen=True)
class KeptGroup:
    """What the other files of a tree may meet of a group."""

    org: int
    name: str
    folder: str
    rules: tuple[KeptRule, ...]
    org_place: Place
    folder_place: Place

    @classmethod
    def of(cls, group: RuleGroup) -> "KeptGroup":
        """Out of a group that was looked at."""
        return cls(
            group.org_id,
            group.name,
            group.folder,
            tuple(map(KeptRule.of, group.rules)),
            group.place("orgId"),
            group.place("folder"),
        )


def check(rule: Rule, reading: Reading) -> None:
    """What Grafana refuses when it stores a rule."""
    report = reading.report
    board, panel = rule.annotations.get(DASHBOARD, ""), rule.annotations.get(PANEL, "")
    if bool(board) != bool(panel):
        there, missing = (DASHBOARD, PANEL) if board else (PANEL, DASHBOARD)
        report.fatal(
            rule.place("annotations", there),
            "annotation-pair",
            f"{there} stands without {missing}; write both or none",
        )
    elif panel and not _is_integer(panel):
        report.fatal(
            rule.place("annotations", PANEL), "annotation-pair", f"{PANEL} {panel!r} is no number"
        )
    if not rule.data:
        report.fatal(rule.place("data"), "no-query", "data is missing or empty")
    for index, query in enumerate(rule.data):
        if not query.given("model"):
            report.fatal(
                query.place("model"), "no-query", f"query {query.ref_id} has no model: it panics"
            )
        span = query.relative_time_range
        if not query.is_expression and (span is None or span.from_ <= span.to):
            report.fatal(
                rule.place("data", index, "relativeTimeRange"),
                "time-range",
                f"query {query.ref_id}: relativeTimeRange looks back nowhere; write from: 600, to:"
                " 0 (seconds before now)",
            )


def _is_integer(text: str) -> bool:
    body = text[1:] if text[:1] in "+-" else text
    return body.isascii() and body.isdigit() and -(2**63) <= int(text) < 2**63


def apply(groups: Iterable[KeptGroup], state: State, reading: Reading) -> None:
    """Store the groups of one file, rule by rule, as Grafana does: before its deleteRules."""
    for group in groups:
        folder = _folder(group, state, reading)
        for rule in group.rules:
            _store(rule, group, folder, state, reading)


def _folder(group: KeptGroup, state: State, reading: Reading) -> str:
    org, place = group.org, group.folder_place
    if group.folder.strip().lower() == "general":
        reading.report.fatal(place, "general", "rules cannot be in General; name a folder")
    there = state.folder(org, group.folder)
    if there is not None and there.title.strip() != group.folder.strip():
        reading.report.doubtful(
            place,
            "folder-alike",
            f"folder {group.folder!r} is {there.title!r} to Grafana, so these rules land there;"
            " write one of the two",
        )
    if there is None:
        dashboard = state.dashboards.titled(org, group.folder)
        if dashboard:
            certain = reading.release < FOLDERS_APART
            (reading.report.fatal if certain else reading.report.doubtful)(
                place,
                "folder-is-title",
                f"folder {group.folder!r} bears the title of dashboard {dashboard.uid!r}; rename"
                " the folder",
            )
        state.folders.append(StoredFolder(org, group.folder, "", place, alerting=True))
    return slug(group.folder)


def _store(rule: KeptRule, group: KeptGroup, folder: str, state: State, reading: Reading) -> None:
    key, report = (group.org, rule.uid), reading.report
    holder = state.rule_titled(group.org, folder, rule.title)
    if holder not in (None, rule.uid):
        report.fatal(
            rule.title_place,
            "duplicate-title",
            f"rule {holder!r} of folder {group.folder!r} has the title {rule.title!r}; give a title"
            f" that is free, or {retire('rule', group.org, str(holder))}",
        )
    if state.meet("rule", *key):
        report.lost(
            rule.uid_place,
            "duplicate-uid",
            f"uid {rule.uid!r} is the uid of {state.rules[key].title!r} too; the last one wins",
        )
    state.put_rule(*key, StoredRule(rule.title, folder, group.name, rule.uid_place))

"""Alert rules, recording rules and their groups, as a file writes them."""

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from driftdeck.facts.durations import parse_prometheus
from driftdeck.preflight.findings import Place, Severity
from driftdeck.preflight.read.documents import Scalar, plain
from driftdeck.preflight.read.fields import (
    Entry,
    Flag,
    Listed,
    Organisation,
    Raw,
    RawTexts,
    Required,
    SinceRelease,
    Text,
    Texts,
    Whole,
    is_null,
    refuse_empty,
    since,
    source_of,
)
from driftdeck.preflight.releases import FOR_OPTIONAL, KEEP_LAST_STATE

BASE_INTERVAL = 10
"""Seconds between two looks of the rule scheduler; intervals are multiples of it."""
LONGEST = 190
DASHBOARD, PANEL = "__dashboardUid__", "__panelId__"
"""Annotations that name the panel of a rule."""
EXPRESSIONS = ("__expr__", "-100")
"""Datasource uids of expressions, the new and the old one."""


def _interval(text: str) -> str:
    length = int(parse_prometheus(text))
    if length <= 0 or length % BASE_INTERVAL:
        near = max(BASE_INTERVAL, round(length / BASE_INTERVAL) * BASE_INTERVAL)
        raise ValueError(f"{text} is no multiple of {BASE_INTERVAL}s; write {near}s")
    return text


def _pending(text: str, info: ValidationInfo) -> str:
    if text or source_of(info).reading.release < FOR_OPTIONAL:
        parse_prometheus(text)
    return text or "0s"


def _positive(text: str) -> str:
    if text and parse_prometheus(text) == 0:
        raise ValueError("must be longer than nothing; leave it out for the default")
    return text


def _length(text: str) -> str:
    if text:
        parse_prometheus(text)
    return text


def _evaluations(value: Any, info: ValidationInfo) -> int | None:
    if is_null(value):
        return None
    text = source_of(info).expanded(value) if isinstance(value, Scalar) else str(value)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ValueError(f"{text!r} is no whole number from 1 on")
    return int(text)


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


def _judging(text: str, info: ValidationInfo) -> str:
    """What a rule fires on; a recording rule has none."""
    if not text and info.data.get("record", "refused by itself") is None:
        raise ValueError("is missing")
    return text


Length = Annotated[Text, AfterValidator(_length)]
Positive = Annotated[Text, AfterValidator(_positive)]


class NotificationSettings(Entry):
    """Whom a rule tells by itself, past the policies."""

    passed_over: ClassVar[Severity] = Severity.LOST

    receiver: Annotated[Text, AfterValidator(refuse_empty)] = Field(
        default="", validate_default=True
    )
    group_by: Annotated[list[Text], Listed] = Field(default=[], alias="group_by")
    group_wait: Length = Field(default="", alias="group_wait")
    group_interval: Positive = Field(default="", alias="group_interval")
    repeat_interval: Positive = Field(default="", alias="repeat_interval")
    mute_time_intervals: Annotated[list[Text], Listed] = Field(
        default=[], alias="mute_time_intervals"
    )
    active_time_intervals: Annotated[list[Text], Listed] = Field(
        default=[], alias="active_time_intervals"
    )


class Record(Entry):
    """What a recording rule writes: the answer of the query `from`, as `metric`."""

    passed_over: ClassVar[Severity] = Severity.LOST

    metric: Annotated[Text, AfterValidator(refuse_empty)] = Field(default="", validate_default=True)
    from_: Text = Field(default="", alias="from")
    target_datasource_uid: Text = ""


class Rule(Entry):
    """An alert rule, or a recording rule."""

    passed_over: ClassVar[Severity] = Severity.LOST

    title: Annotated[Text, AfterValidator(refuse_empty), AfterValidator(_short)] = Field(
        default="", validate_default=True
    )
    uid: Annotated[Text, AfterValidator(refuse_empty)] = Field(default="", validate_default=True)
    data: Annotated[list[Query], Listed] = Field(default=[])
    dashboard_uid: Text = ""
    dasboard_uid: Text = ""
    panel_id: Whole = 0
    no_data_state: Annotated[Text, _one_of("NoData", "Alerting", "OK")] = ""
    exec_err_state: Annotated[Text, _one_of("Error", "Alerting", "OK")] = ""
    for_: Annotated[Text, AfterValidator(_pending)] = Field(
        default="", alias="for", validate_default=True
    )
    annotations: RawTexts = {}
    labels: Texts = {}
    is_paused: Annotated[Flag | None, SinceRelease("10.0")] = since("10.0")
    notification_settings: Annotated[NotificationSettings | None, SinceRelease("10.4")] = since(
        "10.4", "notification_settings"
    )
    record: Annotated[Record | None, SinceRelease("11.2")] = since("11.2")
    keep_firing_for: Annotated[Length | None, SinceRelease("12.1.2")] = since("12.1.2")
    missing_series_evals_to_resolve: Annotated[
        int | None, BeforeValidator(_evaluations), SinceRelease("12.1")
    ] = since("12.1", "missing_series_evals_to_resolve")
    condition: Annotated[Text, AfterValidator(_judging)] = Field(default="", validate_default=True)

    @property
    def linked_dashboard(self) -> str:
        """The uid of the dashboard that it leads to, '' where it names none."""
        return self.annotations.get(DASHBOARD) or self.dashboard_uid or self.dasboard_uid

    @property
    def linked_panel(self) -> str:
        """The id of the panel that it leads to, '' where it names none."""
        return self.annotations.get(PANEL) or (str(self.panel_id) if self.panel_id else "")

    @property
    def link_place(self) -> Place:
        """Where it names that dashboard."""
        annotated = DASHBOARD in self.annotations
        return self.place("annotations", DASHBOARD) if annotated else self.place("dashboardUid")


class RuleGroup(Entry):
    """Rules that are evaluated together, in a folder given by its title."""

    org_id: Organisation = 1
    name: Annotated[Required, AfterValidator(_short)] = Field(default="", validate_default=True)
    folder: Required = Field(default="", validate_default=True)
    interval: Annotated[Text, AfterValidator(_interval)] = Field(default="", validate_default=True)
    rules: Annotated[list[Rule], Listed] = []

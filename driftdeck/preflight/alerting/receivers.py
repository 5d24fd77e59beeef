"""The settings of each type of receiver: what Grafana demands before it starts.

Source: github.com/grafana/alerting, receivers of each type. As Go reads JSON, the case of a key
does not matter, null leaves the default, and a value of another type is refused.
"""

import re
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from driftdeck.preflight.alerting import later_receivers as laterreceivers
from driftdeck.preflight.go import urls as gourls
from driftdeck.preflight.releases import LATER_SETTINGS, Release

JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


def _not_null(value: Any) -> Any:
    """JSON's null leaves Go's empty value."""
    return "" if value is None else value


def _number(value: Any) -> str:
    """A number, or a text that is one."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else repr(value)
    if isinstance(value, bool) or not JSON_NUMBER.fullmatch(text):
        raise ValueError(f"{value!r} is no number")
    return text


def _whole(value: Any) -> str:
    text = _number(value)
    if text and not re.fullmatch(r"-?[0-9]+", text):
        raise ValueError(f"{value!r} is no whole number")
    return text


Word = Annotated[str, BeforeValidator(_not_null)]
Flag = bool | None
WORDS = (Word, laterreceivers.Word)
Number = Annotated[str, BeforeValidator(_number)]
Whole = Annotated[str, BeforeValidator(_whole)]

NEEDED: dict[str, tuple[str, ...]] = {
    "prometheus-alertmanager": ("url",),
    "dingding": ("url",),
    "discord": ("url",),
    "email": ("addresses",),
    "googlechat": ("url",),
    "kafka": ("kafkaRestProxy", "kafkaTopic"),
    "LINE": ("token",),
    "opsgenie": ("apiKey",),
    "pagerduty": ("integrationKey",),
    "pushover": ("userKey", "apiToken"),
    "sensugo": ("url", "apikey"),
    "slack": (),
    "teams": ("url",),
    "telegram": ("bottoken", "chatid"),
    "threema": ("gateway_id", "recipient_id", "api_secret"),
    "victorops": ("url",),
    "webhook": ("url",),
    "wecom": (),
    "webex": (),
}
"""The texts that must be there, by type as Grafana spells it."""
NEWER = {
    "oncall": (Release(10, 2), ("url",)),
    "sns": (Release(11, 1), ()),
    "mqtt": (Release(11, 3), ("brokerUrl", "topic")),
    "jira": (Release(12, 0), ("api_url", "project", "issue_type")),
}
OPTIONAL = {
    "prometheus-alertmanager": ("basicAuthUser", "basicAuthPassword"),
    "dingding": ("msgType", "title", "message"),
    "discord": ("title", "message", "avatar_url"),
    "email": ("message", "subject"),
    "googlechat": ("title", "message"),
    "kafka": ("description", "details"),
    "LINE": ("title", "description"),
    "opsgenie": ("apiUrl", "message", "description", "sendTagsAs"),
    "pagerduty": ("severity", "class", "component", "group", "summary", "source", "client",
                  "client_url"),
    "pushover": ("device", "sound", "okSound", "title", "message"),
    "sensugo": ("entity", "check", "namespace", "handler", "message"),
    "slack": ("endpointUrl", "url", "token", "recipient", "text", "title", "username",
              "icon_emoji", "icon_url", "mentionChannel", "mentionUsers", "mentionGroups"),
    "teams": ("message", "title", "sectiontitle"),
    "telegram": ("message", "parse_mode"),
    "threema": ("title", "description"),
    "victorops": ("messageType", "title", "description"),
    "webhook": ("httpMethod", "authorization_scheme", "authorization_credentials", "username",
                "password", "title", "message"),
    "wecom": ("endpointUrl", "url", "secret", "agent_id", "corp_id", "msgtype", "message", "title",
              "touser"),
    "webex": ("message", "room_id", "api_url", "bot_token"),
}  # fmt: skip
OTHERS: dict[str, dict[str, Any]] = {
    "discord": {"use_discord_username": Flag},
    "email": {"singleEmail": Flag},
    "opsgenie": {"autoClose": Flag, "overridePriority": Flag},
    "pushover": {
        "priority": Whole, "okPriority": Whole, "retry": Number, "expire": Number,
        "uploadImage": Flag,
    },
    "telegram": {"disable_notifications": Flag},
    "webhook": {"maxAlerts": Number},
}  # fmt: skip
"""Settings that are no texts."""
MENTIONS = ("", "here", "channel")
SLACK = "https://slack.com/api/chat.postMessage"
PARSE_MODES = ("", "None", "Markdown", "MarkdownV2", "HTML")
TAGS = ("", "tags", "details", "both")


@lru_cache
def _model(kind: str, needed: tuple[str, ...], *, later: bool) -> type[BaseModel]:
    """The settings of a type. later: also those that came after 9.4."""
    types: dict[str, Any] = dict.fromkeys((*needed, *OPTIONAL.get(kind, ())), Word)
    types |= OTHERS.get(kind, {}) | (laterreceivers.SETTINGS.get(kind, {}) if later else {})
    fields: dict[str, Any] = {
        f"{name}_": (annotation, Field(default="" if annotation in WORDS else None, alias=name))
        for name, annotation in types.items()
    }
    return create_model(kind, __config__=ConfigDict(strict=True, extra="ignore"), **fields)


def problems(kind: str, settings: dict[str, Any], release: Release) -> list[tuple[str, str]]:
    """(setting, complaint) of each setting that Grafana refuses; the setting is '' for all."""
    types = NEEDED | {name: needed for name, (born, needed) in NEWER.items() if release >= born}
    later = release >= LATER_SETTINGS
    if later:  # by then the case of a type does not matter
        kind = {name.lower(): name for name in types}.get(kind.lower(), kind)
    if kind not in types:
        return [("", f"type {kind!r} is none of {', '.join(types)}")]
    needed, later = types[kind], later or kind in NEWER
    model = _model(kind, needed, later=later)
    try:
        values = model.model_validate(_spelled(model, settings)).model_dump(by_alias=True)
    except ValidationError as error:
        return [
            (
                str(fault["loc"][0]),
                f"{fault['loc'][0]}: {fault['msg'].removeprefix('Value error, ')}",
            )
            for fault in error.errors()
        ]
    faults = [(name, f"{name} is missing or empty") for name in needed if not values[name]]
    rules = [SPECIAL.get(kind), laterreceivers.SPECIAL.get(kind) if later else None]
    return faults or [fault for rule in rules if rule for fault in rule(values)]


def _spelled(model: type[BaseModel], settings: dict[str, Any]) -> dict[str, Any]:
    """Settings under the names that Grafana knows, whatever their case."""
    aliases = [str(field.alias) for field in model.model_fields.values()]
    names = {name.lower(): name for name in aliases}
    return {names.get(key.lower(), key): settings[key] for key in sorted(settings)}


def _webhook(settings: dict[str, Any]) -> list[tuple[str, str]]:
    if all(settings[key] for key in ("username", "password", "authorization_credentials")):
        problem = "a user name with password and an authorization header exclude each other"
        return [("username", problem)]
    return []


def _telegram(settings: dict[str, Any]) -> list[tuple[str, str]]:
    if settings["parse_mode"].lower() in {mode.lower() for mode in PARSE_MODES}:
        return []
    return [("parse_mode", f"parse_mode is none of {', '.join(PARSE_MODES[1:])}")]


def _opsgenie(settings: dict[str, Any]) -> list[tuple[str, str]]:
    if settings["sendTagsAs"] in TAGS:
        return []
    return [("sendTagsAs", f"sendTagsAs is none of {', '.join(TAGS[1:])}")]


def _wecom(settings: dict[str, Any]) -> list[tuple[str, str]]:
    if settings["url"]:
        return []
    if not settings["secret"]:
        return [("url", "either url or secret is needed")]
    return [(key, f"{key} is missing") for key in ("agent_id", "corp_id") if not settings[key]]


def _slack(settings: dict[str, Any]) -> list[tuple[str, str]]:
    url = settings["url"] or settings["endpointUrl"] or SLACK
    if problem := gourls.complaint(url):
        return [("url" if settings["url"] else "endpointUrl", f"url {url!r} {problem}")]
    faults = []
    if url == SLACK and not settings["recipient"].strip():
        faults.append(("recipient", "recipient is missing: the chat API needs one (or set url)"))
    if settings["mentionChannel"] not in MENTIONS:
        faults.append(("mentionChannel", "mentionChannel is neither here nor channel"))
    if url == SLACK and not settings["token"]:
        faults.append(("token", "token is missing: the chat API needs one (or set url)"))
    return faults


def _threema(settings: dict[str, Any]) -> list[tuple[str, str]]:
    gateway, recipient = str(settings["gateway_id"]), str(settings["recipient_id"])
    if not gateway.startswith("*") or len(gateway.encode()) != 8:
        return [("gateway_id", "gateway_id begins with * and has 8 characters")]
    if len(recipient.encode()) != 8:
        return [("recipient_id", "recipient_id has 8 characters")]
    return []


def _webex(settings: dict[str, Any]) -> list[tuple[str, str]]:
    problem = gourls.complaint(settings["api_url"])
    return [("api_url", f"api_url {settings['api_url']!r} {problem}")] if problem else []


def _alertmanager(settings: dict[str, Any]) -> list[tuple[str, str]]:
    urls = [url.strip() for url in settings["url"].split(",") if url.strip()]
    if not urls:
        return [("url", "url names no address")]
    problem = next(filter(None, (gourls.complaint(f"{url}/api") for url in urls)), "")
    return [("url", f"url {settings['url']!r} {problem}")] if problem else []


SPECIAL = {
    "oncall": _webhook,
    "prometheus-alertmanager": _alertmanager,
    "slack": _slack,
    "telegram": _telegram,
    "threema": _threema,
    "opsgenie": _opsgenie,
    "webex": _webex,
    "webhook": _webhook,
    "wecom": _wecom,
}

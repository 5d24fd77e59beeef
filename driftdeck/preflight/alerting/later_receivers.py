"""Settings of receivers that came after Grafana 9.4: their types, and what must hold of them.

Measured on 12.4, whose sources say the same: github.com/grafana/alerting, receivers of each type.
"""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

from driftdeck.facts.durations import parse_prometheus
from driftdeck.preflight.go import urls as gourls

Problems = list[tuple[str, str]]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict | None):
        raise ValueError(f"{value!r} is no mapping")
    return value or {}


def _texts(value: Any) -> dict[str, str]:
    return {str(key): _text(inner) for key, inner in _mapping(value).items()}


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list | None):
        raise ValueError(f"{value!r} is no list")
    return value or []


def _tls(value: Any) -> dict[str, Any]:
    settings = {key.lower(): inner for key, inner in _mapping(value).items()}
    skip = settings.pop("insecureskipverify", False)
    if not isinstance(skip, bool | None):
        raise ValueError(f"insecureSkipVerify: {skip!r} is neither true nor false")
    return _texts(settings)


def _payload(value: Any) -> dict[str, Any]:
    settings = {key.lower(): inner for key, inner in _mapping(value).items()}
    _text(settings.get("template"))
    _texts(settings.get("vars"))
    return settings


def _signed(value: Any) -> dict[str, str]:
    return {key.lower(): inner for key, inner in _texts(value).items()}


def _whole(value: Any) -> str:
    text = "" if value is None else str(value)
    if not re.fullmatch("(-?[0-9]+)?", text):
        raise ValueError(f"{value!r} is no whole number")
    return text


Word = Annotated[str, BeforeValidator(_text)]
Whole = Annotated[str, BeforeValidator(_whole)]
Flag = bool | None
Texts = Annotated[dict[str, str], BeforeValidator(_texts)]
Mapping = Annotated[dict[str, Any], BeforeValidator(_mapping)]
Words = Annotated[list[str], BeforeValidator(lambda value: [*map(_text, _listed(value))])]
Objects = Annotated[
    list[dict[str, Any]], BeforeValidator(lambda value: [*map(_mapping, _listed(value))])
]
Tls = Annotated[dict[str, Any], BeforeValidator(_tls)]
Payload = Annotated[dict[str, Any], BeforeValidator(_payload)]
Signed = Annotated[dict[str, str], BeforeValidator(_signed)]
SETTINGS: dict[str, dict[str, Any]] = {
    "googlechat": {"hide_open_button": Flag, "hide_version_info": Flag},
    "jira": {
        **dict.fromkeys(
            ("summary", "description", "priority", "reopen_transition", "resolve_transition",
             "wont_fix_resolution", "reopen_duration", "dedup_key_field", "user", "password",
             "api_token"), Word),
        "labels": Words, "fields": Mapping,
    },
    "kafka": dict.fromkeys(("username", "password", "apiVersion", "kafkaClusterId"), Word),
    "mqtt": {
        **dict.fromkeys(("clientId", "message", "messageFormat", "username", "password"), Word),
        "qos": Any, "retain": Flag, "tlsConfig": Tls,
    },
    "oncall": {
        **dict.fromkeys(
            ("httpMethod", "authorization_scheme", "authorization_credentials", "username",
             "password", "title", "message"), Word),
        "maxAlerts": Any,
    },
    "opsgenie": {"responders": Objects},
    "pagerduty": {"details": Texts, "url": Word},
    "pushover": {"priority": Whole, "okPriority": Whole, "retry": Any, "expire": Any},
    "slack": {"color": Word, "footer": Word},
    "sns": {
        **dict.fromkeys(
            ("api_url", "topic_arn", "target_arn", "phone_number", "subject", "message"), Word),
        "attributes": Texts, "sigv4": Signed,
    },
    "telegram": {
        "message_thread_id": Word, "disable_web_page_preview": Flag, "protect_content": Flag,
    },
    "webhook": {
        "maxAlerts": Any, "headers": Texts, "tlsConfig": Tls, "hmacConfig": Texts,
        "payload": Payload,
    },
}  # fmt: skip
"""By type, what each setting is. Any: whatever is no number counts as none."""
ARN = re.compile(r"arn(:[^:]*){4}:.*")
RESPONDERS = ("team", "teams", "user", "escalation", "schedule")
HEADERS = frozenset(
    {
        "host", "accept-encoding", "accept-charset", "content-encoding", "content-length",
        "authorization", "user-agent", "transfer-encoding", "connection", "upgrade", "trailer",
        "te", "proxy-authorization", "proxy-authenticate", "cookie", "set-cookie", "referer",
        "origin", "x-forwarded-for", "x-real-ip", "via", "forwarded", "expect", "max-forwards",
    }
)  # fmt: skip


def jira(settings: dict[str, Any]) -> Problems:
    """A token, or a user with a password."""
    problems = []
    if problem := gourls.complaint(settings["api_url"]):
        problems.append(("api_url", f"api_url {settings['api_url']!r} {problem}"))
    token, user, password = (settings[key] for key in ("api_token", "user", "password"))
    if bool(token) == bool(user and password) or (token and (user or password)):
        problems.append(("api_token", "either api_token, or user and password are needed"))
    if not re.fullmatch("[0-9]*", settings["dedup_key_field"]):
        problems.append(("dedup_key_field", "dedup_key_field is a number"))
    try:
        parse_prometheus(settings["reopen_duration"] or "0s")
    except ValueError:
        problems.append(
            ("reopen_duration", f"{settings['reopen_duration']!r} is no length of time")
        )
    return problems


def kafka(settings: dict[str, Any]) -> Problems:
    """Version 3 of the API names a cluster."""
    if settings["apiVersion"] not in ("", "v2", "v3"):
        return [("apiVersion", "apiVersion is neither v2 nor v3")]
    if settings["apiVersion"] == "v3" and not settings["kafkaClusterId"]:
        return [("kafkaClusterId", "kafkaClusterId is missing: version 3 of the API needs one")]
    return []


def mqtt(settings: dict[str, Any]) -> Problems:
    """A known format, and a level of service."""
    problems = []
    if problem := gourls.complaint(settings["brokerUrl"]):
        problems.append(("brokerUrl", f"brokerUrl {settings['brokerUrl']!r} {problem}"))
    if settings["messageFormat"] not in ("", "json", "text"):
        problems.append(("messageFormat", "messageFormat is neither json nor text"))
    if settings["qos"] is not None and str(settings["qos"]) not in ("", "0", "1", "2"):
        problems.append(("qos", "qos is none of 0, 1, 2"))
    return problems


def opsgenie(settings: dict[str, Any]) -> Problems:
    """Responders that Opsgenie knows."""
    problems = []
    for raw in settings["responders"] or []:
        responder = {key.lower(): inner for key, inner in raw.items()}
        kind = str(responder.get("type", ""))
        if not any(responder.get(key) for key in ("id", "username", "name")):
            problems.append(("responders", "a responder has an id, a username or a name"))
        elif "{{" not in kind and kind.lower() not in RESPONDERS:
            problems.append(
                ("responders", f"type of a responder is none of {', '.join(RESPONDERS)}")
            )
    return problems


def sns(settings: dict[str, Any]) -> Problems:
    """Someone to publish to, and both keys or neither."""
    problems = [
        (key, f"{key} {settings[key]!r} is no ARN")
        for key in ("topic_arn", "target_arn")
        if settings[key] and not ARN.fullmatch(settings[key])
    ]
    if not any(settings[key] for key in ("topic_arn", "target_arn", "phone_number")):
        problems.append(("", "one of topic_arn, target_arn and phone_number is needed"))
    signed = settings["sigv4"] or {}
    if bool(signed.get("access_key")) != bool(signed.get("secret_key")):
        problems.append(("sigv4", "access_key and secret_key go together"))
    return problems


def telegram(settings: dict[str, Any]) -> Problems:
    """The number of a thread."""
    thread = settings["message_thread_id"]
    if not thread or (re.fullmatch("[-+]?[0-9]+", thread) and -(2**31) <= int(thread) < 2**31):
        return []
    return [("message_thread_id", f"message_thread_id {thread!r} is no whole number of 32 bits")]


def webhook(settings: dict[str, Any]) -> Problems:
    """No header that Grafana sets by itself."""
    barred = sorted(key for key in settings["headers"] or {} if key.lower() in HEADERS)
    return [("headers", f"headers: {', '.join(barred)} cannot be set")] if barred else []


SPECIAL = {
    "jira": jira,
    "kafka": kafka,
    "mqtt": mqtt,
    "opsgenie": opsgenie,
    "sns": sns,
    "telegram": telegram,
    "webhook": webhook,
}

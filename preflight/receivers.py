"""The settings of each type of receiver: what Grafana demands before it starts."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, create_model

from preflight.releases import Release


def _not_null(value: Any) -> Any:
    """JSON's null leaves Go's empty value."""
    return "" if value is None else value


Word = Annotated[str, BeforeValidator(_not_null)]

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
    "discord": ("title", "message", "avatar_url"),
    "email": ("message", "subject"),
    "slack": ("endpointUrl", "url", "token", "recipient", "text", "title", "username",
              "icon_emoji", "icon_url", "mentionChannel", "mentionUsers", "mentionGroups"),
    "teams": ("message", "title", "sectiontitle"),
    "telegram": ("message", "parse_mode"),
    "webhook": ("httpMethod", "authorization_scheme", "authorization_credentials", "username",
                "password", "title", "message"),
    "opsgenie": ("apiUrl", "message", "description", "sendTagsAs"),
    "pagerduty": ("severity", "class", "component", "group", "summary", "source", "client",
                  "client_url"),
    "wecom": ("url", "secret", "agent_id", "corp_id", "msgtype", "message", "title", "touser"),
    "webex": ("message", "room_id", "api_url", "bot_token"),
}  # fmt: skip
FLAGS = {
    "discord": ("use_discord_username",),
    "email": ("singleEmail",),
    "telegram": ("disable_notifications",),
    "opsgenie": ("autoClose", "overridePriority"),
}
MENTIONS = ("", "here", "channel")
SLACK = "https://slack.com/api/chat.postMessage"
PARSE_MODES = ("", "None", "Markdown", "MarkdownV2", "HTML")
TAGS = ("", "tags", "details", "both")


def _model(kind: str, needed: tuple[str, ...]) -> type[BaseModel]:
    fields: dict[str, Any] = dict.fromkeys((*needed, *OPTIONAL.get(kind, ())), (Word, ""))
    fields |= dict.fromkeys(FLAGS.get(kind, ()), (bool | None, None))
    return create_model(kind, __config__=ConfigDict(strict=True, extra="ignore"), **fields)


MODELS = {kind: _model(kind, needed) for kind, needed in NEEDED.items()}


def problems(kind: str, settings: dict[str, Any], release: Release) -> list[tuple[str, str]]:
    """(setting, complaint) of each setting that Grafana refuses; the setting is '' for all."""
    if kind in NEWER and release >= NEWER[kind][0]:
        needed = NEWER[kind][1]
        model = _model(kind, needed)
    elif kind in MODELS:
        needed, model = NEEDED[kind], MODELS[kind]
    else:
        known = ", ".join(
            [*NEEDED, *(name for name, (born, _) in NEWER.items() if release >= born)]
        )
        return [("", f"type {kind!r} is none of {known}")]
    try:
        made = model.model_validate(settings)
    except ValidationError as error:
        return [(str(one["loc"][0]), f"{one['loc'][0]}: {one['msg']}") for one in error.errors()]
    found = [(name, f"{name} is missing or empty") for name in needed if not getattr(made, name)]
    return found or _special(kind, settings)


def _special(kind: str, given: dict[str, Any]) -> list[tuple[str, str]]:
    check = SPECIAL.get(kind)
    return check(given) if check else []


def _webhook(given: dict[str, Any]) -> list[tuple[str, str]]:
    basic = given.get("username") or given.get("password")
    header = given.get("authorization_scheme") or given.get("authorization_credentials")
    said = "a user name and an authorization header exclude each other"
    return [("username", said)] if basic and header else []


def _telegram(given: dict[str, Any]) -> list[tuple[str, str]]:
    if given.get("parse_mode", "") in PARSE_MODES:
        return []
    return [("parse_mode", f"parse_mode is none of {', '.join(PARSE_MODES[1:])}")]


def _opsgenie(given: dict[str, Any]) -> list[tuple[str, str]]:
    if given.get("sendTagsAs", "") in TAGS:
        return []
    return [("sendTagsAs", f"sendTagsAs is none of {', '.join(TAGS[1:])}")]


def _wecom(given: dict[str, Any]) -> list[tuple[str, str]]:
    if given.get("url"):
        return []
    if not given.get("secret"):
        return [("url", "either url or secret is needed")]
    return [(key, f"{key} is missing") for key in ("agent_id", "corp_id") if not given.get(key)]


def _slack(given: dict[str, Any]) -> list[tuple[str, str]]:
    url = given.get("url") or given.get("endpointUrl") or SLACK
    found = []
    if url == SLACK and not given.get("recipient"):
        found.append(("recipient", "recipient is missing: the chat API needs one (or set url)"))
    if given.get("mentionChannel", "") not in MENTIONS:
        found.append(("mentionChannel", "mentionChannel is neither here nor channel"))
    if url == SLACK and not given.get("token"):
        found.append(("token", "token is missing: the chat API needs one (or set url)"))
    return found


def _threema(given: dict[str, Any]) -> list[tuple[str, str]]:
    gateway, recipient = str(given["gateway_id"]), str(given["recipient_id"])
    if not gateway.startswith("*") or len(gateway) != 8:
        return [("gateway_id", "gateway_id begins with * and has 8 characters")]
    return [] if len(recipient) == 8 else [("recipient_id", "recipient_id has 8 characters")]


SPECIAL = {
    "slack": _slack,
    "webhook": _webhook,
    "telegram": _telegram,
    "opsgenie": _opsgenie,
    "threema": _threema,
    "wecom": _wecom,
}

"""Receivers: how a message travels, by Grafana's types and with the settings that it reads."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from driftdeck.declare.errors import require

VARIABLE = re.compile(r"\$([A-Z][A-Z0-9_]*)")
VARIABLE_MEND = "write a text without $, or name an environment variable: $SLACK_URL"
TLS = frozenset({"tlsconfig.cacertificate", "tlsconfig.clientcertificate", "tlsconfig.clientkey"})
SECRETS = {
    "dingding": {"url"},
    "discord": {"url"},
    "googlechat": {"url"},
    "jira": {"user", "password", "api_token"},
    "kafka": {"password"},
    "line": {"token"},
    "mqtt": {"password", *TLS},
    "oncall": {"password", "authorization_credentials"},
    "opsgenie": {"apikey"},
    "pagerduty": {"integrationkey"},
    "prometheus-alertmanager": {"basicauthpassword"},
    "pushover": {"apitoken", "userkey"},
    "sensugo": {"apikey"},
    "slack": {"token", "url"},
    "sns": {"sigv4.access_key", "sigv4.secret_key"},
    "telegram": {"bottoken"},
    "threema": {"api_secret"},
    "victorops": {"url"},
    "webex": {"bot_token"},
    "webhook": {"password", "authorization_credentials", "hmacconfig.secret",
                "http_config.oauth2.client_secret", *TLS},
    "wecom": {"url", "secret"},
}  # fmt: skip
"""What Grafana 12.4 keeps encrypted, by type; as Grafana, we pass over the case of a name."""


@dataclass(frozen=True)
class Receiver:
    """How a message travels: one of Grafana's receivers; made by `d.slack()` and its kin.

    A setting is a text without $, a whole `$VARIABLE` of the environment, a number, a boolean, or a
    mapping or list of these. What Grafana keeps encrypted must be a variable.

    Args:
        kind: Grafana's type of receiver, as "slack".
        settings: As Grafana reads them, by name.

    Raises:
        DeclarationError: No type or settings, a secret in plain text, or a value that is none of
            these.

    Example:
        >>> d.webhook("$ALERT_WEBHOOK_URL").variables()
        ('ALERT_WEBHOOK_URL',)
    """

    kind: str
    settings: Mapping[str, object]

    def __post_init__(self) -> None:
        require(bool(self.kind.strip()), "receiver", "no type", 'name Grafana\'s type: "jira"')
        require(bool(self.settings), self.kind, "no settings", "give what this type asks for")
        secret = SECRETS.get(self.kind.lower(), set())
        for name, value in _leaves(self.settings):
            field = f"{self.kind}: {name}"
            if not isinstance(value, str):
                finite = isinstance(value, bool | int | float) and math.isfinite(value)
                require(finite, field, f"{value!r}", "give a text, a number or a boolean")
                continue
            variable = bool(VARIABLE.fullmatch(value))
            holds = bool(value.strip()) and ("$" not in value or variable)
            require(holds, field, f"{value!r}", VARIABLE_MEND)
            require(
                variable or name.lower() not in secret,
                field,
                "a secret in a file that is committed",
                f"put it into the environment, and write its name: ${_suggested(self.kind, name)}",
            )

    def variables(self) -> tuple[str, ...]:
        """The environment variables that the settings name."""
        texts = (value for _, value in _leaves(self.settings) if isinstance(value, str))
        return tuple(match[1] for match in map(VARIABLE.fullmatch, texts) if match)


def _leaves(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Every setting with its dotted name; of a list, each under the list's name."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner, name)
    else:
        yield name, value


def _suggested(kind: str, name: str) -> str:
    word = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.rpartition(".")[2])
    return re.sub(r"[^A-Z0-9]+", "_", f"{kind}_{word}".upper())


def _receiver(kind: str, **settings: object) -> Receiver:
    """A receiver with the settings that are not empty."""
    return Receiver(
        kind, MappingProxyType({k: v for k, v in settings.items() if v not in ("", {})})
    )


def webhook(url: str) -> Receiver:
    """POST a JSON document to an address.

    Args:
        url: The address, or the `$VARIABLE` that holds it.

    Returns:
        The receiver, for `d.Contact(receiver=...)`.

    Raises:
        DeclarationError: An empty address, or a text with a $ in it.

    Example:
        >>> d.webhook("$ALERT_WEBHOOK_URL").kind
        'webhook'
    """
    return Receiver("webhook", MappingProxyType({"url": url}))


def email(*addresses: str) -> Receiver:
    """Write to addresses; Grafana's own GF_SMTP_... settings say through which server.

    Args:
        *addresses: One or more.

    Returns:
        The receiver, for `d.Contact(receiver=...)`.

    Raises:
        DeclarationError: No address.

    Example:
        >>> d.email("ml@example.org", "ops@example.org").settings["addresses"]
        'ml@example.org;ops@example.org'
    """
    return Receiver("email", MappingProxyType({"addresses": ";".join(addresses)}))


def slack(*, url: str = "", channel: str = "", token: str = "") -> Receiver:
    """Post to Slack: by an incoming webhook, or to a channel as a bot.

    Args:
        url: The webhook's address, as a `$VARIABLE`. Excludes channel and token.
        channel: Where the bot posts, as "#alerts".
        token: The bot's, as a `$VARIABLE`.

    Returns:
        The receiver, for `d.Contact(receiver=...)`.

    Raises:
        DeclarationError: Neither a url nor a channel with a token, or both; a secret that is no
            `$VARIABLE`.

    Example:
        >>> d.slack(channel="#alerts", token="$SLACK_TOKEN").variables()
        ('SLACK_TOKEN',)
    """
    require(
        bool(url) != bool(channel and token),
        "slack",
        "neither a url nor a channel with a token, or both",
        'give url="$SLACK_URL", or channel="#alerts" and token="$SLACK_TOKEN"',
    )
    return _receiver("slack", url=url, recipient=channel, token=token)


def teams(url: str) -> Receiver:
    """Post to a channel of Microsoft Teams.

    Args:
        url: The address of its workflow or incoming webhook, or the `$VARIABLE` that holds it.

    Returns:
        The receiver, for `d.Contact(receiver=...)`.

    Raises:
        DeclarationError: An empty address, or a text with a $ in it.

    Example:
        >>> d.teams("$TEAMS_URL").kind
        'teams'
    """
    return Receiver("teams", MappingProxyType({"url": url}))


def discord(url: str) -> Receiver:
    """Post to a channel of Discord.

    Args:
        url: Its webhook's address, as a `$VARIABLE`.

    Returns:
        The receiver, for `d.Contact(receiver=...)`.

    Raises:
        DeclarationError: A secret that is no `$VARIABLE`.

    Example:
        >>> d.discord("$DISCORD_URL").kind
        'discord'
    """
    return Receiver("discord", MappingProxyType({"url": url}))


def telegram(*, token: str, chat: str) -> Receiver:
    """Write to a Telegram chat as a bot.

    Args:
        token: The bot's, as a `$VARIABLE`.
        chat: The chat's number, as a text: "-1001234567".

    Returns:
        The receiver, for `d.Contact(receiver=...)`.

    Raises:
        DeclarationError: A secret that is no `$VARIABLE`, or a number that is no text.

    Example:
        >>> d.telegram(token="$TELEGRAM_TOKEN", chat="-1001234567").kind
        'telegram'
    """
    require(isinstance(chat, str), "telegram: chat", f"{chat!r}", f'write it as a text: "{chat}"')
    return Receiver("telegram", MappingProxyType({"bottoken": token, "chatid": chat}))


def pagerduty(key: str, *, severity: str = "") -> Receiver:
    """Open an incident at PagerDuty.

    Args:
        key: Of an Events API v2 integration, as a `$VARIABLE`.
        severity: "critical", "error", "warning" or "info"; critical where it is not given.

    Returns:
        The receiver, for `d.Contact(receiver=...)`.

    Raises:
        DeclarationError: A secret that is no `$VARIABLE`, or an unknown severity.

    Example:
        >>> d.pagerduty("$PAGERDUTY_KEY", severity="error").settings["severity"]
        'error'
    """
    known = ("", "critical", "error", "warning", "info")
    require(
        severity in known,
        "pagerduty: severity",
        f"{severity!r}",
        f"choose among {', '.join(known[1:])}",
    )
    return _receiver("pagerduty", integrationKey=key, severity=severity)


def oncall(url: str) -> Receiver:
    """Tell Grafana OnCall. Grafana 10.2 and newer.

    Args:
        url: The address of one of its integrations, or the `$VARIABLE` that holds it.

    Returns:
        The receiver, for `d.Contact(receiver=...)`.

    Raises:
        DeclarationError: An empty address, or a text with a $ in it.

    Example:
        >>> d.oncall("$ONCALL_URL").kind
        'oncall'
    """
    return Receiver("oncall", MappingProxyType({"url": url}))


def opsgenie(key: str, *, url: str = "") -> Receiver:
    """Open an alert at Opsgenie.

    Of its successor, Jira Service Management, Grafana has no receiver of its own.

    Args:
        key: Of an API integration, as a `$VARIABLE`.
        url: Where it is not https://api.opsgenie.com/v2/alerts.

    Returns:
        The receiver, for `d.Contact(receiver=...)`.

    Raises:
        DeclarationError: A secret that is no `$VARIABLE`.

    Example:
        >>> d.opsgenie("$OPSGENIE_KEY").kind
        'opsgenie'
    """
    return _receiver("opsgenie", apiKey=key, apiUrl=url)


def sns(
    topic: str, *, region: str = "", access_key: str = "", secret_key: str = "", role: str = ""
) -> Receiver:
    """Publish to a topic of Amazon SNS. Grafana 11.1 and newer.

    Without keys, Grafana takes those of the machine it runs on.

    Args:
        topic: The ARN of the topic.
        region: As "eu-west-1"; '' for the one that Grafana's machine is set to.
        access_key: As a `$VARIABLE`, together with secret_key.
        secret_key: As a `$VARIABLE`, together with access_key.
        role: The ARN of a role to assume, '' for none.

    Returns:
        The receiver, for `d.Contact(receiver=...)`.

    Raises:
        DeclarationError: What is no ARN, one key without the other, or a secret that is no
            `$VARIABLE`.

    Example:
        >>> d.sns("arn:aws:sns:eu-west-1:123456789012:ml").settings["topic_arn"]
        'arn:aws:sns:eu-west-1:123456789012:ml'
    """
    for field, arn in (("topic", topic), ("role", role)):
        right = not arn or bool(VARIABLE.fullmatch(arn) or re.fullmatch(r"arn(:[^:]*){4}:.+", arn))
        require(right, f"sns: {field}", f"{arn!r}", "write an ARN: arn:aws:sns:eu-west-1:1234:ml")
    require(
        bool(access_key) == bool(secret_key),
        "sns",
        "one of two keys",
        'give access_key="$AWS_ACCESS_KEY_ID" and secret_key="$AWS_SECRET_ACCESS_KEY", or neither',
    )
    credentials = {
        "region": region,
        "access_key": access_key,
        "secret_key": secret_key,
        "role_arn": role,
    }
    signed = {key: value for key, value in credentials.items() if value}
    require(bool(topic), "sns: topic", "''", "write the topic's ARN")
    return _receiver("sns", topic_arn=topic, sigv4=signed)


def receiver_of_type(kind: str, settings: Mapping[str, object]) -> Receiver:
    """Any other type of Grafana's receivers, with its settings under Grafana's names.

    `check` says whether the release that is built for knows the type and takes its settings.

    Args:
        kind: Grafana's type, as "jira".
        settings: By Grafana's names; nested mappings are allowed.

    Returns:
        The receiver, for `d.Contact(receiver=...)`.

    Raises:
        DeclarationError: No type or settings, or a secret that is no `$VARIABLE`.

    Example:
        >>> d.receiver_of_type("googlechat", {"url": "$GOOGLE_CHAT_URL"}).variables()
        ('GOOGLE_CHAT_URL',)
    """
    return Receiver(kind, MappingProxyType(dict(settings)))

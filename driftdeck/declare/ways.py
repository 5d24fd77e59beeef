"""How a message travels: each type of receiver of Grafana's, with its settings as it reads them."""

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
class Way:
    """How a message travels. kind: Grafana's type of receiver; settings: as Grafana reads them.

    A setting is a text without $, a whole `$VARIABLE` of the environment, a number, a boolean, or a
    mapping or list of these. What Grafana keeps encrypted must be a variable.
    """

    kind: str
    settings: Mapping[str, object]

    def __post_init__(self) -> None:
        require(bool(self.kind.strip()), "way", "no type", 'name Grafana\'s type: "jira"')
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


def _way(kind: str, **settings: object) -> Way:
    """A way with the settings that are given; an empty text is none."""
    return Way(kind, MappingProxyType({k: v for k, v in settings.items() if v not in ("", {})}))


def webhook(url: str) -> Way:
    """POST a JSON document to an address."""
    return Way("webhook", MappingProxyType({"url": url}))


def email(*addresses: str) -> Way:
    """Write to addresses; Grafana's own GF_SMTP_... settings say through which server."""
    return Way("email", MappingProxyType({"addresses": ";".join(addresses)}))


def slack(*, url: str = "", channel: str = "", token: str = "") -> Way:
    """Post to Slack: by an incoming webhook's `url`, or to a `channel` with a bot's `token`."""
    require(
        bool(url) != bool(channel and token),
        "slack",
        "neither a url nor a channel with a token, or both",
        'give url="$SLACK_URL", or channel="#alerts" and token="$SLACK_TOKEN"',
    )
    return _way("slack", url=url, recipient=channel, token=token)


def teams(url: str) -> Way:
    """Post to a channel of Microsoft Teams, by the address of its workflow or incoming webhook."""
    return Way("teams", MappingProxyType({"url": url}))


def discord(url: str) -> Way:
    """Post to a channel of Discord, by its webhook's address."""
    return Way("discord", MappingProxyType({"url": url}))


def telegram(*, token: str, chat: str) -> Way:
    """Write to a Telegram chat as a bot. chat: its number, as a text: "-1001234567"."""
    require(isinstance(chat, str), "telegram: chat", f"{chat!r}", f'write it as a text: "{chat}"')
    return Way("telegram", MappingProxyType({"bottoken": token, "chatid": chat}))


def pagerduty(key: str, *, severity: str = "") -> Way:
    """Open an incident at PagerDuty. key: of an Events API v2 integration.

    severity: critical where it is not said.
    """
    known = ("", "critical", "error", "warning", "info")
    require(
        severity in known,
        "pagerduty: severity",
        f"{severity!r}",
        f"choose among {', '.join(known[1:])}",
    )
    return _way("pagerduty", integrationKey=key, severity=severity)


def oncall(url: str) -> Way:
    """Tell Grafana OnCall, by the address of one of its integrations. Grafana 10.2 and newer."""
    return Way("oncall", MappingProxyType({"url": url}))


def opsgenie(key: str, *, url: str = "") -> Way:
    """Open an alert at Opsgenie. key: of an API integration.

    url: where it is not https://api.opsgenie.com/v2/alerts. Of its successor, Jira Service
    Management, Grafana has no type of its own.
    """
    return _way("opsgenie", apiKey=key, apiUrl=url)


def sns(
    topic: str, *, region: str = "", access_key: str = "", secret_key: str = "", role: str = ""
) -> Way:
    """Publish to a topic of Amazon SNS, by its ARN. Grafana 11.1 and newer.

    Without keys, Grafana takes those of the machine it runs on. role: an ARN to assume.
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
    given = {
        "region": region,
        "access_key": access_key,
        "secret_key": secret_key,
        "role_arn": role,
    }
    signed = {key: value for key, value in given.items() if value}
    require(bool(topic), "sns: topic", "''", "write the topic's ARN")
    return _way("sns", topic_arn=topic, sigv4=signed)


def contact_of_kind(kind: str, settings: Mapping[str, object]) -> Way:
    """Any other type of Grafana's receivers, with its settings under Grafana's names.

    `d.contact_of_kind("jira", {"api_url": "https://example.atlassian.net/rest/api/3", ...})`
    `driftdeck check` says whether the release that is built for knows and takes them.
    """
    return Way(kind, MappingProxyType(dict(settings)))

"""Who is told when an alert fires, and how. Nobody by default: Grafana's own contact stays."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from monitors.declare.errors import require

KINDS = ("breach", "performance", "late", "collection", "retraining")
"""What alerts are about; each rule carries one as its label `kind`."""
NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")
VARIABLE = re.compile(r"\$([A-Z][A-Z0-9_]*)")
DURATION = re.compile(r"(\d+[smhd])+")


@dataclass(frozen=True)
class Way:
    """How a message travels. kind: Grafana's type of receiver; settings: as Grafana reads them.

    A setting is plain text, or a whole `$VARIABLE` of the environment, as secrets must be.
    """

    kind: str
    settings: Mapping[str, str]

    def __post_init__(self) -> None:
        for key, value in self.settings.items():
            require(
                bool(value.strip()) and ("$" not in value or bool(VARIABLE.fullmatch(value))),
                f"{self.kind}: {key}",
                f"{value!r}",
                "write a text without $, or name an environment variable: $SLACK_URL",
            )

    def variables(self) -> tuple[str, ...]:
        """The environment variables that the settings name."""
        found = (VARIABLE.fullmatch(value) for value in self.settings.values())
        return tuple(match[1] for match in found if match)


def webhook(url: str) -> Way:
    """POST a JSON document to an address."""
    return Way("webhook", MappingProxyType({"url": url}))


def email(*addresses: str) -> Way:
    """Write to addresses; Grafana's own GF_SMTP_... settings say through which server."""
    return Way("email", MappingProxyType({"addresses": ";".join(addresses)}))


def slack(*, url: str = "", channel: str = "", token: str = "") -> Way:
    """Post to Slack: by an incoming webhook's `url`, or to a `channel` with a bot's `token`."""
    given = {"url": url, "recipient": channel, "token": token}
    require(
        bool(url) != bool(channel and token),
        "slack",
        "neither a url nor a channel with a token, or both",
        'give url="$SLACK_URL", or channel="#alerts" and token="$SLACK_TOKEN"',
    )
    return Way("slack", MappingProxyType({key: value for key, value in given.items() if value}))


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Someone who is told of alerts.

    name: as Grafana lists it. monitors, owners, kinds: of which alerts, all where empty; every
        contact that fits is told.
    wait: for more alerts of the same rule before the first message. interval: between messages
        about a group that changes. repeat: of one that does not. resolved: whether to say so, too.
    """

    name: str
    way: Way
    monitors: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    wait: str = "30s"
    interval: str = "5m"
    repeat: str = "4h"
    resolved: bool = True

    def __post_init__(self) -> None:
        require(
            bool(NAME.fullmatch(self.name)),
            "contact: name",
            f"{self.name!r}",
            "use up to 30 lower-case letters, digits and -, starting with a letter",
        )
        unknown = sorted(set(self.kinds) - set(KINDS))
        require(
            not unknown, f"{self.name}: kinds", f"{unknown}", f"choose among {', '.join(KINDS)}"
        )
        for name in ("wait", "interval", "repeat"):
            text = getattr(self, name)
            zero = name != "wait" and not text.strip("0smhd")
            require(
                bool(DURATION.fullmatch(text)) and not zero,
                f"{self.name}: {name}",
                f"{text!r}",
                "write a length of time: 30s, 5m, 4h",
            )

"""Who is told when an alert fires. Nobody by default: Grafana's own policies stay."""

import re
from dataclasses import dataclass

from driftdeck.declare.errors import require
from driftdeck.declare.receivers import Receiver

KINDS = ("breach", "performance", "late", "collection", "retraining")
"""What alerts are about; each rule carries one as its label `kind`."""
NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")
NOBODY = "nobody"
"""The contact of alerts that no contact asks for: it sends nothing."""
DURATION = re.compile(r"(\d+[smhd])+")


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Someone who is told of alerts; in `monitors/contacts.py`, as `CONTACTS = (d.Contact(...),)`.

    Every contact that fits an alert is told. Without contacts, nobody is, and Grafana's own
    notification policies stay as they are.

    Args:
        name: As Grafana lists it: up to 30 lower-case letters, digits and -.
        receiver: How a message travels: `d.slack()`, `d.email()` and their kin.
        monitors: Names of the monitors whose alerts are meant; all where empty.
        owners: Owners of the monitors that are meant; all where empty.
        kinds: What alerts are about, among "breach", "performance", "late", "collection" and
            "retraining"; all where empty.
        others: Whether alerts that fit no contact come here, too, among them those of other rules
            in the same Grafana. With one contact at most.
        wait: How long to wait for more alerts of a rule before the first message, as "30s".
        interval: Between messages about a group of alerts that changes, as "5m".
        repeat: Between messages about one that does not, as "4h".
        resolved: Whether to say that an alert has ended.

    Raises:
        DeclarationError: A name that Grafana would not take, an unknown kind, or a length of time
            that is none.

    Example:
        >>> contact = d.Contact(
        ...     name="ml-alerts",
        ...     receiver=d.slack(url="$SLACK_URL"),
        ...     kinds=("breach", "late"),
        ... )
        >>> contact.repeat
        '4h'
    """

    name: str
    receiver: Receiver
    monitors: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    others: bool = False
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
        require(
            self.name != NOBODY,
            "contact: name",
            f"{NOBODY!r}, which stands for whom nothing is sent to",
            "choose another",
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

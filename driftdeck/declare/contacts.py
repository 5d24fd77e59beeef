"""Who is told when an alert fires. Nobody by default: Grafana's own policies stay."""

import re
from dataclasses import dataclass

from driftdeck.declare.errors import require
from driftdeck.declare.ways import Way

KINDS = ("breach", "performance", "late", "collection", "retraining")
"""What alerts are about; each rule carries one as its label `kind`."""
NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")
NOBODY = "nobody"
"""The contact of alerts that no contact asks for: it sends nothing."""
DURATION = re.compile(r"(\d+[smhd])+")


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Someone who is told of alerts.

    name: as Grafana lists it. monitors, owners, kinds: of which alerts, all where empty; every
        contact that fits is told. others: told, too, of alerts that fit no contact, among them
        those of other rules in the same Grafana; without such a contact, nobody is.
    wait: for more alerts of the same rule before the first message. interval: between messages
        about a group that changes. repeat: of one that does not. resolved: whether to say so, too.
    """

    name: str
    way: Way
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

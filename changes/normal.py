"""Takes out of a rule, a contact point or a datasource of Grafana's what only Grafana adds."""

import re
from typing import Any

from generator.differences import NOTHING
from generator.things import Thing, unescaped

Json = dict[str, Any]
DURATION = re.compile(r"(\d+)(ms|s|m|h|d|w|y)")
SECONDS = {
    "ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 365 * 86400,
}  # fmt: skip
OWN = ("labels", "annotations")
"""Of a rule: what is there beyond the source's was added by someone."""
REDACTED = "[REDACTED]"


def comparable(built: Thing, live: Thing) -> tuple[Thing, Thing]:
    """Both without what only Grafana knows, or what only the source says."""
    if built.kind == "dashboard":
        return built, live
    one, other = _alike(built.content, live.content, ())
    return (
        Thing(built.kind, built.uid, built.name, one),
        Thing(live.kind, live.uid, live.name, other),
    )


def _alike(built: Any, live: Any, path: tuple[str, ...]) -> tuple[Any, Any]:
    """Both sides, of which the live one has only what the source gives."""
    if isinstance(built, dict) and isinstance(live, dict):
        keys = [key for key in built if key not in ("secureJsonData", "orgId", "editable")]
        if path[-1:] and path[-1] in OWN:
            keys = [*built, *(key for key in live if key not in built)]
        pairs = {
            key: _alike(built.get(key, NOTHING), live.get(key, NOTHING), (*path, key))
            for key in keys
        }
        same = {key: pair for key, pair in pairs.items() if not _means_the_same(*pair, key)}
        return (
            {key: one for key, (one, _) in same.items() if one is not NOTHING},
            {key: other for key, (_, other) in same.items() if other is not NOTHING},
        )
    if isinstance(built, list) and isinstance(live, list) and len(built) == len(live):
        both = [_alike(one, other, path) for one, other in zip(built, live, strict=True)]
        return [one for one, _ in both], [other for _, other in both]
    return built, live


def _means_the_same(built: Any, live: Any, key: str) -> bool:
    if live in (built, REDACTED):
        return True
    if built in (None, "", 0, False, [], {}) and live in (NOTHING, None, "", 0, False, [], {}):
        return True
    if isinstance(built, str) and "$" in built and isinstance(live, str):
        return True if "$$" not in built else unescaped(built) == live  # a variable's value
    if isinstance(built, str) and isinstance(live, str):
        one, other = seconds(built), seconds(live)
        return one is not None and one == other
    return False


def seconds(text: str) -> float | None:
    """A duration as Go and Prometheus write it: 1h, 1h0m0s, 90s."""
    if not text or DURATION.sub("", text):
        return None
    return sum(int(number) * SECONDS[unit] for number, unit in DURATION.findall(text))

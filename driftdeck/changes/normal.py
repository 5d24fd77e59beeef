"""Takes out of a rule, a contact point or a datasource of Grafana's what only Grafana adds."""

from dataclasses import replace
from typing import Any

from driftdeck.facts.dollars import unescape
from driftdeck.facts.durations import parse_prometheus
from driftdeck.generator.differences import NOTHING
from driftdeck.generator.things import Thing

OWN = ("labels", "annotations")
"""Of a rule: what is there beyond the source's was added by someone."""
REDACTED = "[REDACTED]"


EMPTY: tuple[Any, ...] = (None, "", 0, False, [], {})
UNSAID = ("secureJsonData", "orgId", "editable")
"""What Grafana does not answer, or not in the files' words."""


def in_words_of(built: Thing, live: Thing) -> Thing:
    """The live thing as the source would give it: what says the same is said the same way."""
    filled = built.kind == "contact point"  # its variables have values in Grafana alone
    return replace(live, content=_settled(built.content, live.content, "", filled=filled))


def _settled(built: Any, live: Any, key: str, *, filled: bool) -> Any:
    """Only what the source gives; of labels and annotations, everything."""
    if _same(built, live, filled=filled) or key in UNSAID:
        return built
    if isinstance(built, dict) and isinstance(live, dict):
        found = {
            one: _settled(value, live.get(one, NOTHING), one, filled=filled)
            for one, value in built.items()
        }
        more = {one: value for one, value in live.items() if key in OWN and one not in built}
        return {one: value for one, value in {**found, **more}.items() if value is not NOTHING}
    if isinstance(built, list) and isinstance(live, list) and len(built) == len(live):
        return [_settled(*pair, key, filled=filled) for pair in zip(built, live, strict=True)]
    return live


def _same(built: Any, live: Any, *, filled: bool) -> bool:
    if live == built or (built in EMPTY and live in (NOTHING, *EMPTY)):
        return True
    if not isinstance(built, str) or not isinstance(live, str):
        return False
    if filled and "$" in built:
        return live == REDACTED or "$$" not in built or unescape(built) == live
    return live == REDACTED or _same_duration(built, live)


def _same_duration(built: str, live: str) -> bool:
    """Go writes 1h0m0s for 1h."""
    try:
        return parse_prometheus(built) == parse_prometheus(live)
    except ValueError:
        return False

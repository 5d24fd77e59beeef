"""What Grafana holds, in the words of the source: what says the same is said the same way.

What is not written and what is written with its default mean the same; a browser fills in defaults
when it saves, and Grafana adds what is its own. Without those, only what people did differs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from driftdeck.dashboards.places import item_names, parts
from driftdeck.dashboards.rows import in_order, open_rows
from driftdeck.facts import Json
from driftdeck.facts.dollars import unescape
from driftdeck.facts.durations import parse_prometheus
from driftdeck.generator.browser_migration import keep_override, same_steps
from driftdeck.generator.defaults import (
    DASHBOARD,
    IGNORED,
    PLUGINS,
    TARGET,
    VARIABLE,
    panel_defaults,
)
from driftdeck.generator.differences import NOTHING, pair_parts
from driftdeck.generator.resources import Resource

CELL_OPTIONS: Final = 38
"""The schema from which Grafana knows the options of a table's cells."""
NEWER: Final = ("custom.cellOptions",)
PEOPLES: Final = ("labels", "annotations")
"""Of a rule: what is there beyond the source's was added by someone."""
UNANSWERED: Final = ("secureJsonData", "orgId", "editable")
"""What Grafana does not answer, or not in the files' words."""
REDACTED: Final = "[REDACTED]"


def normalise_dashboard(built: Json, live: Json) -> Json:
    """The live dashboard in the words of the source, its rows opened. built: the source's."""
    built, live = open_rows(built), open_rows(live)
    apart = {"panels", "templating", "annotations"}
    normal = _without(built, live, IGNORED["dashboard"] | apart, _Defaults(DASHBOARD))
    normal |= {key: built[key] for key in IGNORED["dashboard"] if key in built}
    variables, annotations = (_parts(built, live, kind) for kind in ("variable", "annotation"))
    for key, items in (("templating", variables), ("annotations", annotations)):
        if key in built or items:
            normal[key] = {**built.get(key, {}), "list": items}
    normal["panels"] = _parts(built, live, "panel")
    return normal


def normalise_panel(built: Json, live: Json, schema: int) -> Json:
    """A live panel in the words of the source. schema: of the dashboard that it stands in."""
    saved = _remembered(built, live) if schema < CELL_OPTIONS else _rewritten(built, live)
    defaults = panel_defaults(str(live.get("type", "")))
    return _without(built, saved, IGNORED["panel"], _Defaults(defaults))


def normalise_resource(built: Resource, live: Resource) -> Resource:
    """A live rule, contact point, datasource or policy tree in the words of the source."""
    filled = built.kind == "contact point"  # its variables have values in Grafana alone
    content = _normalise(built.content, live.content, _Provisioned(filled), "")
    return replace(live, content=content)


def normalise_order(dashboard: Json) -> Json:
    """A dashboard's panels in the order of the grid, its rows opened; those in one place by id."""
    dashboard = open_rows(dashboard)
    panels = sorted(dashboard.get("panels", []), key=lambda panel: str(panel.get("id")))
    return {**dashboard, "panels": in_order(panels)}


class _Words(Protocol):
    """What means the same in two spellings of one thing."""

    def same(self, built: Any, live: Any, path: str) -> bool:
        """Whether both mean the same; either may be NOTHING."""

    def is_added(self, live: Any, path: str) -> bool:
        """Whether what only the live side has was added by Grafana, not by people."""

    def inside(self, path: str) -> tuple["_Words", str]:
        """The words and the path of the items of a list."""


@dataclass(frozen=True)
class _Defaults:
    """A dashboard's words: a value that is left out is its default. defaults: by path."""

    defaults: Mapping[str, Any]

    def same(self, built: Any, live: Any, path: str) -> bool:
        if live is NOTHING:
            return self.is_added(built, path)
        if path.endswith("thresholds.steps") and isinstance(built, list):
            return isinstance(live, list) and same_steps(built, live)
        return path.endswith("datasource.type") and PLUGINS.get(str(live)) == built

    def is_added(self, live: Any, path: str) -> bool:
        if live in (None, {}, []) or (path in self.defaults and live == self.defaults[path]):
            return True
        if isinstance(live, dict):
            return all(self.is_added(value, f"{path}.{key}") for key, value in live.items())
        return False

    def inside(self, path: str) -> tuple[_Words, str]:
        return (_Defaults(TARGET), "") if path == "targets" else (self, f"{path}[]")


@dataclass(frozen=True)
class _Provisioned:
    """The words of a rule or a contact point. filled: whether `$NAME` has its value in Grafana."""

    filled: bool

    def same(self, built: Any, live: Any, path: str) -> bool:
        empty: tuple[Any, ...] = (None, "", 0, False, [], {})
        if live == built or path in UNANSWERED or (built in empty and live in (NOTHING, *empty)):
            return True
        if not isinstance(built, str) or not isinstance(live, str):
            return False
        if self.filled and "$" in built:
            return live == REDACTED or "$$" not in built or unescape(built) == live
        return live == REDACTED or _same_duration(built, live)

    def is_added(self, live: Any, path: str) -> bool:
        return path.partition(".")[0] not in PEOPLES

    def inside(self, path: str) -> tuple[_Words, str]:
        return self, f"{path}[]"


def _same_duration(built: str, live: str) -> bool:
    """Go writes 1h0m0s for 1h."""
    try:
        return parse_prometheus(built) == parse_prometheus(live)
    except ValueError:
        return False


def _normalise(built: Any, live: Any, words: _Words, path: str) -> Any:
    """What is live, in the source's words where it says the same."""
    if words.same(built, live, path):
        return built
    if isinstance(built, dict) and isinstance(live, dict):
        normal = {}
        for key in {**built, **live}:
            below = f"{path}.{key}" if path else key
            ours, theirs = built.get(key, NOTHING), live.get(key, NOTHING)
            if ours is NOTHING:
                value = NOTHING if words.is_added(theirs, below) else theirs
            else:
                value = _normalise(ours, theirs, words, below)
            if value is not NOTHING:
                normal[key] = value
        return normal
    if isinstance(built, list) and isinstance(live, list):
        return _normalise_items(built, live, *words.inside(path))
    return live


def _normalise_items(built: list[Any], live: list[Any], words: _Words, path: str) -> list[Any]:
    """A list's items, each against the one of its name, or of its place."""
    if names := item_names(built, live):
        known = dict(zip(names[0], built, strict=True))
        pairs = [
            (known.get(name, NOTHING), item) for name, item in zip(names[1], live, strict=True)
        ]
    elif len(built) == len(live):
        pairs = list(zip(built, live, strict=True))
    else:
        return live
    return [
        theirs if ours is NOTHING else _normalise(ours, theirs, words, path)
        for ours, theirs in pairs
    ]


def _without(built: Json, live: Json, ignored: set[str], words: _Words) -> Json:
    ours, theirs = (
        {key: value for key, value in side.items() if key not in ignored} for side in (built, live)
    )
    normal: Json = _normalise(ours, theirs, words, "")
    return normal


def _parts(built: Json, live: Json, kind: str) -> list[Json]:
    """The parts that Grafana holds, in its order."""
    known = {
        id(theirs): ours
        for _, ours, theirs in pair_parts(kind, parts(built, kind), parts(live, kind))
        if ours is not NOTHING and theirs is not NOTHING
    }
    schema = live.get("schemaVersion", 0)
    words = _Defaults(VARIABLE if kind == "variable" else {})
    return [
        normalise_panel(known.get(id(theirs), {}), theirs, schema)
        if kind == "panel"
        else _normalise(known.get(id(theirs), {}), theirs, words, "")
        for theirs in parts(live, kind)
        if theirs.get("builtIn") != 1
    ]


def _remembered(built: Json, live: Json) -> Json:
    """A panel with those overrides of the source that an old Grafana does not know and drops."""
    config = live.get("fieldConfig", {})
    left = list(built.get("fieldConfig", {}).get("overrides", []))
    overrides = []
    for override in config.get("overrides", []):
        known = next(
            (item for item in left if item.get("matcher") == override.get("matcher")), None
        )
        if known is None:
            overrides.append(override)
            continue
        left.remove(known)
        kept = {item["id"]: item for item in override.get("properties", [])}
        ours = [kept.pop(item["id"], item) for item in known.get("properties", [])
                if item["id"] in kept or item["id"] in NEWER]  # fmt: skip
        overrides.append({**override, "properties": [*ours, *kept.values()]})
    return {**live, "fieldConfig": {**config, "overrides": overrides}} if overrides else live


def _rewritten(built: Json, live: Json) -> Json:
    """A panel with the source's overrides where a new browser has written the same anew."""
    config = live.get("fieldConfig", {})
    ours, theirs = (
        panel_config.get("overrides", []) for panel_config in (built.get("fieldConfig", {}), config)
    )
    if len(ours) != len(theirs):
        return live
    overrides = [keep_override(*pair) for pair in zip(ours, theirs, strict=True)]
    return {**live, "fieldConfig": {**config, "overrides": overrides}} if overrides else live

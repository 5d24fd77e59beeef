"""A dashboard as Grafana holds it, without what a browser filled in when it saved.

What is not written and what is written with its default mean the same; where a live dashboard says
the same as the source, it is given as the source gives it, so that only what people did differs.
"""

from collections.abc import Mapping
from typing import Any

from driftdeck.dashboards.places import item_names, parts
from driftdeck.dashboards.rows import opened
from driftdeck.facts import Json
from driftdeck.generator.defaults import (
    DASHBOARD,
    IGNORED,
    PLUGINS,
    TARGET,
    VARIABLE,
    panel_defaults,
)
from driftdeck.generator.differences import NOTHING, paired
from driftdeck.generator.migrated import kept_override, same_steps

CELL_OPTIONS = 38
"""The schema from which Grafana knows the options of a table's cells."""
NEWER = ("custom.cellOptions",)
EMPTY: tuple[Any, ...] = (None, {}, [])


def without_noise(built: Json, live: Json) -> Json:
    """The live dashboard in the words of the source, its rows opened. built: the source's."""
    built, live = opened(built), opened(live)
    skipped = {"panels", "templating", "annotations"}
    made, there = (
        {key: value for key, value in one.items() if key not in skipped | IGNORED["dashboard"]}
        for one in (built, live)
    )
    found: Json = _settled(made, there, DASHBOARD, "")
    found |= {key: built[key] for key in IGNORED["dashboard"] if key in built}
    panels = _parts(built, live, "panel")
    variables, annotations = (_parts(built, live, kind) for kind in ("variable", "annotation"))
    for key, items in (("templating", variables), ("annotations", annotations)):
        if key in built or items:
            found[key] = {**built.get(key, {}), "list": items}
    found["panels"] = panels
    return found


def _parts(built: Json, live: Json, kind: str) -> list[Json]:
    """The parts that Grafana holds, in its order."""
    known = {
        id(there): made
        for _, made, there in paired(kind, parts(built, kind), parts(live, kind))
        if made is not NOTHING and there is not NOTHING
    }
    found = []
    for there in parts(live, kind):
        if there.get("builtIn") == 1:
            continue
        made = known.get(id(there), {})
        found.append(
            panel_without_noise(made, there, live.get("schemaVersion", 0))
            if kind == "panel"
            else _settled(made, there, VARIABLE if kind == "variable" else {}, "")
        )
    return found


def panel_without_noise(built: Json, live: Json, schema: int) -> Json:
    """A live panel in the words of the source. schema: of the dashboard that it stands in."""
    saved = _remembered(built, live) if schema < CELL_OPTIONS else _rewritten(built, live)
    made, there = (
        {key: value for key, value in one.items() if key not in IGNORED["panel"]}
        for one in (built, saved)
    )
    found: Json = _settled(made, there, panel_defaults(str(live.get("type", ""))), "")
    return found


def _remembered(made: Json, there: Json) -> Json:
    """A panel with those overrides of the source that an old Grafana does not know and drops."""
    config = there.get("fieldConfig", {})
    left = list(made.get("fieldConfig", {}).get("overrides", []))
    overrides = []
    for one in config.get("overrides", []):
        known = next((item for item in left if item.get("matcher") == one.get("matcher")), None)
        if known is None:
            overrides.append(one)
            continue
        left.remove(known)
        kept = {item["id"]: item for item in one.get("properties", [])}
        ours = [kept.pop(item["id"], item) for item in known.get("properties", [])
                if item["id"] in kept or item["id"] in NEWER]  # fmt: skip
        overrides.append({**one, "properties": [*ours, *kept.values()]})
    return {**there, "fieldConfig": {**config, "overrides": overrides}} if overrides else there


def _rewritten(made: Json, there: Json) -> Json:
    """A panel with the source's overrides where a new browser has written the same anew."""
    config = there.get("fieldConfig", {})
    ours, theirs = (one.get("overrides", []) for one in (made.get("fieldConfig", {}), config))
    if len(ours) != len(theirs):
        return there
    overrides = [kept_override(*pair) for pair in zip(ours, theirs, strict=True)]
    return {**there, "fieldConfig": {**config, "overrides": overrides}} if overrides else there


def _settled(made: Any, there: Any, defaults: Mapping[str, Any], path: str) -> Any:
    """What is there, in the source's words where it says the same."""
    if isinstance(made, dict) and isinstance(there, dict):
        found = {}
        for key in [*made, *(key for key in there if key not in made)]:
            below = f"{path}.{key}" if path else key
            one, other = made.get(key, NOTHING), there.get(key, NOTHING)
            if one is NOTHING:
                if not _default(other, defaults, below):
                    found[key] = other
            elif other is NOTHING:
                if _default(one, defaults, below):
                    found[key] = one
            else:
                found[key] = _settled(one, other, defaults, below)
        return found
    if isinstance(made, list) and isinstance(there, list):
        if path.endswith("thresholds.steps") and same_steps(made, there):
            return made
        return _items(made, there, defaults, path)
    if path.endswith("datasource.type") and PLUGINS.get(str(there)) == made:
        return made
    return there


def _items(made: list[Any], there: list[Any], defaults: Mapping[str, Any], path: str) -> list[Any]:
    """A list's items, each against the one of its name, or of its place."""
    below = TARGET if path == "targets" else defaults
    start = "" if path == "targets" else f"{path}[]"
    if names := item_names(made, there):
        known = dict(zip(names[0], made, strict=True))
        pairs = [(known.get(n, NOTHING), one) for n, one in zip(names[1], there, strict=True)]
    elif len(made) == len(there):
        pairs = list(zip(made, there, strict=True))
    else:
        return there
    return [one if m is NOTHING else _settled(m, one, below, start) for m, one in pairs]


def _default(value: Any, defaults: Mapping[str, Any], path: str) -> bool:
    """Whether a value means the same as none."""
    if value in EMPTY or (path in defaults and value == defaults[path]):
        return True
    if isinstance(value, dict):
        return all(_default(one, defaults, f"{path}.{key}") for key, one in value.items())
    return False

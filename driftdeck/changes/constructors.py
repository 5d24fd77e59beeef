"""Panels of Grafana as calls of grafanalib's constructors, each proved to build that very panel."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from grafanalib.core import GridPos, Panel, SqlTarget

from driftdeck.changes.edits import literal
from driftdeck.changes.parameters import CONSTRUCTORS, PANEL, parameters
from driftdeck.facts import Json
from driftdeck.generator.artefacts import encode
from driftdeck.generator.differences import NOTHING
from driftdeck.generator.modernisation import panel_of, target_of
from driftdeck.generator.normalisation import normalise_panel


@dataclass(frozen=True)
class Call:
    """A call of a constructor. names: of grafanalib that it uses."""

    text: str
    names: frozenset[str]


def call_of(live: Json, schema: int) -> Call | None:
    """The call that builds a panel of Grafana; None where no constructor of grafanalib can.

    schema: the schemaVersion of its dashboard.
    """
    cls = CONSTRUCTORS.get(str(live.get("type")))
    grid = live.get("gridPos")
    if cls is None or not isinstance(grid, dict) or set(grid) != set("xywh"):
        return None
    arguments: Json = {"gridPos": GridPos(**grid)}
    targets = [_target(target) for target in live.get("targets") or []]
    if targets:
        arguments["targets"] = targets
    arguments |= _choose_parameters(cls, arguments, live)
    built = _build(cls, arguments)
    extra = _missing(built, normalise_panel(built, live, schema))
    if extra:
        arguments["extraJson"] = extra
        built = _build(cls, arguments)
    if built != normalise_panel(built, live, schema):
        return None
    return _format(cls, arguments)


def _build(cls: type[Panel], arguments: Mapping[str, Any]) -> Json:
    """The panel as the build makes it."""
    return panel_of(encode(cls(**arguments)))


def _choose_parameters(cls: type[Panel], arguments: Json, live: Json) -> Json:
    """The parameters whose fields the panel has otherwise than by default."""
    default = _build(cls, arguments)
    chosen: Json = {}
    for name, path in parameters(live["type"]).items():
        value = _at(live, path)
        if value is NOTHING or value == _at(default, path):
            continue
        try:
            built = _build(cls, {**arguments, name: value})
        except (TypeError, ValueError):
            continue  # it allows less than Grafana does
        if _at(built, path) == value:
            chosen[name] = value
    return chosen


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return NOTHING
        value = value[key]
    return value


def _missing(built: Json, wanted: Json) -> Json:
    """What must be put over a panel to have another; what it should not have becomes None."""
    missing: Json = {}
    for key in {**built, **wanted}:
        ours, theirs = built.get(key, NOTHING), wanted.get(key, NOTHING)
        if ours == theirs:
            continue
        if isinstance(ours, dict) and isinstance(theirs, dict):
            missing[key] = _missing(ours, theirs)
        else:
            missing[key] = None if theirs is NOTHING else theirs
    return missing


def _target(live: Json) -> Any:
    """A query by grafanalib's constructor, or as it is."""
    fields = {"rawSql", "refId", "format", "rawQuery"}
    if not fields <= set(live):
        return live
    target = SqlTarget(
        **{key: live[key] for key in sorted(fields)}, datasource=live.get("datasource")
    )
    built = target_of(encode(target))
    shared = {key: value for key, value in live.items() if key in built or value}
    return target if built == shared else live


def _format(cls: type[Panel], arguments: Json) -> Call:
    names = {cls.__name__, "GridPos"}
    order = [*list(PANEL)[:4], "gridPos", "targets"]
    keys = sorted(arguments, key=lambda key: order.index(key) if key in order else len(order))
    texts = []
    for key in keys:
        value = arguments[key]
        if key == "gridPos":
            texts.append(f"gridPos=GridPos({_keywords(value, 'hwxy')})")
        elif key == "targets":
            texts.append(f"targets=[{', '.join(map(_format_target, value))}]")
            names |= {"SqlTarget"} if any(isinstance(item, SqlTarget) for item in value) else set()
        else:
            texts.append(f"{key}={literal(value)}")
    return Call(f"{cls.__name__}({', '.join(texts)})", frozenset(names))


def _format_target(target: Any) -> str:
    if not isinstance(target, SqlTarget):
        return literal(target)
    keywords = _keywords(target, ("refId", "rawSql", "format", "datasource"))
    return f"SqlTarget({keywords}{'' if target.rawQuery else ', rawQuery=False'})"


def _keywords(thing: Any, keys: Iterable[str]) -> str:
    values = {key: getattr(thing, key) for key in keys}
    return ", ".join(f"{key}={literal(value)}" for key, value in values.items() if value != "")

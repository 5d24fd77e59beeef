"""Panels of Grafana as calls of grafanalib's constructors, each proved to build that very panel.

Which parameter writes which field is found by trying: a constructor is called with a value that
nothing else has, and the field that differs from its default is the parameter's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import attr
from grafanalib.core import (
    BarChart,
    GridPos,
    Panel,
    RowPanel,
    SqlTarget,
    Stat,
    StateTimeline,
    Table,
    Text,
    TimeSeries,
)

from driftdeck.changes.edits import literal
from driftdeck.facts import Json
from driftdeck.generator.artefacts import encoded
from driftdeck.generator.differences import NOTHING
from driftdeck.generator.modern import panel_of, target_of
from driftdeck.generator.normal import normalise_panel

Path = tuple[str, ...]
CLASSES: Final = {
    "barchart": BarChart,
    "row": RowPanel,
    "stat": Stat,
    "state-timeline": StateTimeline,
    "table": Table,
    "text": Text,
    "timeseries": TimeSeries,
}
ASIDE: Final = ("extraJson", "gridPos", "repeat", "targets", "editable", "error")
"""Parameters that are written otherwise, or say nothing."""
FIRST: Final = ("title", "description", "id", "dataSource")
TRIED: Final = ("~", 918273, ["max"], [{"a": 1}], {"a": 1})


@dataclass(frozen=True)
class Call:
    """A call of a constructor. names: of grafanalib that it uses."""

    text: str
    names: frozenset[str]


def call_of(live: Json, schema: int) -> Call | None:
    """The call that builds a panel of Grafana; None where no constructor of grafanalib can.

    schema: the schemaVersion of its dashboard.
    """
    cls = CLASSES.get(str(live.get("type")))
    grid = live.get("gridPos")
    if cls is None or not isinstance(grid, dict) or set(grid) != set("xywh"):
        return None
    given: Json = {"gridPos": GridPos(**grid)}
    targets = [_target(one) for one in live.get("targets") or []]
    if targets:
        given["targets"] = targets
    given |= _parameters(cls, given, live)
    made = _built(cls, given)
    extra = _missing(made, normalise_panel(made, live, schema))
    if extra:
        given["extraJson"] = extra
        made = _built(cls, given)
    if made != normalise_panel(made, live, schema):
        return None
    return _written(cls, given)


def _built(cls: type[Panel], given: Mapping[str, Any]) -> Json:
    """The panel as the build makes it."""
    return panel_of(encoded(cls(**given)))


def _parameters(cls: type[Panel], given: Json, live: Json) -> Json:
    """The parameters whose fields the panel has otherwise than by default."""
    default = _built(cls, given)
    found: Json = {}
    for name, path in _paths(live["type"]).items():
        value = _at(live, path)
        if value is NOTHING or value == _at(default, path):
            continue
        try:
            made = _built(cls, {**given, name: value})
        except (TypeError, ValueError):
            continue  # it allows less than Grafana does
        if _at(made, path) == value:
            found[name] = value
    return found


@cache
def _paths(kind: str) -> dict[str, Path]:
    """Where each parameter of a kind's constructor is written, by name, the usual ones first."""
    cls = CLASSES[kind]
    plain = {"gridPos": GridPos(h=1, w=1, x=0, y=0)}
    default = _built(cls, plain)
    found: dict[str, Path] = {}
    known = [one for one in attr.fields(cls) if one.name not in ASIDE]
    for one in sorted(known, key=lambda one: (one.name not in FIRST, known.index(one))):
        values = (not one.default,) if isinstance(one.default, bool) else TRIED
        for value in values:
            try:
                made = _built(cls, {**plain, one.name: value})
            except (TypeError, ValueError, AttributeError, KeyError, AssertionError):
                continue
            places = list(_differing(default, made))
            if len(places) == 1 and _at(made, places[0]) == value:
                found[one.name] = places[0]
                break
    return found


def _differing(one: Any, other: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            yield from _differing(one.get(key, NOTHING), other.get(key, NOTHING), (*path, key))
    elif one != other:
        yield path


def _at(value: Any, path: Path) -> Any:
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return NOTHING
        value = value[key]
    return value


def _missing(made: Json, wanted: Json) -> Json:
    """What must be put over a panel to have another; what it should not have becomes None."""
    found: Json = {}
    for key in {**made, **wanted}:
        one, other = made.get(key, NOTHING), wanted.get(key, NOTHING)
        if one == other:
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            found[key] = _missing(one, other)
        else:
            found[key] = None if other is NOTHING else other
    return found


def _target(live: Json) -> Any:
    """A query by grafanalib's constructor, or as it is."""
    fields = {"rawSql", "refId", "format", "rawQuery"}
    if not fields <= set(live):
        return live
    made = SqlTarget(
        **{key: live[key] for key in sorted(fields)}, datasource=live.get("datasource")
    )
    built = target_of(encoded(made))
    shared = {key: value for key, value in live.items() if key in built or value}
    return made if built == shared else live


def _written(cls: type[Panel], given: Json) -> Call:
    names = {cls.__name__, "GridPos"}
    order = [*FIRST, "gridPos", "targets"]
    keys = sorted(given, key=lambda key: order.index(key) if key in order else len(order))
    said = []
    for key in keys:
        value = given[key]
        if key == "gridPos":
            said.append(f"gridPos=GridPos({_named(value, 'hwxy')})")
        elif key == "targets":
            said.append(f"targets=[{', '.join(map(_query, value))}]")
            names |= {"SqlTarget"} if any(isinstance(one, SqlTarget) for one in value) else set()
        else:
            said.append(f"{key}={literal(value)}")
    return Call(f"{cls.__name__}({', '.join(said)})", frozenset(names))


def _query(target: Any) -> str:
    if not isinstance(target, SqlTarget):
        return literal(target)
    said = _named(target, ("refId", "rawSql", "format", "datasource"))
    return f"SqlTarget({said}{'' if target.rawQuery else ', rawQuery=False'})"


def _named(thing: Any, keys: Any) -> str:
    values = {key: getattr(thing, key) for key in keys}
    return ", ".join(f"{key}={literal(value)}" for key, value in values.items() if value != "")

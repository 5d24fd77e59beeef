"""The panel `state-timeline`: a band for each series, in the colours of its states."""

from collections.abc import Mapping, Sequence
from typing import Any

from driftdeck.facts import Json
from driftdeck.preflight.sql.macros import Range
from driftdeck.preview import plot
from driftdeck.preview.colors import faded
from driftdeck.preview.fields import Clock, Field
from driftdeck.preview.frames import Answer, Series, series
from driftdeck.preview.plot import Entry, Legend, Plot


def draw(panel: Json, answers: Mapping[str, Answer], span: Range, clock: Clock) -> Plot | None:
    """A figure, or None where there is nothing to draw. Raises AskError."""
    found = series(panel, answers, clock)
    fields = [one for one in found.fields if one.kind != "time"]
    if not fields:
        return None
    states = _states(fields)
    last = max(plot.local_ms(span.end, clock), plot.local_ms(found.times[-1], clock) + 1)
    edges = [plot.local_ms(moment, clock) for moment in found.times] + [last]
    order = list(states)
    height = panel.get("options", {}).get("rowHeight", 0.9)
    trace = {
        "type": "heatmap",
        "x": edges,
        "y": [one.title for one in fields],
        "z": [[_number(one, v, order) for v in _lasting(found, one)] for one in fields],
        "text": [[one.show(v).text for v in _lasting(found, one)] for one in fields],
        "hovertemplate": "%{y}: %{text}<br>%{x}<extra></extra>",
        "hoverongaps": False,
        "zmin": -0.5,
        "zmax": len(order) - 0.5,
        "colorscale": _scale([states[text] for text in order], fields[0]),
        "showscale": False,
        "ygap": max(1.0, plot.pixels(panel) / len(fields) * (1 - height)),
    }
    names = {
        "type": "category", "autorange": "reversed", "automargin": True, "fixedrange": True,
        "showgrid": False, "ticks": "", "ticklabelstandoff": 6, "tickmode": "array",
        "tickvals": trace["y"],
    }  # fmt: skip
    return Plot(
        [trace],
        plot.layout(
            xaxis=plot.time_axis(span.start, span.end, clock), yaxis=names, hovermode="closest"
        ),
        _legend(panel, states),
        marked=True,
    )


def _lasting(found: Series, field: Field) -> list[Any]:
    """A field's values; a state lasts over the moments that only other queries have."""
    own = found.own[list(found.fields).index(field)]
    values: list[Any] = []
    for moment, value in zip(found.times, field.values, strict=True):
        values.append(value if moment in own or not values else values[-1])
    return values


def _states(fields: Sequence[Field]) -> dict[str, str]:
    """The colour of each text that a value is shown as, in the order of their mappings."""
    seen: dict[str, tuple[int, str]] = {}
    for one in fields:
        places = _places(one.config.get("mappings") or [])
        for value in dict.fromkeys(one.values):
            shown = one.show(value)
            if value is not None or shown.mapped:
                seen.setdefault(shown.text, (places.get(shown.text, len(places)), shown.color))
    return {text: color for text, (_, color) in sorted(seen.items(), key=lambda item: item[1][0])}


def _places(mappings: Sequence[Json]) -> dict[str, int]:
    results = [
        result
        for mapping in mappings
        for result in (
            mapping["options"].values()
            if mapping["type"] == "value"
            else [mapping["options"].get("result", {})]
        )
    ]
    return {result.get("text", ""): result.get("index", n) for n, result in enumerate(results)}


def _number(field: Field, value: Any, order: Sequence[str]) -> int | None:
    return None if value is None else order.index(field.show(value).text)


def _scale(tints: Sequence[str], field: Field) -> list[list[Any]]:
    opacity = field.custom.get("fillOpacity", 70) / 100
    size = len(tints)
    return [
        [edge, faded(tint, opacity)]
        for number, tint in enumerate(tints)
        for edge in (number / size, (number + 1) / size)
    ]


def _legend(panel: Json, states: Mapping[str, str]) -> Legend:
    given = panel.get("options", {}).get("legend", {})
    if given.get("showLegend") is False or given.get("displayMode") == "hidden":
        return Legend()
    entries = tuple(Entry(text, color, ()) for text, color in states.items())
    return Legend("list", given.get("placement") == "right", (), entries)

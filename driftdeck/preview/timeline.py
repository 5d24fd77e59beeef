"""The panel `state-timeline`: a band for each series, in the colours of its states."""

from collections.abc import Mapping, Sequence
from typing import Any

from driftdeck.facts import Json
from driftdeck.preflight.sql.macros import Range
from driftdeck.preview import plot
from driftdeck.preview.colors import fade
from driftdeck.preview.fields import Clock, Field
from driftdeck.preview.frames import QueryResult, Series, to_series
from driftdeck.preview.plot import Entry, Legend, Plot


def draw(panel: Json, results: Mapping[str, QueryResult], span: Range, clock: Clock) -> Plot | None:
    """A figure, or None where there is nothing to plot. Raises QueryError.

    results: by refId. span: the time range.
    """
    series = to_series(panel, results, clock)
    fields = [field for field in series.fields if field.kind != "time"]
    if not fields:
        return None
    states = _list_states(fields)
    last = max(plot.to_local_ms(span.end, clock), plot.to_local_ms(series.times[-1], clock) + 1)
    edges = [plot.to_local_ms(moment, clock) for moment in series.times] + [last]
    order = list(states)
    height = panel.get("options", {}).get("rowHeight", 0.9)
    trace = {
        "type": "heatmap",
        "x": edges,
        "y": [field.title for field in fields],
        "z": [
            [_find_state(field, value, order) for value in _carry_states(series, field)]
            for field in fields
        ],
        "text": [
            [field.display(value).text for value in _carry_states(series, field)]
            for field in fields
        ],
        "hovertemplate": "%{y}: %{text}<br>%{x}<extra></extra>",
        "hoverongaps": False,
        "zmin": -0.5,
        "zmax": len(order) - 0.5,
        "colorscale": _scale([states[text] for text in order], fields[0]),
        "showscale": False,
        "ygap": max(1.0, plot.plot_height(panel) / len(fields) * (1 - height)),
    }
    series_axis = {
        "type": "category", "autorange": "reversed", "automargin": True, "fixedrange": True,
        "showgrid": False, "ticks": "", "ticklabelstandoff": 6, "tickmode": "array",
        "tickvals": trace["y"],
    }  # fmt: skip
    return Plot(
        [trace],
        plot.build_layout(
            xaxis=plot.build_time_axis(span.start, span.end, clock),
            yaxis=series_axis,
            hovermode="closest",
        ),
        _legend(panel, states),
        marked=True,
    )


def _carry_states(series: Series, field: Field) -> list[Any]:
    """A field's values; at moments that only other queries have, the state before continues."""
    own_times = series.own_times[list(series.fields).index(field)]
    values: list[Any] = []
    for moment, value in zip(series.times, field.values, strict=True):
        values.append(value if moment in own_times or not values else values[-1])
    return values


def _list_states(fields: Sequence[Field]) -> dict[str, str]:
    """The colour of each displayed text, in the order of the mappings."""
    states: dict[str, tuple[int, str]] = {}
    for field in fields:
        places = _number_mappings(field.config.get("mappings") or [])
        for value in dict.fromkeys(field.values):
            displayed = field.display(value)
            if value is not None or displayed.mapped:
                states.setdefault(
                    displayed.text, (places.get(displayed.text, len(places)), displayed.color)
                )
    return {text: color for text, (_, color) in sorted(states.items(), key=lambda item: item[1][0])}


def _number_mappings(mappings: Sequence[Json]) -> dict[str, int]:
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


def _find_state(field: Field, value: Any, order: Sequence[str]) -> int | None:
    return None if value is None else order.index(field.display(value).text)


def _scale(state_colors: Sequence[str], field: Field) -> list[list[Any]]:
    opacity = field.custom.get("fillOpacity", 70) / 100
    size = len(state_colors)
    return [
        [edge, fade(color, opacity)]
        for number, color in enumerate(state_colors)
        for edge in (number / size, (number + 1) / size)
    ]


def _legend(panel: Json, states: Mapping[str, str]) -> Legend:
    options = panel.get("options", {}).get("legend", {})
    if options.get("showLegend") is False or options.get("displayMode") == "hidden":
        return Legend()
    entries = tuple(Entry(text, color, ()) for text, color in states.items())
    return Legend("list", options.get("placement") == "right", (), entries)

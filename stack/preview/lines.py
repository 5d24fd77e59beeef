"""The panel `timeseries`: lines, points or bars over time."""

import itertools
from collections.abc import Mapping
from typing import Any

from preflight.macros import Range
from stack.preview import plot
from stack.preview.colors import faded
from stack.preview.fields import Clock, Field
from stack.preview.frames import Answer, Series, series
from stack.preview.plot import Json, Plot

SHAPES = {"linear": "linear", "smooth": "spline", "stepBefore": "vh", "stepAfter": "hv"}
BAR_SHARE = 0.6
"""Of the time between two moments, as wide is a bar."""


def draw(panel: Json, answers: Mapping[str, Answer], span: Range, clock: Clock) -> Plot | None:
    """A figure, or None where there is nothing to draw. Raises AskError."""
    found = series(panel, answers, clock)
    shown = [
        (place, one)
        for place, one in enumerate(found.fields)
        if one.kind in ("number", "boolean") and not one.custom.get("hideFrom", {}).get("viz")
    ]
    if not shown:
        return None
    moments = [plot.local_ms(moment, clock) for moment in found.times]
    traces = [_trace(one, moments, _width(moments, span)) for _, one in shown]
    fields = [one for _, one in shown]
    drawn = _heights(fields, found)
    return Plot(
        traces,
        plot.layout(
            xaxis=plot.time_axis(span.start, span.end, clock),
            yaxis=plot.number_axis(fields, drawn, plot.pixels(panel)),
            shapes=list(plot.threshold_shapes(fields)),
            barmode="stack" if any(map(_stack, fields)) else "overlay",
            hovermode="closest"
            if panel.get("options", {}).get("tooltip", {}).get("mode") == "single"
            else "x unified",
        ),
        plot.legend(panel, found.fields, {place: n for n, (place, _) in enumerate(shown)}),
        marked=True,
    )


def _width(moments: list[int], span: Range) -> float:
    apart = [after - before for before, after in itertools.pairwise(moments)]
    whole = (span.end - span.start).total_seconds() * 1000
    return BAR_SHARE * min(apart, default=whole)


def _stack(field: Field) -> str:
    given = field.custom.get("stacking", {})
    return str(given.get("group", "A")) if given.get("mode", "none") != "none" else ""


def _heights(fields: list[Field], found: Series) -> list[float]:
    """Every height that something is drawn at; stacked series stand on each other."""
    heights = []
    for place in range(len(found.times)):
        sums: dict[str, float] = {}
        for field in fields:
            value = field.values[place]
            if value is not None:
                group = _stack(field)
                sums[group] = sums.get(group, 0.0) + float(value)
                heights.append(sums[group] if group else float(value))
    return heights + [0.0] * any(field.custom.get("drawStyle") == "bars" for field in fields)


def _trace(field: Field, moments: list[int], width: float) -> Json:
    custom = field.custom
    color = field.color
    values: list[Any] = [None if v is None else float(v) for v in field.values]
    both = {
        "x": moments,
        "y": values,
        "name": field.title,
        "customdata": [field.show(value).text for value in field.values],
        "hovertemplate": f"%{{customdata}}<extra>{field.title}</extra>",
        "connectgaps": bool(custom.get("spanNulls")),
    }
    opacity = custom.get("fillOpacity", 0) / 100
    if custom.get("drawStyle") == "bars":
        del both["connectgaps"]
        line = {"color": color, "width": custom.get("lineWidth", 1)}
        return both | {
            "type": "bar",
            "width": width,
            "marker": {"color": faded(color, opacity), "line": line},
        }
    points = custom.get("showPoints", "auto")
    alone = sum(value is not None for value in values) == 1
    mode = "lines+markers" if points == "always" or alone else "lines"
    dashes = custom.get("lineStyle", {})
    line = {
        "color": color,
        "width": custom.get("lineWidth", 1),
        "shape": SHAPES.get(custom.get("lineInterpolation", "linear"), "linear"),
        "dash": {"dash": "dash", "dot": "dot"}.get(dashes.get("fill", ""), "solid"),
    }
    filled = {"fill": "tozeroy", "fillcolor": faded(color, opacity)} if opacity else {}
    stacked = {"stackgroup": _stack(field)} if _stack(field) else {}
    return (
        both
        | {
            "type": "scatter",
            "mode": "markers" if custom.get("drawStyle") == "points" else mode,
            "line": line,
            "marker": {"size": custom.get("pointSize", 5), "color": color},
        }
        | filled
        | stacked
    )

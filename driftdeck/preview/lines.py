"""The panel `timeseries`: lines, points or bars over time."""

import itertools
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from driftdeck.facts import Json
from driftdeck.preflight.sql.macros import Range
from driftdeck.preview import plot
from driftdeck.preview.colors import faded
from driftdeck.preview.fields import Clock, Field
from driftdeck.preview.frames import Answer, Series, series
from driftdeck.preview.plot import Plot

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
    fields = [one for _, one in shown]
    units = list(dict.fromkeys(one.unit for one in fields))
    traces = [_trace(one, _points(found, place), span, clock) for place, one in shown]
    for trace, one in zip(traces, fields, strict=True):
        if one.unit != units[0]:  # the second axis is at the right
            trace["yaxis"] = "y2"
    axes = {
        f"yaxis{'' if number == 0 else 2}": _axis(panel, found, fields, unit)
        for number, unit in enumerate(units[:2])
    }
    if len(axes) > 1:
        axes["yaxis2"] |= {"overlaying": "y", "side": "right", "showgrid": False}
    return Plot(
        traces,
        plot.layout(
            xaxis=plot.time_axis(span.start, span.end, clock),
            **axes,
            shapes=list(plot.threshold_shapes([one for one in fields if one.unit == units[0]])),
            barmode="stack" if any(map(_stack, fields)) else "overlay",
            hovermode="closest"
            if panel.get("options", {}).get("tooltip", {}).get("mode") == "single"
            else "x unified",
        ),
        plot.legend(panel, found.fields, {place: n for n, (place, _) in enumerate(shown)}),
        marked=True,
    )


def _axis(panel: Json, found: Series, fields: list[Field], unit: str) -> Json:
    mine = [one for one in fields if one.unit == unit]
    return plot.number_axis(mine, _heights(mine, found), plot.pixels(panel))


def _points(found: Series, place: int) -> list[tuple[datetime, Any]]:
    """A line's moments and values: None is a gap, which others' moments are not."""
    values = found.fields[place].values
    pairs = zip(found.times, values, strict=True)
    return [(moment, value) for moment, value in pairs if moment in found.own[place]]


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


def _trace(field: Field, points: list[tuple[datetime, Any]], span: Range, clock: Clock) -> Json:
    custom = field.custom
    color = field.color
    moments = [plot.local_ms(moment, clock) for moment, _ in points]
    values: list[Any] = [None if v is None else float(v) for _, v in points]
    both = {
        "x": moments,
        "y": values,
        "name": field.title,
        "customdata": [field.show(value).text for _, value in points],
        "hovertemplate": f"%{{customdata}}<extra>{field.title}</extra>",
        "connectgaps": bool(custom.get("spanNulls")),
    }
    opacity = custom.get("fillOpacity", 0) / 100
    if custom.get("drawStyle") == "bars":
        del both["connectgaps"]
        line = {"color": color, "width": custom.get("lineWidth", 1)}
        return both | {
            "type": "bar",
            "width": _width(moments, span),
            "marker": {"color": faded(color, opacity), "line": line},
        }
    shown = custom.get("showPoints", "auto")
    size = custom.get("pointSize", 5)
    alone = [
        value is not None and before is None and after is None
        for before, value, after in zip(
            [None, *values[:-1]], values, [*values[1:], None], strict=True
        )
    ]
    mode = "lines+markers" if shown == "always" or any(alone) else "lines"
    sizes = size if shown == "always" else [size if one else 0 for one in alone]
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
            "marker": {"size": sizes if mode != "lines" else size, "color": color},
        }
        | filled
        | stacked
    )

"""The panel `timeseries`: lines, points or bars over time."""

import itertools
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from driftdeck.facts import Json
from driftdeck.preflight.sql.macros import Range
from driftdeck.preview import plot
from driftdeck.preview.colors import fade
from driftdeck.preview.fields import Clock, Field
from driftdeck.preview.frames import QueryResult, Series, to_series
from driftdeck.preview.plot import Plot

SHAPES = {"linear": "linear", "smooth": "spline", "stepBefore": "vh", "stepAfter": "hv"}
BAR_SHARE = 0.6
"""The width of a bar, as a share of the time between two moments."""


def draw(panel: Json, results: Mapping[str, QueryResult], span: Range, clock: Clock) -> Plot | None:
    """A figure, or None where there is nothing to plot. Raises QueryError.

    results: by refId. span: the time range.
    """
    series = to_series(panel, results, clock)
    plotted = [
        (number, field)
        for number, field in enumerate(series.fields)
        if field.kind in ("number", "boolean") and not field.custom.get("hideFrom", {}).get("viz")
    ]
    if not plotted:
        return None
    fields = [field for _, field in plotted]
    units = list(dict.fromkeys(field.unit for field in fields))
    traces = [_trace(field, _points(series, number), span, clock) for number, field in plotted]
    for trace, field in zip(traces, fields, strict=True):
        if field.unit != units[0]:  # the second axis is at the right
            trace["yaxis"] = "y2"
    axes = {
        f"yaxis{'' if number == 0 else 2}": _axis(panel, series, fields, unit)
        for number, unit in enumerate(units[:2])
    }
    if len(axes) > 1:
        axes["yaxis2"] |= {"overlaying": "y", "side": "right", "showgrid": False}
    return Plot(
        traces,
        plot.build_layout(
            xaxis=plot.build_time_axis(span.start, span.end, clock),
            **axes,
            shapes=list(
                plot.build_threshold_shapes([field for field in fields if field.unit == units[0]])
            ),
            barmode="stack" if any(map(_stack, fields)) else "overlay",
            hovermode="closest"
            if panel.get("options", {}).get("tooltip", {}).get("mode") == "single"
            else "x unified",
        ),
        plot.build_legend(
            panel, series.fields, {number: n for n, (number, _) in enumerate(plotted)}
        ),
        marked=True,
    )


def _axis(panel: Json, series: Series, fields: list[Field], unit: str) -> Json:
    on_axis = [field for field in fields if field.unit == unit]
    return plot.build_number_axis(on_axis, _heights(on_axis, series), plot.plot_height(panel))


def _points(series: Series, number: int) -> list[tuple[datetime, Any]]:
    """A line's moments and values, without moments of other queries; None is a gap."""
    values = series.fields[number].values
    pairs = zip(series.times, values, strict=True)
    return [(moment, value) for moment, value in pairs if moment in series.own_times[number]]


def _width(moments: list[int], span: Range) -> float:
    distances = [after - before for before, after in itertools.pairwise(moments)]
    range_ms = (span.end - span.start).total_seconds() * 1000
    return BAR_SHARE * min(distances, default=range_ms)


def _stack(field: Field) -> str:
    stacking = field.custom.get("stacking", {})
    return str(stacking.get("group", "A")) if stacking.get("mode", "none") != "none" else ""


def _heights(fields: list[Field], series: Series) -> list[float]:
    """Every height that something is plotted at; those of stacked series are sums."""
    heights = []
    for row in range(len(series.times)):
        sums: dict[str, float] = {}
        for field in fields:
            value = field.values[row]
            if value is not None:
                group = _stack(field)
                sums[group] = sums.get(group, 0.0) + float(value)
                heights.append(sums[group] if group else float(value))
    return heights + [0.0] * any(field.custom.get("drawStyle") == "bars" for field in fields)


def _trace(field: Field, points: list[tuple[datetime, Any]], span: Range, clock: Clock) -> Json:
    custom = field.custom
    color = field.color
    moments = [plot.to_local_ms(moment, clock) for moment, _ in points]
    values: list[Any] = [None if value is None else float(value) for _, value in points]
    common = {
        "x": moments,
        "y": values,
        "name": field.title,
        "customdata": [field.display(value).text for _, value in points],
        "hovertemplate": f"%{{customdata}}<extra>{field.title}</extra>",
        "connectgaps": bool(custom.get("spanNulls")),
    }
    opacity = custom.get("fillOpacity", 0) / 100
    if custom.get("drawStyle") == "bars":
        del common["connectgaps"]
        line = {"color": color, "width": custom.get("lineWidth", 1)}
        return common | {
            "type": "bar",
            "width": _width(moments, span),
            "marker": {"color": fade(color, opacity), "line": line},
        }
    point_mode = custom.get("showPoints", "auto")
    size = custom.get("pointSize", 5)
    is_isolated = [
        value is not None and before is None and after is None
        for before, value, after in zip(
            [None, *values[:-1]], values, [*values[1:], None], strict=True
        )
    ]
    mode = "lines+markers" if point_mode == "always" or any(is_isolated) else "lines"
    sizes = (
        size if point_mode == "always" else [size if isolated else 0 for isolated in is_isolated]
    )
    dashes = custom.get("lineStyle", {})
    line = {
        "color": color,
        "width": custom.get("lineWidth", 1),
        "shape": SHAPES.get(custom.get("lineInterpolation", "linear"), "linear"),
        "dash": {"dash": "dash", "dot": "dot"}.get(dashes.get("fill", ""), "solid"),
    }
    filled = {"fill": "tozeroy", "fillcolor": fade(color, opacity)} if opacity else {}
    stacked = {"stackgroup": _stack(field)} if _stack(field) else {}
    return (
        common
        | {
            "type": "scatter",
            "mode": "markers" if custom.get("drawStyle") == "points" else mode,
            "line": line,
            "marker": {"size": sizes if mode != "lines" else size, "color": color},
        }
        | filled
        | stacked
    )

"""What every figure shares: its layout, its axes, its legend."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from driftdeck.facts import Json
from driftdeck.preview import axes, colors
from driftdeck.preview.fields import Clock, Field

CELL, GAP = 30, 8
"""Pixels of a grid row and between panels, as Grafana has them."""
REDUCED = {
    "lastNotNull": "Last *", "last": "Last", "firstNotNull": "First *", "first": "First",
    "mean": "Mean", "min": "Min", "max": "Max", "sum": "Total", "count": "Count", "range": "Range",
}  # fmt: skip
TIME_TICKS = (
    (None, 1000, "%H:%M:%S.%L"),
    (1000, 60_000, "%H:%M:%S"),
    (60_000, 86_399_999, "%H:%M"),  # both ends are included, and a tick a day is of days
    (86_400_000, "M12", "%m/%d"),
    ("M12", None, "%Y"),
)


@dataclass(frozen=True)
class Entry:
    """A line of a legend. traces: numbers of its traces in the figure. values: its calculations."""

    name: str
    color: str
    traces: tuple[int, ...]
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Legend:
    """form: list, table or '' for none. calcs: titles of the entries' values."""

    form: str = ""
    right: bool = False
    calcs: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Plot:
    """A figure of Plotly, as JSON, with the legend that stands beside it.

    marked: whether annotations are drawn on it.
    """

    traces: Sequence[Json]
    layout: Json
    legend: Legend = field(default_factory=Legend)
    marked: bool = False


def plot_height(panel: Json) -> float:
    """About how high the plot itself is: the panel without title, axis and legend."""
    cells = float(panel["gridPos"]["h"])
    return max(40.0, cells * CELL + (cells - 1) * GAP - 75)


def to_local_ms(moment: datetime, clock: Clock) -> int:
    """A moment on the wall clock of the dashboard's zone, as milliseconds that Plotly draws."""
    naive = clock.local(moment).replace(tzinfo=UTC)
    return round(naive.timestamp() * 1000)


def build_layout(**options: Any) -> Json:
    """The layout of a figure: what all have in common, and options of its own."""
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": colors.TEXT, "size": 12, "family": "Inter, Helvetica, Arial, sans-serif"},
        "margin": {"l": 8, "r": 16, "t": 8, "b": 8},
        "showlegend": False,
        "hoverlabel": {"bgcolor": "#22252b", "bordercolor": "#22252b", "font": {"size": 12}},
        **options,
    }


def build_time_axis(start: datetime, end: datetime, clock: Clock) -> Json:
    """The axis of the whole time range."""
    is_long = (end - start).total_seconds() > 86400
    return {
        "type": "date",
        "range": [to_local_ms(start, clock), to_local_ms(end, clock)],
        "gridcolor": colors.GRID,
        "zeroline": False,
        "ticks": "",
        "automargin": True,
        "tickangle": 0,
        "ticklabelstandoff": 4,
        "hoverformat": "%Y-%m-%d %H:%M:%S",
        "spikecolor": colors.QUIET,
        "spikethickness": 1,
        "spikedash": "dot",
        "tickformatstops": [
            {
                "dtickrange": [low, high],
                "value": "%m/%d %H:%M" if is_long and form == "%H:%M" else form,
            }
            for low, high, form in TIME_TICKS
        ],
    }


def build_number_axis(
    fields: Sequence[Field], values: Sequence[float], room: float, apart: float = axes.TICK_DISTANCE
) -> Json:
    """An axis of numbers so many pixels long, its ticks written in the unit of the first field."""
    low, high = axes.find_limits(fields, values)
    axis: Json = {
        "range": [low, high],
        "gridcolor": colors.GRID,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        "ticklabelstandoff": 6,
    }
    if not fields:
        return axis
    if fields[0].custom.get("axisLabel"):
        axis["title"] = {"text": fields[0].custom["axisLabel"], "font": {"size": 12}}
    if fields[0].custom.get("scaleDistribution", {}).get("type") == "log":
        return {key: value for key, value in axis.items() if key != "range"} | {"type": "log"}
    marks = axes.place_ticks(low, high, room, apart)
    return axis | {
        "tickmode": "array",
        "tickvals": marks,
        "ticktext": axes.format_ticks(fields[0], marks),
    }


def build_threshold_shapes(fields: Sequence[Field]) -> Iterator[Json]:
    """The thresholds as lines or areas, as each field's style says, each once."""
    seen = set()
    for column in fields:
        mode = column.custom.get("thresholdsStyle", {}).get("mode", "off")
        if mode == "off":
            continue
        steps = column.steps
        for number, step in enumerate(steps):
            if (key := (mode, step["value"], step["color"])) not in seen:
                seen.add(key)
                above = steps[number + 1]["value"] if number + 1 < len(steps) else None
                yield from _build_step_shapes(mode, step, above)


def _build_step_shapes(mode: str, step: Json, above: float | None) -> Iterator[Json]:
    full_width = {"xref": "paper", "x0": 0, "x1": 1, "layer": "below"}
    color, value = colors.to_css(step["color"]), step["value"]
    if mode.endswith("area"):
        far = 1e12
        yield {
            **full_width, "type": "rect", "y0": -far if value is None else value,
            "y1": far if above is None else above, "line": {"width": 0},
            "fillcolor": colors.fade(color, 0.15),
        }  # fmt: skip
    if mode != "area" and value is not None:
        dash = "dash" if mode.startswith("dashed") else "solid"
        yield {
            **full_width, "type": "line", "y0": value, "y1": value,
            "line": {"color": colors.fade(color, 0.8), "width": 2, "dash": dash},
        }  # fmt: skip


def reduce_values(calc: str, values: Sequence[Any]) -> Any:
    """The result of a calculation over a series; None where there is nothing to calculate.

    calc: Grafana's id of it, such as lastNotNull or mean.
    """
    if calc == "count":
        return len(values)
    present = list(values) if calc in ("first", "last") else [v for v in values if v is not None]
    if calc in CALCULATIONS:
        numbers = [value for value in present if isinstance(value, (int, float))]
        return CALCULATIONS[calc](numbers) if numbers else None
    return present[0 if calc.startswith("first") else -1] if present else None


CALCULATIONS: Mapping[str, Callable[[list[float]], float]] = {
    "mean": lambda numbers: sum(numbers) / len(numbers),
    "min": min,
    "max": max,
    "sum": sum,
    "range": lambda numbers: max(numbers) - min(numbers),
}


def build_legend(panel: Json, fields: Sequence[Field], traces: Mapping[int, int]) -> Legend:
    """The legend of a panel. traces: the number of each field's trace, by the field's number."""
    options = panel.get("options", {}).get("legend", {})
    form = options.get("displayMode", "list")
    if form == "hidden" or options.get("showLegend") is False:
        return Legend()
    calcs = options.get("calcs", [])
    entries = tuple(
        Entry(
            field.title,
            field.color,
            (traces[number],),
            tuple(field.display(reduce_values(calc, field.values)).text for calc in calcs),
        )
        for number, field in enumerate(fields)
        if number in traces and not field.custom.get("hideFrom", {}).get("legend")
    )
    titles = tuple(REDUCED.get(calc, calc.capitalize()) for calc in calcs)
    return Legend(form, options.get("placement") == "right", titles, entries)

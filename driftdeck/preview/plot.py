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
    """A line of a legend. traces: the numbers of what it stands for in the figure."""

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


def pixels(panel: Json) -> float:
    """About how high the plot itself is: the panel without title, axis and legend."""
    cells = float(panel["gridPos"]["h"])
    return max(40.0, cells * CELL + (cells - 1) * GAP - 75)


def local_ms(moment: datetime, clock: Clock) -> int:
    """A moment on the wall clock of the dashboard's zone, as milliseconds that Plotly draws."""
    naive = clock.local(moment).replace(tzinfo=UTC)
    return round(naive.timestamp() * 1000)


def layout(**given: Any) -> Json:
    """What all figures look like."""
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": colors.TEXT, "size": 12, "family": "Inter, Helvetica, Arial, sans-serif"},
        "margin": {"l": 8, "r": 16, "t": 8, "b": 8},
        "showlegend": False,
        "hoverlabel": {"bgcolor": "#22252b", "bordercolor": "#22252b", "font": {"size": 12}},
        **given,
    }


def time_axis(start: datetime, end: datetime, clock: Clock) -> Json:
    """The axis of the whole time range."""
    long = (end - start).total_seconds() > 86400
    return {
        "type": "date",
        "range": [local_ms(start, clock), local_ms(end, clock)],
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
                "value": "%m/%d %H:%M" if long and form == "%H:%M" else form,
            }
            for low, high, form in TIME_TICKS
        ],
    }


def number_axis(
    fields: Sequence[Field], values: Sequence[float], room: float, apart: float = axes.APART
) -> Json:
    """An axis of numbers so many pixels long, its ticks written in the unit of the first field."""
    low, high = axes.limits(fields, values)
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
    marks = axes.ticks(low, high, room, apart)
    return axis | {
        "tickmode": "array",
        "tickvals": marks,
        "ticktext": axes.labelled(fields[0], marks),
    }


def threshold_shapes(fields: Sequence[Field]) -> Iterator[Json]:
    """The levels that are drawn as lines or areas, each once."""
    seen = set()
    for one in fields:
        how = one.custom.get("thresholdsStyle", {}).get("mode", "off")
        if how == "off":
            continue
        for number, step in enumerate(one.steps):
            if (key := (how, step["value"], step["color"])) not in seen:
                seen.add(key)
                above = one.steps[number + 1]["value"] if number + 1 < len(one.steps) else None
                yield from _step_shapes(how, step, above)


def _step_shapes(how: str, step: Json, above: float | None) -> Iterator[Json]:
    whole = {"xref": "paper", "x0": 0, "x1": 1, "layer": "below"}
    color, value = colors.named(step["color"]), step["value"]
    if how.endswith("area"):
        far = 1e12
        yield {
            **whole, "type": "rect", "y0": -far if value is None else value,
            "y1": far if above is None else above, "line": {"width": 0},
            "fillcolor": colors.faded(color, 0.15),
        }  # fmt: skip
    if how != "area" and value is not None:
        dash = "dash" if how.startswith("dashed") else "solid"
        yield {
            **whole, "type": "line", "y0": value, "y1": value,
            "line": {"color": colors.faded(color, 0.8), "width": 2, "dash": dash},
        }  # fmt: skip


def reduced(calc: str, values: Sequence[Any]) -> Any:
    """A calculation of Grafana over a series; None where there is nothing to calculate."""
    if calc == "count":
        return len(values)
    known = list(values) if calc in ("first", "last") else [v for v in values if v is not None]
    if calc in CALCULATIONS:
        numbers = [value for value in known if isinstance(value, (int, float))]
        return CALCULATIONS[calc](numbers) if numbers else None
    return known[0 if calc.startswith("first") else -1] if known else None


CALCULATIONS: Mapping[str, Callable[[list[float]], float]] = {
    "mean": lambda numbers: sum(numbers) / len(numbers),
    "min": min,
    "max": max,
    "sum": sum,
    "range": lambda numbers: max(numbers) - min(numbers),
}


def legend(panel: Json, fields: Sequence[Field], traces: Mapping[int, int]) -> Legend:
    """The legend of a panel. traces: the number of each field's trace, by the field's place."""
    given = panel.get("options", {}).get("legend", {})
    form = given.get("displayMode", "list")
    if form == "hidden" or given.get("showLegend") is False:
        return Legend()
    calcs = given.get("calcs", [])
    entries = tuple(
        Entry(
            one.title,
            one.color,
            (traces[place],),
            tuple(one.show(reduced(calc, one.values)).text for calc in calcs),
        )
        for place, one in enumerate(fields)
        if place in traces and not one.custom.get("hideFrom", {}).get("legend")
    )
    titles = tuple(REDUCED.get(calc, calc.capitalize()) for calc in calcs)
    return Legend(form, given.get("placement") == "right", titles, entries)

"""The panel `barchart`: bars for each value of a column of words."""

from collections.abc import Sequence

from driftdeck.facts import Json
from driftdeck.preview import plot
from driftdeck.preview.colors import GRID, faded
from driftdeck.preview.fields import Clock, Field
from driftdeck.preview.frames import Answer, table
from driftdeck.preview.plot import Entry, Legend, Plot

WIDE = 55
"""Pixels of a grid column, more or less: it is a share of the window."""


def draw(panel: Json, answer: Answer, clock: Clock) -> Plot | None:
    """A figure, or None where there is nothing to draw."""
    fields = table(panel, answer, clock)
    options = panel.get("options", {})
    words = next((f for f in fields if f.name == options.get("xField")), None) or next(
        (f for f in fields if f.kind in ("string", "time")), None
    )
    numbers = [f for f in fields if f.kind == "number" and f is not words]
    if words is None or not numbers or not answer.rows:
        return None
    flat = options.get("orientation") == "horizontal"
    labels = [words.show(value).text for value in words.values]
    apart = len(numbers) > 1 and options.get("stacking", "none") == "none"
    traces = [_trace(one, labels, options, plot.pixels(panel), flat=flat) for one in numbers]
    wide_bar = options.get("barWidth", 0.97)
    known = [float(v) for one in numbers for v in one.values if v is not None]
    values = [0.0, *known]
    wide = panel["gridPos"]["w"] * WIDE
    amounts = (
        plot.number_axis(numbers, values, wide, apart=90)
        if flat
        else plot.number_axis(numbers, values, plot.pixels(panel))
    )
    names = {
        "type": "category", "gridcolor": GRID, "showgrid": False, "fixedrange": True,
        "automargin": True, "tickangle": options.get("xTickLabelRotation", 0),
        "ticklabelstandoff": 6,
    }  # fmt: skip
    if flat:
        names |= {"autorange": "reversed", "tickangle": 0}
    return Plot(
        traces,
        plot.layout(
            xaxis=amounts if flat else names,
            yaxis=names if flat else amounts,
            barmode="group" if apart else "stack",
            bargap=1 - (options.get("groupWidth", 0.7) if apart else wide_bar),
            bargroupgap=1 - wide_bar if apart else 0,
            hovermode="y unified" if flat else "x unified",
            shapes=[] if flat else list(plot.threshold_shapes(numbers)),
        ),
        _legend(panel, numbers),
    )


def _legend(panel: Json, numbers: Sequence[Field]) -> Legend:
    given = plot.legend(panel, numbers, {place: place for place in range(len(numbers))})
    if given.form and numbers[0].config.get("color", {}).get("mode") == "thresholds":
        steps = tuple(Entry(one.title, one.color, (n,)) for n, one in enumerate(numbers))
        return Legend(given.form, given.right, (), steps)
    return given


def _trace(field: Field, labels: list[str], options: Json, height: float, *, flat: bool) -> Json:
    mode = field.config.get("color", {}).get("mode", "palette-classic")
    each = mode == "thresholds" or mode.startswith("continuous")
    tints = [field.color_of(v) if each else field.color for v in field.values]
    opacity = field.custom.get("fillOpacity", 80) / 100
    values = [None if v is None else float(v) for v in field.values]
    texts = [field.show(value).text for value in field.values]
    trace: Json = {
        "type": "bar",
        "orientation": "h" if flat else "v",
        "x": values if flat else labels,
        "y": labels if flat else values,
        "name": field.title,
        "customdata": texts,
        "hovertemplate": f"%{{customdata}}<extra>{field.title}</extra>",
        "marker": {
            "color": [faded(tint, opacity) for tint in tints],
            "line": {"color": tints, "width": field.custom.get("lineWidth", 1)},
        },
    }
    if options.get("showValue") == "always":
        size = min(max(0.4 * height / max(len(labels), 1), 11), 24)
        trace |= {"text": texts, "textposition": "outside", "cliponaxis": False}
        trace["textfont"] = {"size": round(size)}
    return trace

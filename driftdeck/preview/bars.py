"""The panel `barchart`: bars for each value of a column of strings."""

from collections.abc import Sequence

from driftdeck.facts import Json
from driftdeck.preview import plot
from driftdeck.preview.colors import GRID, fade
from driftdeck.preview.fields import Clock, Field
from driftdeck.preview.frames import QueryResult, to_fields
from driftdeck.preview.plot import Entry, Legend, Plot

CELL_WIDTH = 55
"""About the pixels of a grid column, which really is a share of the window."""


def draw(panel: Json, result: QueryResult, clock: Clock) -> Plot | None:
    """A figure, or None where there is nothing to draw."""
    fields = to_fields(panel, result, clock)
    options = panel.get("options", {})
    categories = next((f for f in fields if f.name == options.get("xField")), None) or next(
        (f for f in fields if f.kind in ("string", "time")), None
    )
    numbers = [f for f in fields if f.kind == "number" and f is not categories]
    if categories is None or not numbers or not result.rows:
        return None
    is_horizontal = options.get("orientation") == "horizontal"
    labels = [categories.display(value).text for value in categories.values]
    is_grouped = len(numbers) > 1 and options.get("stacking", "none") == "none"
    traces = [
        _trace(field, labels, options, plot.plot_height(panel), is_horizontal=is_horizontal)
        for field in numbers
    ]
    bar_width = options.get("barWidth", 0.97)
    heights = [float(value) for field in numbers for value in field.values if value is not None]
    values = [0.0, *heights]
    width = panel["gridPos"]["w"] * CELL_WIDTH
    number_axis = (
        plot.build_number_axis(numbers, values, width, apart=90)
        if is_horizontal
        else plot.build_number_axis(numbers, values, plot.plot_height(panel))
    )
    category_axis = {
        "type": "category", "gridcolor": GRID, "showgrid": False, "fixedrange": True,
        "automargin": True, "tickangle": options.get("xTickLabelRotation", 0),
        "ticklabelstandoff": 6,
    }  # fmt: skip
    if is_horizontal:
        category_axis |= {"autorange": "reversed", "tickangle": 0}
    return Plot(
        traces,
        plot.build_layout(
            xaxis=number_axis if is_horizontal else category_axis,
            yaxis=category_axis if is_horizontal else number_axis,
            barmode="group" if is_grouped else "stack",
            bargap=1 - (options.get("groupWidth", 0.7) if is_grouped else bar_width),
            bargroupgap=1 - bar_width if is_grouped else 0,
            hovermode="y unified" if is_horizontal else "x unified",
            shapes=[] if is_horizontal else list(plot.build_threshold_shapes(numbers)),
        ),
        _legend(panel, numbers),
    )


def _legend(panel: Json, numbers: Sequence[Field]) -> Legend:
    legend = plot.build_legend(panel, numbers, {number: number for number in range(len(numbers))})
    if legend.form and numbers[0].config.get("color", {}).get("mode") == "thresholds":
        steps = tuple(Entry(field.title, field.color, (n,)) for n, field in enumerate(numbers))
        return Legend(legend.form, legend.right, (), steps)
    return legend


def _trace(
    field: Field, labels: list[str], options: Json, height: float, *, is_horizontal: bool
) -> Json:
    mode = field.config.get("color", {}).get("mode", "palette-classic")
    by_value = mode == "thresholds" or mode.startswith("continuous")
    fill_colors = [field.color_of(value) if by_value else field.color for value in field.values]
    opacity = field.custom.get("fillOpacity", 80) / 100
    values = [None if value is None else float(value) for value in field.values]
    texts = [field.display(value).text for value in field.values]
    trace: Json = {
        "type": "bar",
        "orientation": "h" if is_horizontal else "v",
        "x": values if is_horizontal else labels,
        "y": labels if is_horizontal else values,
        "name": field.title,
        "customdata": texts,
        "hovertemplate": f"%{{customdata}}<extra>{field.title}</extra>",
        "marker": {
            "color": [fade(color, opacity) for color in fill_colors],
            "line": {"color": fill_colors, "width": field.custom.get("lineWidth", 1)},
        },
    }
    if options.get("showValue") == "always":
        size = min(max(0.4 * height / max(len(labels), 1), 11), 24)
        trace |= {"text": texts, "textposition": "outside", "cliponaxis": False}
        trace["textfont"] = {"size": round(size)}
    return trace

"""Draws the built dashboards as pages that a browser opens without Grafana and without network.

Panels, titles, units, threshold lines and layout come from the built JSON, the data from its own
queries. Simple on purpose: recognisably the same dashboard, with each variable at one value.
"""

import html
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import psycopg
from plotly.offline import get_plotlyjs

from database import Role, connect
from preflight.macros import expand
from settings import Settings
from stack.built import Built
from stack.questions import Question, questions, substitute, variables

Json = dict[str, Any]
Table = tuple[list[str], list[tuple[Any, ...]]]
CELL = 38
"""Height of a grid cell in pixels, as in Grafana."""
TEXT, GRID, PAPER, PANEL = "#ccccdc", "#2f3137", "#111217", "#181b1f"
PALETTE = (
    "#73BF69", "#F2CC0C", "#8AB8FF", "#FF780A", "#F2495C", "#5794F2", "#B877D9", "#705DA0",
    "#37872D", "#FADE2A", "#447EBC", "#C15C17",
)  # fmt: skip
STYLE = f"""
body {{ background: {PAPER}; color: {TEXT}; font: 14px Inter, Helvetica, Arial, sans-serif;
  margin: 12px; }}
a {{ color: #6e9fff; }} h1 {{ font-size: 20px; }}
.grid {{ display: grid; grid-template-columns: repeat(24, 1fr); grid-auto-rows: {CELL}px;
  gap: 8px; }}
.panel {{ background: {PANEL}; border: 1px solid {GRID}; overflow: auto; }}
.panel h2 {{ font-size: 14px; font-weight: 500; text-align: center; margin: 6px; }}
.row {{ align-self: end; font-size: 16px; }}
.stat {{ font-size: 32px; text-align: center; }}
table {{ border-collapse: collapse; width: 100%; font-size: 12px; }}
td, th {{ border-bottom: 1px solid {GRID}; padding: 4px 8px; text-align: left;
  white-space: nowrap; max-width: 480px; overflow: hidden; text-overflow: ellipsis; }}
.note {{ color: #8e8e8e; }}
"""


def write_pages(settings: Settings, built: Built) -> Path:
    """Write a page for each dashboard and an index; return the index's path.

    Raises psycopg.OperationalError where no database answers.
    """
    folder = settings.stack_dir / "preview"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plotly.js").write_text(get_plotlyjs(), encoding="utf-8")
    dashboards = built.dashboards()
    with connect(settings, Role.READER) as connection:
        for dashboard in dashboards:
            page = draw(connection, dashboard)
            (folder / f"{dashboard['uid']}.html").write_text(page, encoding="utf-8")
    links = "".join(
        f'<p><a href="{d["uid"]}.html">{html.escape(d["title"])}</a>'
        f' <span class="note">{html.escape(d["description"])}</span></p>'
        for d in dashboards
    )
    index = folder / "index.html"
    index.write_text(_page("Dashboards (preview)", links), encoding="utf-8")
    return index


def draw(connection: psycopg.Connection, dashboard: Json) -> str:
    """One dashboard as a page."""
    values = _values(connection, dashboard)
    asked = list(questions(dashboard, {}, datetime.now(UTC)))
    boxes = []
    for panel in dashboard["panels"]:
        answers = [_rows(connection, q.with_values(values)) for q in asked if q.panel == panel]
        boxes.append(_box(panel, answers, values))
    chosen = ", ".join(f"{name} = {value}" for name, value in values.items())
    note = f"A preview, drawn without Grafana.{f' Shown for {chosen}.' if chosen else ''}"
    body = (
        f'<p><a href="index.html">All dashboards</a></p><h1>{html.escape(dashboard["title"])}</h1>'
        f'<p class="note">{html.escape(dashboard["description"])} {html.escape(note)}</p>'
        f'<div class="grid">{"".join(boxes)}</div>'
    )
    return _page(dashboard["title"], body)


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}'
        f'</title><style>{STYLE}</style><script src="plotly.js"></script></head>'
        f"<body>{body}</body></html>\n"
    )


def _values(connection: psycopg.Connection, dashboard: Json) -> dict[str, str]:
    values = {}
    for question in variables(dashboard, datetime.now(UTC)):
        name = question.place.rpartition(" ")[2]
        item = next(v for v in dashboard["templating"]["list"] if v["name"] == name)
        known = [str(row[0]) for row in _rows(connection, question)[1]]
        chosen = item["current"].get("value", "")
        values[name] = chosen if chosen in known else next(iter(known), "")
    return values


def _rows(connection: psycopg.Connection, question: Question) -> Table:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(expand(question.sql, question.span).encode())
        names = [column.name for column in cursor.description or []]
        return names, cursor.fetchall()


def _box(panel: Json, answers: Sequence[Table], values: dict[str, str]) -> str:
    place = panel["gridPos"]
    style = (
        f"grid-column: {place['x'] + 1} / span {place['w']};"
        f" grid-row: {place['y'] + 1} / span {place['h']}"
    )
    title = html.escape(substitute(panel["title"], values))
    if panel["type"] == "row":
        return f'<div class="row" style="{style}">{title}</div>'
    height = place["h"] * (CELL + 8) - 50
    empty = not any(rows for _, rows in answers)
    draw_one = {"timeseries": _lines, "barchart": _bars, "state-timeline": _timeline}
    if empty:
        inner = '<p class="stat note">No data</p>'
    elif panel["type"] in draw_one:
        inner = _plot(panel, draw_one[panel["type"]](panel, answers), height)
    elif panel["type"] == "stat":
        inner = f'<p class="stat">{_cell(panel, answers[0][0][-1], answers[0][1][-1][-1])}</p>'
    else:
        inner = _table(panel, answers[0])
    described = html.escape(panel["description"], quote=True)
    return f'<div class="panel" style="{style}"><h2 title="{described}">{title}</h2>{inner}</div>'


def _series(answer: Table) -> Iterator[tuple[str, list[datetime], list[Any]]]:
    """Long or wide rows as lines: (name, times, values)."""
    names, rows = answer
    if "metric" in names:
        time, label = names.index("time"), names.index("metric")
        number = next(n for n in range(len(names)) if n not in (time, label))
        for name in sorted({row[label] for row in rows}):
            mine = [row for row in rows if row[label] == name]
            yield name, [row[time] for row in mine], [row[number] for row in mine]
        return
    for n, name in enumerate(names):
        if name != "time":
            yield name, [row[names.index("time")] for row in rows], [row[n] for row in rows]


def _override(panel: Json, name: str, key: str) -> Any:
    for rule in panel.get("fieldConfig", {}).get("overrides", []):
        if rule["matcher"]["options"] == name:
            for item in rule["properties"]:
                if item["id"] == key:
                    return item["value"]
    return None


def _color(panel: Json, name: str, number: int) -> str:
    fixed = _override(panel, name, "color")
    return str(fixed["fixedColor"]) if fixed else PALETTE[number % len(PALETTE)]


def _lines(panel: Json, answers: Sequence[Table]) -> list[Any]:
    bars = panel["fieldConfig"]["defaults"]["custom"].get("drawStyle") == "bars"
    traces = []
    lines = [line for answer in answers for line in _series(answer)]
    for number, (name, times, values) in enumerate(lines):
        shown = _override(panel, name, "displayName") or name
        color = _color(panel, name, number)
        if bars:
            traces.append(go.Bar(x=times, y=values, name=shown, marker_color=color))
        else:
            dash = "dash" if _override(panel, name, "custom.lineStyle") else "solid"
            line = {"color": color, "width": 1.3, "dash": dash}
            traces.append(go.Scatter(x=times, y=values, name=shown, mode="lines", line=line))
    return traces


def _bars(panel: Json, answers: Sequence[Table]) -> list[Any]:
    names, rows = answers[0]
    flat = panel["options"].get("orientation") == "horizontal"
    labels = [str(row[0]) for row in rows]
    traces = []
    for n, name in enumerate(names[1:], start=1):
        values = [row[n] for row in rows]
        color = _steps_color(panel, values) if flat else _color(panel, name, n)
        given = {"x": values, "y": labels} if flat else {"x": labels, "y": values}
        traces.append(
            go.Bar(**given, name=name, marker_color=color, orientation="h" if flat else "v")
        )
    return traces


def _steps_color(panel: Json, values: Sequence[Any]) -> list[str]:
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    return [
        [s["color"] for s in steps if s["value"] is None or float(value or 0) >= s["value"]][-1]
        for value in values
    ]


def _timeline(panel: Json, answers: Sequence[Table]) -> list[Any]:
    lines = list(_series(answers[0]))
    times = sorted({time for _, stamps, _ in lines for time in stamps})
    grid = [[dict(zip(s, v, strict=True)).get(t) for t in times] for _, s, v in lines]
    colors = ["#56A64B", "#FF9830", "#E02F44"]
    scale = [[n / 3 + e, c] for n, c in enumerate(colors) for e in (0, 1 / 3)]
    return [
        go.Heatmap(
            x=times, y=[name for name, _, _ in lines], z=grid, zmin=-0.5, zmax=2.5, ygap=3,
            colorscale=scale, showscale=False,
            hovertemplate="%{y} %{x}: %{z}<extra></extra>",
        )
    ]  # fmt: skip


def _plot(panel: Json, traces: list[Any], height: int) -> str:
    defaults = panel["fieldConfig"]["defaults"]
    share = defaults.get("unit") == "percentunit"
    flat = panel["options"].get("orientation") == "horizontal"
    value_axis: Json = {
        "gridcolor": GRID,
        "tickformat": ".0%" if share else None,
        "zeroline": False,
    }
    if defaults.get("max") is not None and defaults.get("min") is not None:
        value_axis["range"] = [defaults["min"], defaults["max"]]
    other = {"gridcolor": GRID, "type": "category" if panel["type"] == "barchart" else None}
    if flat:
        other["autorange"] = "reversed"
    layout = {
        "template": "plotly_dark",
        "height": height,
        "paper_bgcolor": PANEL,
        "plot_bgcolor": PANEL,
        "font": {"color": TEXT, "size": 11},
        "margin": {"l": 60, "r": 16, "t": 8, "b": 30},
        "xaxis": value_axis if flat else other,
        "yaxis": other if flat else ({} if panel["type"] == "state-timeline" else value_axis),
        "legend": {"orientation": "h"},
        "showlegend": len(traces) > 1,
        "shapes": [] if flat else list(_threshold_lines(defaults)),
    }
    figure = go.Figure(traces, layout)
    return str(figure.to_html(full_html=False, include_plotlyjs=False, config={"responsive": True}))


def _threshold_lines(defaults: Json) -> Iterator[Json]:
    if defaults.get("custom", {}).get("thresholdsStyle", {}).get("mode") != "line":
        return
    for step in defaults["thresholds"]["steps"][1:]:
        yield {
            "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": step["value"],
            "y1": step["value"], "line": {"color": step["color"], "width": 1},
        }  # fmt: skip


def _table(panel: Json, answer: Table) -> str:
    names, rows = answer
    shown = [n for n, name in enumerate(names) if not _override(panel, name, "custom.hidden")]
    head = "".join(f"<th>{html.escape(names[n])}</th>" for n in shown)
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(panel, names[n], row[n])}</td>" for n in shown) + "</tr>"
        for row in rows[:200]
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(panel: Json, name: str, value: Any) -> str:
    """A value as Grafana would write it: mapped words in their colour, shares as percent."""
    defaults = panel.get("fieldConfig", {}).get("defaults", {})
    mappings = _override(panel, name, "mappings") or defaults.get("mappings") or []
    for mapping in mappings:
        known = mapping["options"].get(str(value))
        if known:
            return f'<span style="color: {known["color"]}">{html.escape(known["text"])}</span>'
    if value is None or isinstance(value, str):
        return html.escape(value or "")
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if defaults.get("unit") == "percentunit":
        return f"{float(value):.1%}"
    return f"{float(value):.4g}" if not float(value).is_integer() else f"{int(value)}"

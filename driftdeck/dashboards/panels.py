"""The kinds of panels the house uses: grafanalib with its gaps closed once."""

from collections.abc import Sequence

from grafanalib.core import BarChart, SqlTarget, Stat, StateTimeline, Table, TimeSeries
from grafanalib.core import Text as TextPanel

from driftdeck.dashboards.site import Site, panel_id
from driftdeck.dashboards.style import BLUE, TEAL, override, state_mappings
from driftdeck.declare import Unit
from driftdeck.facts import Json

OPEN = [{"color": TEAL, "value": None}]


def target(site: Site, sql: str, form: str, ref: str = "A") -> SqlTarget:
    """A query; form is Grafana's format: time_series or table."""
    return SqlTarget(
        rawSql=site.sql(sql), rawQuery=True, format=form, refId=ref, datasource=site.datasource
    )


def _common(
    site: Site, key: str, title: str, description: str, most_points: int | None = None
) -> dict[str, object]:
    return {
        "title": title,
        "description": description,
        "id": panel_id(key),
        "dataSource": site.datasource,
        "maxDataPoints": most_points,
        "editable": True,
    }


def timeseries(
    site: Site,
    key: str,
    title: str,
    description: str,
    queries: Sequence[str],
    unit: Unit,
    *,
    steps: Sequence[Json] = (),
    overrides: Sequence[Json] = (),
    links: Sequence[Json] = (),
    points: bool = False,
    bars: bool = False,
    low: float | None = None,
    high: float | None = None,
    soft_high: float | None = None,
    legend: Sequence[str] = ("lastNotNull",),
    legend_right: bool = False,
    most_points: int | None = None,
) -> TimeSeries:
    """Lines over time; threshold steps are drawn as lines. A gap in the data is a gap.

    most_points: of a line, None for as many as the panel is wide.
    """
    custom: Json = {"axisSoftMax": soft_high} if soft_high is not None else {}
    defaults: Json = {
        "min": low,
        "max": high,
        "links": list(links),
        "custom": {**custom, "lineWidth": 1.5 if not bars else 0, "insertNulls": False},
        "thresholds": {"mode": "absolute", "steps": list(steps or OPEN)},
    }
    return TimeSeries(
        **_common(site, key, title, description, most_points),
        targets=[target(site, sql, "time_series", "ABCD"[n]) for n, sql in enumerate(queries)],
        unit=unit.grafana,
        drawStyle="bars" if bars else "line",
        fillOpacity=60 if bars else 0,
        lineInterpolation="linear",
        lineWidth=1,
        pointSize=4,
        showPoints="always" if points else "never",
        thresholdsStyleMode="line" if len(steps) > 1 else "off",
        tooltipMode="multi",
        tooltipSort="desc",
        legendCalcs=list(legend),
        legendDisplayMode="table" if legend_right else "list",
        legendPlacement="right" if legend_right else "bottom",
        overrides=list(overrides),
        extraJson={"fieldConfig": {"defaults": defaults}},
    )


def stat(
    site: Site,
    key: str,
    title: str,
    description: str,
    sql: str,
    *,
    unit: str = "none",
    mappings: Sequence[Json] = (),
    steps: Sequence[Json] = (),
    text_size: int = 0,
    colored: bool = True,
    no_value: str = "-",
) -> Stat:
    """One number, large, or one text. text_size: of the text, in pixels; 0 of a number."""
    options: Json = {
        "reduceOptions": {
            "calcs": ["lastNotNull"],
            "fields": "/.*/" if text_size else "",
            "values": False,
        },
        "textMode": "value",
        "colorMode": "value" if colored else "none",
        "graphMode": "none",
        "justifyMode": "center",
        "orientation": "auto",
        **({"text": {"valueSize": text_size}} if text_size else {}),
    }
    defaults: Json = {
        "unit": unit,
        "noValue": no_value,
        "thresholds": {
            "mode": "absolute",
            "steps": list(steps or [{"color": BLUE, "value": None}]),
        },
        "mappings": list(mappings),
    }
    return Stat(
        **_common(site, key, title, description),
        targets=[target(site, sql, "table")],
        thresholds=[],
        extraJson={"options": options, "fieldConfig": {"defaults": defaults}},
    )


def table(
    site: Site,
    key: str,
    title: str,
    description: str,
    sql: str,
    *,
    overrides: Sequence[Json] = (),
) -> Table:
    """Rows of a query. Cell kinds are given in the old and the new spelling: 9.4 knows the old."""
    return Table(
        **_common(site, key, title, description),
        targets=[target(site, sql, "table")],
        overrides=list(overrides),
        extraJson={"options": {"cellHeight": "sm", "footer": {"show": False}}},
    )


def timeline(
    site: Site,
    key: str,
    title: str,
    description: str,
    sql: str,
    *,
    most_points: int | None = None,
) -> StateTimeline:
    """A band for each series: quiet, warning, alert. most_points: of a band."""
    defaults: Json = {
        "unit": "none",
        "mappings": state_mappings(),
        "color": {"mode": "palette-classic"},
        "thresholds": {"mode": "absolute", "steps": OPEN},
    }
    return StateTimeline(
        **_common(site, key, title, description, most_points),
        targets=[target(site, sql, "time_series")],
        fillOpacity=85,
        lineWidth=0,
        mergeValues=True,
        rowHeight=0.8,
        showValue="never",
        legendDisplayMode="list",
        extraJson={
            "fieldConfig": {"defaults": defaults},
            "options": {"legend": {"showLegend": True}},
        },
    )


def bars(
    site: Site,
    key: str,
    title: str,
    description: str,
    sql: str,
    unit: Unit,
    *,
    x: str,
    overrides: Sequence[Json] = (),
    horizontal: bool = False,
    steps: Sequence[Json] = (),
    high: float | None = None,
) -> BarChart:
    """Bars for each value of the text column `x`."""
    defaults: Json = {
        "unit": unit.grafana,
        "min": 0,
        "max": high,
        "color": {"mode": "thresholds" if steps else "palette-classic"},
        "thresholds": {"mode": "absolute", "steps": list(steps or OPEN)},
        "custom": {"gradientMode": "scheme" if steps else "none"},
    }
    options: Json = {
        "xField": x,
        "legend": {"showLegend": not horizontal, "displayMode": "list", "placement": "bottom"},
    }
    return BarChart(
        **_common(site, key, title, description),
        targets=[target(site, sql, "table")],
        orientation="horizontal" if horizontal else "auto",
        showValue="always" if horizontal else "never",
        xTickLabelRotation=0 if horizontal else -45,
        groupWidth=0.8,
        barWidth=0.95,
        fillOpacity=70,
        tooltipMode="multi",
        overrides=[override(x, unit="string"), *overrides],
        extraJson={"options": options, "fieldConfig": {"defaults": defaults}},
    )


def text(key: str, title: str, content: str, description: str) -> TextPanel:
    """A note in Markdown."""
    return TextPanel(
        title=title, description=description, id=panel_id(key), content=content, mode="markdown"
    )

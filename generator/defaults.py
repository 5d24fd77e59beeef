"""The values that a field of a dashboard has where nothing is written, which a browser fills in
when it saves: written or not, they mean the same.

Source: what browsers saved on 9.4 and on 12.4 (tests/recorded/). Keys of later releases are those
of their panels' options; no browser of theirs has confirmed them.
"""

from typing import Any, Final

from driftdeck.facts.datasources import POSTGRES, POSTGRES_ALIAS

IGNORED: Final = {
    "dashboard": {"schemaVersion", "version", "revision", "iteration", "id"},
    "panel": {"pluginVersion"},
}
"""Keys that follow the release that saved, whatever their value."""
INTERVALS: Final = ["5s", "10s", "30s", "1m", "5m", "15m", "30m", "1h", "2h", "1d"]
"""Between reloads, as Grafana offers them where nothing is said."""
DASHBOARD: Final[dict[str, Any]] = {
    "fiscalYearStartMonth": 0,
    "liveNow": False,
    "preload": False,
    "style": "dark",
    "weekStart": "",
    "graphTooltip": 0,
    "editable": True,
    "timezone": "browser",
    "hideControls": False,
    "gnetId": None,
    "timepicker.refresh_intervals": INTERVALS,
}
VARIABLE: Final[dict[str, Any]] = {
    "allowCustomValue": True,
    "current.selected": True,
    "regexApplyTo": "value",
}
PANEL: Final[dict[str, Any]] = {
    "transparent": False,
    "hideTimeOverride": False,
    "collapsed": False,
    "description": "",
    "title": "",
    "cacheTimeout": None,
    "maxPerRow": None,
    "fieldConfig.defaults.unitScale": True,
    "fieldConfig.defaults.thresholds.mode": "absolute",
    "options.tooltip.mode": "single",
    "options.tooltip.sort": "none",
    "options.tooltip.hideZeros": False,
    "options.legend.calcs": [],
    "options.legend.displayMode": "list",
    "options.legend.placement": "bottom",
    "options.legend.showLegend": True,
    "options.reduceOptions.fields": "",
    "options.reduceOptions.values": False,
    "options.text": {},
}
GRAPH: Final[dict[str, Any]] = {
    "axisBorderShow": False,
    "axisCenteredZero": False,
    "axisColorMode": "text",
    "axisLabel": "",
    "axisPlacement": "auto",
    "barAlignment": 0,
    "barWidthFactor": 0.6,
    "drawStyle": "line",
    "gradientMode": "none",
    "hideFrom": {"legend": False, "tooltip": False, "viz": False},
    "insertNulls": False,
    "lineInterpolation": "linear",
    "lineStyle": {"fill": "solid"},
    "pointSize": 5,
    "scaleDistribution": {"type": "linear"},
    "showPoints": "auto",
    "showValues": False,
    "spanNulls": False,
    "stacking": {"group": "A", "mode": "none"},
    "thresholdsStyle": {"mode": "off"},
}
"""Of fieldConfig.defaults.custom, in whatever panel has axes."""
BY_TYPE: Final[dict[str, dict[str, Any]]] = {
    "timeseries": {
        "fieldConfig.defaults.custom.fillOpacity": 0,
        "fieldConfig.defaults.custom.lineWidth": 1,
    },
    "barchart": {
        "fieldConfig.defaults.custom.fillOpacity": 80,
        "fieldConfig.defaults.custom.lineWidth": 1,
        "options.barRadius": 0,
        "options.barWidth": 0.97,
        "options.fullHighlight": False,
        "options.groupWidth": 0.7,
        "options.showValue": "auto",
        "options.stacking": "none",
        "options.xTickLabelRotation": 0,
        "options.xTickLabelSpacing": 0,
    },
    "state-timeline": {
        "fieldConfig.defaults.custom.fillOpacity": 70,
        "fieldConfig.defaults.custom.lineWidth": 0,
        "options.alignValue": "left",
        "options.mergeValues": True,
        "options.perPage": 20,
        "options.rowHeight": 0.9,
        "options.showValue": "auto",
    },
    "stat": {
        "options.colorMode": "value",
        "options.graphMode": "area",
        "options.justifyMode": "auto",
        "options.orientation": "auto",
        "options.percentChangeColorMode": "standard",
        "options.showPercentChange": False,
        "options.textMode": "auto",
        "options.wideLayout": True,
    },
    "table": {
        "fieldConfig.defaults.custom.align": "auto",
        "fieldConfig.defaults.custom.cellOptions": {"type": "auto"},
        "fieldConfig.defaults.custom.displayMode": "auto",
        "fieldConfig.defaults.custom.filterable": False,
        "fieldConfig.defaults.custom.footer.reducers": [],
        "fieldConfig.defaults.custom.inspect": False,
        "options.cellHeight": "sm",
        "options.footer": {"countRows": False, "fields": "", "reducer": ["sum"], "show": False},
        "options.frameIndex": 0,
        "options.showHeader": True,
        "options.sortBy": [],
    },
    "text": {
        "options.code": {"language": "plaintext", "showLineNumbers": False, "showMiniMap": False},
        "options.mode": "markdown",
    },
}
TARGET: Final[dict[str, Any]] = {
    "sql": {
        "columns": [{"parameters": [], "type": "function"}],
        "groupBy": [{"property": {"type": "string"}, "type": "groupBy"}],
        "limit": 50,
    },
    "hide": False,
}
PLUGINS: Final = {POSTGRES_ALIAS: POSTGRES}
"""Old ids of data source plugins: 9.4 knows the old one, and writes it."""


def panel_defaults(kind: str) -> dict[str, Any]:
    """By path below a panel of a kind."""
    custom = {f"fieldConfig.defaults.custom.{key}": value for key, value in GRAPH.items()}
    defaults = {**custom, **PANEL, **BY_TYPE.get(kind, {})}
    for path, value in list(defaults.items()):
        if isinstance(value, dict):
            defaults |= {f"{path}.{key}": inner for key, inner in value.items()}
    return defaults

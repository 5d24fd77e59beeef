"""Which parameter of grafanalib's constructors writes which field of a panel, by kind of panel.

Those that people use, of the constructors that write a panel as Grafana's browsers do; the fields
of others, and the panels of kinds that are not here, are given as they are.
"""

from typing import Final

from grafanalib.core import (
    BarChart,
    Panel,
    RowPanel,
    Stat,
    StateTimeline,
    Table,
    Text,
    TimeSeries,
)

CONSTRUCTORS: Final[dict[str, type[Panel]]] = {
    "barchart": BarChart,
    "row": RowPanel,
    "stat": Stat,
    "state-timeline": StateTimeline,
    "table": Table,
    "text": Text,
    "timeseries": TimeSeries,
}
PANEL: Final = {
    "title": "title",
    "description": "description",
    "id": "id",
    "dataSource": "datasource",
    "links": "links",
    "transparent": "transparent",
    "transformations": "transformations",
    "interval": "interval",
    "maxDataPoints": "maxDataPoints",
    "timeFrom": "timeFrom",
    "timeShift": "timeShift",
    "hideTimeOverride": "hideTimeOverride",
}
"""Of every kind."""
DEFAULTS: Final = "fieldConfig.defaults"
CUSTOM: Final = f"{DEFAULTS}.custom"
STEPS: Final = {
    "thresholds": f"{DEFAULTS}.thresholds.steps",
    "thresholdType": f"{DEFAULTS}.thresholds.mode",
}
VALUES: Final = {"mappings": f"{DEFAULTS}.mappings", "overrides": "fieldConfig.overrides"}
LEGEND: Final = {
    "legendDisplayMode": "options.legend.displayMode",
    "legendPlacement": "options.legend.placement",
}
GRAPH: Final = {
    **LEGEND,
    "legendCalcs": "options.legend.calcs",
    "tooltipMode": "options.tooltip.mode",
    "tooltipSort": "options.tooltip.sort",
    "axisPlacement": f"{CUSTOM}.axisPlacement",
    "axisLabel": f"{CUSTOM}.axisLabel",
    "lineWidth": f"{CUSTOM}.lineWidth",
    "fillOpacity": f"{CUSTOM}.fillOpacity",
    "gradientMode": f"{CUSTOM}.gradientMode",
    "scaleDistributionType": f"{CUSTOM}.scaleDistribution.type",
    "colorMode": f"{DEFAULTS}.color.mode",
}
"""Of panels with axes."""
OF_KIND: Final[dict[str, dict[str, str]]] = {
    "barchart": {
        **GRAPH,
        **VALUES,
        "orientation": "options.orientation",
        "showValue": "options.showValue",
        "stacking": "options.stacking",
        "showLegend": "options.legend.showLegend",
        "xTickLabelRotation": "options.xTickLabelRotation",
        "xTickLabelSpacing": "options.xTickLabelSpacing",
        "axisColorMode": f"{CUSTOM}.axisColorMode",
        "axisCenteredZero": f"{CUSTOM}.axisCenteredZero",
        "thresholdsMode": f"{DEFAULTS}.thresholds.mode",
        "thresholdSteps": f"{DEFAULTS}.thresholds.steps",
    },
    "row": {},
    "stat": {
        **STEPS,
        **VALUES,
        "format": f"{DEFAULTS}.unit",
        "decimals": f"{DEFAULTS}.decimals",
        "color": f"{DEFAULTS}.color",
        "noValue": f"{DEFAULTS}.noValue",
        "alignment": "options.justifyMode",
        "colorMode": "options.colorMode",
        "graphMode": "options.graphMode",
        "orientation": "options.orientation",
        "textMode": "options.textMode",
        "fields": "options.reduceOptions.fields",
    },
    "state-timeline": {
        **STEPS,
        **VALUES,
        **LEGEND,
        "alignValue": "options.alignValue",
        "mergeValues": "options.mergeValues",
        "showValue": "options.showValue",
        "tooltipMode": "options.tooltip.mode",
        "colorMode": f"{DEFAULTS}.color.mode",
        "fillOpacity": f"{CUSTOM}.fillOpacity",
        "lineWidth": f"{CUSTOM}.lineWidth",
    },
    "table": {
        **STEPS,
        "overrides": "fieldConfig.overrides",
        "unit": f"{DEFAULTS}.unit",
        "align": f"{CUSTOM}.align",
        "filterable": f"{CUSTOM}.filterable",
        "showHeader": "options.showHeader",
    },
    "text": {"content": "options.content", "mode": "options.mode"},
    "timeseries": {
        **STEPS,
        **VALUES,
        **GRAPH,
        "unit": f"{DEFAULTS}.unit",
        "valueMin": f"{DEFAULTS}.min",
        "valueMax": f"{DEFAULTS}.max",
        "valueDecimals": f"{DEFAULTS}.decimals",
        "axisSoftMin": f"{CUSTOM}.axisSoftMin",
        "axisSoftMax": f"{CUSTOM}.axisSoftMax",
        "barAlignment": f"{CUSTOM}.barAlignment",
        "drawStyle": f"{CUSTOM}.drawStyle",
        "lineInterpolation": f"{CUSTOM}.lineInterpolation",
        "pointSize": f"{CUSTOM}.pointSize",
        "showPoints": f"{CUSTOM}.showPoints",
        "spanNulls": f"{CUSTOM}.spanNulls",
        "thresholdsStyleMode": f"{CUSTOM}.thresholdsStyle.mode",
        "scaleDistributionLog": f"{CUSTOM}.scaleDistribution.log",
    },
}


def parameters(kind: str) -> dict[str, tuple[str, ...]]:
    """The path of the field that each parameter writes, by name, the usual ones first."""
    paths = {**PANEL, **OF_KIND[kind]}
    return {name: tuple(path.split(".")) for name, path in paths.items()}

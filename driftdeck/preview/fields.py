"""A column of a result with the options that its panel gives it: how its values look."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any

from driftdeck.facts import Json
from driftdeck.preview import colors, units

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
AGO = (
    (45, 1, "a few seconds"), (90, 60, "a minute"), (2700, 60, "{} minutes"),
    (5400, 3600, "an hour"), (79200, 3600, "{} hours"), (129600, 86400, "a day"),
    (2246400, 86400, "{} days"), (3888000, 2592000, "a month"),
    (27648000, 2592000, "{} months"), (47304000, 31536000, "a year"),
    (float("inf"), 31536000, "{} years"),
)  # fmt: skip
"""(upper bound in seconds, seconds of the unit, text)"""


@dataclass(frozen=True)
class DisplayValue:
    """A value as a panel shows it. color: of its mapping or threshold. mapped: by a mapping."""

    text: str
    color: str
    mapped: bool = False


@dataclass(frozen=True)
class Clock:
    """The moment of drawing, and the dashboard's zone, None for this machine's."""

    now: datetime
    zone: tzinfo | None

    def local(self, moment: datetime) -> datetime:
        """A moment in the dashboard's zone."""
        return moment.astimezone(self.zone)


@dataclass(frozen=True)
class Field:
    """A column. kind: time, number, string, boolean or other. config: its options. number: its
    position among the series, which decides its colour."""

    name: str
    kind: str
    values: Sequence[Any]
    config: Json
    clock: Clock
    number: int = 0
    labels: Json = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Its name for people."""
        return str(self.config.get("displayName") or self.name)

    @property
    def custom(self) -> Json:
        """Its options for the kind of panel."""
        options: Json = self.config.get("custom", {})
        return options

    @property
    def unit(self) -> str:
        """Grafana's id of its unit."""
        return str(self.config.get("unit") or ("string" if self.kind == "string" else "none"))

    @cached_property
    def steps(self) -> list[Json]:
        """Its thresholds, from the lowest; those in percent of its range converted to values."""
        thresholds = self.config.get("thresholds") or {}
        steps = [{**step, "value": step.get("value")} for step in thresholds.get("steps") or []]
        if thresholds.get("mode") == "percentage":
            low, high = self.limits
            for step in steps:
                if step["value"] is not None:
                    step["value"] = low + (high - low) * step["value"] / 100
        return steps

    @cached_property
    def limits(self) -> tuple[float, float]:
        """Its least and greatest value, unless its options set min and max."""
        known = [float(v) for v in self.values if isinstance(v, (int, float))]
        low, high = self.config.get("min"), self.config.get("max")
        return (
            min(known, default=0.0) if low is None else low,
            max(known, default=1.0) if high is None else high,
        )

    @property
    def color(self) -> str:
        """The colour of a whole series: fixed, of the palette, or of its newest value."""
        mode = self.config.get("color", {}).get("mode", "palette-classic")
        if mode in ("fixed", "shades"):
            return colors.to_css(self.config["color"].get("fixedColor", "text"))
        if mode == "thresholds" or mode.startswith("continuous"):
            known = [value for value in self.values if isinstance(value, (int, float))]
            return self.color_of(known[-1] if known else None)
        return colors.palette_color(self.number)

    def color_of(self, value: Any) -> str:
        """The colour of one value: of its threshold, unless its options name another."""
        mode = self.config.get("color", {}).get("mode", "thresholds")
        number = value if isinstance(value, (int, float)) else None
        if mode == "fixed":
            return colors.to_css(self.config["color"].get("fixedColor", "text"))
        if mode == "palette-classic":
            return colors.palette_color(self.number)
        if mode in colors.CONTINUOUS and number is not None:
            low, high = self.limits
            return colors.mix_colors(colors.CONTINUOUS[mode], (number - low) / ((high - low) or 1))
        return colors.threshold_color(self.steps, number)

    def display(self, value: Any) -> DisplayValue:
        """A value as Grafana would write it."""
        mapping = _find_mapping(self.config.get("mappings") or [], value)
        color = colors.to_css(mapping["color"]) if mapping.get("color") else self.color_of(value)
        text = mapping.get("text")
        if text is not None:
            return DisplayValue(str(text), color, mapped=True)
        return DisplayValue(self._format_value(value), color, mapped=bool(mapping))

    def _format_value(self, value: Any) -> str:
        if value is None:
            return str(self.config.get("noValue") or "")
        if isinstance(value, datetime):
            return self._format_time(value)
        if isinstance(value, bool):
            return str(value)
        if isinstance(value, (int, float)) and self.unit != "string":
            return units.format_value(self.unit, float(value), self.config.get("decimals"))
        return str(value)

    def _format_time(self, moment: datetime) -> str:
        local = self.clock.local(moment)
        if self.unit == "dateTimeFromNow":
            return format_ago((self.clock.now - moment).total_seconds())
        return local.strftime(TIME_FORMAT)


def format_ago(seconds: float) -> str:
    """How long ago, or in how long for negative seconds, in words."""
    for below, size, words in AGO:
        if abs(seconds) < below:
            text = words.format(max(2, round(abs(seconds) / size)))
            return f"{text} ago" if seconds >= 0 else f"in {text}"
    raise AssertionError("the last step has no bound")


def merge_options(panel: Json, name: str, kind: str, ref: str = "") -> Json:
    """The options of a column: the panel's defaults, changed by each override that matches it.

    kind: of the column. ref: the refId of its query, for overrides by query.
    """
    field_config = panel.get("fieldConfig") or {}
    config = {**field_config.get("defaults", {})}
    config["custom"] = {**config.get("custom", {})}
    for rule in field_config.get("overrides") or []:
        if _is_matched(rule["matcher"], name, kind, ref):
            for item in rule["properties"]:
                _set_option(config, item["id"].split("."), item.get("value"))
    return config


def _set_option(config: Json, path: Sequence[str], value: Any) -> None:
    for key in path[:-1]:
        config[key] = {**config.get(key, {})}
        config = config[key]
    config[path[-1]] = value


def _is_matched(matcher: Json, name: str, kind: str, ref: str) -> bool:
    pattern = matcher.get("options")
    matcher_id = matcher.get("id")
    if matcher_id == "byName":
        return bool(pattern == name)
    if matcher_id == "byRegexp":
        return re.search(str(pattern).strip("/"), name) is not None
    if matcher_id == "byType":
        return bool(pattern == kind)
    return matcher_id == "byFrameRefID" and pattern == ref


def _find_mapping(mappings: Sequence[Json], value: Any) -> Json:
    for mapping in mappings:
        result = _apply_mapping(mapping["type"], mapping["options"], value)
        if result is not None:
            return result
    return {}


def _apply_mapping(kind: str, options: Json, value: Any) -> Json | None:
    if kind == "special":
        return options["result"] if _is_special(options["match"], value) else None
    if value is None:
        return None
    if kind == "value":
        return options.get(_mapping_key(value))
    if kind == "range" and isinstance(value, (int, float)):
        low, high = options.get("from"), options.get("to")
        inside = (low is None or value >= low) and (high is None or value <= high)
        return options["result"] if inside else None
    if kind == "regex" and isinstance(value, str):
        match = re.search(options["pattern"].strip("/"), value)
        return options["result"] if match else None
    return None


def _mapping_key(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _is_special(match: str, value: Any) -> bool:
    nan = isinstance(value, float) and math.isnan(value)
    true_of = {
        "null": value is None,
        "nan": nan,
        "null+nan": value is None or nan,
        "true": value is True,
        "false": value is False,
        "empty": value == "",
    }
    return bool(true_of.get(match))

"""A column of an answer with the options that its panel gives it: how its values look."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any

from driftdeck.facts import Json
from driftdeck.preview import colors, units

SHOWN_TIME = "%Y-%m-%d %H:%M:%S"
AGO = (
    (45, 1, "a few seconds"), (90, 60, "a minute"), (2700, 60, "{} minutes"),
    (5400, 3600, "an hour"), (79200, 3600, "{} hours"), (129600, 86400, "a day"),
    (2246400, 86400, "{} days"), (3888000, 2592000, "a month"),
    (27648000, 2592000, "{} months"), (47304000, 31536000, "a year"),
    (float("inf"), 31536000, "{} years"),
)  # fmt: skip
"""(below so many seconds, of so many, words)"""


@dataclass(frozen=True)
class Shown:
    """A value as it stands in a panel. color: of its mapping or threshold."""

    text: str
    color: str
    mapped: bool = False


@dataclass(frozen=True)
class Clock:
    """The moment of drawing, and the zone that the dashboard's times are in."""

    now: datetime
    zone: tzinfo | None

    def local(self, moment: datetime) -> datetime:
        """A moment in the dashboard's zone; None is this machine's."""
        return moment.astimezone(self.zone)


@dataclass(frozen=True)
class Field:
    """A column. kind: time, number, string, boolean or other. number: its place among series."""

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
        found: Json = self.config.get("custom", {})
        return found

    @property
    def unit(self) -> str:
        """Grafana's id of its unit."""
        return str(self.config.get("unit") or ("string" if self.kind == "string" else "none"))

    @cached_property
    def steps(self) -> list[Json]:
        """Its thresholds, from the lowest; those in percent, of its range, as values."""
        given = self.config.get("thresholds") or {}
        steps = [{**step, "value": step.get("value")} for step in given.get("steps") or []]
        if given.get("mode") == "percentage":
            low, high = self.limits
            for step in steps:
                if step["value"] is not None:
                    step["value"] = low + (high - low) * step["value"] / 100
        return steps

    @cached_property
    def limits(self) -> tuple[float, float]:
        """Its least and greatest value, unless its options say."""
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
            return colors.named(self.config["color"].get("fixedColor", "text"))
        if mode == "thresholds" or mode.startswith("continuous"):
            known = [value for value in self.values if isinstance(value, (int, float))]
            return self.color_of(known[-1] if known else None)
        return colors.classic(self.number)

    def color_of(self, value: Any) -> str:
        """The colour of one value: of its threshold, unless its options name another."""
        mode = self.config.get("color", {}).get("mode", "thresholds")
        number = value if isinstance(value, (int, float)) else None
        if mode == "fixed":
            return colors.named(self.config["color"].get("fixedColor", "text"))
        if mode == "palette-classic":
            return colors.classic(self.number)
        if mode in colors.CONTINUOUS and number is not None:
            low, high = self.limits
            return colors.between(colors.CONTINUOUS[mode], (number - low) / ((high - low) or 1))
        return colors.of_steps(self.steps, number)

    def show(self, value: Any) -> Shown:
        """A value as Grafana would write it."""
        mapped = _mapped(self.config.get("mappings") or [], value)
        color = colors.named(mapped["color"]) if mapped.get("color") else self.color_of(value)
        text = mapped.get("text")
        if text is not None:
            return Shown(str(text), color, mapped=True)
        return Shown(self._text(value), color, mapped=bool(mapped))

    def _text(self, value: Any) -> str:
        if value is None:
            return str(self.config.get("noValue") or "")
        if isinstance(value, datetime):
            return self._time(value)
        if isinstance(value, bool):
            return str(value)
        if isinstance(value, (int, float)) and self.unit != "string":
            return units.write(self.unit, float(value), self.config.get("decimals"))
        return str(value)

    def _time(self, moment: datetime) -> str:
        local = self.clock.local(moment)
        if self.unit == "dateTimeFromNow":
            return ago((self.clock.now - moment).total_seconds())
        return local.strftime(SHOWN_TIME)


def ago(seconds: float) -> str:
    """How long ago, or in how long."""
    for below, size, words in AGO:
        if abs(seconds) < below:
            said = words.format(max(2, round(abs(seconds) / size)))
            return f"{said} ago" if seconds >= 0 else f"in {said}"
    raise AssertionError("the last step has no bound")


def config_of(panel: Json, name: str, kind: str, ref: str = "") -> Json:
    """The options of a column: the panel's defaults, changed by each override that fits it."""
    given = panel.get("fieldConfig") or {}
    config = {**given.get("defaults", {})}
    config["custom"] = {**config.get("custom", {})}
    for rule in given.get("overrides") or []:
        if _fits(rule["matcher"], name, kind, ref):
            for item in rule["properties"]:
                _put(config, item["id"].split("."), item.get("value"))
    return config


def _put(config: Json, path: Sequence[str], value: Any) -> None:
    for key in path[:-1]:
        config[key] = {**config.get(key, {})}
        config = config[key]
    config[path[-1]] = value


def _fits(matcher: Json, name: str, kind: str, ref: str) -> bool:
    asked = matcher.get("options")
    how = matcher.get("id")
    if how == "byName":
        return bool(asked == name)
    if how == "byRegexp":
        return re.search(str(asked).strip("/"), name) is not None
    if how == "byType":
        return bool(asked == kind)
    return how == "byFrameRefID" and asked == ref


def _mapped(mappings: Sequence[Json], value: Any) -> Json:
    for mapping in mappings:
        found = _result(mapping["type"], mapping["options"], value)
        if found is not None:
            return found
    return {}


def _result(kind: str, options: Json, value: Any) -> Json | None:
    if kind == "special":
        return options["result"] if _special(options["match"], value) else None
    if value is None:
        return None
    if kind == "value":
        return options.get(_key(value))
    if kind == "range" and isinstance(value, (int, float)):
        low, high = options.get("from"), options.get("to")
        inside = (low is None or value >= low) and (high is None or value <= high)
        return options["result"] if inside else None
    if kind == "regex" and isinstance(value, str):
        found = re.search(options["pattern"].strip("/"), value)
        return options["result"] if found else None
    return None


def _key(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _special(match: str, value: Any) -> bool:
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

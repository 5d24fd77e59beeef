"""Units: what a number means, and how Grafana writes it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """What the number in a column means; there are `d.MINUTES`, `d.CELSIUS` and more.

    Args:
        name: As stored beside each value.
        grafana: Grafana's id of the unit, as in the unit picker of a panel.
        low: The least that a value can be, None where there is no bound.
        high: The most that a value can be, None where there is no bound.

    Example:
        >>> d.number("price", d.Unit("euro", "currencyEUR", low=0.0)).unit.grafana
        'currencyEUR'
    """

    name: str
    grafana: str
    low: float | None = None
    high: float | None = None


SHARE = Unit("share", "percentunit", 0.0, 1.0)
SCORE = Unit("score", "percentunit", 0.0, 1.0)
ERROR_SHARE = Unit("share of the label", "percentunit", 0.0)
RATIO = Unit("ratio", "none")
COUNT = Unit("count", "short", 0.0)
DISTANCE = Unit("distance", "none", 0.0)
P_VALUE = Unit("p-value", "none", 0.0, 1.0)
LOG_LOSS = Unit("nats", "none", 0.0)
NUMBER = Unit("number", "none")
MINUTES = Unit("minutes", "m")
HOURS = Unit("hours", "h")
AGE = Unit("hours", "h", 0.0)
CELSIUS = Unit("celsius", "celsius")
METRES_PER_SECOND = Unit("m/s", "velocityms")
KM_PER_HOUR = Unit("km/h", "velocitykmh")
MILES = Unit("miles", "lengthmi")
MILLIMETRES = Unit("mm", "lengthmm")
HECTOPASCAL = Unit("hPa", "pressurehpa")
PERCENT = Unit("percent", "percent")

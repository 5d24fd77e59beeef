"""Variables of dashboards in texts: which are used, and their values put in their places."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

Value = str | tuple[str, ...]
"""What is chosen: one value, or several."""
Values = Mapping[str, Value]
NAMES = re.compile(r"\$(\w+)|\$\{(\w+)(?:\.[\w.]+)?(?::([\w:]+))?\}|\[\[(\w+)(?::(\w+))?\]\]")
"""$name, ${name}, ${name:form}, [[name]], [[name:form]]."""


def names_in(*texts: str) -> set[str]:
    """The names that texts use as variables."""
    names = (
        next(filter(None, (match[1], match[2], match[4])))
        for t in texts
        for match in NAMES.finditer(t)
    )
    return set(names)


def fill(text: str, values: Values, *, sql: bool = False) -> str:
    """A text with its variables replaced, in SQL quoted as Grafana's SQL datasources do."""

    def replace(match: re.Match[str]) -> str:
        name = match[1] or match[2] or match[4]
        if name not in values:
            return match[0]
        return _written(values[name], match[3] or match[5] or "", sql=sql)

    return NAMES.sub(replace, text)


def _written(value: Value, form: str, *, sql: bool) -> str:
    several = (value,) if isinstance(value, str) else value
    if form in ("sqlstring", "singlequote") or (sql and not form and not isinstance(value, str)):
        return ",".join("'" + text.replace("'", "''") + "'" for text in several)
    if form.startswith("date") and several[0].isdigit():  # of $__from and $__to
        moment = datetime.fromtimestamp(int(several[0]) / 1000, UTC)
        return (
            f"{moment.timestamp():.0f}"
            if form == "date:seconds"
            else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        )
    if form == "doublequote":
        return ",".join(f'"{text}"' for text in several)
    if form == "pipe":
        return "|".join(several)
    if sql and not form:
        return several[0].replace("'", "''")
    return (" + " if not sql and form in ("", "text") else ",").join(several)

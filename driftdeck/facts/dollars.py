"""The `$` of provisioning files: Grafana expands some of their texts, and `$$` stands for a `$`."""

from typing import Any


def escape(value: Any) -> Any:
    """A value as it is written where Grafana expands `$`: each of its texts with `$$` for `$`."""
    return _each_text(value, "$", "$$")


def unescape(value: Any) -> Any:
    """What Grafana makes of a value whose only `$` are written as `$$`."""
    return _each_text(value, "$$", "$")


def _each_text(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {key: _each_text(inner, old, new) for key, inner in value.items()}
    if isinstance(value, list):
        return [_each_text(inner, old, new) for inner in value]
    return value.replace(old, new) if isinstance(value, str) else value

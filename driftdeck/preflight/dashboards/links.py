"""The links of a dashboard to others of its own Grafana."""

import json
import re
from collections.abc import Iterator
from typing import Any

from driftdeck.facts.panels import Path

URL = re.compile(r'"url"\s*:\s*"((?:[^"\\]|\\.)*)"')
LINK = re.compile(r"/d/([A-Za-z0-9_-]+)")


def linked_uids(text: str) -> tuple[str, ...]:
    """The dashboards of its own Grafana that a dashboard leads to, out of its JSON: their uids."""
    urls = (_unescaped(match[1]) for match in URL.finditer(text))
    return tuple(dict.fromkeys(uid for uid in map(linked_uid, urls) if uid))


def _unescaped(text: str) -> str:
    """A text of JSON; behind the first value anything may stand, which nobody reads."""
    try:
        return str(json.loads(f'"{text}"')) if "\\" in text else text
    except ValueError:
        return text


def linked_uid(url: str) -> str:
    """The uid of the dashboard that a link leads to; '' where it is none of this Grafana."""
    match = LINK.match(url) or LINK.search(url.removeprefix("${__url.path}"))
    return match[1] if match and "://" not in url else ""


def link_paths(value: Any, uid: str, path: Path = ()) -> Iterator[Path]:
    """The paths of the links to a dashboard in some JSON. uid: of that dashboard."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, dict | list):
            yield from link_paths(inner, uid, (*path, key))
        elif key == "url" and isinstance(inner, str) and linked_uid(inner) == uid:
            yield (*path, key)

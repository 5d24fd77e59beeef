"""Every link that the built dashboards hold, and where it leads."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from driftdeck.facts import Json
from driftdeck.facts.panels import walk_panels

OF_ROW = re.compile(r"\$\{__data\.fields(?:\.([\w ]+)|\[\"([^\"]+)\"\])\}")
OF_BROWSER = re.compile(r"\$\{__\w[^}]*\}")


@dataclass(frozen=True)
class Link:
    """A link. place: for people. panel: the id of its panel, 0 for the dashboard's own."""

    place: str
    url: str
    panel: int = 0

    @property
    def columns(self) -> set[str]:
        """The columns of its panel that the address is filled in from."""
        return {next(filter(None, groups)) for groups in OF_ROW.findall(self.url)}

    def addresses(self, columns: Mapping[str, tuple[object, ...]]) -> set[str]:
        """The addresses that it leads to, one for each row of its panel.

        columns: of the panel's results, by name, alike in length.
        """
        names = self.columns
        if not names:
            return {self._of({})}
        rows = zip(*(columns.get(name, ()) for name in sorted(names)), strict=False)
        return {
            self._of(dict(zip(sorted(names), row, strict=True)))
            for row in rows
            if not any(value in (None, "") for value in row)  # 0 is a value
        }

    def _of(self, row: Mapping[str, object]) -> str:
        text = OF_ROW.sub(lambda match: str(row[match[1] or match[2]]), self.url)
        return OF_BROWSER.sub("", text.replace("${__value.time}", "newest"))


def find_missing_columns(link: Link, panel: Json, columns: Collection[str]) -> list[str]:
    """The columns of a link that its panel lacks, as far as that can be told.

    columns: of the panel's results. A display name and a number name a column, too; what a
    transformation makes of a result, and the frames of a time series, only the browser knows.
    """
    forms = {target.get("format") for target in panel.get("targets", [])}
    if not columns or panel.get("transformations") or forms != {"table"}:
        return []
    known = {*columns, *_iter_display_names(panel)}
    return sorted(name for name in link.columns if name not in known and not name.isdecimal())


def check_address(address: str) -> str:
    """Why nothing is shown at an address outside Grafana, '' where something is."""
    try:
        status = httpx.get(address, follow_redirects=True, timeout=30).status_code
    except httpx.HTTPError as error:
        return f"{address}: {error}"
    return "" if status < 400 else f"{address}: {status}"


def list_links(dashboard: Json) -> list[Link]:
    """The links of a dashboard, its panels and their values, each once."""
    return list(dict.fromkeys(_iter_links(dashboard)))


def _iter_links(dashboard: Json) -> Iterator[Link]:
    title = dashboard["title"]
    for link in dashboard.get("links", []):
        if link.get("type") == "link":
            yield Link(f"{title} / {link['title']}", link["url"])
    for _, panel in walk_panels(dashboard):
        for link in _iter_panel_links(panel):
            yield Link(f"{title} / {panel['title']} / {link['title']}", link["url"], panel["id"])


def _iter_panel_links(panel: Json) -> Iterator[Json]:
    yield from panel.get("links", [])
    for links in _iter_options(panel, "links"):
        yield from links


def _iter_display_names(panel: Json) -> Iterator[str]:
    for name in _iter_options(panel, "displayName"):
        yield str(name)


def _iter_options(panel: Json, name: str) -> Iterator[Any]:
    """An option of a panel's fields, by default and in each override."""
    config = panel.get("fieldConfig", {})
    if name in config.get("defaults", {}):
        yield config["defaults"][name]
    for override in config.get("overrides", []):
        for property_ in override["properties"]:
            if property_["id"] == name:
                yield property_["value"]

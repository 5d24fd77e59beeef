"""What a running Grafana holds after it has read a tree; the next tree meets this.

A check of a tree on a fresh server starts with an empty State; a check of a change applies the old
tree first. Each stage (datasources, alerting, dashboards) changes it as Grafana would.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from driftdeck.preflight.findings import Place
from driftdeck.preflight.releases import DEFAULT_EMAIL_GONE, TITLES_FREE, Release

DEFAULT_EMAIL, DEFAULT_EMPTY = "grafana-default-email", "empty"
"""The contact point that a fresh server has, up to 12.3 and since."""
REPLACED = {"&": "and", "@": "at", "ß": "ss", "ü": "ue", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d"}


@lru_cache(maxsize=4096)
def slug(title: str) -> str:
    """The form under which Grafana compares titles (pkg/infra/slugify)."""
    lowered = "".join(REPLACED.get(letter, letter) for letter in title.lower())
    bare = "".join(
        c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c)
    )
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-") or title


RETIRING = {
    "rule": "deleteRules: [{{orgId: {org}, uid: {name}}}]",
    "receiver": "deleteContactPoints: [{{orgId: {org}, uid: {name}}}]",
    "mute-time": "deleteMuteTimes: [{{orgId: {org}, name: {name}}}]",
    "template": "deleteTemplates: [{{orgId: {org}, name: {name}}}]",
    "datasource": "deleteDatasources: [{{orgId: {org}, name: {name}}}]",
    "policies": "resetPolicies: [{name}]",
}
"""What a file must say, so that Grafana lets go of a thing that no file holds any more."""


FIRST = "in a file that sorts first"


def retire(kind: str, org: int, name: str) -> str:
    """The repair for a thing that Grafana must forget."""
    return f"write {RETIRING[kind].format(org=org, name=name)} {FIRST}"


@dataclass
class StoredFolder:
    """A folder; uid is '' where Grafana chose a random one."""

    org: int
    title: str
    uid: str
    place: Place
    alerting: bool


@dataclass(eq=False)
class StoredDashboard:
    """A dashboard as a provider saved it. place: of its uid, searched for when asked."""

    org: int
    uid: str
    title: str
    folder: str
    provider: str
    file: str
    place: Callable[[], Place]


class StoredDashboards:
    """The saved dashboards, found by file, uid and title; of several that fit, the first saved."""

    def __init__(self) -> None:
        self._by: dict[tuple[object, ...], list[StoredDashboard]] = {}

    def __iter__(self) -> Iterator[StoredDashboard]:
        """Each; they may be moved and removed meanwhile."""
        return iter([*self._by.get((), [])])

    @staticmethod
    def _keys(dashboard: StoredDashboard) -> tuple[tuple[object, ...], ...]:
        title = slug(dashboard.title)
        return (
            (),
            ("file", dashboard.provider, dashboard.file),
            ("uid", dashboard.org, dashboard.uid),
            ("title", dashboard.org, title),
            ("title", dashboard.org, title, dashboard.folder),
        )

    def add(self, dashboard: StoredDashboard) -> None:
        """Save one more."""
        for key in self._keys(dashboard):
            self._by.setdefault(key, []).append(dashboard)

    def remove(self, dashboard: StoredDashboard) -> None:
        """Forget one."""
        for key in self._keys(dashboard):
            self._by[key].remove(dashboard)

    def move(self, dashboard: StoredDashboard, provider: str, file: str) -> None:
        """From now on one is of another provider and file."""
        self._by["file", dashboard.provider, dashboard.file].remove(dashboard)
        dashboard.provider, dashboard.file = provider, file
        self._by.setdefault(("file", provider, file), []).append(dashboard)

    def _first(self, *key: object) -> StoredDashboard | None:
        return next(iter(self._by.get(key, [])), None)

    def of_file(self, provider: str, file: str) -> StoredDashboard | None:
        """The dashboard that a provider saved of a file."""
        return self._first("file", provider, file)

    def of_uid(self, org: int, uid: str) -> StoredDashboard | None:
        """The dashboard of a uid."""
        return self._first("uid", org, uid)

    def titled(self, org: int, title: str, folder: str | None = None) -> StoredDashboard | None:
        """The dashboard of a title, in any folder or in one, given by its slug."""
        return self._first("title", org, slug(title), *([] if folder is None else [folder]))


@dataclass(frozen=True)
class DirectReceiver:
    """The contact point that a rule names, past the policies. intervals: of time, by name, in which
    it is notified or not."""

    receiver: str
    intervals: tuple[str, ...]
    place: Place


@dataclass
class StoredRule:
    """A provisioned rule; folder is its title as Grafana tells folders apart."""

    title: str
    folder: str
    group: str
    place: Place
    direct: DirectReceiver | None = None


@dataclass
class State:
    """Everything by its identity. release: of the Grafana that holds it."""

    release: Release
    datasources: dict[tuple[int, str], str] = field(default_factory=dict)
    prunable: set[tuple[int, str]] = field(default_factory=set)
    """The datasources that go when no file names them any more."""
    folders: list[StoredFolder] = field(default_factory=list)
    dashboards: StoredDashboards = field(default_factory=StoredDashboards)
    rules: dict[tuple[int, str], StoredRule] = field(default_factory=dict)
    receivers: dict[tuple[int, str], str] = field(default_factory=dict)
    mute_times: set[tuple[int, str]] = field(default_factory=set)
    templates: set[tuple[int, str]] = field(default_factory=set)
    policies: dict[int, dict[str, Any]] = field(default_factory=dict)
    providers: set[str] = field(default_factory=set)
    stored: set[tuple[int, str]] = field(default_factory=set)
    """The receivers that Grafana held before the tree that is being read; it updates those."""
    _titled: dict[tuple[int, str, str], str] = field(default_factory=dict)
    """The uid of the first rule of each organisation, folder and title."""
    met: set[tuple[str, int, str]] = field(default_factory=set)
    """What the tree that is being read has declared so far: kind, organisation, identity."""

    def meet(self, kind: str, org: int, name: str) -> bool:
        """Whether this tree declared it already; from now on it did."""
        known = (kind, org, name) in self.met
        self.met.add((kind, org, name))
        return known

    def put_rule(self, org: int, uid: str, rule: "StoredRule") -> None:
        """Store a rule in place of the one of its uid."""
        self.drop_rule(org, uid)
        self.rules[org, uid] = rule
        self._titled.setdefault((org, rule.folder, rule.title), uid)

    def drop_rule(self, org: int, uid: str) -> None:
        """Forget a rule, if there is one."""
        gone = self.rules.pop((org, uid), None)
        if gone is None or self._titled.get((org, gone.folder, gone.title)) != uid:
            return
        del self._titled[org, gone.folder, gone.title]
        for (other, left), rule in self.rules.items():
            if (other, rule.folder, rule.title) == (org, gone.folder, gone.title):
                self._titled.setdefault((org, gone.folder, gone.title), left)

    def rule_titled(self, org: int, folder: str, title: str) -> str | None:
        """The uid of the first rule of a folder that has a title."""
        return self._titled.get((org, folder, title))

    def folder(self, org: int, title: str) -> StoredFolder | None:
        """The folder of a title, as far as Grafana tells titles apart."""
        wanted = self.distinct_title(title)
        return next(
            (f for f in self.folders if f.org == org and self.distinct_title(f.title) == wanted),
            None,
        )

    def distinct_title(self, title: str) -> str:
        """A folder's title as far as Grafana tells it from others."""
        return slug(title) if self.release < TITLES_FREE else title

    @property
    def default_receiver(self) -> str:
        """The contact point that a fresh server has."""
        return DEFAULT_EMAIL if self.release < DEFAULT_EMAIL_GONE else DEFAULT_EMPTY

    def receiver_names(self, org: int) -> set[str]:
        """The contact points that policies and rules may name."""
        names = {name for (owner, _), name in self.receivers.items() if owner == org}
        return names | {self.default_receiver}

    def direct_receivers(self, org: int) -> Iterator[DirectReceiver]:
        """The contact points that the stored rules of an organisation name themselves."""
        rules = (rule for (other, _), rule in self.rules.items() if other == org)
        return (rule.direct for rule in rules if rule.direct is not None)

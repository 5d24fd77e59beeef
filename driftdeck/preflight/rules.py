"""The rules of the pre-flight: each is registered once, here.

A rule's id is stable from release to release; findings, `--select`, `--ignore`, the configuration
and the table in docs/preflight.md know it by that.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from driftdeck.errors import UsageError
from driftdeck.preflight.findings import Severity
from driftdeck.preflight.releases import PGX, RESOURCES, TITLES_FREE, Release

FATAL, LOST, DOUBTFUL = Severity.FATAL, Severity.LOST, Severity.DOUBTFUL


@dataclass(frozen=True)
class Rule:
    """One thing that the pre-flight looks for.

    worst: its severity, or the worst that it may have. what: is wrong, in a few words. mend: what
    to do. since, until: the first release that has it, and the first that has it no more; None for
    every release that the pre-flight knows.
    """

    id: str
    worst: Severity
    what: str
    mend: str
    since: Release | None = None
    until: Release | None = None

    def holds(self, release: Release) -> bool:
        """Whether a release has it."""
        return (self.since is None or release >= self.since) and (
            self.until is None or release < self.until
        )

    @property
    def releases(self) -> str:
        """Which have it, in words; '' for all."""
        parts = [f"from {self.since}"] if self.since else []
        parts += [f"before {self.until}"] if self.until else []
        return " ".join(parts)


ALL: Final = (
    Rule("access", DOUBTFUL, "neither proxy nor direct", "write proxy"),
    Rule(
        "annotation-pair",
        FATAL,
        "`__dashboardUid__` without `__panelId__`, or a panel that is no number",
        "write both, or none",
    ),
    Rule(
        "blank",
        DOUBTFUL,
        "a user, password or database with a blank",
        "choose one without",
    ),
    Rule(
        "boolean",
        DOUBTFUL,
        "a boolean column in a time series",
        "cast it to int",
        until=PGX,
    ),
    Rule(
        "column-twice",
        DOUBTFUL,
        "two columns of one name",
        "give each column a name of its own",
        until=PGX,
    ),
    Rule(
        "correlation",
        FATAL,
        "a correlation that Grafana refuses, or on which it panics",
        "give label, description, targetUID and config.field",
    ),
    Rule(
        "dangling-link",
        DOUBTFUL,
        "a link to a dashboard that is not in the tree",
        "correct the uid, or take the link out",
    ),
    Rule(
        "dangling-panel",
        DOUBTFUL,
        "a rule names a dashboard or panel that is not in the tree",
        "correct `__dashboardUid__` and `__panelId__`",
    ),
    Rule(
        "database",
        DOUBTFUL,
        "jsonData.database is missing, or the database stands at the top level only",
        "move it into jsonData",
    ),
    Rule("deleted-again", LOST, "written and deleted in the same tree", "take one of the two out"),
    Rule("duplicate-datasource", FATAL, "two datasources of one name", "give one another name"),
    Rule("duplicate-name", FATAL, "two mute times of one name", "give one another name"),
    Rule("duplicate-provider", FATAL, "two providers of one name", "give one another name"),
    Rule(
        "duplicate-title",
        FATAL,
        "two rules, or (lost) two dashboards, of one title in a folder",
        "give one another title",
    ),
    Rule("duplicate-uid", FATAL, "two things of one uid", "give one another uid"),
    Rule(
        "empty-query", DOUBTFUL, "no SQL: no answer and no error", "write the SQL, or take it out"
    ),
    Rule("expanded-twice", DOUBTFUL, "a secret with a `$` in `${BRACES}`", "write `$NAME` without"),
    Rule(
        "expression",
        DOUBTFUL,
        "an expression that errs at every evaluation",
        "correct the expression",
    ),
    Rule(
        "folder-alike",
        DOUBTFUL,
        "two folders whose titles differ in letters that Grafana does not tell apart",
        "write one of the two",
        until=TITLES_FREE,
    ),
    Rule(
        "folder-is-title",
        FATAL,
        "a folder with the title of a dashboard",
        "rename one",
        until=TITLES_FREE,
    ),
    Rule(
        "folder-twice",
        DOUBTFUL,
        "two folders of one title: one of dashboards, one of rules",
        "give the folder of rules another title",
        since=TITLES_FREE,
    ),
    Rule(
        "folder-uid",
        DOUBTFUL,
        "a folderUid that is ignored, or that renames another folder",
        "give each folder its own title and uid",
    ),
    Rule(
        "format",
        DOUBTFUL,
        "a query whose `format` Grafana does not know, or without one",
        "write time_series or table",
    ),
    Rule(
        "general",
        FATAL,
        "rules in the folder General",
        "name a folder",
        until=TITLES_FREE,
    ),
    Rule(
        "hidden-folder",
        LOST,
        "a dashboard in a folder whose name begins with a dot",
        "rename the folder",
    ),
    Rule(
        "in-use",
        FATAL,
        "a contact point or mute time deleted that a policy or rule uses",
        "point the policy or rule elsewhere first",
    ),
    Rule(
        "interval",
        FATAL,
        "a negative updateIntervalSeconds",
        "write 10",
        until=TITLES_FREE,
    ),
    Rule("json-type", DOUBTFUL, "a value of jsonData of the wrong type", "correct the type"),
    Rule(
        "macro",
        DOUBTFUL,
        "a macro that Grafana does not know or cannot expand",
        "correct the macro",
    ),
    Rule("newer-key", DOUBTFUL, "a key that came with a later release", "take it out, or upgrade"),
    Rule("no-datasource", LOST, "a query that names no datasource", "name its uid"),
    Rule("no-name", FATAL, "a datasource without a name", "give it one"),
    Rule("no-query", FATAL, "a rule without queries", "give it data"),
    Rule("no-settings", FATAL, "a receiver without settings", "give it its settings"),
    Rule(
        "no-time-column",
        DOUBTFUL,
        "a time series without a column named `time`",
        "name the column time",
    ),
    Rule("no-title", LOST, "a dashboard without a title", "give it one"),
    Rule("no-uid", DOUBTFUL, "a dashboard or datasource without a uid", "give it one"),
    Rule("not-a-file", FATAL, "a folder with a file's suffix", "rename the folder"),
    Rule(
        "not-read",
        LOST,
        "files in a folder below, which Grafana does not read",
        "move them up",
    ),
    Rule(
        "not-reduced",
        DOUBTFUL,
        "a time series compared without a reduce",
        "add a reduce expression, or use format: table",
    ),
    Rule("number", DOUBTFUL, "a number of jsonData written as a text", "write a number"),
    Rule("old-format", FATAL, "apiVersion is missing", "write apiVersion: 1"),
    Rule(
        "organisation",
        LOST,
        "an object of another organisation or folder than its provider's",
        "take namespace and grafana.app/folder out of its metadata",
        since=RESOURCES,
    ),
    Rule(
        "orphan",
        LOST,
        "stored by the old files, and in no file any more",
        "have Grafana delete it",
    ),
    Rule("overlap", DOUBTFUL, "panels that cover one another", "move one"),
    Rule(
        "panel-id",
        DOUBTFUL,
        "a panel id that is no number, or is there twice",
        "give each panel a number of its own",
    ),
    Rule("panel-type", DOUBTFUL, "a panel without a type", "give it one"),
    Rule("password", DOUBTFUL, "a password where it is not read", "move it to secureJsonData"),
    Rule("policy", FATAL, "a policy that Grafana refuses", "correct the policy"),
    Rule("provider-folder", FATAL, "a folder that a provider cannot have", "rename or remove it"),
    Rule(
        "provider-gone",
        DOUBTFUL,
        "a provider removed or renamed: its dashboards are deleted",
        "keep its name",
    ),
    Rule(
        "provider-path", FATAL, "no path, or (lost) one that is not there", "write an absolute path"
    ),
    Rule("provider-type", FATAL, "a type other than file", "write file"),
    Rule("query-kind", DOUBTFUL, "SQL for a datasource that reads none", "name another datasource"),
    Rule("read-twice", DOUBTFUL, "a file that two providers read", "give each a folder of its own"),
    Rule(
        "receiver",
        FATAL,
        "a receiver of unknown type, or with settings that Grafana refuses",
        "correct the settings",
    ),
    Rule(
        "receiver-uid-changed",
        DOUBTFUL,
        "the old receiver stays: every message comes twice",
        "keep the uid, or delete the old receiver",
    ),
    Rule(
        "recording",
        FATAL,
        "a recording rule that Grafana refuses, or (doubtful) never evaluates",
        "give record a metric and from",
        since=Release(11, 2),
    ),
    Rule("ref-id", DOUBTFUL, "two queries of one refId", "give each a letter of its own"),
    Rule("refresh", DOUBTFUL, "a refresh that becomes 5s", "write 5s or longer"),
    Rule("reserved-label", FATAL, "a label that Grafana keeps for itself", "name it otherwise"),
    Rule("reset-policies", LOST, "resetPolicies beside policies", "take one of the two out"),
    Rule(
        "resource-format",
        LOST,
        "a dashboard as a resource, in a version that this release does not read from files",
        "write a version that it reads, or export it as Classic",
    ),
    Rule("rule-null", DOUBTFUL, "a NULL, which fires every threshold", "leave such rows out"),
    Rule(
        "rule-shape",
        DOUBTFUL,
        "a table without exactly one number, or series that cannot be told apart",
        "select one number, and texts that tell its rows apart",
    ),
    Rule("schema-version", DOUBTFUL, "a schemaVersion of no Grafana", "write that of your release"),
    Rule("second-document", LOST, "what follows `---`", "move it to a file of its own"),
    Rule("sql", DOUBTFUL, "SQL that PostgreSQL does not read", "correct the SQL"),
    Rule(
        "sslmode",
        DOUBTFUL,
        "an sslmode that the driver does not know",
        "write disable, require, verify-ca or verify-full",
    ),
    Rule(
        "tags",
        LOST,
        "a tag that is too long, or (doubtful) tags that are no list",
        "write a list of short texts",
    ),
    Rule("template", FATAL, "a message template that does not parse", "correct the template"),
    Rule("time", DOUBTFUL, "a time range that no browser reads", "write now-24h, or a date"),
    Rule(
        "time-range", FATAL, "a query of a rule that looks back nowhere", "write from: 600, to: 0"
    ),
    Rule(
        "title-is-folder",
        LOST,
        "a dashboard with the title of a folder",
        "rename one",
        until=TITLES_FREE,
    ),
    Rule(
        "title-taken",
        LOST,
        "a title that belonged to another dashboard: its content is overwritten",
        "give titles that were never used before",
        until=TITLES_FREE,
    ),
    Rule(
        "trimmed",
        DOUBTFUL,
        "blanks around a title or uid, which Grafana takes away",
        "take them out",
    ),
    Rule("two-defaults", FATAL, "two default datasources", "leave one"),
    Rule("two-policies", LOST, "two policy trees in one organisation", "make them one"),
    Rule(
        "type",
        DOUBTFUL,
        "a datasource type that this release, or no Grafana, knows",
        "write the plugin's id",
    ),
    Rule(
        "uid",
        FATAL,
        "a uid with other than letters, digits, - and _, or of over 40",
        "choose another",
    ),
    Rule(
        "uid-changed",
        FATAL,
        "another uid in the file of a stored dashboard, or datasource",
        "keep the uid",
    ),
    Rule(
        "unknown-contact-point",
        FATAL,
        "a policy or rule names a contact point that is not there",
        "declare it, or name another",
    ),
    Rule(
        "unknown-datasource",
        DOUBTFUL,
        "a uid that no datasource of the tree has",
        "correct the uid",
    ),
    Rule(
        "unknown-key",
        LOST,
        "a key that Grafana passes over and that looks like another",
        "write it as Grafana does",
    ),
    Rule(
        "unknown-mute-time",
        FATAL,
        "a policy or rule names a time interval that is not there",
        "declare it, or name another",
    ),
    Rule(
        "unknown-organisation",
        FATAL,
        "an organisation other than 1 (`--organisation`)",
        "make it first, and say --organisation",
    ),
    Rule(
        "unknown-section",
        LOST,
        "a section whose name Grafana does not know, or that belongs into another folder",
        "correct its name, or move it",
    ),
    Rule(
        "unknown-variable",
        DOUBTFUL,
        "`$name` is no variable of the dashboard",
        "declare the variable",
    ),
    Rule("unordered", DOUBTFUL, "a time series that does not ascend by its time", "add ORDER BY 1"),
    Rule(
        "unquoted-variable",
        DOUBTFUL,
        "a variable outside quotes, whose text becomes SQL",
        "write '$name', or ${name:sqlstring}",
    ),
    Rule("unreadable", FATAL, "a file that does not parse", "correct it at the line"),
    Rule("unset-variable", DOUBTFUL, "a `$VARIABLE` without a value", "set it, or write `$$`"),
    Rule("url", DOUBTFUL, "a datasource's url that cannot be right", "write host:port"),
    Rule("user", DOUBTFUL, "no user for a database", "give one"),
    Rule("wrong-suffix", LOST, "a file that Grafana does not read for its name", "rename it"),
    Rule(
        "wrong-value",
        FATAL,
        "a value of the wrong type, or one that Grafana refuses",
        "correct the value",
    ),
)

RULES: Final = {rule.id: rule for rule in ALL}
"""Every rule by its id."""


def parse_ids(ids: Iterable[str]) -> frozenset[str]:
    """Ids of rules, as people write them. Raises UsageError for one that is none."""
    names = frozenset(ids)
    for name in sorted(names - RULES.keys()):
        near = get_close_matches(name, RULES, n=1)
        meant = f"; {near[0]} is meant?" if near else "; --rules lists them"
        raise UsageError(f"{name!r} is no rule{meant}")
    return names


def table() -> str:
    """Every rule, as a table in Markdown."""
    rows = [
        f"| `{rule.id}` | {rule.worst.name.lower()} | {rule.what}"
        f"{f' ({rule.releases})' if rule.releases else ''} | {rule.mend} |"
        for rule in RULES.values()
    ]
    return "\n".join(
        ["| rule | worst | what is wrong | the mend |", "|---|---|---|---|", *rows, ""]
    )

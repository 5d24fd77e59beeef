"""What the evaluation of a rule would meet: its expressions, its queries, what they ask."""

from driftdeck.preflight.alerting import expressions
from driftdeck.preflight.alerting.rules import Rule
from driftdeck.preflight.datasources.apply import Datasources
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.releases import PGX, Release
from driftdeck.preflight.sql import queries


def check(rule: Rule, sources: Datasources, reading: Reading) -> None:
    """Report what keeps a rule from being evaluated, or from saying what it means."""
    report = reading.report
    for path, message in expressions.problems(rule, reading.release):
        report.doubtful(rule.place(*path), "expression", message)
    for index, query in enumerate(rule.data):
        if query.is_expression:
            continue
        uid = query.datasource_uid
        if sources.types is not None and uid and uid not in sources.types:
            report.doubtful(
                rule.place("data", index, "datasourceUid"),
                "unknown-datasource",
                f"datasource {uid!r} is not here; known uids are"
                f" {', '.join(sorted(sources.types))}",
            )
        if queries.is_sql(query.model, (sources.types or {}).get(uid)):
            readers = _readers(rule, query.ref_id, reading.release)
            for key, name, message in queries.of_rule(query.model, readers, reading.release):
                works = name == "empty-query" and reading.release >= PGX
                add = report.note if works else report.doubtful
                add(rule.place("data", index, "model", key), name, message)


def _readers(rule: Rule, ref: str, release: Release) -> frozenset[str]:
    """The types of the expressions that read a query; a condition is read as by a threshold."""
    types = {"threshold"} if rule.condition == ref else set()
    for query in rule.data:
        if query.is_expression:
            names, _ = expressions.needs(query.model, release)
            if ref in names:
                types.add(str(query.model.get("type")))
    return frozenset(types)

"""Statements of a tree, prepared by a PostgreSQL that holds this project's tables."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from test_preflight import BASELINE, BOARD, RULES, lay

from driftdeck.cli import main
from driftdeck.database import Role, connect
from driftdeck.generator.artefacts import artefacts
from driftdeck.generator.files import write
from driftdeck.preflight.findings import Finding, Report
from driftdeck.preflight.read.reading import Reading
from driftdeck.preflight.releases import Release
from driftdeck.preflight.sql.statements import statements
from driftdeck.settings import Settings
from driftdeck.verify.explain import explain
from repository import small_project

PANEL = "select 'age' as feature, 0.9::float8 as score union all select 'income', 0.1"


@pytest.fixture
def reader(settings: Settings) -> Iterator[psycopg.Connection]:
    """A connection as Grafana's."""
    with connect(settings, Role.READER, autocommit=True) as connection:
        yield connection


@pytest.fixture
def ask(reader: psycopg.Connection, tmp_path: Path) -> Callable[[str, str, str], list[Finding]]:
    """Replace a text of the baseline, and explain it."""

    def run(file: str, old: str, new: str) -> list[Finding]:
        assert old in BASELINE[file]
        tree = lay(tmp_path, {**BASELINE, file: BASELINE[file].replace(old, new, 1)})
        return explain(tree, Reading(Report(), Release.of("9.4"), {"PGPW": "x"}), reader)

    return run


def test_every_statement_of_a_project_prepares(reader: psycopg.Connection, tmp_path: Path) -> None:
    """Panels, variables, annotations and rules, all of them."""
    write(tmp_path, artefacts(small_project()))
    reading = Reading(Report(), environment={"GRAFANA_READER_PASSWORD": "x"})
    kinds = [one.kind for one in statements(tmp_path, reading)]

    assert {"panel", "variable", "annotation", "rule"} == set(kinds)
    assert len(kinds) > 100
    assert explain(tmp_path, reading, reader) == []


@pytest.mark.parametrize(
    ("sql", "rule", "words"),
    [
        ("select nope from monitoring.metric", "sql", 'column \\"nope\\" does not exist'),
        ("select 1 as x from nowhere", "sql", 'relation \\"nowhere\\" does not exist'),
        ("selec 1 from monitoring.metric", "sql", "syntax error"),
        ("select $__foo(x)", "macro", "unknown macro"),
    ],
)
def test_a_panel_that_cannot_answer_is_named(
    sql: str, rule: str, words: str, ask: Callable[[str, str, str], list[Finding]]
) -> None:
    """What PostgreSQL says, at the line of the query."""
    [finding] = ask(BOARD, PANEL, sql)

    assert finding.rule == rule
    assert words.replace('\\"', '"') in finding.message
    assert finding.place.line == 72


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("select metric, value from monitoring.metric", "rule-null"),
        ("select metric, value from monitoring.metric where value is not null", ""),
        ("select metric, coalesce(value, 0) as v from monitoring.metric", ""),
        ("select monitor, count(*) as n from monitoring.collection group by 1", ""),
        ("select window_start, value from monitoring.metric where value is not null", "rule-shape"),
        ("select metric, value, warn from monitoring.metric where value is not null", "rule-shape"),
        ("select metric, breached from monitoring.metric", "rule-shape"),
        ("select metric from monitoring.metric", "rule-shape"),
    ],
)
def test_a_rule_needs_one_number_that_is_there(
    sql: str, rule: str, ask: Callable[[str, str, str], list[Finding]]
) -> None:
    """Types are PostgreSQL's own, and a NULL is foreseen."""
    assert {one.rule for one in ask(RULES, PANEL, sql)} == ({rule} if rule else set())


def test_command_explains_a_tree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a database of its own, migrated and thrown away."""
    board = BASELINE[BOARD].replace(PANEL, "select * from monitoring.metric")
    tree = lay(tmp_path, {**BASELINE, BOARD: board})

    assert main(["explain", "--tree", str(tree)]) == 0
    assert capsys.readouterr().out == ""


def test_command_explains_this_project_with_tables_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are made where the statements are asked, and not where the environment points to."""
    monkeypatch.setenv("DATABASE_URL", "host=nowhere.invalid")
    monkeypatch.setenv("POSTGRES_PASSWORD", "another")

    assert main(["explain"]) == 0
    assert capsys.readouterr().out == ""

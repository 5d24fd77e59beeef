"""What may be declared is explained where it is called, and docs/declare.md says the same."""

import doctest
import inspect
import pydoc
import sys
import tokenize
from collections.abc import Callable
from types import UnionType

import pytest

from driftdeck import declare as d
from driftdeck.declare.kinds import KINDS, MetricKind
from driftdeck.declare.methods import BreachSide
from repository import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import declare_page

CALLABLE = [name for _, names in declare_page.GROUPS.values() for name in names]
CONSTANTS = (d.Unit, d.Method, d.Baseline, UnionType)
FUNCTIONS = {
    kind.name: getattr(d, declare_page.FUNCTIONS.get(kind.name, kind.name)) for kind in KINDS
}
REQUIRED: dict[str, dict[str, object]] = {
    "mase": {"season": 24},
    "pinball": {"quantile": 0.9},
    "interval_coverage": {"low": "low", "high": "high"},
    "interval_width": {"low": "low", "high": "high"},
    "duplicate_share": {"key": ("id",)},
}
"""What functions cannot be called without."""
CHURN = d.Monitor(
    name="churn",
    title="Customer churn",
    description="Predicts whether a customer leaves within a month.",
    owner="growth",
    source=d.Parquet("churn", time="answered_at"),
    reference=d.Between("2026-01-01", "2026-01-31"),
    columns=(d.number("spend"), d.category("plan")),
    metrics=(d.drift(),),
    late_after=d.Hours(30),
)


def test_every_public_name_is_on_the_page() -> None:
    """What may be called is explained; units and methods stand in tables."""
    rest = {name for name in d.__all__ if not isinstance(getattr(d, name), CONSTANTS)}

    assert rest - set(CALLABLE) == {"Role"}
    assert len(CALLABLE) == len(set(CALLABLE))


@pytest.mark.parametrize("name", CALLABLE)
def test_help_explains_every_argument(name: str) -> None:
    """As the signature has them, no more and no less; with an example, and what is refused."""
    value = getattr(d, name)
    doc = declare_page.parse(value.__doc__)

    assert list(doc.arguments) == list(inspect.signature(value).parameters)
    assert all(len(text) >= 10 and text.endswith(".") for text in doc.arguments.values())
    assert ">>> " in doc.example
    assert bool(doc.errors) == refuses(value)
    assert all(
        f"{argument}: " in pydoc.plain(pydoc.render_doc(value)) for argument in doc.arguments
    )


def refuses(value: Callable[..., object]) -> bool:
    """Whether something checks what it is given."""
    return inspect.isfunction(value) or hasattr(value, "__post_init__")


@pytest.mark.parametrize("name", CALLABLE)
def test_examples_run(name: str) -> None:
    """Each example of a docstring, in a namespace that has only `d` and the monitor of the page."""
    examples = doctest.DocTestParser().get_doctest(
        getattr(d, name).__doc__, {"d": d, "churn": CHURN}, name, None, 0
    )
    told: list[str] = []

    assert examples.examples
    doctest.DocTestRunner(verbose=False).run(examples, out=told.append)
    assert "".join(told) == ""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_metric_refuses_what_its_help_says(kind: MetricKind) -> None:
    """Its docstring begins with its meaning; the wrong shape of a threshold is an error."""
    function = FUNCTIONS[kind.name]
    wrong = -1.0 if kind.breach_side is BreachSide.BOTH else (0.1, 0.2)
    doc = declare_page.parse(function.__doc__)

    assert " ".join(doc.text.split()).startswith(kind.meaning)
    assert doc.errors
    assert inspect.isfunction(function)
    with pytest.raises(d.DeclarationError, match=f"{kind.name}: alert"):
        function(alert=wrong, **REQUIRED.get(kind.name, {}))


def test_files_explain_their_arguments_alike() -> None:
    """What Parquet and Csv share is said once in three places."""
    shared = declare_page.parse(d.Files.__doc__).arguments

    for source in (d.Parquet, d.Csv):
        assert shared.items() <= declare_page.parse(source.__doc__).arguments.items()


def test_the_page_is_what_would_be_written() -> None:
    """docs/declare.md is up to date; `make build` writes it."""
    assert declare_page.FILE.read_text(encoding="utf-8") == declare_page.page()


@pytest.mark.parametrize(
    ("docstring", "arguments"),
    [
        ("Text.\n\n    Args:\n        a: One\n            line more.\n        *b: Two.\n    ",
         {"a": "One line more.", "b": "Two."}),
        ("Text.", {}),
    ],
)  # fmt: skip
def test_a_docstring_is_parsed_by_its_sections(docstring: str, arguments: dict[str, str]) -> None:
    """An argument's text may take several lines."""
    assert declare_page.parse(docstring).arguments == arguments


ROOMS = (
    *("driftdeck/declare", "collectors", "benchmarks", "dashboards_src", "generator", "soak"),
    *("driftdeck/changes", "driftdeck/cli", "driftdeck/dashboards", "driftdeck/database"),
    *("driftdeck/facts", "driftdeck/grafana", "driftdeck/preflight", "driftdeck/preview"),
    *("driftdeck/scaffold", "driftdeck/schedules", "driftdeck/stack", "driftdeck/verify"),
)
VAGUE = {"one", "found", "said", "given", "made", "asked", "mine"}
"""Names that say nothing of what they hold."""


def test_names_say_what_they_hold() -> None:
    """In every room of the library, by the words of the contributing guide."""
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    files += (ROOT / "driftdeck").glob("*.py")
    vague = set()
    for path in files:
        with path.open("rb") as source:
            names = {
                t.string for t in tokenize.tokenize(source.readline) if t.type == tokenize.NAME
            }
        vague |= {f"{path.relative_to(ROOT)}: {name}" for name in names & VAGUE}

    assert len(files) > 80
    assert vague == set()

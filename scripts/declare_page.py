"""Writes docs/declare.md: what may stand in a declaration, from the docstrings of its names."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

from driftdeck import declare
from driftdeck.declare.kinds import KINDS, MetricKind
from driftdeck.declare.methods import BreachSide, Method
from driftdeck.declare.metrics import DRIFTS
from driftdeck.declare.thresholds import Bound, Pair
from driftdeck.declare.units import Unit

FILE = Path(__file__).parents[1] / "docs" / "declare.md"
SECTIONS = ("Args", "Returns", "Raises", "Example")
HEAD = """\
# What may be declared
A monitor is a file in `monitors/` with `from driftdeck import declare as d` and
`MONITOR = d.Monitor(...)`. This page is written by `make build` from the docstrings, so that
`help(d.recall)` says the same. What is refused raises `d.DeclarationError`, which names the file,
the line, the field and the mend.
"""
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Monitor": ("One model under watch.", ("Monitor",)),
    "Sources": ("Where rows and labels lie.", ("Parquet", "Csv", "Table")),
    "Columns": ("What is in a row, declared and never inferred.", ("number", "category")),
    "Prediction and target": (
        "What the model answered, and what turned out to be true. Where a number is predicted and"
        " observed, or labels are 0 and 1, the column's name is enough.",
        ("probability", "classes", "label"),
    ),
    "Metrics": (
        "What is computed of each window. All arguments are named ones.",
        (
            "drift", "prediction_drift", "target_drift", "missing", "row_count",
            "prediction_mean", "target_mean", "accuracy", "balanced_accuracy", "precision",
            "recall", "f1", "roc_auc", "log_loss", "mae", "rmse", "mean_error", "agreement",
            "mape", "wape", "mase", "r2", "pinball", "coverage", "interval_width", "unseen",
            "out_of_range", "duplicates", "constant_columns", "changed_columns", "newest_row_age",
        ),
    ),
    "Own metrics": (
        "A number that nobody else computes.", ("measure", "evidently"),
    ),
    "Slices": (
        "Parts of the rows that are measured as the whole is.", ("by", "where"),
    ),
    "Thresholds": (
        "From which value on a window is in breach, and how many breaches fire an alert.",
        ("Quantiles", "Firing", "Expected"),
    ),
    "Windows and lengths of time": (
        "How data is cut, and what it is compared with.",
        ("Daily", "Hourly", "Weekly", "Monthly", "Between", "Days", "Hours", "same"),
    ),
    "Retraining": ("When a model is trained anew.", ("Retrain",)),
    "Contacts": (
        "Who is told, in `monitors/contacts.py`.",
        (
            "Contact", "slack", "email", "webhook", "teams", "discord", "telegram", "pagerduty",
            "oncall", "opsgenie", "sns", "receiver_of_type",
        ),
    ),
    "What the names above return": (
        "Seldom written in a declaration; for code that reads one.",
        (
            "Column", "Metric", "Method", "Unit", "Thresholds", "Series", "Window", "Receiver",
            "Files", "Every", "Slice", "Segment", "Baseline", "DeclarationError",
        ),
    ),
}  # fmt: skip
"""Every name that may be called, by what it is for, in the order of the page."""
FUNCTIONS = {
    "missing_share": "missing",
    "unseen_share": "unseen",
    "out_of_range_share": "out_of_range",
    "duplicate_share": "duplicates",
    "interval_coverage": "coverage",
}
"""Functions that are not called as their metric is stored."""
SIDES = {BreachSide.HIGH: "high", BreachSide.LOW: "low", BreachSide.BOTH: "both"}


@dataclass(frozen=True)
class Docstring:
    """A docstring by its sections. arguments, errors: texts by name; example: its lines."""

    text: str
    arguments: dict[str, str] = field(default_factory=dict)
    returns: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    example: str = ""


def parse(docstring: str) -> Docstring:
    """A docstring's sections, in the style of Google: `Args:`, `Raises:`, `Example:`."""
    parts = re.split(rf"^({'|'.join(SECTIONS)}):\n", inspect.cleandoc(docstring), flags=re.M)
    sections = dict(zip(parts[1::2], map(dedent, parts[2::2]), strict=True))
    return Docstring(
        text=parts[0].strip(),
        arguments=_items(sections.get("Args", "")),
        returns=sections.get("Returns", "").strip(),
        errors=_items(sections.get("Raises", "")),
        example=sections.get("Example", ""),
    )


def _items(text: str) -> dict[str, str]:
    """`name: text` each, of which further lines are indented."""
    joined = re.sub(r"\n\s+", " ", text)
    pairs = (line.partition(": ") for line in joined.splitlines() if line)
    return {name.lstrip("*"): meaning.strip() for name, _, meaning in pairs}


def page() -> str:
    """The page as it is now."""
    parts = [HEAD, _contents()]
    for title, (text, names) in GROUPS.items():
        parts.append(f"## {title}\n{text}\n")
        parts += [table() for table in TABLES.get(title, ())]
        parts += [_entry(name) for name in names]
    return "\n".join(parts)


def _contents() -> str:
    links = (f"[{title}](#{title.lower().replace(' ', '-')})" for title in GROUPS)
    return f"{' · '.join(links)}\n"


def _entry(name: str) -> str:
    """The paragraph of one name: how it is called, its arguments, errors and example."""
    value = getattr(declare, name)
    doc = parse(value.__doc__)
    lines = [f"### d.{name}", *_wrapped(doc.text), ""]
    rows = list(_rows(value, doc))
    if rows:
        lines += ["| argument | type | default | what it is |", "|---|---|---|---|", *rows, ""]
    lines += [f"Raises `d.{error}`: {text}" for error, text in doc.errors.items()]
    lines += ["", "```pycon", doc.example.strip(), "```", ""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _wrapped(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        yield f"{' '.join(paragraph.split())}\n"


def _rows(value: object, doc: Docstring) -> Iterator[str]:
    assert callable(value)
    for parameter in inspect.signature(value).parameters.values():
        text = doc.arguments.get(parameter.name, "").replace("|", "\\|")
        yield (
            f"| `{parameter.name}` | {_type(parameter.annotation)} |"
            f" {_default(value, parameter)} | {text} |"
        )


def _type(annotation: object) -> str:
    """A type as one writes it, without the modules it comes from."""
    if annotation in ALIASES:
        return ALIASES[annotation]
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    text = re.sub(r"\b(?:\w+\.)+(?=\w)", "", text)
    return f"`{text}`".replace("|", "\\|")


def _default(owner: object, parameter: inspect.Parameter) -> str:
    default = parameter.default
    if default is inspect.Parameter.empty:
        return "optional" if parameter.kind is inspect.Parameter.VAR_POSITIONAL else "required"
    if isinstance(default, Method | Unit | declare.Baseline):
        return f"`d.{_constant(default)}`"
    if type(default).__name__ == "_HAS_DEFAULT_FACTORY_CLASS":
        return DEFAULTS[parameter.name]
    return f"`{default!r}`"


ALIASES = {
    Pair | None: "(low, high)",
    Bound: "number, or (low, high)",
    declare.Source: "`d.Source`",
}
"""Types that are known by another name."""
DEFAULTS = {"every": "`Daily(timezone='UTC')`", "calibrated": "`{}`"}
"""Of fields whose default is made anew for each monitor."""


def _constant(value: object) -> str:
    return next(name for name in declare.__all__ if getattr(declare, name) is value)


def metrics_table() -> str:
    """Each metric: what it is, its unit, the bad side, what it needs."""
    lines = ["| metric | what | unit | bad when | needs |", "|---|---|---|---|---|"]
    lines += [
        f"| `d.{FUNCTIONS.get(kind.name, kind.name)}` | {kind.meaning} | {_unit(kind)} |"
        f" {_side(kind)} | {kind.needs} |"
        for kind in KINDS
    ]
    return "\n".join(lines) + "\n"


def _unit(kind: MetricKind) -> str:
    if kind.name in DRIFTS:
        return "of the method"
    return "of the column" if kind.unit is declare.NUMBER else kind.unit.name


def _side(kind: MetricKind) -> str:
    return "of the method" if kind.name in DRIFTS else SIDES[kind.breach_side]


def methods_table() -> str:
    """Each method of drift: the score, its unit, the bad side, what it can score."""
    lines = ["| method | the score is | unit | bad when | columns |", "|---|---|---|---|---|"]
    lines += [
        f"| `d.{name}` | {method.meaning} | {method.unit.name} | {SIDES[method.breach_side]} |"
        f" {', '.join(sorted(method.kinds))} |"
        for name in declare.__all__
        if isinstance(method := getattr(declare, name), Method)
    ]
    return "\n".join(lines) + "\n"


def units_table() -> str:
    """Each unit: its name as stored, and the range of its values."""
    lines = ["| unit | stored as | range |", "|---|---|---|"]
    lines += [
        f"| `d.{name}` | {unit.name} | {_range(unit)} |"
        for name in declare.__all__
        if isinstance(unit := getattr(declare, name), Unit)
    ]
    return "\n".join(lines) + "\n"


def _range(unit: Unit) -> str:
    if unit.low is None:
        return "any"
    return f"{unit.low:g} or more" if unit.high is None else f"{unit.low:g} to {unit.high:g}"


TABLES = {"Columns": (units_table,), "Metrics": (metrics_table, methods_table)}

if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")

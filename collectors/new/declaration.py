"""Formats a declaration, as a person would have written it."""

import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import date

from driftdeck.collectors.new.propose import Proposal
from driftdeck.declare import Source

WIDTH = 100
QUANTILES = "quantiles=QUIET"
MEAN_METRICS = {
    "prediction_mean": "read beside the mean label",
    "target_mean": "read beside the mean prediction",
}


def format_declaration(name: str, title: str, owner: str, proposal: Proposal, today: date) -> str:
    """The text of the file. name, title, owner: of the monitor. today: of the remark in it."""
    remark = f"Made from the data by `driftdeck new` on {today}: change what you know"
    lines = [
        _format_docstring(title),
        "",
        "from driftdeck import declare as d",
        "",
        "# Good days are few here: thresholds at their far end, so that noise wakes nobody.",
        "QUIET = d.Quantiles(warn=0.95, alert=0.99)",
        "",
        f"# {remark} better.",
        "MONITOR = d.Monitor(",
        f"    name={quote(name)},",
        f"    title={quote(title)},",
        f"    description={quote(describe(proposal))},",
        f"    owner={quote(owner)},",
        *_format_source("source", proposal.source),
        *(_format_source("labels", proposal.labels) if proposal.labels else ()),
        *(
            [f"    every=d.Daily(timezone={quote(proposal.zone)}),"]
            if proposal.zone != "UTC"
            else []
        ),
        *_format_period(proposal),
        "    columns=(",
        *(f"        d.{column.kind}({quote(column.name)})," for column in proposal.watched),
        *_format_left_out(proposal),
        "    ),",
        *_format_roles(proposal),
        "    metrics=(",
        *(f"        {metric}," for metric in _format_metrics(proposal)),
        "    ),",
        f"    late_after=d.Hours({30 + 24 * proposal.period.gap}),",
        f"    min_rows={proposal.min_rows},",
        ")",
    ]
    return "\n".join(lines) + "\n"


def quote(text: str) -> str:
    """A string literal of Python."""
    return json.dumps(text, ensure_ascii=not text.isprintable())


def describe(proposal: Proposal) -> str:
    """The monitor's description, one sentence."""
    roles = proposal.roles
    if not roles.prediction:
        return f"{len(proposal.watched)} columns of data, without a prediction."
    return f"Predicts {roles.target} by {roles.prediction}." if roles.target else (
        f"Answers {roles.prediction}; no label is known."
    )  # fmt: skip


def _format_docstring(title: str) -> str:
    text = title.replace("\\", "\\\\").replace('"', '\\"')
    return f'"""{text}{"" if text.endswith((".", "?", "!")) else "."}"""'


def _format_source(role: str, source: Source) -> Iterator[str]:
    """A source with the fields that are not at their default."""
    first = "name" if hasattr(source, "name") else "folder"
    arguments = [quote(getattr(source, first))]
    for argument in fields(source):
        value = getattr(source, argument.name)
        if argument.name != first and value != argument.default:
            arguments.append(f"{argument.name}={quote(value)}")
    kind = f"    {role}=d.{type(source).__name__}("
    line = f"{kind}{', '.join(arguments)}),"
    if len(line) <= WIDTH:
        yield line
        return
    yield kind
    yield from (f"        {argument}," for argument in arguments)
    yield "    ),"


def _format_period(proposal: Proposal) -> Iterator[str]:
    days = proposal.period
    yield f'    starts="{days.starts}",'
    if days.ends:
        yield "    # The data ends here; take this line out once new rows come."
        yield f'    ends="{days.ends}",'
    yield f'    reference=d.Between("{days.reference[0]}", "{days.reference[1]}"),'


def _format_left_out(proposal: Proposal) -> Iterator[str]:
    if proposal.left_out:
        yield "        # Left out:"
    for column in proposal.left_out:
        line = f"        # {quote(column.name)}: {' '.join(column.why.split())}"
        yield line if len(line) <= WIDTH else line[: WIDTH - 3] + "..."


def _format_roles(proposal: Proposal) -> Iterator[str]:
    roles = proposal.roles
    if roles.prediction:
        name = quote(roles.prediction)
        kinds = {
            "probability": f"d.probability({name}, cut=0.5)",
            "number": f"d.number({name})",
            "category": f"d.category({name})",
        }
        yield f"    prediction={kinds[proposal.shape]},"
    if roles.target:
        yield f"    target={_format_target(proposal)},"
    if roles.version:
        yield f"    model_version={quote(roles.version)},"


def _format_target(proposal: Proposal) -> str:
    name = quote(proposal.roles.target)
    if not proposal.words:
        return f"d.{proposal.target_kind}({name})"
    yes, no = map(quote, proposal.words)
    return f"d.label({name}, positive={yes}, negative={no})"


def _format_metrics(proposal: Proposal) -> Iterator[str]:
    (low, high), (least, most) = proposal.row_count
    roles, omitted = proposal.roles, proposal.unjudged
    yield f"d.drift({QUANTILES})"
    if roles.prediction and "prediction_drift" not in omitted:
        yield f"d.prediction_drift({QUANTILES})"
    if roles.target and "target_drift" not in omitted:
        yield f"d.target_drift({QUANTILES})"
    yield f"d.missing({QUANTILES})" if proposal.sparse else "d.missing(warn=0.01, alert=0.05)"
    yield f"d.row_count(warn=({low}, {high}), alert=({least}, {most}))"
    for name in proposal.performance:
        reason = omitted.get(name)
        yield f"d.{name}(unjudged={quote(reason)})" if reason else f"d.{name}({QUANTILES})"
    if proposal.performance:
        yield from (f"d.{name}(unjudged={quote(reason)})" for name, reason in MEAN_METRICS.items())

"""The text of a declaration, as a person would have written it."""

import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import date

from driftdeck.collectors.new.propose import Proposal
from driftdeck.declare import Source

WIDTH = 100
AT = "quantiles=QUIET"
BESIDE = {
    "prediction_mean": "read beside the mean label",
    "target_mean": "read beside the mean prediction",
}


def declaration(name: str, title: str, owner: str, proposal: Proposal, today: date) -> str:
    """The whole file."""
    made = f"Made from the data by `driftdeck new` on {today}: change what you know"
    lines = [
        _docstring(title),
        "",
        "from driftdeck import declare as d",
        "",
        "# Good days are few here: levels at the far end of theirs, so that noise wakes nobody.",
        "QUIET = d.Quantiles(warn=0.95, alert=0.99)",
        "",
        f"# {made} better.",
        "MONITOR = d.Monitor(",
        f"    name={quoted(name)},",
        f"    title={quoted(title)},",
        f"    description={quoted(description(proposal))},",
        f"    owner={quoted(owner)},",
        *_source("source", proposal.source),
        *(_source("labels", proposal.labels) if proposal.labels else ()),
        *(
            [f"    every=d.Daily(timezone={quoted(proposal.zone)}),"]
            if proposal.zone != "UTC"
            else []
        ),
        *_period(proposal),
        "    columns=(",
        *(f"        d.{one.kind}({quoted(one.name)})," for one in proposal.watched),
        *_left_out(proposal),
        "    ),",
        *_roles(proposal),
        "    metrics=(",
        *(f"        {metric}," for metric in _metrics(proposal)),
        "    ),",
        f"    late_after=d.Hours({30 + 24 * proposal.period.gap}),",
        f"    min_rows={proposal.min_rows},",
        ")",
    ]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A string as Python reads it."""
    return json.dumps(text, ensure_ascii=not text.isprintable())


def description(proposal: Proposal) -> str:
    """One sentence."""
    roles = proposal.roles
    if not roles.prediction:
        return f"{len(proposal.watched)} columns of data, without a prediction."
    return f"Predicts {roles.target} by {roles.prediction}." if roles.target else (
        f"Answers {roles.prediction}; no label is known."
    )  # fmt: skip


def _docstring(title: str) -> str:
    text = title.replace("\\", "\\\\").replace('"', '\\"')
    return f'"""{text}{"" if text.endswith((".", "?", "!")) else "."}"""'


def _source(role: str, source: Source) -> Iterator[str]:
    """A source with the fields that are not at their default."""
    first = "name" if hasattr(source, "name") else "folder"
    given = [quoted(getattr(source, first))]
    for one in fields(source):
        value = getattr(source, one.name)
        if one.name != first and value != one.default:
            given.append(f"{one.name}={quoted(value)}")
    kind = f"    {role}=d.{type(source).__name__}("
    line = f"{kind}{', '.join(given)}),"
    if len(line) <= WIDTH:
        yield line
        return
    yield kind
    yield from (f"        {one}," for one in given)
    yield "    ),"


def _period(proposal: Proposal) -> Iterator[str]:
    days = proposal.period
    yield f'    starts="{days.starts}",'
    if days.ends:
        yield "    # The data ends here; take this line out once new rows come."
        yield f'    ends="{days.ends}",'
    yield f'    reference=d.Between("{days.reference[0]}", "{days.reference[1]}"),'


def _left_out(proposal: Proposal) -> Iterator[str]:
    if proposal.left_out:
        yield "        # Left out:"
    for one in proposal.left_out:
        line = f"        # {quoted(one.name)}: {' '.join(one.why.split())}"
        yield line if len(line) <= WIDTH else line[: WIDTH - 3] + "..."


def _roles(proposal: Proposal) -> Iterator[str]:
    roles = proposal.roles
    if roles.prediction:
        name = quoted(roles.prediction)
        kinds = {
            "probability": f"d.probability({name}, cut=0.5)",
            "number": f"d.number({name})",
            "category": f"d.category({name})",
        }
        yield f"    prediction={kinds[proposal.shape]},"
    if roles.target:
        yield f"    target={_target(proposal)},"
    if roles.version:
        yield f"    model_version={quoted(roles.version)},"


def _target(proposal: Proposal) -> str:
    name = quoted(proposal.roles.target)
    if not proposal.words:
        return f"d.{proposal.target_kind}({name})"
    yes, no = map(quoted, proposal.words)
    return f"d.label({name}, positive={yes}, negative={no})"


def _metrics(proposal: Proposal) -> Iterator[str]:
    (low, high), (least, most) = proposal.row_count
    roles, omitted = proposal.roles, proposal.unjudged
    yield f"d.drift({AT})"
    if roles.prediction and "prediction_drift" not in omitted:
        yield f"d.prediction_drift({AT})"
    if roles.target and "target_drift" not in omitted:
        yield f"d.target_drift({AT})"
    yield f"d.missing({AT})" if proposal.sparse else "d.missing(warn=0.01, alert=0.05)"
    yield f"d.row_count(warn=({low}, {high}), alert=({least}, {most}))"
    for name in proposal.performance:
        why = omitted.get(name)
        yield f"d.{name}(unjudged={quoted(why)})" if why else f"d.{name}({AT})"
    if proposal.performance:
        yield from (f"d.{name}(unjudged={quoted(why)})" for name, why in BESIDE.items())

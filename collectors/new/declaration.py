"""Formats a declaration, as a person would have written it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date

from driftdeck.collectors.new.propose import Proposal
from driftdeck.declare import Daily, Every, Hourly, Source

WIDTH = 100
ARGUMENTS = {"class_recall": ("recall", 'average="class", ')}
"""How a metric is declared that is not called as it is stored: its name, and what it takes."""
QUANTILES = "quantiles=QUIET"
MEAN_METRICS = {
    "prediction_mean": "read beside the mean label",
    "target_mean": "read beside the mean prediction",
}


def format_declaration(name: str, title: str, owner: str, proposal: Proposal, today: date) -> str:
    """The text of the file. name, title, owner: of the monitor. today: of the remark in it."""
    remark = f"Made from the data by `driftdeck new` on {today}: change what you know"
    every = proposal.period.every
    same = ', same=d.same("hour")' if isinstance(every, Hourly) else ""
    lines = [
        _format_docstring(title),
        "",
        "from driftdeck import declare as d",
        "",
        f"# Good {every.nouns} are few: thresholds at their far end, so that noise wakes nobody.",
        f"QUIET = d.Quantiles(warn=0.95, alert=0.99{same})",
        "",
        f"# {remark} better.",
        "MONITOR = d.Monitor(",
        f"    name={quote(name)},",
        f"    title={quote(title)},",
        f"    description={quote(describe(proposal))},",
        f"    owner={quote(owner)},",
        *_format_source("source", proposal.source),
        *(_format_source("labels", proposal.labels) if proposal.labels else ()),
        *_format_every(every),
        *_format_period(proposal),
        "    columns=(",
        *(f"        d.{column.kind}({quote(column.name)})," for column in proposal.watched),
        *_format_left_out(proposal),
        "    ),",
        *_format_roles(proposal),
        *_format_slices(proposal),
        "    metrics=(",
        *(f"        {metric}," for metric in _format_metrics(proposal)),
        "    ),",
        f"    late_after=d.Hours({proposal.period.late_after}),",
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
    if proposal.shape in ("classes", "label"):
        count = len(proposal.classes or proposal.words)
        by = roles.prediction or "the probability of each"
        return f"Predicts {roles.target}, one of {count} classes, by {by}."
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


def _format_every(every: Every) -> Iterator[str]:
    """What a window is, unless it is a day in UTC."""
    hours = [str(every.hours)] if isinstance(every, Hourly) else []
    zone = [f"timezone={quote(every.timezone)}"] if every.timezone != "UTC" else []
    if not isinstance(every, Daily) or zone:
        yield f"    every=d.{type(every).__name__}({', '.join([*hours, *zone])}),"


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
    if proposal.shape == "classes":
        yield from _format_classes(proposal)
    elif proposal.shape == "label":
        yield from _format_label(roles.prediction, proposal.classes)
    elif roles.prediction:
        name = quote(roles.prediction)
        kinds = {
            "probability": f"d.probability({name}, cut={proposal.cut:g})",
            "number": f"d.number({name})",
            "category": f"d.category({name})",
        }
        yield f"    prediction={kinds[proposal.shape]},"
    if roles.target:
        yield f"    target={_format_target(proposal)},"
    if roles.version:
        yield f"    model_version={quote(roles.version)},"


def _format_classes(proposal: Proposal) -> Iterator[str]:
    """A prediction of classes, one a line."""
    predicted = proposal.roles.prediction
    yield "    prediction=d.classes("
    yield "        {"
    for word, column in proposal.roles.probabilities:
        yield f"            {quote(word)}: {quote(column)},"
    yield "        },"
    if predicted:
        yield f"        predicted={quote(predicted)},"
    yield "    ),"


def _format_label(name: str, classes: Sequence[str]) -> Iterator[str]:
    """A prediction that is stored as a word. classes: empty where they are those of the target."""
    words = f"classes=({', '.join(map(quote, classes))})" if classes else ""
    line = f"    prediction=d.label({', '.join(filter(None, (quote(name), words)))}),"
    if len(line) <= WIDTH:
        yield line
        return
    yield "    prediction=d.label("
    yield f"        {quote(name)},"
    if len(f"        {words},") <= WIDTH:
        yield f"        {words},"
    else:
        yield "        classes=("
        yield from (f"            {quote(word)}," for word in classes)
        yield "        ),"
    yield "    ),"


def _format_slices(proposal: Proposal) -> Iterator[str]:
    """Segments that are looked at, and judged by nothing."""
    if proposal.slices:
        yield "    slices=("
        for choice in proposal.slices:
            yield f"        d.by({quote(choice.column)}, min_rows={choice.min_rows}),"
        yield "    ),"


def _format_target(proposal: Proposal) -> str:
    name = quote(proposal.roles.target)
    if proposal.classes:
        return f"d.label({name})"
    if not proposal.words:
        return f"d.{proposal.target_kind}({name})"
    yes, no = map(quote, proposal.words)
    return f"d.label({name}, positive={yes}, negative={no})"


def _format_metrics(proposal: Proposal) -> Iterator[str]:
    (low, high), (least, most) = proposal.row_count
    roles, omitted = proposal.roles, proposal.unjudged
    yield f"d.drift({QUANTILES})"
    if roles.has_prediction and "prediction_drift" not in omitted:
        yield f"d.prediction_drift({QUANTILES})"
    if roles.target and "target_drift" not in omitted:
        yield f"d.target_drift({QUANTILES})"
    yield f"d.missing({QUANTILES})" if proposal.sparse else "d.missing(warn=0.01, alert=0.05)"
    yield f"d.row_count(warn=({low}, {high}), alert=({least}, {most}))"
    for name in proposal.performance:
        reason = omitted.get(name)
        judged = f"unjudged={quote(reason)}" if reason else QUANTILES
        call, argument = ARGUMENTS.get(name, (name, ""))
        yield f"d.{call}({argument}{judged})"
    if proposal.interval is not None:
        ends = proposal.interval
        reason = omitted.get("interval_coverage")
        judged = f"unjudged={quote(reason)}" if reason else QUANTILES
        yield f"d.coverage(low={quote(ends.low)}, high={quote(ends.high)}, {judged})"
    if proposal.performance and proposal.shape not in ("classes", "label"):
        yield from (f"d.{name}(unjudged={quote(reason)})" for name, reason in MEAN_METRICS.items())

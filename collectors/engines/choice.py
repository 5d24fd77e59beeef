"""Which engine measures a window: one rule, and the proof that both give the same numbers.

A scheduled run is Evidently's. A backfill, and any window whose reference is large, is measured by
the index; of these, one in so many, and each that gets a report, is measured by Evidently too.
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from driftdeck.collectors.engines.drift_index import METHODS, Index
from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.values import Measurement
from driftdeck.declare import Monitor, Segment, Series, Thresholds, Window
from driftdeck.errors import DriftdeckError
from driftdeck.garbage import keep_imports

LARGE = 200_000
"""Rows of a reference from which on Evidently takes seconds a window."""
NEAR = 1e-9
"""So far may the engines be apart: absolutely, or of a number larger than 1."""


class EnginesDifferError(DriftdeckError):
    """The index gave another number than Evidently."""


@dataclass(frozen=True)
class Choice:
    """How a window is measured. index: by it; evidently: by it, both: to compare.

    report: whether Evidently's results are kept, and so its plots are made.
    """

    index: bool
    evidently: bool
    report: bool

    def sample_segment(
        self, monitor: Monitor, window: Window, segments: Sequence[Segment]
    ) -> Segment | None:
        """The segment of a window that Evidently measures, too: one of those that are measured,
        where it measures the whole."""
        measured = [segment for segment in segments if not segment.is_counted_only]
        if not measured or not self.evidently:
            return None
        return measured[_draw(f"{monitor.name} {window.name} segment") % len(measured)]

    @property
    def name(self) -> str:
        """As the status row has it."""
        if not self.index:
            return "evidently"
        return "index, checked" if self.evidently else "index"


BY_HAND = Choice(index=False, evidently=True, report=True)
"""Somebody looks at the report."""


def choose(
    monitor: Monitor,
    window: Window,
    reference: CoercedRows | None,
    *,
    backfill: bool,
    report: bool,
    check_every: int,
) -> Choice:
    """The rule of this module. check_every: one in so many windows of the index is checked."""
    small = not backfill and (reference is None or reference.rows < LARGE)
    if small or not _knows_methods(monitor):
        return Choice(index=False, evidently=True, report=report)
    return Choice(
        index=True, evidently=report or is_sampled(monitor, window, check_every), report=report
    )


def choose_for_calibration(monitor: Monitor) -> Choice:
    """Days of the reference against its other days: many, and nothing of them is stored."""
    is_known = _knows_methods(monitor)
    return Choice(index=is_known, evidently=not is_known, report=False)


def _knows_methods(monitor: Monitor) -> bool:
    """Whether the index knows every method that a monitor declares."""
    return all(s.method is None or s.method.name in METHODS for s in monitor.series())


def is_sampled(monitor: Monitor, window: Window, one_in: int) -> bool:
    """Whether a window is picked at random to be checked: the same whoever asks, in any order.

    one_in: one in so many windows is; none if it is 0.
    """
    return one_in > 0 and _draw(f"{monitor.name} {window.name}") % one_in == 0


def _draw(text: str) -> int:
    """A number that is the same for the same text, whoever asks."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])


def measure(
    choice: Choice,
    monitor: Monitor,
    current: CoercedRows,
    reference: CoercedRows | None,
    series: Mapping[Series, Thresholds | None],
    baselines: Mapping[str, CoercedRows | str] = MappingProxyType({}),
) -> tuple[list[Measurement], Sequence[Any]]:
    """Each series' value or reason, and Evidently's runs, if it ran.

    baselines: what else is compared with. Raises EnginesDifferError.
    """
    ours: list[Measurement] = []
    if choice.index:
        with np.errstate(all="ignore"):
            ours = Index(monitor, current, reference, baselines=baselines).measure(series)
    if not choice.evidently:
        return ours, ()
    with keep_imports():
        from driftdeck.collectors.engines import (
            evidently as report,  # imports Evidently, which takes seconds
        )

    with nullcontext() if choice.report else report.skip_plots():
        theirs, runs = report.measure(monitor, current, reference, series, baselines)
        if choice.report:
            measured = dict(zip(series, theirs, strict=True))
            runs += report.report_classes(monitor, current, measured, series)
    if choice.index:
        _refuse_differences(series, ours, theirs)
    return (ours if choice.index else theirs), runs


def measure_segment(
    monitor: Monitor,
    current: CoercedRows,
    reference: CoercedRows | None,
    series: Mapping[Series, Thresholds | None],
    baselines: Mapping[str, CoercedRows | str],
    *,
    check: bool,
) -> list[Measurement]:
    """Each series' value or reason in a segment: always by the index, which tens of them want.

    check: whether Evidently measures it, too. Raises EnginesDifferError.
    """
    choice = Choice(
        index=_knows_methods(monitor), evidently=check or not _knows_methods(monitor), report=False
    )
    return measure(choice, monitor, current, reference, series, baselines)[0]


def _refuse_differences(
    series: Mapping[Series, Thresholds | None],
    ours: Sequence[Measurement],
    theirs: Sequence[Measurement],
) -> None:
    """Raise EnginesDifferError where the engines gave different numbers."""
    differences = [
        f"{' of '.join(filter(None, line.key))} {a.value if a.value is not None else a.reason}"
        f" against {b.value if b.value is not None else b.reason}"
        for line, a, b in zip(series, ours, theirs, strict=True)
        if not is_same(a, b, line.method.name if line.method else "")
    ]
    if differences:
        raise EnginesDifferError(
            f"the index and Evidently differ: {'; '.join(differences)}; no number of this window"
            " is stored; please report it, with the versions of its status row"
        )


def is_same(ours: Measurement, theirs: Measurement, method: str) -> bool:
    """Whether both have a number, and it is the same, or both have none.

    method: the name of the drift method, '' where there is none.
    """
    a, b = ours.value, theirs.value
    if a is None or b is None:
        return a is b and ours.waiting == theirs.waiting
    if method == "hellinger":  # a root: near 0 it shows the last bit, which is Evidently's noise
        a, b = a * a, b * b
    return abs(a - b) <= NEAR * max(1.0, abs(b))

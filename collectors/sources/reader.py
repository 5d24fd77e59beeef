"""One window of a monitor: its rows, the labels known by then, and the fingerprint of both."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

import numpy as np
import pandas as pd

from driftdeck.collectors.sources import joins
from driftdeck.collectors.sources.declared import Sources
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.fingerprints import fingerprint, row_hashes
from driftdeck.collectors.sources.labels import LateLabels
from driftdeck.collectors.sources.ledger import Ledger, Reason, total
from driftdeck.collectors.sources.parts import Part
from driftdeck.collectors.sources.predictions import Predictions
from driftdeck.declare import Monitor, Window
from driftdeck.settings import Settings


@dataclass(frozen=True)
class Rows:
    """The rows of one window: features, prediction, and the target where it is known.

    fingerprint: of what the rows say, whatever their order and however they are stored, so that
    a changed source can be told, on any machine.
    ledger, labels: what became of the rows, and of the labels, that were read; labels is None where
    the rows carry them. warnings: where so much is left out that somebody should look why.
    opens_at: when a label that is there already will be known, None if none.
    """

    frame: pd.DataFrame
    fingerprint: str
    ledger: Ledger = field(default_factory=Ledger)
    labels: Ledger | None = None
    warnings: tuple[str, ...] = ()
    opens_at: datetime | None = None


@dataclass(frozen=True)
class Reader:
    """Reads the sources of one monitor.

    settings: say where the data folder and the databases are.
    """

    monitor: Monitor
    settings: Settings

    def read(self, window: Window, now: datetime) -> Rows:
        """The rows of a window, with the labels that have arrived by `now`.

        Returns: a frame with the declared columns that the source has and the time of each row,
        sorted by time, those of one moment by what they say.
        Raises: SourceError.
        """
        part = self.predictions.between(window)
        self._refuse_unusable(part)
        frame, hashes = part.frame, row_hashes(part.frame)
        if len(frame):
            frame, hashes = _in_order(frame, self.monitor.source.time, hashes)
        timeless = self.predictions.timeless
        left_out = (*part.ledger.warnings("rows"), *timeless.warnings(len(frame)))
        warnings = tuple(f"{self._place}: {sentence}" for sentence in left_out)
        rows = Rows(frame, "", total([part.ledger, timeless.ledger]), warnings=warnings)
        labels = LateLabels.of(self.predictions)
        if labels is None or frame.empty:
            print_ = fingerprint(hashes, frame, [part.ledger])
            return replace(rows, fingerprint=print_, labels=None if labels is None else Ledger())
        arrived = labels.arrived(window, frame, now)
        ledger = arrived.part.ledger
        with_labels = joins.with_labels(frame, arrived.part.frame, labels.names)
        added = [name for name in with_labels if name not in frame]
        hashes = hashes + row_hashes(with_labels, added)
        return replace(
            rows,
            frame=with_labels,
            fingerprint=fingerprint(hashes, with_labels, [part.ledger, ledger]),
            labels=ledger,
            warnings=(*rows.warnings, *arrived.warnings),
            opens_at=arrived.opens_at,
        )

    def first_day(self, now: datetime) -> date:
        """The local day on which the monitor's source begins; today where it is empty."""
        return self.predictions.first_day(now)

    @cached_property
    def predictions(self) -> Predictions:
        """The rows without late labels."""
        return Predictions(Sources(self.monitor, self.settings))

    @property
    def _place(self) -> str:
        """What an error of the rows' times names."""
        source = self.monitor.source
        return f"{source.place}, by {source.time!r}"

    def _refuse_unusable(self, part: Part) -> None:
        """Raise SourceError where rows were read for a window, and not one can be used."""
        if part.frame.empty and part.ledger.faults and not part.ledger.left_out[Reason.ELSEWHERE]:
            raise SourceError(f"{self._place}: no row can be used: {part.ledger.sentence('rows')}")


def _in_order(
    frame: pd.DataFrame, time: str, hashes: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray]:
    """Rows, with their hashes, by time; those of one moment by what they say, so that sums come out
    alike to the last bit."""
    times = frame[time].astype("datetime64[ns, UTC]").astype(np.int64).to_numpy()
    order = np.argsort(times, kind="stable")
    if (np.diff(times[order]) == 0).any():
        order = np.lexsort((hashes, times))
    if (order[:-1] < order[1:]).all():
        return frame, hashes
    return frame.take(order).reset_index(drop=True), hashes[order]

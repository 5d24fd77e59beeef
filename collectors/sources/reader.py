"""One window of a monitor: its rows, the labels known by then, and the fingerprint of both."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

import numpy as np
import pandas as pd

from driftdeck.collectors.frames.schema import SCHEMA
from driftdeck.collectors.ledger import Ledger, Reason, sum_ledgers
from driftdeck.collectors.sources import joins
from driftdeck.collectors.sources.declared import Sources
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.fingerprints import fingerprint, hash_rows
from driftdeck.collectors.sources.labels import LateLabels
from driftdeck.collectors.sources.parts import Part
from driftdeck.collectors.sources.predictions import Predictions
from driftdeck.declare import Monitor, Window
from driftdeck.settings import Settings


@dataclass(frozen=True)
class Rows:
    """The rows of one window: features, prediction, and the target where it is known.

    fingerprint: of the values of the rows, whatever their order and however they are stored, so
    that a changed source is detected, on any machine.
    ledger, labels: the account of the rows, and of the labels, that were read; labels is None where
    the rows carry them. warnings: sentences where so much is left out that somebody should look.
    opens_at: when the next label that is stored already becomes known, None if there is none.
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

    settings: where the data folder and the databases are.
    """

    monitor: Monitor
    settings: Settings

    def read(self, window: Window, now: datetime) -> Rows:
        """The rows of a window, with the labels that have arrived by `now`.

        Returns: a frame with the declared columns that the source has and the time of each row,
        sorted by time, those of one moment by their hash.
        Raises: SourceError.
        """
        part = self.predictions.read_window(window)
        self._refuse_unusable(part)
        rows = self._read(window, part, now)
        schema = part.frame.attrs.get(SCHEMA)
        if schema is None:
            return rows
        rows.frame.attrs[SCHEMA] = schema
        # A column that is not declared changes no hash of rows.
        basis = repr((rows.fingerprint, sorted(schema.items())))
        digest = hashlib.sha256(basis.encode(errors="backslashreplace"))
        return replace(rows, fingerprint=digest.hexdigest()[:16])

    def _read(self, window: Window, part: Part, now: datetime) -> Rows:
        """The rows of a window, joined with their labels. part: without these."""
        frame, hashes = part.frame, hash_rows(part.frame)
        if len(frame):
            frame, hashes = _sort(frame, self.monitor.source.time, hashes)
        without_time = self.predictions.rows_without_time
        sentences = (*part.ledger.warnings("rows"), *without_time.warnings(len(frame)))
        warnings = tuple(f"{self._place}: {sentence}" for sentence in sentences)
        rows = Rows(frame, "", sum_ledgers([part.ledger, without_time.ledger]), warnings=warnings)
        labels = LateLabels.of(self.predictions)
        if labels is None or frame.empty:
            row_fingerprint = fingerprint(hashes, frame, [part.ledger])
            return replace(
                rows, fingerprint=row_fingerprint, labels=None if labels is None else Ledger()
            )
        label_rows = labels.read(window, frame, now)
        ledger = label_rows.part.ledger
        joined = joins.join_labels(frame, label_rows.part.frame, labels.columns)
        added = [name for name in joined if name not in frame]
        hashes = hashes + hash_rows(joined, added)
        return replace(
            rows,
            frame=joined,
            fingerprint=fingerprint(hashes, joined, [part.ledger, ledger]),
            labels=ledger,
            warnings=(*rows.warnings, *label_rows.warnings),
            opens_at=label_rows.opens_at,
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
        """The source and its time column, as errors of the rows' times name them."""
        source = self.monitor.source
        return f"{source.place}, by {source.time!r}"

    def _refuse_unusable(self, part: Part) -> None:
        """Raise SourceError where rows were read for a window, and not one can be used."""
        if part.frame.empty and part.ledger.faults and not part.ledger.left_out[Reason.ELSEWHERE]:
            raise SourceError(f"{self._place}: no row can be used: {part.ledger.sentence('rows')}")


def _sort(frame: pd.DataFrame, time: str, hashes: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """(rows, hashes) sorted by time, those of one moment by their hash, so that sums come out alike
    to the last bit. time: the column. hashes: (rows,) by `hash_rows`."""
    times = frame[time].astype("datetime64[ns, UTC]").astype(np.int64).to_numpy()
    order = np.argsort(times, kind="stable")
    if (np.diff(times[order]) == 0).any():
        order = np.lexsort((hashes, times))
    if (order[:-1] < order[1:]).all():
        return frame, hashes
    return frame.take(order).reset_index(drop=True), hashes[order]

"""One window of a monitor: its rows, the labels known by then, and the fingerprint of both."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

import numpy as np
import pandas as pd

from collectors.sources import joins
from collectors.sources.declared import Sources
from collectors.sources.errors import SourceError
from collectors.sources.labels import LateLabels
from collectors.sources.ledger import Ledger, Reason, total
from collectors.sources.parts import Part
from collectors.sources.predictions import Predictions
from monitors.declare import Monitor, Window
from settings import Settings

MANY_ROWS = 10_000


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
        frame = _in_order(part.frame, self.monitor.source.time)
        labels = LateLabels.of(self.predictions)
        alone = labels is None or frame.empty
        timeless = self.predictions.timeless
        rows = Rows(
            frame,
            _fingerprint(frame, part.ledger) if alone else "",
            total([part.ledger, timeless.ledger]),
            warnings=(*part.ledger.warnings("rows"), *timeless.warnings(len(frame))),
        )
        if labels is None:
            return rows
        if frame.empty:
            return replace(rows, labels=Ledger())
        arrived = labels.arrived(window, frame, now)
        ledger = arrived.part.ledger
        frame = joins.with_labels(frame, labels.names, arrived.part.frame)
        return replace(
            rows,
            frame=frame,
            fingerprint=_fingerprint(frame, part.ledger, ledger),
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

    def _refuse_unusable(self, part: Part) -> None:
        """Raise SourceError where rows were read for a window, and not one can be used."""
        if part.frame.empty and part.ledger.faults and not part.ledger.left_out[Reason.ELSEWHERE]:
            raise SourceError(
                f"{self.monitor.source.place}: no row can be used: {part.ledger.sentence('rows')}"
            )


def _in_order(frame: pd.DataFrame, time: str) -> pd.DataFrame:
    """Rows by time, those of one moment by what they say: sums come out alike to the last bit."""
    if frame.empty:
        return frame
    times = frame[time].astype("datetime64[ns, UTC]").astype(np.int64).to_numpy()
    order = np.argsort(times, kind="stable")
    steps = np.diff(times[order])
    if not (steps == 0).any():
        return (
            frame if (steps > 0).all() and (order[:-1] < order[1:]).all() else _taken(frame, order)
        )
    return _taken(frame, np.lexsort((_row_hashes(frame), times)))


def _taken(frame: pd.DataFrame, order: np.ndarray) -> pd.DataFrame:
    return frame.take(order).reset_index(drop=True)


def _fingerprint(frame: pd.DataFrame, *ledgers: Ledger) -> str:
    """Of the rows as a set, since rows of one moment come in any order; and of what is left out."""
    left_out = [sorted(ledger.faults.items()) for ledger in ledgers if ledger.faults]
    basis = [*sorted(map(str, frame.columns)), *map(str, left_out)]
    digest = hashlib.sha256(",".join(basis).encode(errors="backslashreplace"))
    if len(frame):
        digest.update(np.sort(_row_hashes(frame)).tobytes())
    return digest.hexdigest()[:16]


def _row_hashes(frame: pd.DataFrame) -> np.ndarray:
    """(rows,) a hash of each, whatever the order of the columns and however they are stored."""
    alike = {name: _storage_free(frame[name]) for name in sorted(frame, key=str)}
    many = len(frame) > MANY_ROWS  # fewer are hashed sooner than their distinct values found
    hashes: np.ndarray = pd.util.hash_pandas_object(
        pd.DataFrame(alike, copy=False), index=False, categorize=many
    ).to_numpy()
    return hashes


def _storage_free(values: pd.Series) -> pd.Series:
    """The same values in the same types, whichever types a reader of files or tables chose."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return values.astype("datetime64[ns, UTC]")
    return values

"""Other windows that a window is compared with: the one before, or those like it."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime

import pandas as pd

from driftdeck.collectors.frames.coerced import CoercedRows
from driftdeck.collectors.sources.errors import SourceError
from driftdeck.collectors.sources.reader import Reader
from driftdeck.collectors.windows.calendar import list_baseline_windows, list_baselines
from driftdeck.declare import Baseline, Monitor, Window

REMEMBERED_ROWS = 2_000_000
"""So many rows of windows that were read stay: the next window is compared with them, too."""


class Baselines:
    """Reads the baselines of a monitor's windows; each window once, as long as it is remembered."""

    def __init__(self, monitor: Monitor, reader: Reader) -> None:
        self._monitor, self._reader = monitor, reader
        self._declared = {baseline.name: baseline for baseline in list_baselines(monitor)}
        self._frames: OrderedDict[Window, pd.DataFrame] = OrderedDict()

    def load(self, window: Window, now: datetime) -> Mapping[str, CoercedRows | str]:
        """What a window is compared with beside the reference, by name, or why there is nothing."""
        return {
            name: self._load(baseline, window, now) for name, baseline in self._declared.items()
        }

    def _load(self, baseline: Baseline, window: Window, now: datetime) -> CoercedRows | str:
        frames = [
            frame
            for other in list_baseline_windows(self._monitor, baseline, window)
            if len(frame := self._read(other, now))
        ]
        if not frames:
            return f"there are no rows of {baseline.title}"
        return CoercedRows(self._monitor, pd.concat(frames, ignore_index=True), window.end)

    def _read(self, window: Window, now: datetime) -> pd.DataFrame:
        """The rows of another window; none where it cannot be read, which its own status tells."""
        if window not in self._frames:
            try:
                self._frames[window] = self._reader.read(window, now).frame
            except SourceError:
                return pd.DataFrame()
            while len(self._frames) > 1 and self._count() > REMEMBERED_ROWS:
                self._frames.popitem(last=False)
        self._frames.move_to_end(window)
        return self._frames[window]

    def _count(self) -> int:
        return sum(map(len, self._frames.values()))

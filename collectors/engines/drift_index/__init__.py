"""Evidently's numbers from an index of the reference: made once, then each window costs a sort.

The binning, the thresholds and the refusals are Evidently 0.7's, of evidently.legacy's stattests:
https://github.com/evidentlyai/evidently/tree/v0.7.23/src/evidently/legacy/calculations/stattests
"""

from driftdeck.collectors.engines.drift_index.engine import METHODS, Index, number_index
from driftdeck.collectors.engines.drift_index.numbers import Sample

__all__ = ["METHODS", "Index", "Sample", "number_index"]

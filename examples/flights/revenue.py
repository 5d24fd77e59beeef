"""A metric of one's own: what a window's flights put at risk, in money."""

import pandas as pd

PASSENGERS, FARE, FARE_A_MILE = 120, 50.0, 0.12
"""Of a flight; dollars of a passenger: rough means of 2013, for want of the airlines' own."""


def at_risk(window: pd.DataFrame, reference: pd.DataFrame | None) -> float:
    """What passengers who are expected to land very late have paid, in US dollars.

    Each flight's fares by the probability that it lands more than an hour late, as the model says:
    no label is waited for. A busy day has more at risk than a quiet one, as it should; a flight
    without a distance or a probability has none. The reference is not looked at.
    """
    fares = PASSENGERS * (FARE + FARE_A_MILE * window["distance"])
    return float((window["p_very_late"] * fares).sum())

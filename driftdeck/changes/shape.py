"""Dashboards whose panels people have put into tabs and auto grids, which rows cannot say."""

from driftdeck.changes.live import Shape
from driftdeck.dashboards.places import Part
from driftdeck.facts import Json
from driftdeck.generator.differences import Change
from driftdeck.generator.v2 import describe_layout, features, layout_of, same

ROWS = "rows"


def new_layout(shape: Shape | None) -> list[str]:
    """What of a dashboard's layout the classic form cannot say, in words."""
    return features(shape.layout, shape.titles) if shape else []


def reshaped(shape: Shape | None, built: Json, *, v2: bool) -> tuple[Change, ...]:
    """How the stored layout differs from the one that the source builds, as one field.

    built: the classic form. v2: whether it should lie there with tabs.
    """
    there = describe_layout(shape.layout, shape.titles) if shape else ROWS
    if not v2:
        return (_layout(ROWS, there),) if new_layout(shape) else ()
    if shape and same(shape.layout, built):
        return ()
    wanted = describe_layout(layout_of(built))
    if not shape:
        there = f"{ROWS}, in the classic form"
    return (_layout(wanted, there if there != wanted else f"{there}; arranged otherwise"),)


def _layout(before: str, after: str) -> Change:
    return Change(Part("dashboard"), (("layout", False),), before, after)


def refusal(title: str, uid: str, shape: Shape, *, built: bool, v2: bool) -> str:
    """Why a dashboard is not pulled, and what a person does to go on.

    built: whether a module builds it.
    """
    what = "; ".join(new_layout(shape))
    source = "the tabs that the source builds" if v2 else "rows of panels on a grid"
    ways = [
        f"in Grafana, give it back {source} (Edit, Dashboard options, Layout), save, pull again",
    ]
    if built:
        ways += [
            f"take the source's layout: make apply FORCE=1{' FORMAT=v2' if v2 else ''}"
            " (Grafana keeps the version with yours)",
        ]
    if built and not v2:
        ways += ["have the source build tabs, one for each row: make apply FORCE=1 FORMAT=v2"]
    lines = "".join(f"\n  - {way}" for way in ways)
    return (
        f"{title} ({uid}) is not pulled: it was saved in Grafana's new layout ({what}),"
        f" which Python source of rows would lose. To go on, one of:{lines}"
    )

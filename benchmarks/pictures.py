"""The two pictures of docs/performance.md, out of results.json.

python -m benchmarks.pictures draws with Plotly and takes the picture in Chromium.
"""

import json
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from benchmarks.drift import SIZES
from benchmarks.results import FILE
from driftdeck.verify.look import FLAGS, browser_program

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
TEAL, GREY, BLUE, AMBER = "#2a9d8f", "#9aa0a6", "#4c78a8", "#d08c1d"
TITLES = {
    "ours": "driftdeck's index",
    "floor": "sort, search, count (the floor)",
    "evidently_preset": "Evidently: DataDriftPreset",
    "evidently_valuedrift": "Evidently: 20 ValueDrift",
    "nannyml": "NannyML",
    "whylogs": "whylogs (sketches)",
    "frouros": "Frouros (12 numbers only)",
}
COLOURS = {"ours": TEAL, "floor": GREY}


def main() -> None:
    """Draw both. Raises RuntimeError where there is no Chromium."""
    program = browser_program()
    if not program:
        raise RuntimeError("no Chromium to take the pictures in; install one")
    results = json.loads(FILE.read_text(encoding="utf-8"))
    drift = {
        size: (results.get(f"drift of {size} with peers") or results[f"drift of {size}"])["results"]
        for size in SIZES
        if f"drift of {size}" in " ".join(results)
    }
    pictures = {
        "performance-drift": drift_picture(drift),
        "performance-panels": panels_picture(results["panels"]["results"]),
    }
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=FLAGS)
        for name, figure in pictures.items():
            page = chromium.new_page(viewport={"width": 1000, "height": 520})
            page.set_content(figure.to_html(include_plotlyjs=True, full_html=True))
            page.wait_for_selector(".main-svg")
            page.screenshot(path=IMAGES / f"{name}.png")
            print(f"drew {Path('docs/images') / name}.png")
        chromium.close()


def drift_picture(results: dict[str, Any]) -> go.Figure:
    """Seconds of drift of 20 columns, by size; bars, logarithmic."""
    sizes = list(results)
    figure = go.Figure()
    for name, title in TITLES.items():
        if all(name in results[size] for size in sizes):
            seconds = [results[size][name]["seconds"]["median"] for size in sizes]
            figure.add_bar(
                x=[f"{size} rows" for size in sizes], y=seconds, name=title,
                marker_color=COLOURS.get(name),
            )  # fmt: skip
    figure.update_yaxes(type="log", title="seconds a window, fitted reference")
    return _styled(figure, "Drift of 20 columns: window rows / reference rows")


def panels_picture(results: dict[str, Any]) -> go.Figure:
    """The slowest queries of each span beside what is allowed."""
    figure = go.Figure()
    for name, colour in (("30 days", TEAL), ("a year", BLUE)):
        slowest = results[name]["slowest"][:6][::-1]
        figure.add_bar(
            y=[f"{query['place']} ({name})" for query in slowest],
            x=[query["p95_ms"] for query in slowest],
            orientation="h", name=f"{name}, aim {results[name]['target_ms']:.0f} ms",
            marker_color=colour,
        )  # fmt: skip
    figure.update_xaxes(title="milliseconds, 95 % of repeats took no longer")
    figure.update_yaxes(automargin=True)
    count = results["values"] / 1e6
    return _styled(figure, f"The slowest queries of the dashboards at {count:.1f} million values")


def _styled(figure: go.Figure, title: str) -> go.Figure:
    return figure.update_layout(
        title=title, template="plotly_white", legend={"orientation": "h", "y": -0.15},
        font={"family": "Inter, Helvetica, Arial, sans-serif", "size": 13},
        margin={"l": 70, "r": 20, "t": 60, "b": 60},
    )  # fmt: skip


if __name__ == "__main__":
    main()

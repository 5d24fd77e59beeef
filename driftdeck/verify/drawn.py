"""Whether a browser has really drawn the panels of a dashboard, on any supported Grafana."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from driftdeck.facts import Json

if TYPE_CHECKING:
    from playwright.sync_api import Page

PATIENCE = 40.0
"""So many seconds without one more panel, and the rest will not be drawn."""
STEADY = 4
"""So many looks in a row must find all drawn: a new Grafana draws again as its answers come."""
BETWEEN_MS = 300
ROOM = """
() => Math.max(document.documentElement.scrollHeight,
  ...[...document.querySelectorAll('.react-grid-layout')].map(
    grid => grid.getBoundingClientRect().bottom + window.scrollY))
"""
"""The height of the whole page: Grafana draws a panel only once it has come into view."""
UNDRAWN = """
panels => {
  const box = id => document.querySelector(
    `[data-viz-panel-key="panel-${id}"], [data-panelid="${id}"]`);
  const painted = canvas => {
    const {width, height} = canvas, context = canvas.getContext('2d');
    if (!context) return true;
    return width > 0 && height > 0 && new Uint32Array(
      context.getImageData(0, 0, width, height).data.buffer).some(pixel => pixel !== 0);
  };
  const missing = ({id, canvas}) => {
    const found = box(id);
    if (!found) return 'is not on the page';
    if (found.querySelector('[aria-label="Panel loading bar"], .panel-loading'))
      return 'still waits for its data';
    const content = found.querySelector(
      '[data-testid="data-testid panel content"], .panel-content');
    const text = content ? content.innerText.trim() : '';
    const canvases = content ? [...content.querySelectorAll('canvas')] : [];
    if (!content || !(text || canvases.length || content.querySelector('svg, img')))
      return 'is an empty box';
    if (text === 'No data') return '';
    return (canvas && !canvases.length) || !canvases.every(painted) ? 'has drawn no picture' : '';
  };
  return panels.map(panel => [panel.id, missing(panel)]).filter(([, why]) => why);
}
"""
ON_CANVAS = ("timeseries", "state-timeline", "status-history", "barchart", "histogram", "heatmap")
"""The types of panels that paint; others are texts."""


def undrawn(page: "Page", panels: Sequence[Json]) -> dict[int, str]:
    """Why panels are not drawn, by id, once nothing more is drawn.

    The window grows to the page's height, so that every panel is in view and in the picture.
    """
    asked = [{"id": one["id"], "canvas": one["type"] in ON_CANVAS} for one in panels]
    left: dict[int, str] = {}
    steady, fewest, since = 0, len(asked) + 1, time.monotonic()
    while time.monotonic() - since < PATIENCE:
        _make_room(page)
        left = dict(page.evaluate(UNDRAWN, asked))
        steady = 0 if left else steady + 1
        if steady == STEADY:
            break
        if len(left) < fewest:
            fewest, since = len(left), time.monotonic()
        page.wait_for_timeout(BETWEEN_MS)
    return left


def _make_room(page: "Page") -> None:
    size, needed = page.viewport_size, int(page.evaluate(ROOM))
    if size and needed > size["height"]:
        page.set_viewport_size({"width": size["width"], "height": needed})

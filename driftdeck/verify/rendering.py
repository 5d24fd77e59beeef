"""Whether a browser has really rendered the panels of a dashboard, on any supported Grafana."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from driftdeck.facts import Json

if TYPE_CHECKING:
    from playwright.sync_api import Page

PATIENCE_SECONDS = 40.0
"""After so many seconds without one more panel the rest will not be rendered."""
STEADY_LOOKS = 4
"""So many looks in a row must see all rendered: a new Grafana renders again as results come."""
BETWEEN_MS = 300
PAGE_HEIGHT = """
() => Math.max(document.documentElement.scrollHeight,
  ...[...document.querySelectorAll('.react-grid-layout')].map(
    grid => grid.getBoundingClientRect().bottom + window.scrollY))
"""
"""The height of the whole page: Grafana renders a panel only once it has come into view."""
UNRENDERED = """
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
    const panel = box(id);
    if (!panel) return 'is not on the page';
    if (panel.querySelector('[aria-label="Panel loading bar"], .panel-loading'))
      return 'still waits for its data';
    const content = panel.querySelector(
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


def wait_for_panels(page: "Page", panels: Sequence[Json]) -> dict[int, str]:
    """Wait until every panel is rendered, or nothing more comes; why some are not, by panel id.

    The window grows to the page's height, so that every panel is in view and in a screenshot.
    """
    expected = [{"id": panel["id"], "canvas": panel["type"] in ON_CANVAS} for panel in panels]
    missing: dict[int, str] = {}
    steady, fewest, progress_at = 0, len(expected) + 1, time.monotonic()
    while time.monotonic() - progress_at < PATIENCE_SECONDS:
        _grow_window(page)
        missing = dict(page.evaluate(UNRENDERED, expected))
        steady = 0 if missing else steady + 1
        if steady == STEADY_LOOKS:
            break
        if len(missing) < fewest:
            fewest, progress_at = len(missing), time.monotonic()
        page.wait_for_timeout(BETWEEN_MS)
    return missing


def _grow_window(page: "Page") -> None:
    size, needed = page.viewport_size, int(page.evaluate(PAGE_HEIGHT))
    if size and needed > size["height"]:
        page.set_viewport_size({"width": size["width"], "height": needed})

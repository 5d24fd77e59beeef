"""Draws built dashboards as Grafana would, without one: as files, or served.

Results of queries become frames (`frames`), frames and the panel's field options become figures
(`lines`, `bars`, `timeline`) or HTML (`words`), and these become a page that `browser/` shows.
"""

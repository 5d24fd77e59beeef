"""Draws built dashboards as Grafana would, without one: as files, or served.

Database answers become frames (`frames`), frames and the panel's field options become drawings
(`lines`, `bars`, `timeline`, `words`), and drawings become a page that `page.js` brings to life.
"""

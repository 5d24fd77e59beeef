"""Proves what runs: datasource, dashboards, every query and every rule."""

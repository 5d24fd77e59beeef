"""Datasources as Grafana applies them."""

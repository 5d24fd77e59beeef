"""Dashboards and their providers as Grafana applies them."""

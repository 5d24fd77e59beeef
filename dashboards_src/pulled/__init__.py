"""Dashboards that were made in Grafana and pulled from it: a module each, with a PAGE."""

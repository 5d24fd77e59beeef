"""Queries as Grafana and PostgreSQL read them."""

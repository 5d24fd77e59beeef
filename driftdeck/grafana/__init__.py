"""A running Grafana: its HTTP API, and what it stores."""

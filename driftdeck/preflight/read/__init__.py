"""Files as Grafana reads them: YAML, JSON, types, interpolation."""

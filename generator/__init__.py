"""From declarations to the files that Grafana reads: a pure function and the commands round it."""

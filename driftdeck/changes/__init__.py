"""Between the source and a live Grafana: what differs, and bringing it there or back."""

"""Rules, receivers and policies as Grafana applies them."""
